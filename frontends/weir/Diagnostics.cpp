// Collecting and printing diagnostics; suggestions by edit distance.
#include "frontends/weir/Diagnostics.h"

#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace llvm;

namespace weir::frontend {

Diagnostic &Diagnostics::report(Severity severity, StringRef id, SMRange range,
                                const Twine &message) {
  bool repeated = llvm::any_of(list, [&](const Diagnostic &other) {
    return other.id == id && other.range.Start == range.Start &&
           other.message == message.str();
  });
  bool isError = severity == Severity::Error;
  Diagnostic diagnostic{severity, id.str(), range, message.str(), {}};
  if (repeated || (isError && isFull()))
    return overflow = std::move(diagnostic);
  errors += isError;
  list.push_back(std::move(diagnostic));
  return list.back();
}

Diagnostic &Diagnostics::error(StringRef id, SMRange range,
                               const Twine &message) {
  return report(Severity::Error, id, range, message);
}

Diagnostic &Diagnostics::warning(StringRef id, SMRange range,
                                 const Twine &message) {
  return report(Severity::Warning, id, range, message);
}

void printDiagnostic(raw_ostream &stream, const SourceMgr &sources,
                     const Diagnostic &diagnostic, bool colors) {
  auto print = [&](SMRange range, SourceMgr::DiagKind kind,
                   const Twine &message) {
    ArrayRef<SMRange> ranges(range);
    bool marks = range.isValid() && range.Start != range.End;
    sources.PrintMessage(stream, range.Start, kind, message,
                         marks ? ranges : ArrayRef<SMRange>(), {}, colors);
  };
  bool isError = diagnostic.severity == Severity::Error;
  print(diagnostic.range, isError ? SourceMgr::DK_Error : SourceMgr::DK_Warning,
        diagnostic.message + " [" + diagnostic.id + "]");
  for (const Note &note : diagnostic.notes)
    print(note.range, SourceMgr::DK_Note, note.message);
}

/// Edit distance, in which letters in the wrong order count once.
static unsigned distanceBetween(StringRef a, StringRef b, unsigned limit) {
  bool scrambled = a.size() == b.size() && a != b &&
                   std::is_permutation(a.begin(), a.end(), b.begin());
  return scrambled ? 1 : a.edit_distance_insensitive(b, true, limit);
}

std::string suggestion(StringRef name, ArrayRef<StringRef> candidates) {
  unsigned least =
      std::max<unsigned>(1, std::min<unsigned>(name.size(), 64) / 3);
  StringRef best;
  for (StringRef candidate : candidates) {
    if (candidate.empty() || candidate == name)
      continue;
    unsigned distance = distanceBetween(name, candidate, least);
    bool tied = distance == least && !best.empty();
    bool better =
        tied ? candidate.front() == name.front() && best.front() != name.front()
             : distance <= least;
    if (!better || distance >= std::max(name.size(), candidate.size()))
      continue;
    best = candidate;
    least = distance;
  }
  return best.empty() ? "" : ("; did you mean '" + best + "'?").str();
}

std::string counted(size_t count, StringRef noun) {
  return (Twine(count) + " " + noun + (count == 1 ? "" : "s")).str();
}

} // namespace weir::frontend
