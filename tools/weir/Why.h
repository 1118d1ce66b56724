// What forces each pass over a rank, and what has become of it.
#ifndef WEIR_TOOLS_WEIR_WHY_H
#define WEIR_TOOLS_WEIR_WHY_H

#include "passes/analysis/Passes.h"
#include "tools/weir/Account.h"

namespace weir::tool {

/// A reader that waits for a result over the rank, and so begins another pass.
struct ForcedPass {
  unsigned pass;
  std::string reader, source; ///< names of equations
  std::string operation;      ///< what makes `source`: "max over 'n'"
  Place readerPlace, sourcePlace;
  enum { Removed, Blocked, Harmless } state;
  /// The derivation that removed it, or the refusal that keeps it. Null where it is harmless, or went with an
  /// equation that was simplified away.
  const Explanation *cause = nullptr;
};

struct RankStory {
  std::string name;
  unsigned passes, depth, derivedPasses, derivedDepth;
  std::vector<ForcedPass> asWritten; ///< what forces passes in the source
  std::vector<ForcedPass> derived;   ///< what does so in the derived form alone
  std::vector<const Explanation *> notScans; ///< refusals of a linear form along the rank
};

struct Story {
  std::string kernel, file;
  mlir::OwningOpRef<mlir::ModuleOp> derived; ///< holds the derived form
  std::vector<Explanation> explanations;
  std::vector<RankStory> ranks; ///< those that are read at all
};

/// Derives the kernel and relates what forces passes to what the derivations said.
mlir::FailureOr<Story> tellStory(cascade::KernelOp kernel, const Target &target);

/// One rank, or all where `rank` is empty: those with one pass in a line.
void print(llvm::raw_ostream &stream, const Story &story, llvm::StringRef rank);
llvm::json::Object toJSON(const Story &story, llvm::StringRef rank);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_WHY_H
