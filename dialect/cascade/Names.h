// What the parts of a kernel are called.
#ifndef WEIR_DIALECT_CASCADE_NAMES_H
#define WEIR_DIALECT_CASCADE_NAMES_H

#include "dialect/cascade/Cascade.h"

namespace weir::cascade {

/// The name of an argument, a rank or an equation; that of its kind, such as "cascade.fold", where it has none.
llvm::StringRef nameOf(mlir::Operation *op);

/// The tensor that an argument or equation defines: for a result of a fold or recurrence, and for what stands for it
/// inside, that of the equation in it.
mlir::Value definingTensor(mlir::Value tensor);

/// The name of the argument or equation that defines `tensor`.
llvm::StringRef nameOf(mlir::Value tensor);

} // namespace weir::cascade

#endif // WEIR_DIALECT_CASCADE_NAMES_H
