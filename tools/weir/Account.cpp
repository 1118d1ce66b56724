// How the derivations of a kernel are told.
#include "tools/weir/Account.h"

#include "llvm/Support/Path.h"

namespace weir::tool {

Place::Place(mlir::Location loc) {
  if (auto found = loc->findInstanceOf<mlir::FileLineColLoc>()) {
    file = found.getFilename().str();
    line = found.getLine();
  }
}

std::string Place::text(llvm::StringRef mainFile) const {
  if (!line)
    return "-";
  std::string number = std::to_string(line);
  return file == mainFile ? number : llvm::sys::path::filename(file).str() + ":" + number;
}

mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> compileExplained(cascade::KernelOp kernel, const Target &target,
                                                                    Stage stage,
                                                                    std::vector<Explanation> &explanations) {
  ExplanationCollector collector(kernel.getContext());
  auto module = compileKernel(kernel, target, stage);
  explanations = std::move(collector.explanations);
  return module;
}

void print(llvm::raw_ostream &stream, const Explanation &explanation, llvm::StringRef mainFile) {
  stream << "  line " << Place(explanation.loc).text(mainFile) << "  " << explanation.derivation << ": ";
  if (!explanation.applied())
    stream << explanation.reason << ": ";
  stream << explanation.detail << '\n';
  if (!explanation.remedy.empty())
    stream << "      remedy: " << explanation.remedy << '\n';
}

llvm::json::Object toJSON(const Explanation &explanation) {
  Place place(explanation.loc);
  llvm::json::Object object{{"derivation", explanation.derivation},
                            {"file", place.file},
                            {"line", place.line},
                            {"detail", explanation.detail},
                            {"ranks", llvm::json::Array(explanation.ranks)},
                            {"equations", llvm::json::Array(explanation.equations)}};
  if (!explanation.applied()) {
    object["reason"] = explanation.reason;
    object["remedy"] = explanation.remedy;
  }
  return object;
}

} // namespace weir::tool
