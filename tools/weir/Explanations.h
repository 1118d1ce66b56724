// What `weir doc` says of identifiers: a meaning, an example that is wrong, and the same mended.
#ifndef WEIR_TOOLS_WEIR_EXPLANATIONS_H
#define WEIR_TOOLS_WEIR_EXPLANATIONS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace weir::tool {

/// A part of the explanations, embedded as it is written.
struct ExplanationFile {
  llvm::StringRef name, text;
};
llvm::ArrayRef<ExplanationFile> explanationFiles();

/// One identifier: `## ID`, its meaning, and fenced examples.
struct Explanation {
  llvm::StringRef id, text;

  /// The first line, a sentence.
  llvm::StringRef summary() const { return text.ltrim().split('\n').first; }
  /// As it is read on a terminal: examples are indented and named.
  std::string plain() const;
};

/// The title of a file and its identifiers, in its order.
struct ExplanationGroup {
  llvm::StringRef title;
  std::vector<Explanation> explanations;
};
std::vector<ExplanationGroup> explanationGroups();

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_EXPLANATIONS_H
