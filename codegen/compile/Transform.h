// A kernel after passes, in a module of its own.
#ifndef WEIR_CODEGEN_COMPILE_TRANSFORM_H
#define WEIR_CODEGEN_COMPILE_TRANSFORM_H

#include "codegen/compile/Compile.h"

#include "mlir/Pass/PassManager.h"

namespace weir {

/// A module with a copy of `kernel` after the passes that `build` adds. What they
/// explain is reported only if `remarks` says so.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
transformed(cascade::KernelOp kernel, bool remarks, llvm::function_ref<void(mlir::OpPassManager &)> build);

/// The same after the derivation of folds, which plain loops do without.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> deriveFolds(cascade::KernelOp kernel, const Target &target,
                                                               bool remarks);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_TRANSFORM_H
