// Recurrences on demand: every point once, with an explicit stack of points.
#include "codegen/interp/Recurrence.h"

#include "codegen/interp/Evaluator.h"
#include "codegen/interp/Points.h"
#include "codegen/interp/StartValues.h"
#include "dialect/Refuse.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace weir::cascade;
using namespace weir::scalar;

namespace weir::interp {
namespace {

/// Points that are evaluated on demand: those of an equation, or start values.
struct Source {
  Operation *op; ///< the equation or `cascade.start`
  std::shared_ptr<scalar::Tensor> tensor;
  Extents first; ///< indices of the tensor's first element
  std::function<scalar::Value(ArrayRef<int64_t>, Missing &)> evaluate;

  SmallVector<int64_t, 8> indicesOf(int64_t position) const {
    auto indices = pointAt(position, tensor->extents());
    for (auto [index, least] : llvm::zip(indices, first))
      index += least;
    return indices;
  }
};

/// An equation of the group.
struct Member {
  Equation equation;
  std::shared_ptr<scalar::Tensor> tensor;
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
  LogicalResult addStart(StartOp start);
  LogicalResult addEvaluators();
  LogicalResult step(ArrayRef<int64_t> iteration);
  LogicalResult demand(size_t source, int64_t position);
  LogicalResult reportCycle(size_t source, int64_t position);

  static int64_t keyOf(size_t source, int64_t position) {
    return int64_t(source) << scalar::Tensor::tagShift | position;
  }

  RecurrenceOp op;
  Environment environment;
  Extents iterative;
  std::vector<Member> members;
  std::vector<Source> sources; ///< the members', then start values
  SmallVector<std::shared_ptr<scalar::Tensor>> results;
};

LogicalResult Group::addMember(Equation equation) {
  auto tensor = allocate(equation, environment, State::Pending);
  if (failed(tensor))
    return failure();
  (*tensor)->tag = keyOf(members.size(), 0);
  environment.tensors[equation->getResult(0)] = *tensor;
  Member member{equation, *tensor, {}};
  for (auto rank : op.getIterative().getAsRange<StringAttr>())
    member.dimensions.push_back(equation.getTensorType().indexOf(rank));
  members.push_back(std::move(member));
  sources.push_back(
      {equation, *tensor, Extents((*tensor)->extents().size(), 0), nullptr});
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
        values->add(dimension,
                    descending ? tensor->extents()[dimension] : int64_t(-1));
    }
    tensor->border = values;
  }
  for (auto start : op.getBody().getOps<StartOp>())
    if (failed(addStart(start)))
      return failure();
  return success();
}

LogicalResult Group::addStart(StartOp start) {
  auto type = cast<cascade::TensorType>(start.getTensor().getType());
  auto tensor = environment.tensors.lookup(start.getTensor());
  auto &border = static_cast<StartValues &>(*tensor->border);
  auto *place = border.allocate(type.indexOf(start.getAlongAttr()));
  if (!place)
    return start.emitError()
           << "'" << start.getAlong() << "' is no iterative rank of the tensor";
  if (!place->values)
    return refuse(start, "no-memory")
           << "no memory for the start values along '" << start.getAlong()
           << "'";
  place->values->tag = keyOf(sources.size(), 0);
  sources.push_back({start, place->values, place->first, nullptr});
  return success();
}

/// Once all tensors of the group are known.
LogicalResult Group::addEvaluators() {
  for (Source &source : sources) {
    if (auto equation = dyn_cast<Equation>(source.op)) {
      auto created = Evaluator::create(equation, environment);
      if (failed(created))
        return failure();
      source.evaluate = [evaluator = std::shared_ptr<Evaluator>(
                             std::move(*created))](auto point, auto &missing) {
        return evaluator->at(point, missing);
      };
      continue;
    }
    auto compiled =
        Program::compile(cast<StartOp>(source.op).getBody(), environment);
    if (failed(compiled))
      return failure();
    source.evaluate = [program = std::make_shared<Program>(std::move(
                           *compiled))](auto point, Missing &missing) {
      for (auto [i, index] : llvm::enumerate(point))
        program->setIndex(i, index);
      program->run();
      if (program->result().isPending())
        missing.push_back(program->result().integer);
      return program->result();
    };
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
  return success(succeeded(linkResults()) && succeeded(addStarts()) &&
                 succeeded(addEvaluators()));
}

LogicalResult Group::reportCycle(size_t source, int64_t position) {
  const Source &at = sources[source];
  auto error = refuse(at.op, "cyclic-dependence");
  if (auto equation = dyn_cast<Equation>(at.op))
    error << "'" << equation.getEquationName() << "'";
  else
    error << "the start value along '" << cast<StartOp>(at.op).getAlong()
          << "'";
  error << " at [";
  llvm::interleaveComma(at.indicesOf(position), error);
  return error << "] depends on itself";
}

/// Evaluates a point and, before it, all that it waits for.
LogicalResult Group::demand(size_t source, int64_t position) {
  SmallVector<int64_t> stack = {keyOf(source, position)};
  llvm::DenseSet<int64_t> waiting;
  while (!stack.empty()) {
    int64_t key = stack.back();
    size_t owner = key >> scalar::Tensor::tagShift;
    int64_t at = key & ((int64_t(1) << scalar::Tensor::tagShift) - 1);
    Source &next = sources[owner];
    if (!next.tensor->at(at).isPending()) {
      stack.pop_back();
      continue;
    }
    Missing missing;
    auto value = next.evaluate(next.indicesOf(at), missing);
    if (missing.empty()) {
      next.tensor->set(at, value);
      waiting.erase(key);
      stack.pop_back();
      continue;
    }
    waiting.insert(key);
    for (int64_t earlier : llvm::reverse(missing)) {
      if (waiting.contains(earlier))
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
  // What no step covers: tensors without an empty iterative rank, and start
  // values that only readers outside need.
  for (auto [number, source] : llvm::enumerate(sources))
    for (int64_t i = 0; i < source.tensor->size() && succeeded(result); ++i)
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
