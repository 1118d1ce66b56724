// weir doc: the standard library's functions, what identifiers of messages mean, and the limits.
#include <CLI/CLI.hpp>

#include "codegen/binding/Extents.h"
#include "frontends/weir/Frontend.h"
#include "frontends/weir/Limits.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Explanations.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace weir::tool {
namespace {

/// `softmax` of `softmax[n](x)`.
std::string nameOf(const frontend::FunctionDoc &function) {
  return function.signature.substr(0, function.signature.find_first_of("[("));
}

void printLine(llvm::StringRef name, llvm::StringRef summary) {
  llvm::outs() << "  " << llvm::left_justify(name, 34) << (name.size() > 33 ? " " : "") << summary << '\n';
}

/// All functions, a line each, under the files that have them.
void printFunctions() {
  std::string file;
  for (const auto &function : frontend::standardFunctions()) {
    if (function.file != file)
      llvm::outs() << (file.empty() ? "" : "\n") << function.file << '\n';
    file = function.file;
    printLine(function.signature, llvm::StringRef(function.comment).split('\n').first);
  }
  llvm::outs() << "\nweir doc diagnostics lists the identifiers of messages; weir doc limits, what is too large\n";
}

void printDiagnostics() {
  bool isFirst = true;
  for (const ExplanationGroup &group : explanationGroups()) {
    llvm::outs() << (isFirst ? "" : "\n") << group.title << '\n';
    isFirst = false;
    for (const Explanation &explanation : group.explanations)
      printLine(explanation.id, explanation.summary());
  }
}

void printLimits() {
  for (const frontend::Limit &limit : frontend::allLimits())
    llvm::outs() << llvm::format("%16llu", (unsigned long long)limit.most) << "  "
                 << llvm::left_justify(limit.id, 20) << limit.what << '\n';
}

int printOne(const std::string &name) {
  std::vector<std::string> names{"diagnostics", "limits"};
  for (const auto &function : frontend::standardFunctions()) {
    names.push_back(nameOf(function));
    if (names.back() != name)
      continue;
    llvm::outs() << function.signature << "\n\n" << function.comment;
    llvm::outs() << "\n\ndefined in " << function.file << '\n';
    return Success;
  }
  for (const ExplanationGroup &group : explanationGroups())
    for (const Explanation &explanation : group.explanations) {
      names.push_back(explanation.id.str());
      if (names.back() != name)
        continue;
      llvm::outs() << name << " (" << group.title << ")\n\n" << explanation.plain();
      return Success;
    }
  complain("unknown-topic", "no function or identifier '" + name + "'" + suggestion(name, names));
  return WrongInput;
}

} // namespace

void addDoc(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("doc", "Explain functions of the standard library, messages, and limits");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Function, identifier of a message, 'diagnostics' or 'limits'");
  command->callback([name, &result] {
    if (name->empty())
      printFunctions();
    else if (*name == "diagnostics")
      printDiagnostics();
    else if (*name == "limits")
      printLimits();
    else
      result = printOne(*name);
  });
}

} // namespace weir::tool
