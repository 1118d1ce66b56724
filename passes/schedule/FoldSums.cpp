// Sums without a fold: reductions of what was reduced along their rank become one.
#include "passes/schedule/FoldSums.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {
namespace {

/// True if `equation` reads, at its index of `rank`, a reduction or a map of one.
bool readsReductionAlong(EinsumOp equation, StringAttr rank) {
  auto ranks = equation.getBodyRanks();
  Value index = equation.getBody().getArgument(llvm::find(ranks, rank) - ranks.begin());
  auto isFound = [&](ReadOp read) {
    auto source = read.getTensor().getDefiningOp<EinsumOp>();
    if (!source)
      return false;
    for (auto [subscript, own] : llvm::zip(read.getIndices(), source.getTensorType().getRanks()))
      if (subscript == index && (source.getCombiner() != Combiner::None || readsReductionAlong(source, own)))
        return true;
    return false;
  };
  auto visit = [&](ReadOp read) { return isFound(read) ? WalkResult::interrupt() : WalkResult::advance(); };
  return equation.getBody().walk(visit).wasInterrupted();
}

/// True if `op` reads one of `others`, itself or through what it reads.
bool dependsOn(Operation *op, const llvm::SetVector<Operation *> &others) {
  llvm::SetVector<Operation *> sources;
  sources.insert(op);
  for (unsigned i = 0; i < sources.size(); ++i)
    sources[i]->walk([&](ReadOp read) {
      if (Operation *source = read.getTensor().getDefiningOp())
        sources.insert(source);
    });
  return llvm::any_of(sources, [&](Operation *source) { return others.contains(source); });
}

} // namespace

SmallVector<StringAttr> foldedRanks(EinsumOp equation) {
  bool isState = llvm::is_contained({Combiner::Sum, Combiner::Max, Combiner::Min}, equation.getCombiner());
  auto ranks = llvm::to_vector(equation.getReduced().getAsRange<StringAttr>());
  bool isLater = llvm::any_of(ranks, [&](StringAttr rank) { return readsReductionAlong(equation, rank); });
  return isState && isLater ? ranks : SmallVector<StringAttr>();
}

bool foldSums(KernelOp kernel) {
  llvm::SetVector<Operation *> sums;
  ArrayAttr over;
  for (auto equation : kernel.getBody().getOps<EinsumOp>()) {
    bool isOther = over && equation.getReduced() != over;
    if (foldedRanks(equation).empty() || isOther || dependsOn(equation, sums))
      continue;
    over = equation.getReduced();
    sums.insert(equation);
  }
  if (!over)
    return false;
  OpBuilder builder(sums.back());
  SmallVector<Type> types = llvm::map_to_vector(sums, [](Operation *op) { return op->getResult(0).getType(); });
  auto fold = FoldOp::create(builder, sums[0]->getLoc(), types, over);
  builder.createBlock(&fold.getBody());
  SmallVector<Value> states;
  for (auto [op, result] : llvm::zip(sums, fold.getResults())) {
    auto equation = cast<EinsumOp>(op);
    auto state = StateOp::create(builder, op->getLoc(), result.getType(), equation.getNameAttr(), equation.getCombiner(),
                                 equation.getReducedAttr(), ValueRange(), ValueRange(), /*partial=*/false);
    state.getBody().takeBody(equation.getBody());
    states.push_back(state);
    op->replaceAllUsesWith(ValueRange(result));
    op->erase();
  }
  ResultsOp::create(builder, fold.getLoc(), states);
  // The fold stands where the last of its sums stood: what reads the others comes after it.
  sortTopologically(&kernel.getBody().front());
  return true;
}

} // namespace weir::schedule
