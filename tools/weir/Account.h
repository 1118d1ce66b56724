// How the derivations of a kernel are told: where something stands, and what an explanation says.
#ifndef WEIR_TOOLS_WEIR_ACCOUNT_H
#define WEIR_TOOLS_WEIR_ACCOUNT_H

#include "codegen/compile/Compile.h"
#include "passes/Explain.h"

#include "llvm/Support/JSON.h"

namespace weir::tool {

/// Where something stands in the source; line 0 where that is not known.
struct Place {
  explicit Place(mlir::Location loc);
  std::string file;
  unsigned line = 0;
  /// "4", or "prelude.weir:4" outside of `mainFile`; "-" where it is not known.
  std::string text(llvm::StringRef mainFile) const;
};

/// Compiles a kernel up to a stage and collects what is explained on the way.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> compileExplained(cascade::KernelOp kernel, const Target &target,
                                                                    Stage stage,
                                                                    std::vector<Explanation> &explanations);

/// One explanation as two lines at most: where, which derivation, why (not); the remedy.
void print(llvm::raw_ostream &stream, const Explanation &explanation, llvm::StringRef mainFile);
llvm::json::Object toJSON(const Explanation &explanation);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_ACCOUNT_H
