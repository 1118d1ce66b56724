// weir: the compiler's command line.
#include <CLI/CLI.hpp>

#include "codegen/binding/Extents.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Completion.h"
#include "tools/weir/InternalError.h"

#include "llvm/Support/raw_ostream.h"

using namespace weir::tool;

/// Says which known word a misspelt one may have been.
static int reportUnknown(const std::string &what, const std::string &word, const std::vector<std::string> &known) {
  complain("unknown-" + what, "unknown " + what + " '" + word + "'" + weir::suggestion(word, known));
  return WrongUsage;
}

static std::vector<std::string> commandNames(CLI::App &app) {
  std::vector<std::string> names;
  for (CLI::App *command : app.get_subcommands(nullptr))
    names.push_back(command->get_name());
  return names;
}

static std::vector<std::string> optionNames(CLI::App &command) {
  std::vector<std::string> names;
  for (const CLI::Option *option : command.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// Lets an option take one word at a time, so that a file may follow `--set n=4`.
static void takeOneWordEach(CLI::App &app) {
  for (CLI::App *command : app.get_subcommands(nullptr))
    for (CLI::Option *option : command->get_options())
      if (!option->get_positional())
        option->allow_extra_args(false);
}

/// Explains a command line that does not parse.
static int reportUsage(CLI::App &app, const CLI::ParseError &error) {
  if (error.get_exit_code() == 0)
    return app.exit(error);
  std::string path = "weir";
  for (CLI::App *command : app.get_subcommands()) {
    path += " " + command->get_name();
    for (const std::string &word : command->remaining())
      if (word.starts_with("-"))
        return reportUnknown("option", word.substr(0, word.find('=')), optionNames(*command));
  }
  complain("usage", std::string(error.what()) + "; see '" + path + " --help'");
  return WrongUsage;
}

/// What no command needs: the completion of shells, and how tests reach what should not happen.
static void addGlobalOptions(CLI::App &app) {
  app.set_version_flag("--version", "weir 0.1.0");
  app.add_option_function<std::string>(
         "--completion",
         [&app](const std::string &shell) {
           llvm::outs() << completionScript(app, shell);
           throw CLI::Success();
         },
         "Print the completion script of a shell: bash or zsh")
      ->check(CLI::IsMember({"bash", "zsh"}));
  app.add_option_function<std::string>("--provoke", setProvocation)
      ->check(CLI::IsMember({"error", "fatal", "signal"}))
      ->group("");
}

int main(int argc, char **argv) {
  watchForInternalErrors(argc, argv);
  CLI::App app("Weir compiles attention variants written as mathematics.", "weir");
  addGlobalOptions(app);
  app.require_subcommand(1);
  int result = Success;
  addAnalyze(app, result);
  addBench(app, result);
  addCache(app, result);
  addCheck(app, result);
  addDoc(app, result);
  addEmit(app, result);
  addExplain(app, result);
  addMask(app, result);
  addPrint(app, result);
  addRun(app, result);
  addTargets(app, result);
  addVerify(app, result);
  addWhy(app, result);
  takeOneWordEach(app);

  std::vector<std::string> commands = commandNames(app);
  if (argc > 1 && argv[1][0] != '-' && std::ranges::find(commands, argv[1]) == commands.end())
    return reportUnknown("command", argv[1], commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return reportUsage(app, error);
  }
  return finish(result);
}
