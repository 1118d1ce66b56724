// Barriers: bar and barrier with their resources, bar.warp.sync, fences.
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/Decoding.h"

#include <algorithm>

using namespace weir::ptx;

namespace {
enum class Mode : uint32_t { Sync, Arrive, Popc, And, Or };
/// Where an instruction keeps what its handler needs.
enum Field { modeField, alignedField, threadsField };
} // namespace

static void join(std::vector<uint32_t> &into,
                 const std::vector<uint32_t> &from) {
  into.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    into[i] = std::max(into[i], from[i]);
}

void Warp::arriveAtBarrier(const Instruction &one) {
  Fragment &fragment = fragments[current];
  uint32_t rest = fragment.mask & ~exec, pc = fragment.pc;
  int joinNumber = fragment.join;
  fragment.mask = exec;
  fragment.state = Fragment::State::AtBarrier;
  moved = true;
  unsigned arriving = current;
  if (rest)
    addFragment({pc + 1, rest, joinNumber, Fragment::State::Ready, 0});
  if (one.data[alignedField])
    return wholeArrival(one);
  fragments[arriving].state = Fragment::State::Blocked;
  uint32_t absent =
      exec & (born & -born) ? ~born : 0; // come with the first lane
  arriveWith(one, {arriving}, exec,
             std::popcount(exec) + std::popcount(absent));
}

/// Arrives once all lanes of the warp are at one aligned barrier.
void Warp::wholeArrival(const Instruction &one) {
  std::vector<unsigned> arriving;
  uint32_t lanes = 0;
  for (unsigned i = 0; i < fragments.size(); ++i) {
    const Fragment &fragment = fragments[i];
    if (fragment.mask && fragment.state == Fragment::State::AtBarrier &&
        fragment.pc == pcOf(one)) {
      arriving.push_back(i);
      lanes |= fragment.mask;
    }
  }
  uint32_t wanted = block.grid.options.exitedThreadsArrive ? live : born;
  if (lanes != wanted)
    return;
  for (unsigned number : arriving)
    fragments[number].state = Fragment::State::Blocked;
  arriveWith(one, arriving, lanes, 32);
}

void Warp::arriveWith(const Instruction &one,
                      const std::vector<unsigned> &arriving, uint32_t lanes,
                      uint32_t threads) {
  unsigned lane = std::countr_zero(lanes);
  unsigned next = one.results;
  uint64_t number = value(one.slots[next++], lane);
  uint64_t expected =
      one.data[threadsField] ? value(one.slots[next++], lane) : 0;
  uint32_t trueLanes = next < unsigned(one.results + one.sources)
                           ? condition(one, next) & lanes
                           : 0;
  bool waits = Mode(one.data[modeField]) != Mode::Arrive;
  static const std::vector<unsigned> nobody;
  block.arrive(number,
               {*this, one, lane, threads, static_cast<uint32_t>(expected),
                static_cast<uint32_t>(std::popcount(trueLanes)),
                static_cast<uint32_t>(std::popcount(lanes)),
                waits ? arriving : nobody});
  if (waits)
    return;
  ++clock;
  for (unsigned fragment : arriving)
    makeReady(fragment);
}

void Block::arrive(uint64_t number, const Arrival &arrival) {
  const Instruction &one = arrival.instruction;
  if (number >= barrierCount) {
    arrival.warp.fault(ErrorKind::BarrierMismatch, one, arrival.lane,
                       "barrier " + std::to_string(number) +
                           " does not exist: there are 16");
    number = 0;
  }
  uint32_t all = 32 * grid.warps;
  uint32_t expected = arrival.expected ? arrival.expected : all;
  Barrier &barrier = resources[number];
  auto mismatch = [&](const std::string &message) {
    arrival.warp.fault(ErrorKind::BarrierMismatch, one, arrival.lane, message,
                       barrier.expected ? std::optional(barrier.first)
                                        : std::nullopt);
  };
  std::string name = "barrier " + std::to_string(number);
  if (expected % 32 || expected > all)
    mismatch(name + " for " + std::to_string(expected) +
             " threads, of a block of " + std::to_string(all));
  else if (barrier.expected && barrier.expected != expected)
    mismatch(name + " is for " + std::to_string(expected) +
             " threads here and for " + std::to_string(barrier.expected) +
             " where others wait");
  else if (barrier.expected && barrier.arrived + arrival.threads > expected)
    mismatch("more threads arrive at " + name + " than the " +
             std::to_string(expected) + " it is for");
  if (!barrier.expected) {
    barrier.expected = std::min(expected, all);
    barrier.first = arrival.warp.place(one, arrival.lane);
  }
  std::vector<uint32_t> knowledge = arrival.warp.known;
  knowledge[arrival.warp.index] = arrival.warp.clock;
  join(barrier.known, knowledge);
  barrier.arrived += arrival.threads;
  barrier.trueLanes += arrival.trueLanes;
  barrier.askedLanes += arrival.askedLanes;
  barrier.synced &= !arrival.waiting.empty();
  for (unsigned fragment : arrival.waiting)
    barrier.waiting.push_back({arrival.warp.index, fragment});
  if (barrier.arrived >= barrier.expected)
    complete(barrier);
}

