// What ways to cut a kernel cost: work that is left to loops, and what tiles compute again.
#include "codegen/compile/PartCost.h"

#include "passes/derive/Work.h"

#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace weir {

/// Numbers of the loop variables of `loop` that `value` is computed from.
static void collectIndices(Value value, tile::ParallelOp loop, llvm::DenseSet<Value> &seen, llvm::SmallBitVector &indices) {
  if (!seen.insert(value).second)
    return;
  Operation *op = value.getDefiningOp();
  if (!op) {
    auto argument = cast<BlockArgument>(value);
    if (argument.getOwner()->getParentOp() == loop)
      indices.set(argument.getArgNumber());
    return;
  }
  llvm::SetVector<Value> sources(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), sources);
  for (Value source : sources)
    collectIndices(source, loop, seen, indices);
}

llvm::SetVector<StringAttr> ranksOfRepeats(tile::KernelOp tiles) {
  llvm::SetVector<StringAttr> ranks;
  tiles.walk([&](tile::ContractOp contract) {
    auto loop = contract->getParentOfType<tile::ParallelOp>();
    auto names = loop ? loop->getAttrOfType<ArrayAttr>("arg_names") : ArrayAttr();
    if (!names)
      return;
    llvm::DenseSet<Value> seen;
    Block &body = loop.getBody().front();
    llvm::SmallBitVector indices(body.getNumArguments());
    for (Value operand : contract->getOperands())
      collectIndices(operand, loop, seen, indices);
    for (auto [i, step] : llvm::enumerate(loop.getSteps()))
      if (!indices.test(i) && step == 1)
        ranks.insert(cast<StringAttr>(names[i]));
  });
  return ranks;
}

double costOf(cascade::KernelOp whole, ArrayRef<Part> parts) {
  static constexpr double fasterInTiles = 50;
  derive::Work work(whole);
  double sum = 0;
  for (const Part &part : parts) {
    if (part.tiles && part.repeats.empty())
      continue;
    cascade::KernelOp(*part.plain).walk([&](cascade::Equation equation) {
      auto einsum = dyn_cast<cascade::EinsumOp>(equation.getOperation());
      auto ranks = llvm::to_vector(equation.getTensorType().getRanks());
      double points = work.pointsOf(ranks), times = 0;
      if (einsum)
        for (auto rank : einsum.getReduced().getAsRange<StringAttr>())
          points *= work.extentOf(rank);
      for (StringAttr rank : part.repeats)
        if (einsum && einsum.getCombiner() == cascade::Combiner::Sum && !llvm::is_contained(ranks, rank))
          times = std::max(times, 1.0) * work.extentOf(rank);
      sum += part.tiles ? points * times / fasterInTiles : points;
    });
  }
  return sum;
}

} // namespace weir
