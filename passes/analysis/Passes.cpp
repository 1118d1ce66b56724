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

/// The rank of the tensor along which the read follows the reader's own index of `rank`, or null.
StringAttr followedRank(ReadOp op, StringAttr rank) {
  Value own = indexOfRank(op, rank);
  for (auto [index, name] : llvm::zip(op.getIndices(), cast<cascade::TensorType>(op.getTensor().getType()).getRanks()))
    if (own && index == own)
      return name;
  return {};
}

/// The name of the rank whose extent `rank` shares.
StringAttr familyOf(KernelOp kernel, StringAttr rank) {
  RankOp declaration = kernel.getRankDeclaration(rank);
  return declaration && declaration.getFamilyAttr() ? familyOf(kernel, declaration.getFamilyAttr()) : rank;
}

} // namespace

/// Reductions, selections and folds over the rank need all of it, as does what holds one of them.
bool RankPasses::reduces(Operation *op) {
  if (auto einsum = dyn_cast<EinsumOp>(op))
    return llvm::is_contained(einsum.getReduced(), rank);
  if (auto fold = dyn_cast<FoldOp>(op))
    return fold.getOverAttr() == rank;
  if (auto recurrence = dyn_cast<RecurrenceOp>(op))
    return llvm::any_of(recurrence.getBody().getOps<EinsumOp>(), [&](EinsumOp inner) { return reduces(inner); });
  auto topk = dyn_cast<TopKOp>(op);
  return topk && topk.getAlongAttr() == rank;
}

/// Inputs that `op` reads, directly or through tensors, along its rank `name`.
RankPasses::Inputs RankPasses::inputsAlong(Operation *op, StringAttr name) {
  Inputs all;
  op->walk([&](ReadOp read) {
    if (StringAttr followed = followedRank(read, name))
      all.insert_range(inputs.lookup({read.getTensor(), followed}));
  });
  return all;
}

/// The first generation in which all that `op` reads from outside is at hand.
unsigned RankPasses::generationFor(Operation *op) {
  unsigned generation = 0;
  op->walk([&](ReadOp read) {
    auto it = streams.find(read.getTensor());
    if (it == streams.end() || it->second.generation == 0) // of the operation itself, or there from the start
      return;
    bool follows = it->second.isStream && followedRank(read, rank) == rank;
    generation = std::max(generation, it->second.generation + (follows ? 0 : 1));
  });
  return generation;
}

void RankPasses::readAll(const Inputs &read, unsigned generation) {
  for (Value input : read)
    lineage[input].insert(generation);
  if (!read.empty())
    depth = std::max(depth, generation);
}

void RankPasses::visit(Operation *op) {
  if (isa<InputOp, ParamOp>(op)) {
    Value tensor = op->getResult(0);
    streams[tensor].isStream = carries(tensor, rank);
    for (StringAttr name : cast<cascade::TensorType>(tensor.getType()).getRanks())
      inputs[{tensor, name}].insert(tensor);
    return;
  }
  if (auto output = dyn_cast<OutputOp>(op)) {
    Stream stored = streams.lookup(output.getTensor());
    if (stored.isStream)
      readAll(inputs.lookup({output.getTensor(), rank}), std::max(stored.generation, 1u));
    return;
  }
  if (auto fold = dyn_cast<FoldOp>(op); fold && !reduces(op))
    return visitInside(fold);
  if (op->getNumResults() == 0)
    return;
  Stream stream;
  stream.generation = generationFor(op);
  stream.isStream = llvm::any_of(op->getResults(), [&](Value result) { return carries(result, rank); });
  bool completes = reduces(op);
  if (completes || stream.isStream)
    stream.generation = std::max(stream.generation, 1u);
  else if (stream.generation > 0)
    --stream.generation; // complete when its operands are
  if (completes)
    readAll(inputsAlong(op, rank), stream.generation);
  for (Value result : op->getResults()) {
    streams[result] = stream;
    for (StringAttr name : family)
      if (carries(result, name))
        inputs[{result, name}] = inputsAlong(op, name);
  }
}

/// A fold over another rank: each state by itself.
void RankPasses::visitInside(FoldOp fold) {
  for (Operation &inner : fold.getBody().front().without_terminator())
    visit(&inner);
  auto results = cast<ResultsOp>(fold.getBody().front().getTerminator());
  for (auto [result, tensor] : llvm::zip(fold.getResults(), results.getTensors())) {
    streams[result] = Stream(streams.lookup(tensor));
    for (StringAttr name : family)
      inputs[{result, name}] = Inputs(inputs.lookup({tensor, name}));
  }
}

RankPasses::RankPasses(KernelOp kernel, StringAttr rank) : rank(rank) {
  for (auto other : kernel.getBody().getOps<RankOp>())
    if (familyOf(kernel, other.getNameAttr()) == familyOf(kernel, rank))
      family.push_back(other.getNameAttr());
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
