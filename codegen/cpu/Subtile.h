// The lowering of a whole sub-tile region.
#ifndef WEIR_CODEGEN_CPU_SUBTILE_H
#define WEIR_CODEGEN_CPU_SUBTILE_H

#include "codegen/cpu/Lowering.h"

namespace weir::cpu {

/// Emits the region for one group of rows. Values that vary with the columns
/// are vectors, those that vary with the rows alone are scalars.
class SubtileLowering {
public:
  SubtileLowering(Scope &scope, tile::SubtileOp op, bool isFull);

  /// Emits the loop over groups of rows.
  mlir::LogicalResult run();

private:
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emitOp(mlir::Operation &op);
  mlir::LogicalResult emitLoad(tile::LoadOp op);
  mlir::LogicalResult emitStore(tile::StoreOp op);
  mlir::LogicalResult emitMask(tile::MaskOp op);
  void maskRow(Sub &mask, int64_t row, const Linear &index);
  mlir::LogicalResult emitMap(tile::MapOp op);
  mlir::LogicalResult emitUpdate(tile::UpdateOp op);
  mlir::LogicalResult emitReduce(tile::ReduceOp op);
  void restoreNaN(Sub &value, Sub &result);
  mlir::LogicalResult emitContract(tile::ContractOp op);
  mlir::LogicalResult emitAccumulate(tile::AccumulateOp op);
  mlir::LogicalResult emitWhen(tile::WhenOp op);
  mlir::LogicalResult emitConvert(tile::ConvertOp op);

  // Access.
  mlir::FailureOr<Linear> linear(mlir::Operation *op,
                                 mlir::AffineExpr expression,
                                 unsigned dimensions, mlir::ValueRange indices);
  /// Subscripts of a tensor as one offset, with its steps in elements.
  struct Place {
    Value start, rowStep, columnStep; ///< steps null: does not vary
  };
  mlir::FailureOr<Place> place(mlir::Operation *op, const Ref &ref,
                               mlir::AffineMap map, mlir::ValueRange indices);
  /// Subscripts at the sub-tile's first row and column.
  llvm::SmallVector<Value> corner(mlir::AffineMap map,
                                  mlir::ValueRange indices);
  mlir::LogicalResult loadFromBlock(tile::LoadOp op, const Ref &ref,
                                    Sub &result);
  mlir::LogicalResult loadFromTensor(tile::LoadOp op, const Ref &ref,
                                     Sub &result);
  /// Where vectors of a tensor are loaded from or stored to.
  struct Window {
    Value isDirect, base, rowStep, copy;
  };
  Window window(const Ref &ref, const Place &place, mlir::Type type);
  Value elementIndex(const Place &place, Value row, Value column);
  void copyIn(const Ref &ref, const Place &place, const Window &window,
              mlir::Type type, Value maskBytes, bool isPacked);
  /// Loops over the valid points of the sub-tile.
  void forValid(bool hasRows,
                llvm::function_ref<void(Value row, Value column)> body);
  /// A vector of elements that lie side by side; lanes that the mask (which may
  /// be null) leaves out are not touched and load 0.
  Value loadVector(mlir::Type type, Value address, Value mask);
  void storeVector(Value vector, Value address, Value mask);
  /// A place on the function's stack.
  Value allocate(mlir::Type type, int64_t count);
  /// The valid lanes of vector `vector`, or null where all are.
  Value validLanes(int64_t vector);
  Value rowIsValid(int64_t row);

  // Values.
  Sub shaped(mlir::Type type);
  Sub input(Value operand);
  Sub indexValues(Value index);
  Value asVector(Sub &sub, int64_t row, int64_t vector);
  bool isKnown(Value mask) const { return known.contains(mask); }
  Value columnBase(int64_t vector) {
    return scope.add(firstColumn, scope.integer(vector * lanes));
  }

  // Register blocks.
  struct Block {
    int64_t firstRow, rows, firstVector, vectors;
  };
  void forBlocks(int64_t all, llvm::function_ref<void(Block)> body);
  llvm::SmallVector<Value>
  multiply(Value depth, Block block, bool skipsZeros,
           llvm::ArrayRef<Value> accumulators,
           llvm::function_ref<Value(int64_t row, Value k)> left,
           llvm::function_ref<Value(int64_t vector, Value k)> right);

  Scope &scope;
  tile::SubtileOp op;
  bool isFull;
  int64_t rows, columns, lanes, vectors;
  mlir::Type element;
  Value firstRow, endRow, firstColumn, endColumn;
  llvm::DenseMap<Value, Sub> subs;
  llvm::DenseSet<Value> known; ///< masks that are true everywhere
  llvm::DenseMap<mlir::Operation *, Value> scratch; ///< of conversions
};

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_SUBTILE_H
