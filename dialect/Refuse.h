// Errors that whoever runs the compiler can mend: each has a stable identifier, which `weir doc` explains.
#ifndef WEIR_DIALECT_REFUSE_H
#define WEIR_DIALECT_REFUSE_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace weir {

/// The metadata of an identified error: this mark, then the identifier.
inline constexpr llvm::StringLiteral identifierMark = "weir.identifier";

/// An error at an operation that is due to the input. An error without an identifier is the compiler's own mistake.
inline mlir::InFlightDiagnostic refuse(mlir::Operation *op, llvm::StringRef id) {
  mlir::InFlightDiagnostic error = op->emitError();
  auto &metadata = error.getUnderlyingDiagnostic()->getMetadata();
  for (llvm::StringRef part : {llvm::StringRef(identifierMark), id})
    metadata.push_back(mlir::DiagnosticArgument(mlir::Attribute(mlir::StringAttr::get(op->getContext(), part))));
  return error;
}

/// The identifier of an error, or an empty string.
inline llvm::StringRef identifierOf(mlir::Diagnostic &diagnostic) {
  auto &metadata = diagnostic.getMetadata();
  auto part = [&](size_t i) { return mlir::cast<mlir::StringAttr>(metadata[i].getAsAttribute()).getValue(); };
  return metadata.size() == 2 && part(0) == identifierMark ? part(1) : llvm::StringRef();
}

} // namespace weir

#endif // WEIR_DIALECT_REFUSE_H
