// NVIDIA GPUs as a target of tile programs: PTX, and what a launch of it takes.
#ifndef WEIR_CODEGEN_NVPTX_NVPTX_H
#define WEIR_CODEGEN_NVPTX_NVPTX_H

#include "dialect/cascade/Cascade.h"
#include "dialect/tile/TileTarget.h"

#include "mlir/IR/OwningOpRef.h"

#include <algorithm>
#include <array>

namespace weir::nvptx {

/// A compute capability for which code is generated.
struct Architecture {
  std::string name = "sm_80";    ///< as `--target nvptx:NAME` takes it
  std::string features = "+ptx83";
  bool permitsTf32 = false; ///< `sm_80+tf32`: products of f32 may be of operands rounded to tf32

  /// As `--target nvptx:` takes it.
  std::string spelling() const { return name + (permitsTf32 ? "+tf32" : ""); }
};

/// The architecture called `name` (empty: sm_80), or failure.
mlir::FailureOr<Architecture> findArchitecture(llvm::StringRef name);

/// The architecture of a target called `nvptx:sm_80`, or failure.
mlir::FailureOr<Architecture> findTarget(llvm::StringRef target);

/// One parameter of a GPU kernel. Tensors are contiguous in their last rank.
struct Parameter {
  enum Kind { Pointer, Stride, Scalar, Extent } kind;
  std::string name;       ///< of the argument or rank
  unsigned dimension = 0; ///< of a stride, which counts elements
};

/// One launch. A call of a kernel is all of them, in order.
struct Launch {
  std::string entry;
  tile::ParallelOp loop; ///< a block is an iteration
  unsigned threads = 0, sharedBytes = 0;
};

/// Blocks along x, y and z.
using Grid = std::array<int64_t, 3>;

/// The dimension of the grid along which iteration `i` of `count` goes: the last two have one of their own, so that
/// no division finds a block's place in them. The others share z, the first of them as the slowest.
inline unsigned gridDimension(size_t i, size_t count) { return std::min<size_t>(count - 1 - i, 2); }

/// The extent of a rank.
using ExtentOf = llvm::function_ref<int64_t(llvm::StringRef rank)>;

/// A tensor of f32 that one launch writes and a later one reads.
struct Scratch {
  std::string name;
  std::vector<std::string> ranks;
};

/// What a kernel has become.
struct Code {
  mlir::OwningOpRef<mlir::ModuleOp> tiles;  ///< the tile program
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< in the LLVM and NVVM dialects
  std::vector<Parameter> parameters;        ///< of every entry
  std::vector<Launch> launches;
  std::vector<Scratch> scratch;
  bool roundsToTf32 = false;
  std::vector<std::string> fixedRanks;      ///< those that `extentOf` has fixed

  /// The blocks of a launch for given extents.
  Grid gridOf(const Launch &launch, ExtentOf extentOf) const;
  /// The extents of a tensor between launches.
  std::vector<int64_t> shapeOf(const Scratch &scratch, ExtentOf extentOf) const;
};

/// Bytes at whose multiples the rows of tensors must begin where the last rank's
/// extent is fixed to a multiple of them.
inline constexpr int64_t rowAlignment = 16;
/// True if the kernel relies on that for a tensor of this last extent and element size.
bool needsAlignment(int64_t lastExtent, int64_t elementBytes);

/// The shapes of tiles for a derived kernel.
tile::TilePlan planTiles(cascade::KernelOp derived);

/// Derives, makes tiles and lowers. Ranks that tiles keep whole (contracted ones,
/// and those of states beside the points of their fold) must be fixed, or become
/// so by `extentOf`. A kernel that cannot run on the GPU is refused.
/// `splits`: blocks may share the columns of a fold with few rows, through tensors between launches.
mlir::FailureOr<Code> compile(cascade::KernelOp kernel, const Architecture &architecture, bool remarks = false,
                              ExtentOf extentOf = nullptr, bool splits = false);

/// Lowers the loops of a tile program into `code.module`.
mlir::LogicalResult lowerKernel(tile::KernelOp kernel, Code &code);

/// The PTX text; the machine code, by the program ptxas.
mlir::FailureOr<std::string> emitPtx(const Code &code, const Architecture &architecture);
mlir::FailureOr<std::string> emitCubin(const Code &code, const Architecture &architecture);
/// The path of ptxas: $WEIR_PTXAS, in $PATH or of the CUDA toolkit; empty if there is none.
std::string findPtxas();

/// CUDA C++ of the same tile program, in one file; the PTX that nvcc makes of it.
mlir::FailureOr<std::string> emitCuda(cascade::KernelOp source, const Code &code);
mlir::FailureOr<std::string> compileCuda(cascade::KernelOp source, const Code &code, const Architecture &architecture);

/// The kernel's entry points as <weir/cuda.h> has them: a module in the LLVM dialect
/// for the processor, in which the PTX is data, and a cubin too where there is ptxas.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> emitHost(cascade::KernelOp kernel, const Code &code,
                                                           const Architecture &architecture);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_NVPTX_H
