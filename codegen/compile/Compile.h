// From a cascade to a module of the LLVM dialect: derive, choose a road, lower.
#ifndef WEIR_CODEGEN_COMPILE_COMPILE_H
#define WEIR_CODEGEN_COMPILE_COMPILE_H

#include "codegen/cpu/CpuTarget.h"
#include "codegen/llvm/Machine.h"
#include "codegen/scalar/Value.h"
#include "dialect/cascade/Cascade.h"

#include "mlir/IR/OwningOpRef.h"

namespace weir {

/// For what and how a kernel is compiled.
struct Target {
  std::string name = "host";         ///< as `--target` takes it
  const cpu::Level *level = nullptr; ///< instruction set; null: plain loops for this machine
  bool remarks = false;              ///< report derivations and slower roads as remarks
  bool accurate = false;             ///< exponentials of f32 within 1.5 ulp instead of 3.5

  /// The instruction set of the code, and the processor in LLVM's terms.
  const cpu::Level &instructions() const { return level ? *level : cpu::hostLevel(); }
  llvmir::Processor processor() const;
  /// Whether the code runs on this machine's family of processors.
  bool isNative() const;
};

/// The target called `name` (`host`, `loops`, or an instruction-set level), or failure.
mlir::FailureOr<Target> findTarget(llvm::StringRef name);

/// Makes `value` what the parameter is where a caller gives none; what a
/// `constant` one is, always.
void fixParameter(cascade::ParamOp param, const scalar::Value &value);

/// The derivation of explanations that say why a kernel has no tile form.
inline constexpr const char *tileForm = "tile-form";

/// How far a kernel is compiled.
enum class Stage { Derived, Tile, Lowered, LLVM };

/// Compiles a kernel up to a stage. Beyond `Tile`, the module defines what
/// <weir/runtime.h> promises of the kernel. A kernel without a tile form is cut in
/// parts; those without one take plain loops (up to `Tile` they stay cascades), which
/// an explanation says.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> compileKernel(cascade::KernelOp kernel, const Target &target,
                                                                 Stage stage = Stage::LLVM);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_COMPILE_H
