// The signature of a kernel, written as the language writes it.
#ifndef WEIR_CODEGEN_EMIT_SIGNATURE_H
#define WEIR_CODEGEN_EMIT_SIGNATURE_H

#include "dialect/cascade/Cascade.h"

#include <string>

namespace weir::emit {

/// `f32[h, m, d]`, or `f32` of a scalar.
std::string printType(mlir::Type storage,
                      llvm::ArrayRef<mlir::StringAttr> ranks);

/// What a region of scalar operations yields: `#h // #g`.
std::string printExpression(mlir::Region &region);

/// The lines of `kernel name(inputs, parameters) -> (outputs) where …`, and of
/// ranks that are pinned, derived or like others.
std::vector<std::string> printSignature(cascade::KernelOp kernel);

} // namespace weir::emit

#endif // WEIR_CODEGEN_EMIT_SIGNATURE_H
