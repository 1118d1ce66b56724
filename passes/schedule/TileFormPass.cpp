// The pass that turns derived kernels into tile programs.
#include "passes/Passes.h"
#include "passes/schedule/TileForm.h"

using namespace mlir;

namespace weir {

#define GEN_PASS_DEF_TILEFORM
#include "passes/Passes.h.inc"

namespace {

struct TileForm : impl::TileFormBase<TileForm> {
  using TileFormBase::TileFormBase;

  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<cascade::KernelOp>())) {
      OpBuilder at(kernel);
      std::optional<schedule::Refusal> refusal;
      schedule::TileShape shape{rows, columns, block};
      if (succeeded(schedule::emitTileForm(at, kernel, shape, refusal))) {
        kernel.erase();
        ++numTiled;
        continue;
      }
      ++numRefused;
      if (refusal)
        emitRemark(refusal->where) << "kernel '" << kernel.getSymName() << "' has no tile form: " << refusal->reason;
    }
  }
};

} // namespace
} // namespace weir
