// A tile kernel compiled and called by itself, without a cascade: for
// benchmarks and tests.
#ifndef WEIR_BENCH_TILEPROGRAM_H
#define WEIR_BENCH_TILEPROGRAM_H

#include "codegen/cpu/CpuTarget.h"
#include "codegen/llvm/Machine.h"
#include "runtime/include/weir/runtime.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace weir::bench {

class TileProgram {
public:
  /// Compiles the first tile kernel of a file; errors are printed.
  static std::unique_ptr<TileProgram> compile(const std::string &file,
                                              const std::string &level,
                                              bool isAccurate = false);
  /// The same of a text.
  static std::unique_ptr<TileProgram> compileText(const std::string &text,
                                                  const std::string &level,
                                                  bool isAccurate = false);

  /// Calls the kernel; `context` gets a workspace of the program's if it has
  /// none.
  weir_status run(weir_context &context,
                  const std::vector<weir_tensor> &tensors);

  tile::KernelOp getKernel() { return kernel; }
  double getLoweringMs() const { return loweringMs; }
  double getCodegenMs() const { return codegenMs; }
  /// The kernel's assembly.
  std::string assembly();

private:
  TileProgram();
  bool build(const std::string &level, bool isAccurate);
  bool lower();

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> source, module;
  tile::KernelOp kernel;
  std::optional<cpu::CpuTarget> target;
  std::unique_ptr<llvmir::Jit> jit;
  weir_kernel_run entry = nullptr;
  weir_kernel_workspace workspace = nullptr;
  std::vector<char> scratch;
  double loweringMs = 0, codegenMs = 0;
};

} // namespace weir::bench

#endif // WEIR_BENCH_TILEPROGRAM_H
