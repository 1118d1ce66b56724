// Source files of the command line: kernels from .weir text or cascade IR.
#ifndef WEIR_TOOLS_WEIR_SOURCE_H
#define WEIR_TOOLS_WEIR_SOURCE_H

#include <map>
#include <memory>
#include <string>

#include "dialect/cascade/Cascade.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir {
class SourceMgrDiagnosticHandler;
} // namespace mlir

namespace weir::tool {

/// `NAME=VALUE` options: `--set d=64`.
using Assignments = std::map<std::string, std::string>;

/// Splits `NAME=VALUE` words; false, with a message printed, where one is not.
bool parseAssignments(const std::vector<std::string> &words,
                      const std::string &option, Assignments &assignments);

/// A context and the files read in it. Diagnostics go to stderr.
class Source {
public:
  Source();
  ~Source();

  /// Parses and verifies a file; null after diagnostics. Type parameters take
  /// their values from `sets`, which keeps what the front end does not use.
  mlir::OwningOpRef<mlir::ModuleOp> load(const std::string &path,
                                         Assignments &sets);

  /// The text of the file that was loaded last.
  llvm::StringRef getText() const;

private:
  mlir::OwningOpRef<mlir::ModuleOp> loadIR();
  mlir::OwningOpRef<mlir::ModuleOp> loadText(const std::string &path,
                                             Assignments &sets);

  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  std::unique_ptr<mlir::SourceMgrDiagnosticHandler> handler;
};

/// The kernel called `name`, or the only one; null after a message.
cascade::KernelOp findKernel(mlir::ModuleOp module, const std::string &name);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_SOURCE_H
