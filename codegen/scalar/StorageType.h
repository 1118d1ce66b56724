// Storage types: between the IR's types and those of tensors in memory.
#ifndef WEIR_CODEGEN_SCALAR_STORAGETYPE_H
#define WEIR_CODEGEN_SCALAR_STORAGETYPE_H

#include <optional>

#include "runtime/io/ElementType.h"

#include "mlir/IR/BuiltinTypes.h"

namespace weir {

/// The element type in memory of a type of the IR, if it has one.
std::optional<io::ElementType> storageTypeOf(mlir::Type type);

/// The language's name of a storage type, such as "bf16".
llvm::StringRef storageNameOf(mlir::Type type);

} // namespace weir

#endif // WEIR_CODEGEN_SCALAR_STORAGETYPE_H
