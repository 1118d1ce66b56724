// A kernel after passes, in a module of its own.
#include "codegen/compile/Transform.h"

#include "passes/Explain.h"
#include "passes/Passes.h"

using namespace mlir;

namespace weir {

FailureOr<OwningOpRef<ModuleOp>> transformed(cascade::KernelOp kernel, bool remarks,
                                             llvm::function_ref<void(OpPassManager &)> build) {
  std::optional<ExplanationCollector> silence;
  if (!remarks)
    silence.emplace(kernel.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(kernel.getLoc());
  module->push_back(kernel->clone());
  PassManager passes(kernel.getContext());
  build(passes);
  if (failed(passes.run(*module)))
    return failure();
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> deriveFolds(cascade::KernelOp kernel, const Target &target, bool remarks) {
  return transformed(kernel, remarks, [&](OpPassManager &passes) {
    if (target.level)
      buildFoldPipeline(passes);
  });
}

} // namespace weir
