// From the LLVM dialect to machine code: object files, assembly, code to call.
#ifndef WEIR_CODEGEN_LLVM_MACHINE_H
#define WEIR_CODEGEN_LLVM_MACHINE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
namespace orc {
class LLJIT;
} // namespace orc
} // namespace llvm

namespace weir::llvmir {

/// A processor for which code is generated, in LLVM's terms.
struct Processor {
  std::string cpu;      ///< "x86-64-v4"
  std::string features; ///< "+avx2,+fma"
  std::string triple;   ///< empty: this machine's
};

enum class FileKind { Object, Assembly };

/// The module, in the LLVM dialect, as an object or assembly file.
mlir::FailureOr<llvm::SmallVector<char, 0>>
emitFile(mlir::ModuleOp module, const Processor &processor, FileKind kind);

/// The module as LLVM IR text.
mlir::FailureOr<std::string> emitText(mlir::ModuleOp module,
                                      const Processor &processor);

/// Code in this process. It lives as long as this object.
class Jit {
public:
  static mlir::FailureOr<std::unique_ptr<Jit>>
  create(mlir::ModuleOp module, const Processor &processor);
  ~Jit();

  /// The address of a symbol, or null.
  void *lookup(llvm::StringRef name);
  template <typename Function> Function *lookupAs(llvm::StringRef name) {
    return reinterpret_cast<Function *>(lookup(name));
  }

private:
  explicit Jit(std::unique_ptr<llvm::orc::LLJIT> jit);
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace weir::llvmir

#endif // WEIR_CODEGEN_LLVM_MACHINE_H
