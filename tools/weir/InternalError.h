// What should not happen: exit code 70, and a file that makes it happen again.
#ifndef WEIR_TOOLS_WEIR_INTERNALERROR_H
#define WEIR_TOOLS_WEIR_INTERNALERROR_H

#include <string>

namespace mlir {
class Diagnostic;
} // namespace mlir
namespace llvm {
class SourceMgr;
} // namespace llvm

namespace weir::tool {

/// From here on crashes of this process and LLVM's fatal errors write the reproducer, name it, and exit with 70.
/// Exhausted memory is said and exits with 1.
void watchForInternalErrors(int argc, char **argv);

/// What a reproducer will hold: the main file, the files it imports, and the command line. To be called again when
/// imports are known; the last source of a thread counts.
void setReproducer(const llvm::SourceMgr &sources);

/// Remembers that an error was the compiler's own: one that has no identifier.
void noteIfInternal(mlir::Diagnostic &diagnostic);

/// `result`, or 70 after writing the reproducer where an error was the compiler's own.
int finish(int result);

/// How a test makes an internal error happen, once a source is read: `error`, `fatal` or `signal`.
void setProvocation(const std::string &kind);
/// Does what is provoked; true if an error is to be emitted.
bool provoke();

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_INTERNALERROR_H
