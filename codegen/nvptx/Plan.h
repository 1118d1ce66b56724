// What a parallel loop over tiles needs of a block of threads, decided before any code.
#ifndef WEIR_CODEGEN_NVPTX_PLAN_H
#define WEIR_CODEGEN_NVPTX_PLAN_H

#include "codegen/nvptx/Encoding.h"
#include "dialect/tile/Tile.h"

namespace weir::nvptx {

using mlir::Type;
using mlir::Value;

/// Reports why a kernel cannot be lowered, with an identifier that `weir doc` explains.
mlir::InFlightDiagnostic refuse(mlir::Operation *op, llvm::StringRef identifier);

/// Refuses products under a condition: all warps of a block wait for their operand's tile, and each decides for itself.
mlir::LogicalResult checkProducts(tile::WhenOp op);

/// The extent of a rank, if it is known.
std::optional<int64_t> staticExtent(Value end);

/// A staged block, or the tile of it that the current columns need, in shared memory.
struct Operand {
  tile::StageOp stage;
  mlir::AffineMap map;       ///< subscripts of the stage's ranks but the one that is whole
  mlir::ValueRange indices;
  Type element;              ///< bf16 or f16 for the matrix units, else f32
  Value sign;                ///< a parameter whose sign the tile takes over; may be null
  bool isLeft = false;       ///< a block's own rows, which stay; else columns, which stream by
  unsigned rowRank = 0, columnRank = 0; ///< the stage's ranks along the tile's rows and columns
  int64_t rows = 0, columns = 0;        ///< of the tile, of which ranks may fill a part
  SharedLayout layout;
  int64_t offset = 0; ///< in shared memory
  int64_t slots = 1;  ///< tiles that there is room for

  bool isNarrow() const { return !element.isF32(); }
  int64_t elementBytes() const { return element.getIntOrFloatBitWidth() / 8; }
  unsigned tiled = 0;      ///< the stage's rank of which there is a tile; the other one is whole
  unsigned contracted = 0; ///< the stage's rank that is summed over
  bool isContractedContiguous() const { return columnRank == contracted; }
};

class Plan {
public:
  static constexpr int64_t warps = 4, lanes = 32, threads = warps * lanes;

  /// Plans the loop, or says why it cannot be lowered.
  static mlir::FailureOr<Plan> make(tile::ParallelOp parallel, bool roundsToTf32);

  /// The operand of a contraction's left side, and of a contraction's or an
  /// accumulation's right side.
  Operand *left(tile::ContractOp op) { return &operands[lefts.lookup(op)]; }
  Operand *right(mlir::Operation *op) { return &operands[rights.lookup(op)]; }

  /// The parameter by which all uses multiply a contraction's result, and whose
  /// sign its left operand takes over; null if there is none.
  Value factorOf(mlir::Operation *contraction) { return factors.lookup(contraction); }
  /// States of which each lane keeps a part of the sum.
  bool isSpread(Value state) { return spread.contains(state); }
  /// Sums over columns that go into such states only.
  bool isPartial(tile::ReduceOp op);
  /// The state that an accumulation adds the sums of its left operand to as well:
  /// to the matrix units, a sum is one more column, of ones. Null if there is none.
  Value riderOf(tile::AccumulateOp op) { return riders.lookup(op); }
  bool isRider(Value state);

  /// Whether states and values leave few registers of 255: then copies' addresses are computed tile by tile, places
  /// are found anew, and fences keep the assembler from loading ahead.
  bool isTight() const { return registers > 185; }

  int64_t rows = 32;       ///< of a warp
  int64_t registers = 0;   ///< of a lane, for states and values (Pressure.h)
  int64_t sharedBytes = 0;
  bool roundsToTf32 = false; ///< operands of products in f32, for the matrix units
  llvm::SmallVector<Operand, 4> operands;

private:
  mlir::LogicalResult addLeft(tile::ContractOp op);
  mlir::LogicalResult addRight(mlir::Operation *op, Value ref, mlir::AffineMap map, mlir::ValueRange indices);
  mlir::FailureOr<Operand> describe(tile::StageOp stage, Type element);
  mlir::LogicalResult placeOperands(tile::ParallelOp parallel);
  void findFactors(tile::ParallelOp parallel);
  void findSpreadStates(tile::ParallelOp parallel);
  void findRiders(tile::ParallelOp parallel);

  llvm::DenseMap<mlir::Operation *, unsigned> lefts, rights;
  llvm::DenseMap<mlir::Operation *, Type> elements; ///< of contractions and accumulations
  llvm::DenseMap<mlir::Operation *, Value> factors;
  llvm::DenseMap<mlir::Operation *, Value> riders;
  llvm::DenseSet<Value> spread;
};

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_PLAN_H
