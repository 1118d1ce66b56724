// The pass that unites equations that say the same.
#include "passes/Passes.h"
#include "passes/algebra/Bodies.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_SHARE
#include "passes/Passes.h.inc"

namespace {

struct SharePass : impl::ShareBase<SharePass> {
  void runOnOperation() override {
    Terms terms;
    llvm::DenseMap<std::pair<Attribute, Expr>, EinsumOp> known;
    for (auto op : llvm::make_early_inc_range(getOperation().getBody().getOps<EinsumOp>())) {
      Expr body = readEquation(terms, op, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
      Builder builder(op.getContext());
      Attribute shape = builder.getArrayAttr({op.getCombinerAttr(), op.getReduced(), TypeAttr::get(op.getType())});
      auto [it, isNew] = known.try_emplace({shape, body}, op);
      if (isNew)
        continue;
      op.getResult().replaceAllUsesWith(it->second.getResult());
      op.erase();
      ++numShared;
    }
  }
};

} // namespace
} // namespace weir
