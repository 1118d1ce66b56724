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

/// A context and a file read in it. Diagnostics go to stderr; remarks only
/// where they are asked for.
class Source {
public:
  explicit Source(bool remarks = false);
  ~Source();

  /// Reads a file; false after a message.
  bool open(const std::string &path);

  /// Parses and verifies the file; null after diagnostics. The front end takes
  /// the settings that are its own out of `sets`, and lowers one kernel only
  /// where a name is given.
  mlir::OwningOpRef<mlir::ModuleOp> load(Assignments &sets,
                                         const std::string &kernel = "");

  /// The type parameters that stand for a type of reals; text alone
  /// has any.
  std::vector<std::string> realTypeParameters();

  /// Writes the file back as source; false after diagnostics.
  bool print(llvm::raw_ostream &stream);

private:
  mlir::OwningOpRef<mlir::ModuleOp> loadIR();
  mlir::OwningOpRef<mlir::ModuleOp> loadText(Assignments &sets,
                                             const std::string &kernel);

  void identify(mlir::Diagnostic &diagnostic);

  bool isIR = false;
  bool isTeaal = false;
  bool isReadingIR = false; ///< errors are then the file's
  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  std::unique_ptr<mlir::SourceMgrDiagnosticHandler> handler;
};

/// The kernel called `name`, or the only one; null after a message.
cascade::KernelOp findKernel(mlir::ModuleOp module, const std::string &name);

/// A kernel with the module that owns it.
struct LoadedKernel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  cascade::KernelOp kernel;
};

/// Opens a file and loads the kernel called `name`, or its only one; failure after a message.
mlir::FailureOr<LoadedKernel> loadKernel(Source &source, const std::string &file, const std::string &name,
                                         Assignments &sets);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_SOURCE_H
