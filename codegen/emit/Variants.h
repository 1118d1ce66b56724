// One kernel compiled for several instruction sets, in one object.
#ifndef WEIR_CODEGEN_EMIT_VARIANTS_H
#define WEIR_CODEGEN_EMIT_VARIANTS_H

#include "dialect/cascade/Cascade.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace weir::emit {

/// The level of x86-64 that a target such as "x86-64-v3" is; 0 if it is none,
/// and cannot share an object with others.
int levelOf(llvm::StringRef target);

/// What the names of all symbols of a variant end with.
std::string variantSuffix(llvm::StringRef target);

/// A module in the LLVM dialect with the kernel's entry points, which call those
/// of the best variant that the processor has. The choice is made by the first
/// call that needs it, in one atomic variable that every thread would set alike;
/// `<kernel>_use_variant` makes it differently. `targets`, all different, have a
/// level each.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> makeChooser(cascade::KernelOp kernel,
                                                               llvm::ArrayRef<std::string> targets);

} // namespace weir::emit

#endif // WEIR_CODEGEN_EMIT_VARIANTS_H
