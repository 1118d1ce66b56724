// Recurrences on demand: every point once, with an explicit stack of points.
#include "codegen/interp/Recurrence.h"

#include "codegen/interp/Evaluator.h"
#include "codegen/interp/Points.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace weir::cascade;
using namespace weir::scalar;

namespace weir::interp {
namespace {

/// A pending value that no point can resolve: a start value that needs itself.
constexpr int64_t unresolvable = -1;

/// The start values of one tensor of a group.
class StartValues : public Border {
public:
  struct Start {
    size_t dimension;
    int64_t index;                  ///< -1, or the extent of a descending rank
    std::optional<Program> program; ///< none: 0 or false
    bool isBusy = false;
  };

  StartValues(Kind kind, Extents extents)
      : kind(kind), extents(std::move(extents)) {}

  /// In the order of the iterative ranks, outermost first.
  std::vector<Start> starts;

  scalar::Value read(ArrayRef<int64_t> indices) override {
    for (Start &start : starts)
      if (indices[start.dimension] == start.index && lieInside(indices))
        return evaluate(start, indices);
    return absentOf(kind);
  }

private:
  /// Whether all indices are in range or those of start values.
  bool lieInside(ArrayRef<int64_t> indices) {
    for (size_t i = 0; i < indices.size(); ++i) {
      bool isStart = llvm::any_of(starts, [&](Start &start) {
        return start.dimension == i && start.index == indices[i];
      });
      if (!isStart && uint64_t(indices[i]) >= uint64_t(extents[i]))
        return false;
    }
    return true;
  }

  scalar::Value evaluate(Start &start, ArrayRef<int64_t> indices) {
    if (!start.program)
      return kind == Kind::Real ? scalar::Value::of(0.0)
                                : scalar::Value::of(int64_t(0));
    if (start.isBusy)
      return scalar::Value::pending(unresolvable);
    start.isBusy = true;
    for (auto [i, index] : llvm::enumerate(indices))
      start.program->setIndex(i, index);
    start.program->run();
    start.isBusy = false;
    return start.program->result();
  }

  Kind kind;
  Extents extents;
};

/// An equation of the group.
struct Member {
  Equation equation;
  std::shared_ptr<scalar::Tensor> tensor;
  std::unique_ptr<Evaluator> evaluator;
  SmallVector<int64_t, 4> dimensions; ///< of the iterative ranks; or -1
};

class Group {
public:
  Group(RecurrenceOp op, const Environment &outside)
      : op(op), environment(outside) {}

  LogicalResult prepare();
  LogicalResult run();
  std::shared_ptr<scalar::Tensor> resultAt(size_t i) { return results[i]; }

private:
  LogicalResult addMember(Equation equation);
  LogicalResult linkResults();
  LogicalResult addStarts();
  LogicalResult step(ArrayRef<int64_t> iteration);
  LogicalResult demand(size_t member, int64_t position);
  LogicalResult reportCycle(size_t member, int64_t position);

  static int64_t keyOf(size_t member, int64_t position) {
    return int64_t(member) << scalar::Tensor::tagShift | position;
  }

