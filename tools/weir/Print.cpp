// weir print: the program after a stage.
#include <CLI/CLI.hpp>

#include "tools/weir/Commands.h"
#include "tools/weir/Source.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace weir::tool {
namespace {

struct PrintOptions {
  std::string file;
  std::string stage = "cascade";
  std::vector<std::string> sets;
};

int print(const PrintOptions &options) {
  Source source;
  Assignments sets;
  if (!parseAssignments(options.sets, "--set", sets))
    return WrongUsage;
  auto module = source.load(options.file, sets);
  if (!module)
    return WrongInput;
  if (options.stage == "source")
    llvm::outs() << source.getText();
  else
    module->print(llvm::outs());
  return Success;
}

} // namespace

void addPrint(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("print", "Print the program after a stage");
  auto options = std::make_shared<PrintOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--after", options->stage, "Stage to print after")
      ->check(CLI::IsMember({"source", "cascade"}))
      ->capture_default_str();
  command->add_option("--set", options->sets,
                      "Type parameter or extent, NAME=VALUE");
  command->callback([options, &result] { result = print(*options); });
}

} // namespace weir::tool
