// Diagnostics of the front end: an identifier, a place, a message, notes.
#ifndef WEIR_FRONTENDS_WEIR_DIAGNOSTICS_H
#define WEIR_FRONTENDS_WEIR_DIAGNOSTICS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SMLoc.h"

#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
class SourceMgr;
} // namespace llvm

namespace weir::frontend {

enum class Severity { Error, Warning };

/// A second place that a diagnostic involves.
struct Note {
  llvm::SMRange range;
  std::string message;
};

/// One message about the source. `id` is stable, as in `unknown-rank`.
struct Diagnostic {
  Severity severity = Severity::Error;
  std::string id;
  llvm::SMRange range;
  std::string message;
  std::vector<Note> notes;
};

/// Receives diagnostics in the order in which they are found.
using DiagnosticSink = llvm::function_ref<void(const Diagnostic &)>;

/// Prints a diagnostic as `file:line:column: error: message [id]`, the source
/// line and a caret, then its notes.
void printDiagnostic(llvm::raw_ostream &stream, const llvm::SourceMgr &sources,
                     const Diagnostic &diagnostic, bool colors = false);

/// Collects the diagnostics of one run. Errors beyond a limit are counted only.
class Diagnostics {
public:
  /// Reports an error; the reference stays valid until the next report.
  Diagnostic &error(llvm::StringRef id, llvm::SMRange range,
                    const llvm::Twine &message);
  Diagnostic &warning(llvm::StringRef id, llvm::SMRange range,
                      const llvm::Twine &message);

  unsigned errorCount() const { return errors; }
  bool isFull() const { return errors >= maxErrors; }
  llvm::ArrayRef<Diagnostic> all() const { return list; }

private:
  static constexpr unsigned maxErrors = 50;
  Diagnostic &report(Severity severity, llvm::StringRef id, llvm::SMRange range,
                     const llvm::Twine &message);

  std::vector<Diagnostic> list;
  Diagnostic overflow;
  unsigned errors = 0;
};

/// `; did you mean 'n'?` for the candidate nearest to `name`, or an empty
/// string.
std::string suggestion(llvm::StringRef name,
                       llvm::ArrayRef<llvm::StringRef> candidates);

/// `1 rank`, `2 ranks`.
std::string counted(size_t count, llvm::StringRef noun);

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_DIAGNOSTICS_H
