// Explanations: which derivations applied, which did not, where and why.
#ifndef WEIR_PASSES_EXPLAIN_H
#define WEIR_PASSES_EXPLAIN_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

#include <string>
#include <vector>

namespace weir {

/// Why a derivation does not apply.
struct Refusal {
  std::string reason; ///< A stable identifier: `NOT_SEPARABLE`, `MODULE_RANK`, …
  std::string detail;
  std::string remedy; ///< The smallest change that would help; may be empty.
  mlir::Location loc;
};

/// One derivation that applied (`reason` empty) or did not.
struct Explanation {
  std::string derivation;
  std::string detail;
  std::string reason;
  std::string remedy;
  mlir::Location loc;
  std::vector<std::string> ranks = {};     ///< The ranks whose passes it is about.
  std::vector<std::string> equations = {}; ///< The equations that it changed, or that stay as they are for it.
  bool applied() const { return reason.empty(); }
};

/// Reports an explanation as a remark at its location.
void explain(const Explanation &explanation);

/// Collects the explanations of the passes that run while it lives, in place of their remarks.
class ExplanationCollector {
public:
  explicit ExplanationCollector(mlir::MLIRContext *context);
  std::vector<Explanation> explanations;

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace weir

#endif // WEIR_PASSES_EXPLAIN_H
