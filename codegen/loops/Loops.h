// The back end `loops`: plain, correct, parallel loops for any cascade.
#ifndef WEIR_CODEGEN_LOOPS_LOOPS_H
#define WEIR_CODEGEN_LOOPS_LOOPS_H

#include "codegen/abi/Frame.h"
#include "dialect/cascade/Cascade.h"

#include "mlir/IR/BuiltinOps.h"

namespace weir::loops {

/// Defines the kernel's `.layout` and `.run` (codegen/abi/EntryPoints.h) in
/// `module`.
mlir::LogicalResult lowerKernel(cascade::KernelOp kernel, abi::Frame &frame,
                                mlir::ModuleOp module);

/// Says which points reductions of the kernel's loops visit, where that is not all of a rank.
void explainGuards(cascade::KernelOp kernel);

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_LOOPS_H
