// Folds: new points, moved references, shifted states, merged parts.
#include "codegen/interp/Fold.h"

#include "codegen/interp/Accumulator.h"
#include "codegen/interp/Evaluator.h"
#include "codegen/interp/Points.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;
using namespace weir::scalar;

namespace weir::interp {
namespace {

using cascade::TensorType;
using TensorPointer = std::shared_ptr<scalar::Tensor>;

/// A state or reference.
struct Entry {
  Equation equation;
  StateOp state; ///< null for a reference
  TensorPointer tensor;
  TensorPointer followed; ///< what later ones read: `tensor`, or see `publish`
  TensorPointer before;   ///< the values before the current part
  std::vector<bool> seen; ///< points over which something was present
  std::optional<Program> program;
  std::optional<Program> shift;
  SmallVector<size_t> refs, basis; ///< entries that the shift is given
};

/// All running values of one fold over some of its points.
class Running {
public:
  Running(FoldOp op, const Environment &outside, ArrayRef<int64_t> extents)
      : op(op), environment(outside), extents(extents) {}

  LogicalResult prepare();

  /// Takes the points [begin, end), numbered with the last rank fastest.
  void take(int64_t begin, int64_t end);

  /// Takes what another one has folded over other points.
  void merge(Running &other);

  TensorPointer resultOf(mlir::Value state) {
    return llvm::find_if(entries,
                         [&](Entry &entry) {
                           return entry.equation->getResult(0) == state;
                         })
        ->tensor;
  }

private:
  LogicalResult addEntry(Equation equation);
  LogicalResult addShift(Entry &entry);

  void rememberBefore();
  /// Recomputes a reference from the running values.
  void follow(Entry &reference);
  /// Moves a state from its old references to those of `target`.
  void move(Entry &entry, Running &target);
  void combine(Entry &entry, int64_t begin, int64_t end);
  /// Shows a state to later ones: a bound that is still infinite as 0.
  void publish(Entry &entry);
  /// What a state is before its first point.
  scalar::Value emptyValue(Entry &entry);
  Accumulator accumulatorOf(Entry &entry);

