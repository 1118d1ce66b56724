// The back end `loops`: plain, correct, parallel loops for any cascade.
#ifndef WEIR_CODEGEN_LOOPS_LOOPS_H
#define WEIR_CODEGEN_LOOPS_LOOPS_H

#include "dialect/cascade/Cascade.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace weir::loops {

/// Compiles a kernel to a module of the LLVM dialect that defines what
/// <weir/runtime.h> promises. `target` names the processor in its description.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> compile(cascade::KernelOp kernel, llvm::StringRef target);

/// The same before the lowering to the LLVM dialect: structured loops.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> emitLoops(cascade::KernelOp kernel, llvm::StringRef target);

/// Lowers `arith`, `scf` and `cf` to the LLVM dialect.
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module);

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_LOOPS_H
