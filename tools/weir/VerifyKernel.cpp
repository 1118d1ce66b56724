// A target, or the derived form, against the interpreted source.
#include "tools/weir/VerifyKernel.h"

#include "codegen/validate/Validate.h"
#include "tools/weir/InternalError.h"
#include "tools/weir/Sizes.h"
#include "tools/weir/Targets.h"
#include "tools/weir/VerifyCases.h"

#include "llvm/ADT/StringSet.h"

namespace weir::tool {
namespace {

/// Errors relative to the largest magnitude of an output.
constexpr double f64Limit = 1e-10, f32Limit = 4e-6;
/// How many times the error of rounding every operation a target may have: it
/// sums in another order and has its own exponential.
constexpr double slack = 10;

/// Everything that one kernel is verified with.
class KernelCheck {
public:
  KernelCheck(cascade::KernelOp kernel, const VerifyOptions &options,
              Verdict &verdict)
      : kernel(kernel), options(options), verdict(verdict),
        inF64(verdict.precision == "f64") {
    for (auto output : kernel.getBody().getOps<cascade::OutputOp>())
      isF64.push_back(mlir::cast<cascade::TensorType>(output.getTensor().getType())
                          .getElementType()
                          .isF64());
  }

  void run(const std::string &casesFolder);

private:
  mlir::FailureOr<std::vector<Case>> collectCases(const std::string &folder);
  void check(const Case &at);
  void checkDerived(const Case &at);
  void checkTarget(const Case &at, const Outputs &expected,
                   const Outputs &gauge);
  mlir::FailureOr<Executable *> prepare(const std::string &target,
                                        const Call &call);
  mlir::FailureOr<Outputs> runOn(const std::string &target, const Call &call,
                                 bool wide);
  void note(const Case &at, size_t output, const std::string &what,
            const Worst &worst, double limit);
  void refuse(const std::string &what);

