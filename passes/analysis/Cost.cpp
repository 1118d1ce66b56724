// The time of a kernel's steps: units that run side by side, and memory behind them.
#include "passes/analysis/Cost.h"

#include <algorithm>

using namespace mlir;

namespace weir {
namespace {

/// The first unit that can carry out a step. An array of two dimensions takes what spreads over
/// both: points of a block and rows, or contractions where it does nothing else.
unsigned unitFor(const Step &step, const Machine &machine, StringAttr inner, StringAttr row) {
  for (auto [i, unit] : llvm::enumerate(machine.units)) {
    bool spreads = unit.shape.size() < 2 || unit.contractionsOnly ||
                   (inner && row && step.iterates(inner) && step.iterates(row));
    if (spreads && (!unit.contractionsOnly || step.isContraction))
      return i;
  }
  return machine.units.size() - 1;
}

/// Multiply-adds of a unit, or points where it has a pipeline for whatever is computed at one.
double costOf(const Step &step, const Unit &unit, const OperationCosts &costs) {
  if (unit.pipelined)
    return step.points.points;
  return step.work.fma + costs.divide * step.work.divide + costs.exp * step.work.exp + costs.other * step.work.other;
}

StepTime timeOf(const Step &step, const Machine &machine, StringAttr inner, StringAttr row) {
  StepTime time{unitFor(step, machine, inner, row)};
  const Unit &unit = machine.units[time.unit];
  double perSecond = machine.ratePerSecond(unit); // 0 where nobody has measured it
  double clock = machine.clock > 0 ? machine.clock : perSecond;
  time.cycles = costOf(step, unit, machine.costs) * (perSecond > 0 ? clock / perSecond : 1);
  return time;
}

double secondsOf(double cycles, const Machine &machine, unsigned unit) {
  double clock = machine.clock > 0 ? machine.clock : machine.ratePerSecond(machine.units[unit]);
  return clock > 0 ? cycles / clock : 0;
}

/// The share of the time in which each unit computes.
void setUtilisation(Bound &bound, const Machine &machine) {
  bound.utilisation.assign(machine.units.size(), 0);
  for (const StepTime &time : bound.steps)
    if (bound.seconds > 0)
      bound.utilisation[time.unit] += secondsOf(time.cycles, machine, time.unit) / bound.seconds;
}

/// Phases of one block of the stream: within one, every unit works through its own steps; between
/// two, units have waited for each other. The last phase of a block and the first of the next are
/// one, for they need nothing of each other.
class Phases {
public:
  Phases(const Steps &steps, std::vector<StepTime> &times, size_t units) : steps(steps.all()), times(times), units(units) {
    consumers.resize(this->steps.size());
    for (auto [i, step] : llvm::enumerate(this->steps))
      for (const Operand &operand : step.operands)
        if (operand.step >= 0 && !operand.isEarlier && operand.step != int(i))
          consumers[operand.step].push_back(i);
    findEarliest();
    findLatest();
    place();
  }

  /// Cycles of each phase on each unit.
  std::vector<std::vector<double>> loads;

private:
  /// 1 where one unit waits for another; what costs nothing is no work of any unit.
  unsigned wait(unsigned from, unsigned to) const {
    bool isFree = times[from].cycles == 0 || times[to].cycles == 0;
    return isFree || times[from].unit == times[to].unit ? 0 : 1;
  }

  void findEarliest() {
    earliest.assign(steps.size(), 0);
    for (bool changed = true; std::exchange(changed, false);)
      for (size_t i = 0; i < steps.size(); ++i)
        for (unsigned consumer : consumers[i])
          if (unsigned at = earliest[i] + wait(i, consumer); at > earliest[consumer] && at <= steps.size()) {
            earliest[consumer] = at;
            changed = true;
          }
    last = steps.empty() ? 0 : *std::max_element(earliest.begin(), earliest.end());
  }

  void findLatest() {
    latest.assign(steps.size(), last);
    for (size_t i = 0; i < steps.size(); ++i)
      if (consumers[i].empty())
        latest[i] = earliest[i]; // results leave as soon as they can
    for (bool changed = true; std::exchange(changed, false);)
      for (size_t i = 0; i < steps.size(); ++i)
        for (unsigned consumer : consumers[i])
          if (unsigned at = latest[consumer] - std::min(latest[consumer], wait(i, consumer)); at < latest[i]) {
            latest[i] = at;
            changed = true;
          }
  }

