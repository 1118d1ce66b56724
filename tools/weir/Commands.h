// The subcommands of `weir`, one a file.
#ifndef WEIR_TOOLS_WEIR_COMMANDS_H
#define WEIR_TOOLS_WEIR_COMMANDS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

namespace CLI {
class App;
} // namespace CLI

namespace weir::tool {

enum ExitCode {
  Success = 0,
  WrongInput = 1,
  WrongUsage = 2,
  Difference = 3,
  InternalError = 70
};

/// Says what is wrong with a call of the program: `weir: error: MESSAGE [ID]`.
void complain(llvm::StringRef id, const llvm::Twine &message);

/// Replaces the file by one of this content, in one step; false after an error.
bool writeFile(const std::string &path, const std::string &content);

/// Each adds a subcommand; parsing it runs it, and its exit code goes to
/// `result`.
void addAnalyze(CLI::App &app, int &result);
void addBench(CLI::App &app, int &result);
void addCache(CLI::App &app, int &result);
void addCheck(CLI::App &app, int &result);
void addDoc(CLI::App &app, int &result);
void addEmit(CLI::App &app, int &result);
void addExplain(CLI::App &app, int &result);
void addMask(CLI::App &app, int &result);
void addPrint(CLI::App &app, int &result);
void addRun(CLI::App &app, int &result);
void addTargets(CLI::App &app, int &result);
void addVerify(CLI::App &app, int &result);
void addWhy(CLI::App &app, int &result);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_COMMANDS_H
