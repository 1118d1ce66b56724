// What `weir analyze` finds out about a kernel.
#ifndef WEIR_TOOLS_WEIR_ANALYZE_H
#define WEIR_TOOLS_WEIR_ANALYZE_H

#include "codegen/binding/Extents.h"
#include "passes/analysis/Cost.h"
#include "passes/analysis/Passes.h"

#include "llvm/Support/JSON.h"

namespace weir::tool {

/// Passes over a rank as written, and as derived.
struct RankReport {
  std::string name;
  std::optional<int64_t> extent;
  bool isAssumed = false;
  unsigned passes = 0, depth = 0, derivedPasses = 0, derivedDepth = 0;
  bool isIterative = false;
  std::map<unsigned, int> directions; ///< of generations that run one way only
  std::vector<std::pair<std::string, unsigned>> lineage; ///< in how many generations each input is read
};

/// An equation as written.
struct EinsumReport {
  std::string name;
  unsigned line = 0;
  mlir::Operation *op = nullptr;
  std::vector<std::pair<std::string, unsigned>> generations; ///< along each rank in which it has one
};

/// Traffic of the derived form at one level of memory.
struct LevelReport {
  std::string name;
  double size = 0;
  Footprint footprint;
  double bytes = 0;
};

/// All that is said of one kernel.
struct Analysis {
  std::string kernel;
  std::vector<RankReport> ranks;
  std::vector<EinsumReport> einsums;
  /// Figures that need extents; what they need instead of them.
  bool hasSizes = false;
  std::string whyNot;
  std::optional<Steps> source, derived;
  double naiveBytes = 0, minimumBytes = 0;
  std::vector<LevelReport> levels;
  Machine machine;
  bool hasRates = false;
  Bound naive, fused;
};

void print(llvm::raw_ostream &stream, const Analysis &analysis);
llvm::json::Object toJSON(const Analysis &analysis);

/// Extents and parameters of a call, as analyses count with them.
Sizes sizesOf(cascade::KernelOp kernel, const Resolution &resolution);

/// The machine called `name`, or described in the file of that name; this machine where it is empty.
/// Failure after a message.
mlir::FailureOr<Machine> findMachine(const std::string &name);

/// Where `weir targets --measure` keeps the description of this machine.
std::string hostMachinePath();

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_ANALYZE_H
