// From the LLVM dialect to machine code: object files, assembly, code to call.
#ifndef WEIR_CODEGEN_LLVM_MACHINE_H
#define WEIR_CODEGEN_LLVM_MACHINE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MemoryBuffer.h"

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

/// Any processor of this machine's architecture.
Processor anyProcessor();

/// A module in the LLVM dialect and what its functions run on.
struct Unit {
  mlir::ModuleOp module;
  Processor processor;
  /// Unless empty: ends the names of all that the unit defines, and keeps them
  /// inside the file.
  std::string suffix;
};

enum class FileKind { Object, Assembly };

/// Units as one object or assembly file. A unit refers to what another one
/// defines by its name with the suffix. What belongs to no function is made
/// for the first unit's processor.
mlir::FailureOr<llvm::SmallVector<char, 0>> emitFile(llvm::ArrayRef<Unit> units, FileKind kind);
mlir::FailureOr<llvm::SmallVector<char, 0>> emitFile(mlir::ModuleOp module, const Processor &processor, FileKind kind);

/// The same as LLVM IR text.
mlir::FailureOr<std::string> emitText(llvm::ArrayRef<Unit> units);
mlir::FailureOr<std::string> emitText(mlir::ModuleOp module, const Processor &processor);

/// Code in this process. It lives as long as this object.
class Jit {
public:
  /// Compiles a module to an object and loads that.
  static mlir::FailureOr<std::unique_ptr<Jit>> create(mlir::ModuleOp module, const Processor &processor);

  /// Loads an object file made for this machine; null with a message where it
  /// cannot be.
  static std::unique_ptr<Jit> load(std::unique_ptr<llvm::MemoryBuffer> object, std::string &message);

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
