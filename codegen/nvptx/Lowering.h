// The lowering of one parallel loop over tiles to a GPU kernel.
#ifndef WEIR_CODEGEN_NVPTX_LOWERING_H
#define WEIR_CODEGEN_NVPTX_LOWERING_H

#include "codegen/nvptx/Lane.h"
#include "codegen/nvptx/Plan.h"
#include "llvm/ADT/MapVector.h"

namespace weir::nvptx {

/// A tensor argument: rows in the last rank are contiguous.
struct Tensor {
  Value base;
  Type storage;
  llvm::SmallVector<Value> strides; ///< in elements, i32; of all ranks but the last
  bool isAligned = false;           ///< rows begin at multiples of 16 bytes
};

/// A lane's part of a sub-tile: the product of its rows and columns in
/// registers. One row (column) where it does not vary with the rows (columns).
struct Fragment {
  int64_t rows = 1, columns = 1;
  llvm::SmallVector<Value> values;
  Value factor;   ///< not negative; still to be multiplied by, or null
  Value signedBy; ///< the parameter of whose product with this the values have the sign already, or null

  Fragment() = default;
  Fragment(int64_t rows, int64_t columns) : rows(rows), columns(columns), values(rows * columns) {}
  explicit Fragment(Value value) : values{value} {}

  Value &at(int64_t row, int64_t column) {
    return values[(rows == 1 ? 0 : row) * columns + (columns == 1 ? 0 : column)];
  }
};

/// The lane-varying part of an index, and what registers add to it.
struct Affine {
  Value base;
  int64_t row = 0, column = 0; ///< coefficients
};

/// A sum of indices times constants, in a map.
struct Line {
  llvm::SmallMapVector<Value, int64_t, 4> terms;
  int64_t constant = 0;
};
using Lines = llvm::DenseMap<Value, Line>;
/// The result of an operation on such sums, if it is one as well.
std::optional<Line> lineOf(mlir::Operation &op, const Lines &lines);

/// A place of a right operand (k, n) as one of its tile.
inline Place placeOfRight(const Operand &operand, Place place) {
  return operand.isContractedContiguous() ? Place{place.column, place.row} : place;
}

class ParallelLowering {
public:
  ParallelLowering(tile::ParallelOp op, const Plan &plan, Lane &emit);

  /// What the function's arguments are: indices and parameters by their values
  /// in the tile program, tensors.
  llvm::DenseMap<Value, Value> scalars;
  llvm::DenseMap<Value, Tensor> tensors;

  /// The value of an index from those of its operands.
  Value expand(tile::IndexOp op);
  /// Emits the body of the kernel where the builder stands.
  mlir::LogicalResult run();

private:
  // Kernel.cpp: control.
  /// Finds the thread's and the block's place anew, up to the end of the scope: what is computed from them for one
  /// loop over tiles is in no register while another one runs.
  class Renewal;
  void findPlace(bool again);
  Value placeRegister(llvm::StringRef name, bool again);
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emitOp(mlir::Operation &op);
  mlir::LogicalResult emitFor(tile::ForOp op);
  mlir::LogicalResult emitOuter(tile::ForOp op);
  mlir::LogicalResult emitUnrolled(tile::ForOp op, int64_t upper);
  mlir::LogicalResult emitTiles(tile::ForOp op, Value lower, Value upper, llvm::function_ref<Value(Value)> tileAt,
                                bool full);
  mlir::LogicalResult emitBody(tile::ForOp op, bool full);
  mlir::LogicalResult emitSubtile(tile::SubtileOp op);
  mlir::LogicalResult emitWhen(tile::WhenOp op);
  void emitCarry(tile::CarryOp op);
  llvm::SmallVector<Value> flatten(llvm::ArrayRef<Value> refs);
  void restore(llvm::ArrayRef<Value> refs, mlir::ValueRange values);
  llvm::SmallVector<Value> allCarries();

  /// Where a thread's first chunk of an operand comes from and goes to, if rows
  /// follow each other by the same step.
  struct Source {
    Value address;   ///< of the rank's first element, or of the thread's; null where rows do not
    bool isPlaced = false; ///< the thread's: two registers for each operand
    Value rowStep;   ///< in bytes
    Value row, chunk, byte;
  };

