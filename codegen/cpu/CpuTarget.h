// The CPU as a target of tile programs: vector widths and what follows from
// them.
#ifndef WEIR_CODEGEN_CPU_CPUTARGET_H
#define WEIR_CODEGEN_CPU_CPUTARGET_H

#include "codegen/abi/Frame.h"
#include "dialect/tile/TileTarget.h"

namespace weir::cpu {

/// An instruction-set level for which code is generated.
struct Level {
  std::string name;     ///< as `--target` takes it: "x86-64-v4"
  std::string features; ///< LLVM's feature string
  unsigned vectorBits;
  unsigned registers;
  bool hasAvx512 = false;

  /// Elements of `type` in a vector.
  int64_t lanes(mlir::Type type) const {
    return vectorBits / type.getIntOrFloatBitWidth();
  }
};

/// The levels there are, the least first; and the highest one that this machine
/// has.
llvm::ArrayRef<Level> allLevels();
const Level &hostLevel();
/// The level called `name` (`host` for the machine's), or null.
const Level *findLevel(llvm::StringRef name);

class CpuTarget : public tile::TileTarget {
public:
  /// `isAccurate`: 2^x and e^x of f32 within 1.5 ulp instead of 3.5, for one
  /// multiply-add more.
  explicit CpuTarget(const Level &level, bool isAccurate = false)
      : level(level), accurate(isAccurate) {}

  tile::TilePlan plan(mlir::Type element) const override;

  /// Rows of the register block of a contraction, and its vectors for so many
  /// rows.
  int64_t rowsPerBlock() const { return 6; }
  int64_t vectorsPerRow(int64_t rows) const;

  const Level &getLevel() const { return level; }
  bool isAccurate() const { return accurate; }

private:
  const Level &level;
  bool accurate;
};

/// Defines the kernel's `.layout` and `.run` (codegen/abi/EntryPoints.h) for a
/// frame whose extents and arguments are those of the tile kernel, in `module`.
mlir::LogicalResult lowerKernel(tile::KernelOp kernel, abi::Frame &frame,
                                const CpuTarget &target, mlir::ModuleOp module);

/// Converts a module of lowered kernels to the LLVM dialect: one conversion.
mlir::LogicalResult convertToLLVM(mlir::ModuleOp module);

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_CPUTARGET_H
