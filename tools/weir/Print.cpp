// weir print: the program after a stage.
#include <CLI/CLI.hpp>

#include "passes/Passes.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Source.h"

#include "llvm/Support/raw_ostream.h"

namespace weir::tool {
namespace {

struct PrintOptions {
  std::string file, kernel;
  std::string stage = "cascade";
  std::vector<std::string> sets;
};

mlir::LogicalResult derive(mlir::ModuleOp module) {
  mlir::PassManager passes(module.getContext());
  buildDerivePipeline(passes);
  return passes.run(module);
}

int print(const PrintOptions &options) {
  Source source;
  Assignments sets;
  if (!parseAssignments(options.sets, "--set", sets))
    return WrongUsage;
  if (!source.open(options.file))
    return WrongInput;
  if (options.stage == "source")
    return source.print(llvm::outs()) ? Success : WrongInput;
  auto module = source.load(sets, options.kernel);
  if (!module)
    return WrongInput;
  if (options.stage == "derived" && failed(derive(*module)))
    return WrongInput;
  module->print(llvm::outs());
  return Success;
}

} // namespace

void addPrint(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("print", "Print the program after a stage");
  auto options = std::make_shared<PrintOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel, "Kernel to print");
  command->add_option("--after", options->stage, "Stage to print after")
      ->check(CLI::IsMember({"source", "cascade", "derived"}))
      ->capture_default_str();
  command->add_option("--set", options->sets,
                      "Type parameter or extent, NAME=VALUE");
  command->callback([options, &result] { result = print(*options); });
}

} // namespace weir::tool
