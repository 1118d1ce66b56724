// weir verify: a target, or the derived form, against the interpreted source.
#include <filesystem>

#include <CLI/CLI.hpp>

#include "passes/Passes.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Compare.h"
#include "tools/weir/Sizes.h"
#include "tools/weir/Source.h"
#include "tools/weir/Targets.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

namespace weir::tool {
namespace {

struct VerifyOptions {
  std::vector<std::string> paths;
  std::string target = defaultTarget, kernel, sizes = "small";
  unsigned count = 4, threads = 1;
  uint64_t seed = 0;
  double slack = 4; ///< times the error of rounding every operation to f32
  bool json = false;
};

/// What became of one kernel.
struct Verdict {
  std::string file, kernel;
  enum { Same, Different, Refused } outcome = Same;
  unsigned sizes = 0;
  double worst = 0;
  std::string detail; ///< where it differs or why it was refused
};

using Outputs = std::vector<io::Tensor>;

/// Runs one target; an error is emitted.
mlir::FailureOr<Outputs> runOn(const std::string &target, const Call &call,
                               bool wide, unsigned threads) {
  std::string message;
  auto backend = targets().find(target, message);
  if (failed(backend))
    return mlir::failure();
  auto executable = backend->first->compile(call, {backend->second, threads});
  if (failed(executable))
    return mlir::failure();
  auto outputs = allocateOutputs(call, wide);
  if (failed(outputs) || failed((*executable)->run(call, *outputs)))
    return mlir::failure();
  return std::move(*outputs);
}

/// Everything that one kernel is verified with.
class KernelCheck {
public:
  KernelCheck(cascade::KernelOp kernel, const VerifyOptions &options,
              Verdict &verdict)
      : kernel(kernel), options(options), verdict(verdict) {}

  void run();

private:
  bool derive();
  void checkDerived(const Call &call, const Outputs &expected);
  void checkTarget(const Call &call, const Outputs &expected);
  void note(const Call &call, size_t output, const std::string &target,
            const Worst &worst, double limit);
  void refuse(const std::string &why);

