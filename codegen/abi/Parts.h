// A kernel that is computed in parts, one after the other.
#ifndef WEIR_CODEGEN_ABI_PARTS_H
#define WEIR_CODEGEN_ABI_PARTS_H

#include "codegen/abi/Frame.h"

#include "mlir/IR/BuiltinOps.h"

namespace weir::abi {

/// Defines the `.layout` and `.run` (EntryPoints.h) of `whole` from those of `parts`,
/// which `module` has. Tensors that pass between parts lie first in the workspace,
/// dense; behind them lies the scratch of the part that runs.
void emitParts(mlir::ModuleOp module, cascade::KernelOp whole,
               const Frame &frame, llvm::ArrayRef<cascade::KernelOp> parts);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_PARTS_H