  cascade::KernelOp kernel;
  const VerifyOptions &options;
  Verdict &verdict;
  bool inF64;
  llvm::SmallVector<bool> isF64; ///< of each output, as it is computed
  std::optional<DerivedForms> forms; ///< where they are verified
  std::map<std::string, std::unique_ptr<Executable>> executables;
  std::string firstError;
};

void KernelCheck::refuse(const std::string &what) {
  if (verdict.outcome != Verdict::Same)
    return;
  verdict.outcome = Verdict::Refused;
  verdict.detail = what + firstError;
}

//===-- Running -----------------------------------------------------------===//

/// What a kernel is compiled for: a call that agrees in this needs no new code.
std::string compiledFor(const Call &call) {
  auto kernel = call.kernel;
  llvm::StringSet<> carried;
  for (auto input : kernel.getBody().getOps<cascade::InputOp>())
    for (auto rank :
         mlir::cast<cascade::TensorType>(input.getType()).getRanks())
      carried.insert(rank.getValue());
  std::string text;
  for (auto &[rank, extent] : call.resolution.extents)
    if (!carried.contains(rank))
      text += " " + rank + "=" + std::to_string(extent);
  for (auto param : kernel.getBody().getOps<cascade::ParamOp>())
    if (param.getConstant())
      text +=
          " " + std::to_string(
                    call.resolution.params.at(param.getName().str()).integer);
  return text;
}

mlir::FailureOr<Executable *> KernelCheck::prepare(const std::string &target,
                                                   const Call &call) {
  auto &executable = executables[target + compiledFor(call)];
  if (executable)
    return executable.get();
  std::string message;
  auto backend = targets().find(target, message);
  if (failed(backend))
    return mlir::failure();
  auto compiled =
      backend->first->compile(call, {backend->second, options.threads});
  if (failed(compiled))
    return mlir::failure();
  executable = std::move(*compiled);
  return executable.get();
}

/// Runs one target; an error is emitted.
mlir::FailureOr<Outputs> KernelCheck::runOn(const std::string &target,
                                            const Call &call, bool wide) {
  auto executable = prepare(target, call);
  auto outputs = allocateOutputs(call, wide);
  if (failed(executable) || failed(outputs) ||
      failed((*executable)->run(call, *outputs)))
    return mlir::failure();
  return std::move(*outputs);
}

//===-- Comparing ---------------------------------------------------------===//

void KernelCheck::note(const Case &at, size_t output, const std::string &what,
                       const Worst &worst, double limit) {
  if (worst.error <= limit || verdict.outcome != Verdict::Same)
    return;
  verdict.outcome = Verdict::Different;
  auto outputs = kernel.getBody().getOps<cascade::OutputOp>();
  llvm::raw_string_ostream(verdict.detail)
      << what << ": " << (*std::next(outputs.begin(), output)).getName() << worst.text(limit) << " at "
      << (at.name.empty() ? "" : at.name + " ") << settingsOf(at.call);
}

void keepWorse(double &worst, double error) {
  if (std::isfinite(error))
    worst = std::max(worst, error);
}

/// Every derived form is the same function of real numbers.
void KernelCheck::checkDerived(const Case &at) {
  auto mismatch = forms->check(at.call);
  if (failed(mismatch))
    return refuse("derived: ");
  keepWorse(verdict.worst, forms->worstError);
  if (!*mismatch)
    return;
  verdict.outcome = Verdict::Different;
  verdict.detail = "derived" + ((*mismatch)->derivation ? " by " + (*mismatch)->derivation->derivation : "") +
                   ((*mismatch)->way.empty() ? "" : ", " + (*mismatch)->way) + ": " + (*mismatch)->text() + " at " +
                   (at.name.empty() ? "" : at.name + " ") + settingsOf(at.call);
}

/// A target's errors against those of rounding every operation, `gauge`.
void KernelCheck::checkTarget(const Case &at, const Outputs &expected,
                              const Outputs &gauge) {
  auto found = runOn(options.target, at.call, false);
  if (failed(found))
    return refuse("");
  for (size_t i = 0; i < expected.size(); ++i) {
    Worst worst = compare((*found)[i], expected[i], &gauge[i]);
    double limit = f64Limit;
    if (!inF64 || !isF64[i])
      limit = std::max(f32Limit, slack * compare(gauge[i], expected[i]).error);
    keepWorse(verdict.worst, worst.error);
    keepWorse(verdict.limit, limit);
    note(at, i, options.target, worst,
         limit + storageError((*found)[i].type()));
  }
}

void KernelCheck::check(const Case &at) {
  auto expected = runOn("interp", at.call, true);
  if (failed(expected))
    return refuse("interp: ");
  for (size_t i = 0; i < at.expected.size(); ++i) {
    Worst worst = compare((*expected)[i], at.expected[i]);
    keepWorse(verdict.worstRecorded, worst.error);
    // Literals of an f32 kernel are rounded to f32.
    note(at, i, "interp", worst, inF64 && isF64[i] ? f64Limit : f32Limit);
  }
  if (forms)
    checkDerived(at);
  if (options.target == "interp" || verdict.outcome != Verdict::Same)
    return;
  auto gauge = runOn("interp:f32", at.call, true);
  if (failed(gauge))
    return refuse("interp:f32: ");
  checkTarget(at, *expected, *gauge);
}

//===-- Cases -------------------------------------------------------------===//

mlir::FailureOr<std::vector<Case>>
KernelCheck::collectCases(const std::string &folder) {
  std::vector<Case> cases;
  if (!folder.empty()) {
    auto recorded = readCases(kernel, folder);
    if (failed(recorded))
      return mlir::failure();
    cases = std::move(*recorded);
  }
  bool large = options.sizes == "large";
  for (Call &call : chooseSizes(kernel, options.count, large, options.seed))
    cases.push_back({"", std::move(call), {}});
  return cases;
}

void KernelCheck::run(const std::string &casesFolder) {
  mlir::ScopedDiagnosticHandler keepFirst(
      kernel.getContext(), [&](mlir::Diagnostic &diagnostic) {
        noteIfInternal(diagnostic);
        bool isError =
            diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
        if (isError && firstError.empty())
          firstError = diagnostic.str();
        return mlir::success();
      });
  auto cases = collectCases(casesFolder);
  if (failed(cases))
    return refuse("");
  if (cases->empty())
    return refuse("no extents found that fulfil the kernel's constraints "
                  "[no-sizes]");
  if (options.target == "interp" || options.validate) {
    auto derived = DerivedForms::create(kernel, derivationSteps());
    if (failed(derived))
      return refuse("derivation: ");
    forms.emplace(std::move(*derived));
  }
  for (const Case &at : *cases) {
    check(at);
    if (verdict.outcome != Verdict::Same)
      return;
    ++verdict.sizes;
  }
}

} // namespace

void verifyKernel(cascade::KernelOp kernel, const std::string &casesFolder,
                  const VerifyOptions &options, Verdict &verdict) {
  KernelCheck(kernel, options, verdict).run(casesFolder);
}

} // namespace weir::tool
