// Machine code in this process from a module of the LLVM dialect.
#ifndef WEIR_CODEGEN_LOOPS_JIT_H
#define WEIR_CODEGEN_LOOPS_JIT_H

#include "mlir/IR/BuiltinOps.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace weir::loops {

/// Code that lives as long as this object.
class Jit {
public:
  /// Compiles for this machine; errors are emitted.
  static mlir::FailureOr<std::unique_ptr<Jit>> create(mlir::ModuleOp module);
  ~Jit();

  /// The address of an exported symbol, or null.
  void *lookup(llvm::StringRef name) const;

private:
  explicit Jit(std::unique_ptr<llvm::orc::LLJIT> jit);

  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_JIT_H
