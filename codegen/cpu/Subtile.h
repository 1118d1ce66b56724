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

  /// True if the sub-tile's columns are whole vectors.
  mlir::LogicalResult verify();
  /// The rows that have any work, in whole groups.
  std::pair<Value, Value> rowsOfWork();
  /// Emits the region for the group of rows from `row`.
  mlir::LogicalResult emitGroup(Value row);
  /// Whether all points of the group of rows from `row` are present; null if only a
  /// look at each can tell.
  Value isAllPresent(Value row);
  /// Asks for the elements of tensors that the group after the one from `row` loads.
  void askForNext(Value row, Value from, Value to);
  /// To be called behind the loop over groups.
  void finish() { reload(); }

private:
  void setGroup(Value row);
  std::optional<Linear> constraint(tile::MaskOp mask, mlir::AffineExpr expression);
  void findPresent();
  bool isAskedFor(tile::LoadOp load);
  void askFor(tile::LoadOp load, Value rowsAhead, Value columnsAhead);
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emitOp(mlir::Operation &op);
  static bool isForMasks(mlir::Operation &inner);
  mlir::LogicalResult emitLoad(tile::LoadOp op);
  mlir::LogicalResult emitStore(tile::StoreOp op);
  mlir::LogicalResult emitMask(tile::MaskOp op);
  void maskBy(Sub &mask, mlir::AffineExpr expression, unsigned dimensions,
              mlir::ValueRange indices);
  void maskRow(Sub &mask, int64_t row, const Linear &index);
  mlir::LogicalResult emitMap(tile::MapOp op);
  mlir::LogicalResult emitUpdate(tile::UpdateOp op);
  mlir::LogicalResult emitReduce(tile::ReduceOp op);
  void restoreNaN(Sub &value, Sub &result);
  mlir::LogicalResult emitContract(tile::ContractOp op);
  mlir::LogicalResult emitContractRows(tile::ContractOp op);
  struct Ahead;
  Value contractRows(llvm::ArrayRef<Value> left, llvm::ArrayRef<Value> right, Value depth,
                     Value asked, const Ahead &ahead);
  Ahead aheadOf(Value columnStride, Value depth, int64_t width);
  void prefetch(Value address);
  Value linesAhead(Value length);
  /// Where the line at `index` of what is asked for ahead lies, beyond a turn of the stage.
  Value afterTurn(const Ref &ref, Value index, Value address);
  mlir::LogicalResult emitAccumulate(tile::AccumulateOp op);
  struct Sum;
  void addTo(const Sum &sum, Value first, int64_t count);
  void addToAll(const Sum &sum);
  mlir::LogicalResult emitWhen(tile::WhenOp op);
  mlir::LogicalResult emitConvert(tile::ConvertOp op);

  // Subscripts.
  /// True if an index, or a value that serves as one, is not the same in all
  /// rows (columns).
  bool varies(Value index, bool byRow) const;
  std::optional<int64_t> stepOf(mlir::AffineExpr expression,
                                unsigned dimensions, mlir::ValueRange indices,
                                bool byRow);
  /// A subscript as a linear function of row and column, if it is one.
  std::optional<Linear> linear(mlir::AffineExpr expression, unsigned dimensions,
                               mlir::ValueRange indices);
  /// Subscripts at the sub-tile's first row and column.
  llvm::SmallVector<Value> corner(mlir::AffineMap map,
                                  mlir::ValueRange indices);
  /// A sub-tile in memory.
  struct Spilled {
    Value base;
    mlir::Type type;
    bool hasRows = false, hasColumns = false;
  };
  Spilled spill(Value value);
  Value elementOf(const Spilled &spilled, Value row, Value column);
  /// Subscripts of a strided reference.
  struct Subscripts {
    const Ref &ref;
    mlir::AffineMap map;
    mlir::ValueRange indices;
    llvm::DenseMap<Value, Spilled> spilled =
        llvm::DenseMap<Value, Spilled>(); ///< of indices that are values
  };
  Subscripts subscripts(const Ref &ref, mlir::AffineMap map,
                        mlir::ValueRange indices);
  /// The offset in elements at a row and a column of the sub-tile.
  Value offsetAt(const Subscripts &at, Value row, Value column);
  Value strideOf(const Subscripts &at, bool byRow);
  /// The offset of each row's first column, one if rows make no difference;
  /// rows past the end are taken as the last one if `isClamped`.
  llvm::SmallVector<Value> rowOffsets(const Subscripts &at, bool isClamped);

  // Access.
  mlir::LogicalResult loadFromBlock(tile::LoadOp op, const Ref &ref,
                                    Sub &result);
  mlir::LogicalResult loadFromTensor(tile::LoadOp op, const Ref &ref,
                                     Sub &result);
  Value loadElement(tile::LoadOp op, const Subscripts &at, Value offset,
                    Value condition);
  void loadScalars(tile::LoadOp op, const Subscripts &at,
                   llvm::ArrayRef<Value> offsets, Value mask, Sub &result);
  void loadVectors(tile::LoadOp op, const Subscripts &at,
                   llvm::ArrayRef<Value> offsets, Value mask, Sub &result);
  static bool isWidened(mlir::Type storage);
  Value widen(Value vector, mlir::Type storage);
  struct Window {
    Value isCopied, copy;
    llvm::SmallVector<Value> rows; ///< addresses
  };
  Window window(const Subscripts &at, mlir::Type type,
                llvm::ArrayRef<Value> offsets);
  void copyIn(tile::LoadOp op, const Subscripts &at, Value mask, Value copy);
  /// Loops over the valid points of the sub-tile.
  void forValid(bool hasRows,
                llvm::function_ref<void(Value row, Value column)> body);
  /// The type as which memory holds elements: truth values take a byte.
  mlir::Type heldType(mlir::Type type);
  /// A vector of elements that lie side by side; lanes that the mask (which may
  /// be null) leaves out are not touched and load 0.
  Value loadVector(mlir::Type type, Value address, Value mask);
  void storeVector(Value vector, Value address, Value mask);
  /// A place on the function's stack.
  Value allocate(mlir::Type type, int64_t count);
  /// The same for scores of the sub-tile; those that no group computes are 0.
  Value allocateScores();
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
  void reload();
  void forBlocks(int64_t height, int64_t all, llvm::function_ref<void(Block)> body);
  void forVectors(Value from, Value to, int64_t most, int64_t unit,
                  llvm::function_ref<void(Value first, int64_t count)> body);
  llvm::SmallVector<Value>
  multiply(Value from, Value to, Block block, bool skipsZeros,
           llvm::ArrayRef<Value> accumulators,
           llvm::function_ref<Value(int64_t row, Value k)> left,
           llvm::function_ref<Value(int64_t vector, Value k)> right);

  Scope &scope;
  tile::SubtileOp op;
  bool isFull;
  int64_t rows, columns, lanes, vectors;
  mlir::Type element;
  Value firstRow, endRow, firstColumn, endColumn;
  Value presentFrom, presentTo; ///< columns of the sub-tile, of a partial one
  llvm::DenseMap<Value, Sub> subs;
  llvm::DenseSet<Value> known; ///< masks that are true everywhere
  llvm::DenseMap<mlir::Operation *, Value> scratch; ///< of conversions
  llvm::SmallVector<Value> reloaded; ///< results of contractions in memory
};

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_SUBTILE_H