void Block::complete(Barrier &barrier) {
  Barrier done = std::move(barrier);
  barrier = Barrier();
  ++barriers;
  if (done.synced && done.expected == 32 * grid.warps)
    ++epoch;
  for (auto [warp, fragment] : done.waiting)
    warps[warp].release(fragment, done.known, done.trueLanes, done.askedLanes);
}

void Warp::release(unsigned number, const std::vector<uint32_t> &knowledge,
                   uint32_t trueLanes, uint32_t askedLanes) {
  const Instruction &one = codeAt(fragments[number].pc);
  uint32_t lanes = fragments[number].mask;
  switch (Mode(one.data[modeField])) {
  case Mode::Popc:
    forLanes(lanes,
             [&](unsigned lane) { setValue(one.slots[0], lane, trueLanes); });
    break;
  case Mode::And:
  case Mode::Or: {
    bool holds = Mode(one.data[modeField]) == Mode::And
                     ? trueLanes == askedLanes
                     : trueLanes != 0;
    uint32_t &result = predicate(one.slots[0]);
    result = holds ? result | lanes : result & ~lanes;
    break;
  }
  default:
    break;
  }
  acquire(knowledge);
  fullSync = clock++;
  laneSync.reset();
  makeReady(number);
}

void Warp::acquire(const std::vector<uint32_t> &knowledge) {
  join(known, knowledge);
  fullSync = std::max(fullSync, std::min(known[index], clock - 1));
}

/// Orders what lanes of a mask did before for all of them.
void Warp::synchronise(uint32_t mask) {
  if ((mask & live) == live) {
    fullSync = clock++;
    laneSync.reset();
    return;
  }
  if (!laneSync) {
    laneSync = std::make_unique<std::array<std::array<uint32_t, 32>, 32>>();
    for (auto &row : *laneSync)
      row.fill(fullSync);
  }
  std::array<uint32_t, 32> joined{};
  forLanes(mask, [&](unsigned lane) {
    for (unsigned other = 0; other < 32; ++other)
      joined[other] = std::max(joined[other], (*laneSync)[lane][other]);
  });
  forLanes(mask, [&](unsigned lane) { joined[lane] = clock; });
  forLanes(mask, [&](unsigned lane) { (*laneSync)[lane] = joined; });
  ++clock;
}

/// Accesses before a fence are published by strong writes behind it; what
/// strong reads before it found is known behind it.
void Warp::fence() {
  acquire(offered);
  fenced = known;
  fenced[index] = clock++;
}

/// A strong access may synchronise with one of another warp at its address.
void Warp::strongAccess(const Instruction &one, uint64_t address, bool reads,
                        bool writes) {
  if (reads)
    if (auto found = block.published.find(address);
        found != block.published.end()) {
      join(offered, found->second);
      if (one.acquire)
        acquire(found->second);
    }
  if (!writes)
    return;
  if (one.release)
    fence();
  if (!fenced.empty())
    join(block.published[address], fenced);
}

static void arrive(Warp &warp, const Instruction &one) {
  warp.arriveAtBarrier(one);
}

static void warpSync(Warp &warp, const Instruction &one) {
  for (uint32_t left = warp.exec; left;) {
    unsigned lane = std::countr_zero(left);
    uint32_t mask = warp.value(one.slots[0], lane);
    if (!(mask >> lane & 1))
      warp.fault(ErrorKind::BarrierMismatch, one, lane,
                 "a thread that is not in its own member mask");
    warp.synchronise(mask & warp.exec);
    left &= ~(mask | 1u << lane);
  }
}

static void fenceAll(Warp &warp, const Instruction &one) { warp.fence(); }

static void decodeBarrier(Decoding &d) {
  if (d.statement.opcode == "bar" && d.take("warp")) {
    d.take("sync");
    d.expectOperands(1, 1);
    d.source(0, Type::B32);
    d.out.run = warpSync;
    d.out.flow = Flow::Collective;
    d.out.data[2] = 1;
    d.out.data[3] = 1;
    return;
  }
  bool aligned = d.statement.opcode == "bar";
  d.take("cta");
  aligned |= d.take("aligned");
  unsigned mode = d.takeOneOf({"sync", "arrive", "red"});
  if (mode == 3)
    return d.fail("'bar' without .sync, .arrive or .red");
  size_t next = 0, last = d.operandCount();
  if (mode == 2) {
    mode += d.takeOneOf({"popc", "and", "or"});
    d.result(next++, mode == 2 ? Type::U32 : Type::Pred);
    d.takeType();
    --last;
  }
  d.source(next++, Type::U32);
  if (next < last) {
    d.source(next++, Type::U32);
    d.out.data[threadsField] = 1;
  }
  if (mode >= 2)
    d.source(next++, Type::Pred);
  d.expectOperands(next, next);
  d.out.data[modeField] = mode;
  d.out.data[alignedField] = aligned;
  d.out.run = arrive;
  d.out.flow = Flow::Barrier;
}

static void decodeFence(Decoding &d) {
  d.takeOneOf({"cta", "gl", "sys", "gpu", "cluster"});
  d.takeOneOf({"sc", "acq_rel", "acquire", "release"});
  if (d.take("proxy"))
    return d.unmodelled("proxy");
  d.expectOperands(0, 0);
  d.out.run = fenceAll;
}

void weir::ptx::addBarriers(OpcodeTable &table) {
  table["bar"] = table["barrier"] = decodeBarrier;
  table["membar"] = table["fence"] = decodeFence;
}
