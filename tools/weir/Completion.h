// Completion of `weir` command lines in shells.
#ifndef WEIR_TOOLS_WEIR_COMPLETION_H
#define WEIR_TOOLS_WEIR_COMPLETION_H

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace weir::tool {

/// A script that completes commands, options, and the names of targets: `bash` or `zsh`. Made from what the program
/// knows of its commands, so that it is never stale.
std::string completionScript(CLI::App &app, const std::string &shell);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_COMPLETION_H