  cascade::KernelOp kernel;
  const VerifyOptions &options;
  Verdict &verdict;
  mlir::OwningOpRef<mlir::ModuleOp> derivedModule;
  cascade::KernelOp derived;
  std::string firstError;
};

void KernelCheck::refuse(const std::string &why) {
  verdict.outcome = Verdict::Refused;
  verdict.detail = why;
}

void KernelCheck::note(const Call &call, size_t output,
                       const std::string &target, const Worst &worst,
                       double limit) {
  if (std::isfinite(worst.error))
    verdict.worst = std::max(verdict.worst, worst.error);
  if (worst.error <= limit || verdict.outcome == Verdict::Different)
    return;
  verdict.outcome = Verdict::Different;
  auto outputs = kernel.getBody().getOps<cascade::OutputOp>();
  llvm::raw_string_ostream(verdict.detail)
      << target << ": " << (*std::next(outputs.begin(), output)).getName()
      << worst.position
      << llvm::format(" is %.9g, expected %.9g (error %.1e, limit %.1e) at ",
                      worst.found, worst.expected, worst.error, limit)
      << settingsOf(call);
}

/// The names of outputs in their order, which is that of a kernel's arguments.
std::string outputNames(cascade::KernelOp kernel) {
  std::string names;
  for (auto output : kernel.getBody().getOps<cascade::OutputOp>())
    names += (names.empty() ? "" : ", ") + output.getName().str();
  return names;
}

/// Derives a copy of the kernel.
bool KernelCheck::derive() {
  derivedModule = mlir::ModuleOp::create(kernel.getLoc());
  derivedModule->push_back(kernel->clone());
  mlir::PassManager passes(kernel.getContext());
  buildDerivePipeline(passes);
  if (failed(passes.run(*derivedModule)))
    return false;
  derived = *derivedModule->getOps<cascade::KernelOp>().begin();
  return true;
}

/// The derived form, its folds taken point by point, in parts and merged, is
/// the same function of real numbers.
void KernelCheck::checkDerived(const Call &call, const Outputs &expected) {
  constexpr double limit = 1e-9;
  if (outputNames(derived) != outputNames(kernel)) {
    verdict.outcome = Verdict::Different;
    verdict.detail = "derived: outputs in the order " + outputNames(derived) +
                     ", declared " + outputNames(kernel);
    return;
  }
  Call other = call;
  other.kernel = derived;
  for (std::string way : {"interp", "interp:part=3", "interp:halves"}) {
    auto found = runOn(way, other, true, 1);
    if (failed(found))
      return refuse("derived, " + way + ": " + firstError);
    for (size_t i = 0; i < expected.size(); ++i)
      note(call, i, "derived, " + way, compare((*found)[i], expected[i]),
           limit);
  }
}

/// A target's errors may be those of rounding every operation, four times over.
void KernelCheck::checkTarget(const Call &call, const Outputs &expected) {
  auto found = runOn(options.target, call, false, options.threads);
  if (failed(found))
    return refuse(firstError);
  auto gauge = runOn("interp:f32", call, true, 1);
  if (failed(gauge))
    return refuse("interp:f32: " + firstError);
  size_t i = 0;
  for (auto output : kernel.getBody().getOps<cascade::OutputOp>()) {
    auto type = mlir::cast<cascade::TensorType>(output.getTensor().getType());
    double limit = 1e-11;
    if (!type.getElementType().isF64())
      limit = std::max(4e-6, options.slack * compare((*gauge)[i], expected[i]).error);
    limit += storageError((*found)[i].type());
    note(call, i, options.target,
         compare((*found)[i], expected[i], &(*gauge)[i]), limit);
    ++i;
  }
}

void KernelCheck::run() {
  auto calls = chooseSizes(kernel, options.count, options.sizes == "large",
                           options.seed);
  if (calls.empty())
    return refuse("no extents found that fulfil the kernel's constraints");
  mlir::ScopedDiagnosticHandler keepFirst(
      kernel.getContext(), [&](mlir::Diagnostic &diagnostic) {
        bool isError =
            diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
        if (isError && firstError.empty())
          firstError = diagnostic.str();
        return mlir::success();
      });
  bool checksDerived = options.target == "interp";
  if (checksDerived && !derive())
    return refuse("derivation: " + firstError);
  for (const Call &call : calls) {
    auto expected = runOn("interp", call, true, 1);
    if (failed(expected))
      return refuse("interp: " + firstError);
    if (checksDerived)
      checkDerived(call, *expected);
    else
      checkTarget(call, *expected);
    if (verdict.outcome != Verdict::Same)
      return;
    ++verdict.sizes;
  }
}

void verifyFile(const std::string &file, const VerifyOptions &options,
                std::vector<Verdict> &verdicts) {
  Source source;
  Assignments none;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (source.open(file))
    module = source.load(none, options.kernel);
  if (!module) {
    verdicts.push_back(
        {file, "", Verdict::Refused, 0, 0, "is no valid source"});
    return;
  }
  for (auto kernel : module->getOps<cascade::KernelOp>()) {
    if (!options.kernel.empty() && kernel.getSymName() != options.kernel)
      continue;
    Verdict &verdict = verdicts.emplace_back();
    verdict.file = file;
    verdict.kernel = kernel.getSymName().str();
    KernelCheck(kernel, options, verdict).run();
  }
}

/// Source files of a path: itself, or all below a folder, in order.
std::vector<std::string> filesOf(const std::string &path) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(path))
    return {path};
  std::vector<std::string> files;
  for (auto &entry : fs::recursive_directory_iterator(path))
    if (entry.path().extension() == ".weir" ||
        entry.path().extension() == ".mlir")
      files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

llvm::StringRef nameOf(const Verdict &verdict) {
  return verdict.outcome == Verdict::Same        ? "same"
         : verdict.outcome == Verdict::Different ? "different"
                                                 : "refused";
}

void print(const Verdict &verdict) {
  llvm::outs() << llvm::left_justify(nameOf(verdict), 10) << verdict.file;
  if (!verdict.kernel.empty())
    llvm::outs() << " " << verdict.kernel;
  if (verdict.outcome == Verdict::Same)
    llvm::outs() << ": " << verdict.sizes << " sizes, worst error "
                 << llvm::format("%.1e", verdict.worst) << '\n';
  else
    llvm::outs() << ": " << verdict.detail << '\n';
}

void printJSON(const std::vector<Verdict> &verdicts) {
  llvm::json::Array list;
  for (const Verdict &verdict : verdicts)
    list.push_back(llvm::json::Object{{"file", verdict.file},
                                      {"kernel", verdict.kernel},
                                      {"outcome", nameOf(verdict)},
                                      {"sizes", verdict.sizes},
                                      {"worst_error", verdict.worst},
                                      {"detail", verdict.detail}});
  llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(std::move(list)));
}

int verify(const VerifyOptions &options) {
  std::string message;
  if (failed(targets().find(options.target, message))) {
    llvm::errs() << "weir: " << message << '\n';
    return WrongUsage;
  }
  std::vector<Verdict> verdicts;
  for (const std::string &path : options.paths)
    for (const std::string &file : filesOf(path)) {
      size_t before = verdicts.size();
      verifyFile(file, options, verdicts);
      if (!options.json)
        for (size_t i = before; i < verdicts.size(); ++i)
          print(verdicts[i]);
    }
  auto count = [&](auto outcome) {
    return llvm::count_if(verdicts,
                          [&](auto &v) { return v.outcome == outcome; });
  };
  if (options.json)
    printJSON(verdicts);
  else
    llvm::outs() << count(Verdict::Same) << " same, "
                 << count(Verdict::Different) << " different, "
                 << count(Verdict::Refused) << " refused\n";
  if (count(Verdict::Different))
    return Difference;
  return count(Verdict::Refused) || verdicts.empty() ? WrongInput : Success;
}

} // namespace

void addVerify(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand(
      "verify", "Compare a target, or the derived form, with the interpreter");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("PATH", options->paths, "Source files or folders of them")
      ->required();
  command
      ->add_option("--target", options->target,
                   "Target to verify; interp verifies the derived form")
      ->capture_default_str();
  command->add_option("--kernel", options->kernel, "Kernel to verify");
  command->add_option("--sizes", options->sizes, "Extents to choose among")
      ->check(CLI::IsMember({"small", "large"}))
      ->capture_default_str();
  command->add_option("--count", options->count, "Sizes to verify a kernel at")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads of the target")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of sizes and inputs")
      ->capture_default_str();
  command->add_option("--slack", options->slack,
                      "How many times the error of an interpreter that rounds "
                      "every operation to f32 an f32 output may have")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = verify(*options); });
}

} // namespace weir::tool