  // Copy.cpp: shared memory.
  mlir::LogicalResult emitCopy(Operand &operand, Value tileOrigin, Value slot, bool full);
  /// `full`: the tile has no invalid rows.
  void emitAsyncCopy(Operand &operand, tile::LoadOp load, Value tileOrigin, Value base, bool full);
  Source sourceOf(Operand &operand, tile::LoadOp load);
  bool hasEvenPasses(const Operand &operand);
  Value addressOf(tile::LoadOp load);
  /// Gives the products of the operand, a block's rows, with a parameter the parameter's sign.
  void applySign(Operand &operand);
  mlir::LogicalResult emitPlainCopy(Operand &operand, Value tileOrigin, Value base);
  tile::LoadOp asyncSource(Operand &operand);
  /// Waits until the operand's tile is there, and begins the copy after it.
  mlir::LogicalResult arrive(Operand &operand);
  Value baseOf(const Operand &operand, Value slot);
  /// The slot of the tile at a place; null where there is one slot.
  Value slotAt(const Operand &operand, Value place);
  Value sharedByte(const Operand &operand, Value row, Value chunk);

  // Subtile.cpp: values of a sub-tile.
  mlir::LogicalResult emitValueOp(mlir::Operation &op);
  mlir::LogicalResult emitMask(tile::MaskOp op);
  mlir::LogicalResult emitReduce(tile::ReduceOp op);
  mlir::LogicalResult emitMap(tile::MapOp op);
  mlir::LogicalResult emitUpdate(tile::UpdateOp op);
  Fragment input(Value operand);
  /// The same with what is still to be multiplied by.
  Fragment deferred(Value operand);
  Fragment multiplied(Fragment fragment);
  Value sumOfLanes(Value value, tile::Reduction kind);
  Fragment shaped(Type type);
  int64_t rowRegisters(Type type) { return tile::rowsOf(type) > 1 ? rowsOf.size() : 1; }
  int64_t columnRegisters(Type type) { return tile::columnsOf(type) > 1 ? columnsOf.size() : 1; }
  std::optional<Affine> affine(mlir::AffineExpr expression, unsigned dimensions, mlir::ValueRange indices);
  Value rowIndex(int64_t row) { return emit.plus(rowBase, emit.number(rowsOf[row])); }
  Value columnIndex(int64_t column) { return emit.plus(columnBase, emit.number(columnsOf[column])); }
  /// The condition under which a register's row (column) is valid; null: always.
  Value rowIsValid(int64_t row) { return emit.isLess(rowIndex(row), rowEnd); }
  Value columnIsValid(int64_t column);
  bool columnIsNever(int64_t column);

  // Access.cpp: tensors.
  mlir::LogicalResult emitLoad(tile::LoadOp op);
  mlir::LogicalResult emitStore(tile::StoreOp op);
  Value addressAt(const Tensor &tensor, mlir::AffineMap map, mlir::ValueRange indices, int64_t row, int64_t column);
  Value loadFrom(const Tensor &tensor, Value address, Type type, Value condition);
  void storeTo(const Tensor &tensor, Value address, Value value);
  void storePair(const Tensor &tensor, Value place, Value low, Value high);
  Value emitCondition(llvm::ArrayRef<Value> conditions);