  double lengthOf(unsigned phase) const { return *std::max_element(loads[phase].begin(), loads[phase].end()); }

  void put(unsigned step, unsigned level) {
    times[step].phase = level % loads.size();
    loads[times[step].phase][times[step].unit] += times[step].cycles;
  }

  /// Steps without a choice first; then each of the others where it lengthens a block least.
  void place() {
    loads.assign(std::max(1u, last), std::vector<double>(units, 0.0));
    std::vector<unsigned> level(steps.size());
    for (size_t i = 0; i < steps.size(); ++i)
      if (earliest[i] >= latest[i])
        put(i, level[i] = earliest[i]);
    for (size_t i = 0; i < steps.size(); ++i) {
      if (earliest[i] >= latest[i])
        continue;
      unsigned best = earliest[i];
      double least = -1;
      for (unsigned at = earliest[i]; at <= latest[i]; ++at) {
        unsigned phase = at % loads.size();
        double longer = std::max(0.0, loads[phase][times[i].unit] + times[i].cycles - lengthOf(phase));
        if (least < 0 || longer < least) {
          least = longer;
          best = at;
        }
      }
      put(i, level[i] = best);
      raise(i, best);
    }
  }

  /// What reads a step that was placed comes no earlier.
  void raise(unsigned step, unsigned level) {
    for (unsigned consumer : consumers[step])
      if (unsigned at = level + wait(step, consumer); at > earliest[consumer]) {
        earliest[consumer] = std::min(at, latest[consumer]);
        raise(consumer, earliest[consumer]);
      }
  }

  ArrayRef<Step> steps;
  std::vector<StepTime> &times;
  size_t units;
  std::vector<SmallVector<unsigned>> consumers;
  std::vector<unsigned> earliest, latest;
  unsigned last = 0;
};

} // namespace

Bound fusedTime(const Steps &steps, const Nest &nest, const Footprint &footprint, const Machine &machine) {
  Bound bound;
  for (const Step &step : steps.all())
    bound.steps.push_back(timeOf(step, machine, nest.getInner(), nest.getRow()));
  Phases phases(steps, bound.steps, machine.units.size());
  for (const auto &loads : phases.loads) {
    double seconds = 0;
    for (auto [unit, cycles] : llvm::enumerate(loads))
      seconds = std::max(seconds, secondsOf(cycles, machine, unit));
    bound.phases.push_back(seconds);
    bound.computeSeconds += seconds;
  }
  bound.bytes = nest.traffic(footprint, machine.elementBytes);
  if (machine.bandwidth() > 0)
    bound.memorySeconds = bound.bytes / machine.bandwidth();
  bound.seconds = std::max(bound.computeSeconds, bound.memorySeconds);
  setUtilisation(bound, machine);
  return bound;
}

Bound separateTime(const Steps &steps, const Nest &nest, const Machine &machine) {
  Bound bound;
  std::vector<unsigned> stages;
  std::vector<double> compute;
  for (const Step &step : steps.all()) {
    StepTime time = timeOf(step, machine, nest.getStream(), nest.getRow());
    bool isNew = stages.empty() || bound.steps.back().unit != time.unit || !machine.separate;
    stages.push_back(stages.empty() ? 0 : stages.back() + isNew);
    time.phase = stages.back();
    compute.resize(stages.back() + 1);
    compute[stages.back()] += secondsOf(time.cycles, machine, time.unit);
    bound.steps.push_back(time);
  }
  std::vector<double> bytes;
  bound.bytes = separateBytes(steps, machine.elementBytes, stages, &bytes);
  for (auto [stage, seconds] : llvm::enumerate(compute)) {
    double memory = machine.bandwidth() > 0 ? bytes[stage] / machine.bandwidth() : 0;
    bound.computeSeconds += seconds;
    bound.memorySeconds += memory;
    bound.phases.push_back(std::max(seconds, memory));
    bound.seconds += bound.phases.back();
  }
  setUtilisation(bound, machine);
  return bound;
}

} // namespace weir
