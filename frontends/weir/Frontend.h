// The front end of the Weir language: text to the cascade dialect.
#ifndef WEIR_FRONTENDS_WEIR_FRONTEND_H
#define WEIR_FRONTENDS_WEIR_FRONTEND_H

#include "frontends/weir/Diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/ErrorOr.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>

namespace weir::frontend {

/// The text of a source file, or of the standard input for `-`. One that is
/// over the limit of its size is `file_too_large`.
llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>
readSource(llvm::StringRef path);

struct Options {
  /// Extents by rank and types by type parameter, as of `--set n=64` and `--set
  /// T=bf16`.
  std::map<std::string, std::string> settings;
  /// Folders that imports are searched in, after the importing file's own.
  std::vector<std::string> includeFolders;
  /// The kernel to lower; all of the file's when empty.
  std::string kernel;
};

/// Parses, checks and lowers the main buffer of `sources`, to which imported
/// files are added. Null after an error. Every diagnostic goes to `sink`.
mlir::OwningOpRef<mlir::ModuleOp> parseWeir(mlir::MLIRContext &context,
                                            llvm::SourceMgr &sources,
                                            const Options &options,
                                            DiagnosticSink sink);

/// Parses the main buffer and writes it back as source; false after an error.
bool printWeir(llvm::SourceMgr &sources, llvm::raw_ostream &stream,
               DiagnosticSink sink);

/// The type parameters of a file's kernels whose default is a type of reals.
/// None where the file does not parse.
std::vector<std::string> realTypeParameters(llvm::SourceMgr &sources);

/// A function of the standard library, for documentation.
struct FunctionDoc {
  std::string file;      ///< `std/prelude.weir`
  std::string signature; ///< `softmax[n](x)`
  std::string comment;   ///< what it is, without `#`
};

/// All functions of the standard library, in the order of its files.
std::vector<FunctionDoc> standardFunctions();

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_FRONTEND_H
