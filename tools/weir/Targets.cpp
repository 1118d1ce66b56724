// weir targets: what this build and this machine can do.
#include "tools/weir/Targets.h"

#include <CLI/CLI.hpp>

#include "codegen/compile/CompiledKernel.h"
#include "codegen/interp/Interpreter.h"
#include "tools/weir/Commands.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

namespace weir::tool {

const BackendRegistry &targets() {
  static const BackendRegistry registry = [] {
    BackendRegistry all;
    interp::registerBackend(all);
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

void addTargets(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("targets", "List what this build can compile for");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON");
  command->callback([json] { *json ? printJSON() : printText(); });
}

} // namespace weir::tool
