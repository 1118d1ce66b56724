// weir doc: the standard library's functions.
#include <CLI/CLI.hpp>

#include "codegen/binding/Extents.h"
#include "frontends/weir/Frontend.h"
#include "tools/weir/Commands.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace weir::tool {
namespace {

/// `softmax` of `softmax[n](x)`.
std::string nameOf(const frontend::FunctionDoc &function) {
  return function.signature.substr(0, function.signature.find_first_of("[("));
}

/// All functions, a line each, under the files that have them.
void printAll() {
  std::string file;
  for (const auto &function : frontend::standardFunctions()) {
    if (function.file != file)
      llvm::outs() << (file.empty() ? "" : "\n") << function.file << '\n';
    file = function.file;
    llvm::StringRef summary =
        llvm::StringRef(function.comment).split('\n').first;
    llvm::outs() << "  " << llvm::left_justify(function.signature, 34)
                 << (function.signature.size() > 33 ? " " : "") << summary
                 << '\n';
  }
}

int printOne(const std::string &name) {
  std::vector<std::string> names;
  for (const auto &function : frontend::standardFunctions()) {
    names.push_back(nameOf(function));
    if (names.back() != name)
      continue;
    llvm::outs() << function.signature << "\n\n" << function.comment;
    llvm::outs() << "\n\ndefined in " << function.file << '\n';
    return Success;
  }
  llvm::errs() << "weir: no function '" << name << "'"
               << suggestion(name, names) << '\n';
  return WrongInput;
}

} // namespace

void addDoc(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand(
      "doc", "Explain the functions of the standard library");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Function to explain");
  command->callback([name, &result] {
    if (name->empty())
      printAll();
    else
      result = printOne(*name);
  });
}

} // namespace weir::tool
