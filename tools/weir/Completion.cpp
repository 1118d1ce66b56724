// The completion scripts. zsh runs bash's, by its own emulation of that.
#include "tools/weir/Completion.h"

#include <CLI/CLI.hpp>

#include "tools/weir/Targets.h"

namespace weir::tool {

static std::string optionsOf(const CLI::App &app) {
  std::string words;
  for (const CLI::Option *option : app.get_options()) {
    if (option->get_group().empty())
      continue;
    for (const std::string &name : option->get_lnames())
      words += " --" + name;
  }
  return words;
}

static std::string bashScript(CLI::App &app) {
  std::string commands, cases, targetNames;
  for (CLI::App *command : app.get_subcommands(nullptr)) {
    commands += " " + command->get_name();
    cases += "    " + command->get_name() + ") words=\"" + optionsOf(*command) + "\" ;;\n";
  }
  for (const Backend &backend : targets().all())
    targetNames += " " + backend.name;
  return "# Completion of weir; in ~/.bashrc: source <(weir --completion bash)\n"
         "_weir() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases +
         "  esac\n"
         "  if [ \"$COMP_CWORD\" = 1 ]; then words=\"" +
         commands + optionsOf(app) +
         "\"\n"
         "  elif [ \"$before\" = --target ]; then words=\"" +
         targetNames +
         "\"\n"
         "  elif [[ $word != -* ]]; then words=\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _weir weir\n";
}

std::string completionScript(CLI::App &app, const std::string &shell) {
  std::string script = bashScript(app);
  return shell == "bash" ? script : "#compdef weir\nautoload -U +X bashcompinit && bashcompinit\n" + script;
}

} // namespace weir::tool
