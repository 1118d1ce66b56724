// The whole lowering, from top to bottom.
#include "passes/Passes.h"

using namespace mlir;

namespace weir {

void buildReorderPipeline(OpPassManager &pm) {
  OpPassManager &kernel = pm.nest<cascade::KernelOp>();
  kernel.addPass(createSimplify());
  kernel.addPass(createShare());
  kernel.addPass(createSelect());
  kernel.addPass(createReassociate());
  kernel.addPass(createSimplify());
  kernel.addPass(createShare());
}

void buildFoldPipeline(OpPassManager &pm) {
  OpPassManager &kernel = pm.nest<cascade::KernelOp>();
  kernel.addPass(createDeriveFolds());
  kernel.addPass(createSimplify());
}

void buildDerivePipeline(OpPassManager &pm) {
  buildReorderPipeline(pm);
  buildFoldPipeline(pm);
}

void registerPasses() {
  registerWeirPasses();
  PassPipelineRegistration<>("weir-derive", "derive the fused form of a cascade", buildDerivePipeline);
}

} // namespace weir