  FoldOp op;
  Environment environment;
  SmallVector<int64_t> extents; ///< of the ranks that are folded
  std::vector<Entry> entries;
};

LogicalResult Running::addEntry(Equation equation) {
  Entry entry;
  entry.equation = equation;
  entry.state = dyn_cast<StateOp>(equation.getOperation());
  auto tensor = allocate(equation, environment, State::Absent);
  auto program = Program::compile(equation.getEquationBody(), environment);
  if (failed(tensor) || failed(program))
    return failure();
  entry.tensor = *tensor;
  entry.program = std::move(*program);
  entry.seen.resize(entry.tensor->size());
  bool isBound = entry.state && entry.tensor->kind() == Kind::Real &&
                 llvm::is_contained({Combiner::Max, Combiner::Min},
                                    entry.state.getCombiner());
  entry.followed = isBound ? entry.tensor->clone() : entry.tensor;
  environment.tensors[equation->getResult(0)] = entry.followed;
  if (entry.state) {
    Kind result =
        resultKindOf(entry.state.getCombiner(), entry.program->resultKind());
    if (result != entry.tensor->kind())
      return equation.emitError() << "'" << equation.getEquationName()
                                  << "' combines values of another type than "
                                     "its tensor's";
    for (int64_t i = 0; i < entry.tensor->size(); ++i)
      entry.tensor->set(i, emptyValue(entry));
    if (!entry.state.getShift().empty() && failed(addShift(entry)))
      return failure();
  }
  entries.push_back(std::move(entry));
  return success();
}

LogicalResult Running::addShift(Entry &entry) {
  auto program = Program::compile(entry.state.getShift(), environment);
  if (failed(program))
    return failure();
  entry.shift = std::move(*program);
  auto find = [&](mlir::Value tensor) -> size_t {
    return llvm::find_if(entries,
                         [&](Entry &other) {
                           return other.equation->getResult(0) == tensor;
                         }) -
           entries.begin();
  };
  for (mlir::Value ref : entry.state.getRefs())
    entry.refs.push_back(find(ref));
  for (mlir::Value other : entry.state.getBasis())
    entry.basis.push_back(find(other));
  auto isUnknown = [&](size_t i) { return i >= entries.size(); };
  if (llvm::any_of(entry.refs, isUnknown) ||
      llvm::any_of(entry.basis, isUnknown))
    return entry.state.emitError("refers to what is no earlier state");
  return success();
}

LogicalResult Running::prepare() {
  for (auto equation : op.getBody().getOps<Equation>())
    if (failed(addEntry(equation)))
      return failure();
  return success();
}

Accumulator Running::accumulatorOf(Entry &entry) {
  return Accumulator(entry.state.getCombiner(), entry.program->resultKind(),
                     environment.roundToF32);
}

scalar::Value Running::emptyValue(Entry &entry) {
  if (entry.state.getPartial())
    return absentOf(entry.tensor->kind());
  return accumulatorOf(entry).result();
}

void Running::rememberBefore() {
  for (Entry &entry : entries)
    entry.before = entry.tensor->clone();
}

void Running::follow(Entry &reference) {
  int64_t position = 0;
  Program &program = *reference.program;
  forEachPoint(reference.tensor->extents(),
               [&](ArrayRef<int64_t> point, size_t first) {
                 for (size_t i = first; i < point.size(); ++i)
                   program.setIndex(i, point[i]);
                 program.run(first);
                 reference.tensor->set(position++, program.result());
               });
}

/// The value of another entry at the point of `type`'s ranks; an entry has a
/// part of these ranks.
scalar::Value valueAt(Entry &other, const TensorPointer &values,
                      ArrayRef<int64_t> point, TensorType type) {
  int64_t position = 0;
  for (auto [i, rank] :
       llvm::enumerate(other.equation.getTensorType().getRanks()))
    position += point[type.indexOf(rank)] * values->strides()[i];
  return values->at(position);
}

void Running::move(Entry &entry, Running &target) {
  Program &program = *entry.shift;
  TensorType type = entry.equation.getTensorType();
  int64_t position = -1;
  forEachPoint(entry.tensor->extents(), [&](ArrayRef<int64_t> point, size_t) {
    if (!entry.seen[++position])
      return;
    size_t argument = 0;
    for (int64_t index : point)
      program.setArgument(argument++, scalar::Value::of(index));
    program.setArgument(argument++, entry.tensor->at(position));
    for (size_t other : entry.basis)
      program.setArgument(
          argument++,
          valueAt(entries[other], entries[other].before, point, type));
    for (size_t ref : entry.refs) {
      program.setArgument(
          argument++, valueAt(entries[ref], entries[ref].before, point, type));
      program.setArgument(argument++,
                          valueAt(target.entries[ref],
                                  target.entries[ref].followed, point, type));
    }
    program.run();
    bool isPresent = program.result().isPresent();
    entry.seen[position] = isPresent;
    entry.tensor->set(position,
                      isPresent ? program.result() : emptyValue(entry));
  });
}

void Running::combine(Entry &entry, int64_t begin, int64_t end) {
  Program &program = *entry.program;
  Accumulator accumulator = accumulatorOf(entry);
  int64_t position = -1;
  forEachPoint(entry.tensor->extents(), [&](ArrayRef<int64_t> point, size_t) {
    accumulator.reset();
    if (entry.seen[++position])
      accumulator.resume(entry.tensor->at(position));
    for (auto [i, index] : llvm::enumerate(point))
      program.setIndex(i, index);
    for (int64_t n = begin; n < end; ++n) {
      int64_t rest = n;
      for (size_t i = extents.size(); i-- > 0; rest /= extents[i])
        program.setIndex(point.size() + i, rest % extents[i]);
      program.run(n == begin ? 0 : point.size());
      accumulator.add(program.result(), n);
    }
    if (accumulator.isEmpty())
      return;
    entry.seen[position] = true;
    entry.tensor->set(position, accumulator.result());
  });
}

void Running::publish(Entry &entry) {
  if (entry.followed == entry.tensor)
    return;
  bool isMaximum = entry.state.getCombiner() == Combiner::Max;
  double none = isMaximum ? -INFINITY : INFINITY;
  for (int64_t i = 0; i < entry.tensor->size(); ++i) {
    scalar::Value value = entry.tensor->at(i);
    bool isEmpty = value.isPresent() && value.real == none;
    entry.followed->set(i, isEmpty ? scalar::Value::of(0.0) : value);
  }
}

void Running::take(int64_t begin, int64_t end) {
  rememberBefore();
  for (Entry &entry : entries) {
    if (!entry.state) {
      follow(entry);
      continue;
    }
    if (entry.shift)
      move(entry, *this);
    combine(entry, begin, end);
    publish(entry);
  }
}

void Running::merge(Running &other) {
  rememberBefore();
  other.rememberBefore();
  for (auto [mine, theirs] : llvm::zip(entries, other.entries)) {
    if (!mine.state) {
      follow(mine);
      continue;
    }
    if (mine.shift) {
      move(mine, *this);
      other.move(theirs, *this);
    }
    Accumulator accumulator = accumulatorOf(mine);
    for (int64_t i = 0; i < mine.tensor->size(); ++i) {
      accumulator.reset();
      for (Entry *half : {&mine, &theirs})
        if (half->seen[i])
          accumulator.isEmpty() ? accumulator.resume(half->tensor->at(i))
                                : accumulator.add(half->tensor->at(i));
      mine.seen[i] = !accumulator.isEmpty();
      if (mine.seen[i])
        mine.tensor->set(i, accumulator.result());
    }
    publish(mine);
  }
}

/// Ends of what is folded apart, and which pieces are merged: the second of a pair into the first.
struct Plan {
  SmallVector<int64_t> ends;
  SmallVector<std::pair<size_t, size_t>> merges;
};

Plan planOf(Merge merge, int64_t length) {
  switch (merge) {
  case Merge::None:
    return {{length}, {}};
  case Merge::Halves:
    return {{length / 2, length}, {{0, 1}}};
  case Merge::Backwards:
    return {{length / 2, length}, {{1, 0}}};
  case Merge::Left:
    return {{length / 3, 2 * length / 3, length}, {{0, 1}, {0, 2}}};
  case Merge::Right:
    return {{length / 3, 2 * length / 3, length}, {{1, 2}, {0, 1}}};
  case Merge::Nothing:
    return {{0, length, length}, {{0, 1}, {0, 2}}};
  }
  llvm_unreachable("unknown merge");
}

/// Folds [begin, end), part by part.
LogicalResult fold(Running &running, int64_t begin, int64_t end, int64_t part) {
  if (failed(running.prepare()))
    return failure();
  for (; begin < end; begin += part)
    running.take(begin, std::min(begin + part, end));
  return success();
}

} // namespace

LogicalResult interpret(FoldOp op, Environment &environment,
                        const FoldOptions &options) {
  auto extents = extentsOf(op, op.getOverRanks(), environment);
  if (failed(extents))
    return failure();
  int64_t length = 1;
  for (int64_t extent : *extents)
    length *= extent;
  Plan plan = planOf(options.merge, length);
  std::vector<std::unique_ptr<Running>> pieces;
  int64_t begin = 0;
  for (int64_t end : plan.ends) {
    pieces.push_back(std::make_unique<Running>(op, environment, *extents));
    if (failed(fold(*pieces.back(), begin, end, options.part)))
      return failure();
    begin = end;
  }
  for (auto [into, from] : plan.merges)
    pieces[into]->merge(*pieces[from]);
  Running &whole = *pieces[plan.merges.empty() ? 0 : plan.merges.back().first];
  auto end = cast<ResultsOp>(op.getBody().front().getTerminator());
  for (auto [result, state] : llvm::zip(op.getResults(), end.getTensors()))
    environment.tensors[result] = whole.resultOf(state);
  return success();
}

} // namespace weir::interp
