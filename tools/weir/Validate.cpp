// What --validate does before code is made.
#include "tools/weir/Validate.h"

#include "dialect/Refuse.h"
#include "tools/weir/Sizes.h"

namespace weir::tool {

/// Sizes at which a kernel is evaluated.
static constexpr unsigned numSizes = 3;

static void report(cascade::KernelOp kernel, const Mismatch &mismatch, const Call &call) {
  const Explanation *derivation = mismatch.derivation;
  mlir::InFlightDiagnostic error = refuse(kernel, "wrong-derivation");
  error << (derivation ? "derivation '" + derivation->derivation + "'" : "the derived form") << " changes output '"
        << mismatch.output << "': " << mismatch.text() << " at " << settingsOf(call);
  if (!mismatch.way.empty())
    error << ", its folds evaluated " << mismatch.way;
  if (derivation)
    error.attachNote(derivation->loc) << "applied here: " << derivation->detail;
}

ExitCode validate(cascade::KernelOp kernel, uint64_t seed) {
  std::vector<Call> calls = chooseSizes(kernel, numSizes, /*large=*/false, seed);
  if (calls.empty()) {
    refuse(kernel, "no-sizes") << "no extents found, small enough to be interpreted, that fulfil the kernel's "
                                  "constraints and settings";
    return WrongInput;
  }
  auto forms = DerivedForms::create(kernel, derivationSteps());
  if (failed(forms))
    return WrongInput;
  for (const Call &call : calls) {
    auto mismatch = forms->check(call);
    if (failed(mismatch))
      return WrongInput;
    if (*mismatch) {
      report(kernel, **mismatch, call);
      return Difference;
    }
  }
  return Success;
}

} // namespace weir::tool
