// The front end of cascades written as TeAAL writes them, in YAML.
#ifndef WEIR_FRONTENDS_TEAAL_TEAAL_H
#define WEIR_FRONTENDS_TEAAL_TEAAL_H

#include "frontends/weir/Diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace weir::teaal {

/// Reads the main buffer of `sources` and lowers its cascades, one kernel each:
/// the one called `kernel`, or all where that is empty. Null after an error.
/// Every diagnostic goes to `sink`.
///
/// A file is one cascade, under `einsum:`, or several under their names:
///
///     einsum:
///       declaration: {X: [M], G: [], SN: [M]}
///       expressions:
///         - "G = X[m] :: max(m)"
///         - "SN[m] = exp(X[m] - G)"
///
/// Index variables are ranks in lower case; tensors without an expression are
/// inputs, those that no other expression reads are outputs.
mlir::OwningOpRef<mlir::ModuleOp> parseTeaal(mlir::MLIRContext &context, llvm::SourceMgr &sources,
                                             llvm::StringRef kernel, frontend::DiagnosticSink sink);

} // namespace weir::teaal

#endif // WEIR_FRONTENDS_TEAAL_TEAAL_H
