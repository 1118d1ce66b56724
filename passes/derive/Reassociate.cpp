// The pass that takes sums in the order that is least work: stream first, or along a scan.
#include "passes/Passes.h"
#include "passes/derive/BuildFold.h"
#include "passes/derive/Reorder.h"

#include "mlir/Analysis/TopologicalSortUtils.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_REASSOCIATE
#include "passes/Passes.h.inc"

namespace {

struct ReassociatePass : impl::ReassociateBase<ReassociatePass> {
  void runOnOperation() override {
    KernelOp kernel = getOperation();
    derive::Reorderer reorderer(kernel);
    for (auto op : llvm::to_vector(kernel.getBody().getOps<EinsumOp>())) {
      std::optional<Refusal> refusal;
      auto plan = reorderer.find(op, refusal);
      if (plan) {
        explain({plan->bound ? "prefix-form" : "reassociation", reorderer.describe(*plan), "", "", op.getLoc(),
                 {plan->stream.str()}, {op.getName().str()}});
        reorderer.build(*plan);
        ++numReordered;
      } else if (refusal) {
        std::vector<std::string> streams;
        for (auto rank : op.getReduced().getAsRange<StringAttr>())
          streams.push_back(rank.str());
        explain({"prefix-form", "'" + op.getName().str() + "': " + refusal->detail, refusal->reason, refusal->remedy,
                 refusal->loc, streams, {op.getName().str()}});
        ++numRefused;
      }
    }
    if (numReordered)
      derive::eraseDeadEquations(kernel);
  }
};

} // namespace
} // namespace weir
