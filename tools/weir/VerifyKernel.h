// One kernel against the interpreter, at several sizes.
#ifndef WEIR_TOOLS_WEIR_VERIFYKERNEL_H
#define WEIR_TOOLS_WEIR_VERIFYKERNEL_H

#include <string>
#include <vector>

#include "dialect/cascade/Cascade.h"

namespace weir::tool {

struct VerifyOptions {
  std::vector<std::string> paths;
  std::string target, kernel, sizes = "small", precision = "both", cases;
  unsigned count = 4, threads = 1, jobs = 1;
  uint64_t seed = 0;
  bool json = false;
  bool validate = false; ///< also the derived form, whatever the target
};

/// What became of one kernel in one precision.
struct Verdict {
  std::string file, kernel = "";
  std::string precision = ""; ///< `f64` where type parameters were set to it
  enum { Same, Different, Refused } outcome = Same;
  unsigned sizes = 0;       ///< verified at
  double worst = 0;         ///< error of the target, or of the derived form
  double limit = 0;         ///< the widest that the error might have had
  double worstRecorded = 0; ///< error of the interpreter against recorded cases
  std::string detail = "";  ///< where it differs or why it was refused
};

/// Verifies a kernel at the cases recorded in a folder, if one is named, and at
/// sizes that are drawn. In f64, errors are those of f64; otherwise those of
/// rounding every operation to f32 are a measure of what a target may do.
void verifyKernel(cascade::KernelOp kernel, const std::string &casesFolder,
                  const VerifyOptions &options, Verdict &verdict);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_VERIFYKERNEL_H