  RecurrenceOp op;
  Environment environment;
  Extents iterative;
  std::vector<Member> members;
  SmallVector<std::shared_ptr<scalar::Tensor>> results;
};

LogicalResult Group::addMember(Equation equation) {
  auto tensor = allocate(equation, environment, State::Pending);
  if (failed(tensor))
    return failure();
  (*tensor)->tag = keyOf(members.size(), 0);
  environment.tensors[equation->getResult(0)] = *tensor;
  Member member{equation, *tensor, nullptr, {}};
  for (auto rank : op.getIterative().getAsRange<StringAttr>())
    member.dimensions.push_back(equation.getTensorType().indexOf(rank));
  members.push_back(std::move(member));
  return success();
}

LogicalResult Group::linkResults() {
  auto end = cast<ResultsOp>(op.getBody().front().getTerminator());
  for (auto [argument, value] :
       llvm::zip(op.getBody().getArguments(), end.getTensors())) {
    auto tensor = environment.tensors.lookup(value);
    if (!tensor || value.getParentRegion() != &op.getBody())
      return op.emitError("ends with a tensor that is no equation of its body");
    environment.tensors[argument] = tensor;
    results.push_back(tensor);
  }
  return success();
}

LogicalResult Group::addStarts() {
  for (auto [argument, tensor] :
       llvm::zip(op.getBody().getArguments(), results)) {
    auto type = cast<cascade::TensorType>(argument.getType());
    auto values = std::make_shared<StartValues>(tensor->kind(),
                                                Extents(tensor->extents()));
    for (auto [rank, descending] : llvm::zip(
             op.getIterative().getAsRange<StringAttr>(), op.getDescending())) {
      int64_t dimension = type.indexOf(rank);
      if (dimension >= 0)
        values->starts.push_back(
            {size_t(dimension),
             descending ? tensor->extents()[dimension] : int64_t(-1),
             std::nullopt});
    }
    tensor->border = values;
  }
  for (auto start : op.getBody().getOps<StartOp>()) {
    auto type = cast<cascade::TensorType>(start.getTensor().getType());
    int64_t dimension = type.indexOf(start.getAlongAttr());
    auto tensor = environment.tensors.lookup(start.getTensor());
    auto program = Program::compile(start.getBody(), environment);
    if (failed(program))
      return failure();
    auto &values = static_cast<StartValues &>(*tensor->border);
    auto place = llvm::find_if(values.starts, [&](auto &candidate) {
      return int64_t(candidate.dimension) == dimension;
    });
    if (place == values.starts.end())
      return start.emitError() << "'" << start.getAlong()
                               << "' is no iterative rank of the tensor";
    place->program = std::move(*program);
  }
  return success();
}

LogicalResult Group::prepare() {
  SmallVector<StringAttr> ranks(op.getIterative().getAsRange<StringAttr>());
  auto extents = extentsOf(op, ranks, environment);
  if (failed(extents))
    return failure();
  iterative = *extents;
  for (auto equation : op.getBody().getOps<Equation>())
    if (failed(addMember(equation)))
      return failure();
  if (failed(linkResults()) || failed(addStarts()))
    return failure();
  for (Member &member : members) {
    auto evaluator = Evaluator::create(member.equation, environment);
    if (failed(evaluator))
      return failure();
    member.evaluator = std::move(*evaluator);
  }
  return success();
}

LogicalResult Group::reportCycle(size_t member, int64_t position) {
  Member &at = members[member];
  auto error = at.equation.emitError()
               << "'" << at.equation.getEquationName() << "' at [";
  llvm::interleaveComma(pointAt(position, at.tensor->extents()), error);
  return error << "] depends on itself";
}

/// Evaluates a point and, before it, all that it waits for.
LogicalResult Group::demand(size_t member, int64_t position) {
  SmallVector<int64_t> stack = {keyOf(member, position)};
  llvm::DenseSet<int64_t> waiting;
  while (!stack.empty()) {
    int64_t key = stack.back();
    size_t owner = key >> scalar::Tensor::tagShift;
    int64_t at = key & ((int64_t(1) << scalar::Tensor::tagShift) - 1);
    Member &next = members[owner];
    if (!next.tensor->at(at).isPending()) {
      stack.pop_back();
      continue;
    }
    Missing missing;
    auto value =
        next.evaluator->at(pointAt(at, next.tensor->extents()), missing);
    if (missing.empty()) {
      next.tensor->set(at, value);
      waiting.erase(key);
      stack.pop_back();
      continue;
    }
    waiting.insert(key);
    for (int64_t earlier : llvm::reverse(missing)) {
      if (earlier == unresolvable || waiting.contains(earlier))
        return reportCycle(owner, at);
      stack.push_back(earlier);
    }
  }
  return success();
}

/// Demands all points of one step of the iteration. A tensor that lacks an
/// iterative rank has its turn at the last index of that rank.
LogicalResult Group::step(ArrayRef<int64_t> iteration) {
  for (auto [number, member] : llvm::enumerate(members)) {
    Extents others(member.tensor->extents());
    int64_t start = 0;
    bool hasTurn = true;
    for (size_t i = 0; i < iteration.size(); ++i) {
      bool descends = op.getDescending()[i];
      int64_t index = descends ? iterative[i] - 1 - iteration[i] : iteration[i];
      int64_t dimension = member.dimensions[i];
      if (dimension < 0) {
        hasTurn &= iteration[i] == iterative[i] - 1;
        continue;
      }
      others[dimension] = 1;
      start += index * member.tensor->strides()[dimension];
    }
    LogicalResult result = success();
    if (hasTurn)
      forEachPoint(others, [&](ArrayRef<int64_t> point, size_t) {
        if (succeeded(result))
          result = demand(number,
                          start + positionOf(point, member.tensor->strides()));
      });
    if (failed(result))
      return failure();
  }
  return success();
}

LogicalResult Group::run() {
  LogicalResult result = success();
  forEachPoint(iterative, [&](ArrayRef<int64_t> iteration, size_t) {
    if (succeeded(result))
      result = step(iteration);
  });
  // What no step covers: tensors without an empty iterative rank.
  for (auto [number, member] : llvm::enumerate(members))
    for (int64_t i = 0; i < member.tensor->size() && succeeded(result); ++i)
      result = demand(number, i);
  return result;
}

} // namespace

LogicalResult interpret(RecurrenceOp op, Environment &environment) {
  Group group(op, environment);
  if (failed(group.prepare()) || failed(group.run()))
    return failure();
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    environment.tensors[result] = group.resultAt(i);
  return success();
}

} // namespace weir::interp
