// weir check: parse, infer, verify.
#include <CLI/CLI.hpp>

#include "tools/weir/Commands.h"
#include "tools/weir/Source.h"

namespace weir::tool {

void addCheck(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("check", "Parse, infer and verify; say what is wrong");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "Source files")->required();
  command->callback([files, &result] {
    for (const std::string &file : *files) {
      Source source;
      Assignments none;
      if (!source.open(file) || !source.load(none))
        result = WrongInput;
    }
  });
}

} // namespace weir::tool
