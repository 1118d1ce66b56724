// The pass that reports passes over ranks, as remarks.
#include "passes/Passes.h"
#include "passes/analysis/Passes.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_PRINTPASSES
#include "passes/Passes.h.inc"

namespace {

struct PrintPassesPass : impl::PrintPassesBase<PrintPassesPass> {
  void runOnOperation() override {
    for (auto rank : getOperation().getBody().getOps<RankOp>()) {
      RankPasses passes(getOperation(), rank.getNameAttr());
      if (passes.getDepth() == 0)
        continue;
      InFlightDiagnostic remark = mlir::emitRemark(rank.getLoc());
      remark << "rank '" << rank.getName() << "': passes " << passes.getPasses() << ", depth " << passes.getDepth() << ":";
      for (const auto &[input, generations] : passes.getLineage())
        remark << " " << input.getDefiningOp()->getAttrOfType<StringAttr>("name").getValue() << " "
               << generations.size();
    }
  }
};

} // namespace
} // namespace weir
