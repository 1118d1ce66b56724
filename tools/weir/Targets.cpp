// weir targets: what this build and this machine can do.
#include "tools/weir/Targets.h"

#include <CLI/CLI.hpp>

#include "codegen/compile/CompiledKernel.h"
#include "codegen/interp/Interpreter.h"
#include "codegen/nvptx/Run.h"
#include "tools/weir/Analyze.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Measure.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

namespace weir::tool {

const BackendRegistry &targets() {
  static const BackendRegistry registry = [] {
    BackendRegistry all;
    interp::registerBackend(all);
    nvptx::registerBackend(all);
    registerCompiledBackends(all);
    return all;
  }();
  return registry;
}

/// The vector extensions that code generation asks about, where present.
static std::vector<std::string> vectorFeatures() {
  static const char *const asked[] = {"avx2",       "fma",        "avx512f",
                                      "avx512bf16", "avx512fp16", "avx512vnni",
                                      "amx-tile",   "amx-bf16",   "amx-int8",
                                      "neon",       "sve"};
  auto present = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> features;
  for (const char *feature : asked)
    if (present.lookup(feature))
      features.push_back(feature);
  return features;
}

static void printText() {
  for (const Backend &backend : targets().all())
    llvm::outs() << llvm::left_justify(backend.name, 12) << backend.description
                 << '\n';
  llvm::outs() << "\nthis machine: " << llvm::sys::getDefaultTargetTriple()
               << ", " << llvm::sys::getHostCPUName() << ","
               << " with " << llvm::join(vectorFeatures(), " ") << '\n';
}

static void printJSON() {
  llvm::json::Array list;
  for (const Backend &backend : targets().all())
    list.push_back(llvm::json::Object{{"name", backend.name},
                                      {"description", backend.description}});
  llvm::json::Object machine{{"triple", llvm::sys::getDefaultTargetTriple()},
                             {"cpu", llvm::sys::getHostCPUName()},
                             {"features", vectorFeatures()}};
  llvm::outs() << llvm::formatv(
      "{0:2}\n",
      llvm::json::Value(llvm::json::Object{{"targets", std::move(list)},
                                           {"machine", std::move(machine)}}));
}

/// Measures this machine and writes its description, to standard output for `-`.
static int writeHost(std::string path) {
  Machine machine = measureHost();
  if (path == "-") {
    writeMachine(llvm::outs(), machine);
    return Success;
  }
  if (path.empty())
    path = hostMachinePath();
  llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error) {
    llvm::errs() << "weir: cannot write '" << path << "': " << error.message() << '\n';
    return WrongInput;
  }
  writeMachine(file, machine);
  llvm::outs() << llvm::formatv("{0:f1} G multiply-adds a second, an exponential costs {1:f1} of them, {2:f1} GB/s from memory\n",
                          machine.units.front().rate / 1e9, machine.costs.exp, machine.bandwidth() / 1e9)
               << "written to " << path << '\n';
  return Success;
}

void addTargets(CLI::App &app, int &result) {
  struct Options {
    bool json = false, measure = false;
    std::string output;
  };
  CLI::App *command =
      app.add_subcommand("targets", "List what this build can compile for");
  auto options = std::make_shared<Options>();
  command->add_flag("--json", options->json, "Print JSON");
  command->add_flag("--measure", options->measure, "Measure this machine and write its description for weir analyze");
  command->add_option("--output,-o", options->output, "File for the description; - prints it");
  command->callback([options, &result] {
    if (options->measure)
      result = writeHost(options->output);
    else
      options->json ? printJSON() : printText();
  });
}

} // namespace weir::tool
