// weir verify: a target, or the derived form, against the interpreted source.
#include <filesystem>
#include <thread>

#include <CLI/CLI.hpp>

#include "tools/weir/Commands.h"
#include "tools/weir/Source.h"
#include "tools/weir/Targets.h"
#include "tools/weir/VerifyKernel.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ThreadPool.h"

namespace weir::tool {
namespace {

namespace fs = std::filesystem;

//===-- Files -------------------------------------------------------------===//

/// A source file, and where cases recorded for it lie.
struct File {
  std::string path, cases;
};

/// Source files of a path: itself, or all below a folder, in order.
std::vector<File> filesOf(const std::string &path,
                          const std::string &casesRoot) {
  std::vector<File> files;
  auto add = [&](const fs::path &file) {
    auto inside = fs::relative(file, fs::absolute(path).parent_path());
    files.push_back(
        {file, casesRoot.empty()
                   ? ""
                   : (fs::path(casesRoot) / inside).replace_extension()});
  };
  if (!fs::is_directory(path)) {
    add(path);
    return files;
  }
  for (auto &entry : fs::recursive_directory_iterator(path))
    if (entry.path().extension() == ".weir" ||
        entry.path().extension() == ".mlir")
      add(entry.path());
  std::ranges::sort(files, {}, &File::path);
  return files;
}

/// Verifies the kernels of a file with these settings of type parameters.
void verifySource(Source &source, const File &file, Assignments settings,
                  const std::string &precision, const VerifyOptions &options,
                  std::vector<Verdict> &verdicts) {
  auto module = source.load(settings, options.kernel);
  if (!module) {
    verdicts.push_back({.file = file.path,
                        .precision = precision,
                        .outcome = Verdict::Refused,
                        .detail = "is no valid source"});
    return;
  }
  for (auto kernel : module->getOps<cascade::KernelOp>()) {
    if (!options.kernel.empty() && kernel.getSymName() != options.kernel)
      continue;
    Verdict &verdict = verdicts.emplace_back();
    verdict.file = file.path;
    verdict.kernel = kernel.getSymName().str();
    verdict.precision = precision;
    verifyKernel(kernel, file.cases, options, verdict);
  }
}

/// Verifies a file as it is written, and in f64 where its types are parameters,
/// or in the one of them that is asked for; the derived form, an identity of
/// real numbers, in f64 where it can be.
std::vector<Verdict> verifyFile(const File &file,
                                const VerifyOptions &options) {
  std::vector<Verdict> verdicts;
  Source source;
  if (!source.open(file.path)) {
    verdicts.push_back({.file = file.path,
                        .outcome = Verdict::Refused,
                        .detail = "cannot be read"});
    return verdicts;
  }
  Assignments wide;
  for (const std::string &name : source.realTypeParameters())
    wide[name] = "f64";
  bool onlyWide = options.target == "interp" || options.precision == "f64";
  if (!onlyWide || wide.empty())
    verifySource(source, file, {}, "", options, verdicts);
  if (options.precision != "written" && !wide.empty())
    verifySource(source, file, wide, "f64", options, verdicts);
  return verdicts;
}

//===-- Results -----------------------------------------------------------===//

llvm::StringRef nameOf(const Verdict &verdict) {
  return verdict.outcome == Verdict::Same        ? "same"
         : verdict.outcome == Verdict::Different ? "different"
                                                 : "refused";
}

void print(const Verdict &verdict) {
  llvm::outs() << llvm::left_justify(nameOf(verdict), 10) << verdict.file;
  if (!verdict.kernel.empty())
    llvm::outs() << " " << verdict.kernel;
  if (!verdict.precision.empty())
    llvm::outs() << " in " << verdict.precision;
  if (verdict.outcome == Verdict::Same)
    llvm::outs() << ": " << verdict.sizes << " sizes, worst error "
                 << llvm::format("%.1e", verdict.worst) << '\n';
  else
    llvm::outs() << ": " << verdict.detail << '\n';
}

void printJSON(const std::vector<Verdict> &verdicts) {
  llvm::json::Array list;
  for (const Verdict &verdict : verdicts)
    list.push_back(
        llvm::json::Object{{"file", verdict.file},
                           {"kernel", verdict.kernel},
                           {"precision", verdict.precision},
                           {"outcome", nameOf(verdict)},
                           {"sizes", verdict.sizes},
                           {"worst_error", verdict.worst},
                           {"limit", verdict.limit},
                           {"worst_recorded_error", verdict.worstRecorded},
                           {"detail", verdict.detail}});
  llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(std::move(list)));
}

/// Verifies all files, several at a time; verdicts in the order of the files.
std::vector<Verdict> verifyAll(const VerifyOptions &options) {
  std::vector<File> files;
  for (const std::string &path : options.paths)
    llvm::append_range(files, filesOf(path, options.cases));
  llvm::DefaultThreadPool workers(llvm::hardware_concurrency(options.jobs));
  std::vector<std::shared_future<std::vector<Verdict>>> pending;
  for (const File &file : files)
    pending.push_back(
        workers.async([&file, &options] { return verifyFile(file, options); }));
  std::vector<Verdict> verdicts;
  for (auto &result : pending)
    for (const Verdict &verdict : result.get()) {
      verdicts.push_back(verdict);
      if (!options.json)
        print(verdict);
    }
  return verdicts;
}

int verify(const VerifyOptions &options) {
  std::string message;
  if (failed(targets().find(options.target, message))) {
    complain("unknown-target", message);
    return WrongUsage;
  }
  auto verdicts = verifyAll(options);
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
  options->target = defaultTarget;
  options->jobs = std::max(1u, std::thread::hardware_concurrency());
  command->add_option("PATH", options->paths, "Source files or folders of them")
      ->required();
  command
      ->add_option("--target", options->target,
                   "Target to verify; interp verifies the derived form")
      ->capture_default_str();
  command->add_option("--kernel", options->kernel, "Kernel to verify");
  command->add_option("--cases", options->cases,
                      "Folder of recorded calls and outputs, .npz files below "
                      "the path of each source file");
  command->add_option("--sizes", options->sizes, "Extents to choose among")
      ->check(CLI::IsMember({"small", "large"}))
      ->capture_default_str();
  command
      ->add_option("--precision", options->precision,
                   "As types are written, with type parameters set to f64, or "
                   "one after the other")
      ->check(CLI::IsMember({"written", "f64", "both"}))
      ->capture_default_str();
  command->add_option("--count", options->count, "Sizes to verify a kernel at")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads of the target")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "Files to verify at a time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of sizes and inputs")
      ->capture_default_str();
  command->add_flag("--validate", options->validate, "Verify the derived form too, whatever the target");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = verify(*options); });
}

} // namespace weir::tool
