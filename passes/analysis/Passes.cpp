// How often a cascade must read along each rank: the generation algorithm.
#include "passes/analysis/Passes.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {
namespace {

bool carries(Value tensor, StringAttr rank) {
  return cast<cascade::TensorType>(tensor.getType()).indexOf(rank) >= 0;
}

/// The index of `rank` in the body that `op` stands in, or null.
Value indexOfRank(ReadOp op, StringAttr rank) {
  auto equation = op->getParentOfType<Equation>();
  if (!equation)
    return {};
  for (auto [argument, name] : llvm::zip(equation.getEquationBody().getArguments(), equation.getBodyRanks()))
    if (name == rank)
      return argument;
  return {};
}

/// True if the read follows the reader's own index along `rank`.
bool followsRank(ReadOp op, StringAttr rank) {
  int64_t position = cast<cascade::TensorType>(op.getTensor().getType()).indexOf(rank);
  return position >= 0 && op.getIndices()[position] == indexOfRank(op, rank);
}

} // namespace

/// Reductions, selections and folds over the rank need all of it.
bool RankPasses::reduces(Operation *op) {
  if (auto einsum = dyn_cast<EinsumOp>(op))
    return llvm::is_contained(einsum.getReduced(), rank);
  if (auto fold = dyn_cast<FoldOp>(op))
    return fold.getOverAttr() == rank;
  auto topk = dyn_cast<TopKOp>(op);
  return topk && topk.getAlongAttr() == rank;
}

/// What `op`, with everything inside it, reads from outside.
RankPasses::Stream RankPasses::operandsOf(Operation *op) {
  Stream all;
  op->walk([&](ReadOp read) {
    auto it = streams.find(read.getTensor());
    if (it == streams.end()) // of the operation itself
      return;
    const Stream &source = it->second;
    bool follows = source.isStream && followsRank(read, rank);
    bool isInput = isa_and_nonnull<InputOp, ParamOp>(read.getTensor().getDefiningOp());
    if (follows)
      all.inputs.insert_range(source.inputs);
    if (follows && isInput)
      return;
    bool mustBeComplete = !follows && !isInput && source.generation > 0;
    all.generation = std::max(all.generation, source.generation + (mustBeComplete ? 1 : 0));
  });
  return all;
}

void RankPasses::readAll(const Stream &stream) {
  for (Value input : stream.inputs)
    lineage[input].insert(stream.generation);
  if (!stream.inputs.empty())
    depth = std::max(depth, stream.generation);
}

void RankPasses::visit(Operation *op) {
  if (isa<InputOp, ParamOp>(op)) {
    Stream input;
    input.isStream = carries(op->getResult(0), rank);
    if (input.isStream)
      input.inputs.insert(op->getResult(0));
    streams[op->getResult(0)] = input;
    return;
  }
  if (auto output = dyn_cast<OutputOp>(op)) {
    if (const Stream &stored = streams[output.getTensor()]; stored.isStream)
      readAll(stored);
    return;
  }
  if (auto fold = dyn_cast<FoldOp>(op); fold && !reduces(op))
    return visitInside(fold);
  if (op->getNumResults() == 0)
    return;
  Stream stream = operandsOf(op);
  bool completes = reduces(op);
  bool isStream = llvm::any_of(op->getResults(), [&](Value result) { return carries(result, rank); });
  if (completes || isStream)
    stream.generation = std::max(stream.generation, 1u);
  else if (stream.generation > 0)
    --stream.generation; // complete when its operands are
  if (completes)
    readAll(stream);
  stream.isStream = isStream;
  if (!isStream)
    stream.inputs.clear();
  for (Value result : op->getResults())
    streams[result] = stream;
}

/// A fold over another rank: each state by itself.
void RankPasses::visitInside(FoldOp fold) {
  for (Operation &inner : fold.getBody().front().without_terminator())
    visit(&inner);
  auto results = cast<ResultsOp>(fold.getBody().front().getTerminator());
  for (auto [result, tensor] : llvm::zip(fold.getResults(), results.getTensors()))
    streams[result] = Stream(streams.lookup(tensor));
}

RankPasses::RankPasses(KernelOp kernel, StringAttr rank) : rank(rank) {
  for (Operation &op : kernel.getBody().front())
    visit(&op);
}

unsigned RankPasses::getPasses() const {
  size_t most = 0;
  for (const auto &[input, generations] : lineage)
    most = std::max(most, generations.size());
  return most;
}

unsigned RankPasses::generationOf(Value tensor) const {
  auto it = streams.find(tensor);
  return it == streams.end() ? 0 : it->second.generation;
}

} // namespace weir