  // Contract.cpp.
  mlir::LogicalResult emitContract(tile::ContractOp op);
  mlir::LogicalResult emitAccumulate(tile::AccumulateOp op);
  /// An address in shared memory: the bits of a lane's place under a layout, and a constant place.
  struct SharedAddress {
    Value byte;
    int64_t bits = 0; ///< that the lane may set below the pitch
  };
  SharedAddress lanesAt(const Operand &operand, llvm::ArrayRef<Place> lanes, llvm::ArrayRef<Place> warps);
  Value at(const Operand &operand, SharedAddress lanes, Place place);
  SharedAddress fragmentAddress(const Operand &operand);
  SharedAddress leftAddress(const Operand &operand);
  SharedAddress rightAddress(const Operand &operand);
  llvm::SmallVector<Value> loadRight(const Operand &operand, SharedAddress lanes, Place place);
  /// Before loads of fragments: a fence where registers are few, after so many products since the last one.
  void pace(int64_t &products);
  void multiplyTiles(const Operand &right, Fragment &sums, int64_t depth,
                     llvm::function_ref<llvm::SmallVector<Value>(int64_t row, int64_t k)> left);
  llvm::SmallVector<llvm::SmallVector<Value>> packed(Fragment &value, Type element);
  void multiplyPlain(Operand &right, Fragment &sums, int64_t depth, llvm::function_ref<Value(int64_t, int64_t)> left);
  // ContractTf32.cpp.
  using LoadTf32 = llvm::function_ref<llvm::SmallVector<Value>(int64_t depth, int64_t place)>;
  void multiplyTf32(Fragment &sums, int64_t depth, LoadTf32 left, LoadTf32 right);
  llvm::SmallVector<Value> loadRightTf32(const Operand &right, bool isPaired, SharedAddress lanes, int64_t k, int64_t n);
  llvm::SmallVector<Value> loadMatricesTf32(Value byte);
  void contractTf32(Operand &left, Operand &right, Fragment &sums, int64_t depth);
  void accumulateTf32(Fragment &value, Operand &right, Fragment &sums);

  Value imageOf(Value number, llvm::ArrayRef<int64_t> images);

  // Line.cpp: index arithmetic.
  Affine affineOf(const Line &line, bool wide);
  Fragment spread(const Affine &affine, llvm::function_ref<Value(Value base, int64_t more)> make);
  Fragment valuesOf(const Line &line);
  std::optional<Fragment> evaluateOfLines(mlir::Operation &op, const Lines &lines);

  // Pointwise.cpp.
  mlir::FailureOr<Fragment> evaluate(mlir::Block &block, mlir::ValueRange inputs);
  mlir::FailureOr<Value> evaluateStage(tile::StageOp stage);
  mlir::FailureOr<Value> emitOperation(mlir::Operation &op, llvm::ArrayRef<Value> operands);
  mlir::FailureOr<Value> emitFunction(mlir::Operation &op, llvm::ArrayRef<Value> operands);

  tile::ParallelOp op;
  Plan plan;
  Lane &emit;
  /// The thread's number, and what follows from it.
  struct Self {
    Value thread, lane, warp;
    Value row, column; ///< of the lane's first register in a sub-tile
  } self;
  Value sharedBase;
  Encoding encoding;                        ///< of the sub-tile at hand
  llvm::SmallVector<int64_t> rowsOf, columnsOf; ///< of registers, relative to the lane's
  Value rowBase, rowEnd, columnBase, columnEnd;
  Value columnOrigin;
  int64_t laneColumnMost = 0; ///< the greatest column of a lane
  bool isFull = false;

  llvm::MapVector<Value, Fragment> carries;
  llvm::DenseMap<Value, Fragment> fragments;

  /// The operands of the loop at hand, in the order of their use, and where they come from.
  struct Pipeline {
    llvm::SmallVector<Operand *> uses;
    unsigned distance = 0; ///< uses by which copies are ahead
    Value place, lower, upper; ///< of tiles: that at hand, the first, and the end
    int64_t step = 0;          ///< from one place to the next
    bool full = false;
    llvm::DenseMap<Operand *, Source> sources;
    llvm::DenseMap<const Operand *, SharedAddress> fragments; ///< where lanes' parts lie
    llvm::function_ref<Value(Value)> tileAt = nullptr;
    llvm::SmallVector<Operand *> arrived; ///< in the tile at hand
  };
  Pipeline *pipeline = nullptr;
  /// Copies for use number `use`, counted from the first of the tile at hand.
  mlir::LogicalResult emitCopyOf(unsigned use);
};

/// `f32`, `f64` or integer of a value as the GPU computes it: indices in maps are i64.
Type computedType(Type type);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_LOWERING_H
