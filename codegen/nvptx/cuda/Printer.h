// CUDA C++ from one parallel loop over tiles: a statement an operation, names from the spec.
#ifndef WEIR_CODEGEN_NVPTX_CUDA_PRINTER_H
#define WEIR_CODEGEN_NVPTX_CUDA_PRINTER_H

#include "codegen/nvptx/Plan.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

namespace weir::nvptx::cuda {

/// Text of expressions: names of values, affine maps, regions of scalar operations.
class Names {
public:
  /// A new identifier like `wish` for a value.
  std::string define(Value value, llvm::StringRef wish);
  /// The identifier that the tile program's text has for a value.
  std::string define(Value value);
  void alias(Value value, std::string text) { names[value] = std::move(text); }
  /// A value, or its element in the lane's registers `i`, `j`.
  std::string at(Value value) const;
  std::string operator[](Value value) const { return names.lookup(value); }
  std::string fresh(llvm::StringRef wish);

  std::string affine(mlir::AffineExpr expression, unsigned dimensions, llvm::ArrayRef<std::string> operands) const;
  std::string index(tile::IndexOp op) const;
  /// The value that a region yields for inputs; failure after a message.
  mlir::FailureOr<std::string> expression(mlir::Block &block, mlir::ValueRange inputs);
  /// One operation on operands that are there already.
  mlir::FailureOr<std::string> operation(mlir::Operation &op, llvm::ArrayRef<std::string> operands) const;

private:
  llvm::DenseMap<Value, std::string> names;
  llvm::StringSet<> used;
};

class Printer {
public:
  Printer(tile::ParallelOp loop, Plan &plan, llvm::raw_ostream &os, Names &names)
      : loop(loop), plan(plan), os(os), names(names) {}
  mlir::LogicalResult print();

private:
  llvm::raw_ostream &line() { return os.indent(2 * depth); }
  void open(const llvm::Twine &head);
  void close(llvm::StringRef tail = "}");
  /// A line `for` each register of a row, a column or both.
  void forEach(Type shape, const std::string &statement);
  void declare(Value value, llvm::StringRef wish = "");

  // Printer.cpp: control and copies.
  mlir::LogicalResult printBlock(mlir::Block &block);
  mlir::LogicalResult printOp(mlir::Operation &op);
  void printPosition();
  void printCarry(tile::CarryOp op);
  mlir::LogicalResult printFor(tile::ForOp op);
  mlir::LogicalResult printOuter(tile::ForOp op);
  mlir::LogicalResult printTiles(tile::ForOp op);
  mlir::LogicalResult printSubtile(tile::SubtileOp op);
  mlir::LogicalResult printWhen(tile::WhenOp op);
  void printTile(Operand &operand);
  /// Statements that bring the tile at `origin` to shared memory.
  mlir::LogicalResult printCopy(Operand &operand, const std::string &origin);
  mlir::LogicalResult printPlainCopy(Operand &operand, const std::string &at);
  bool isAsync(Operand &operand, tile::LoadOp load);
  mlir::FailureOr<std::string> printStage(tile::StageOp stage);
  mlir::LogicalResult arrive(Operand &operand);
  std::string slotOf(Operand &operand, const std::string &origin);

  // Values.cpp: sub-tiles.
  mlir::LogicalResult printMask(tile::MaskOp op);
  mlir::LogicalResult printMap(tile::MapOp op);
  mlir::LogicalResult printUpdate(tile::UpdateOp op);
  mlir::LogicalResult printReduce(tile::ReduceOp op);
  mlir::LogicalResult printLoad(tile::LoadOp op);
  mlir::LogicalResult printStore(tile::StoreOp op);
  mlir::LogicalResult printContract(tile::ContractOp op);
  mlir::LogicalResult printAccumulate(tile::AccumulateOp op);
  std::string placeOf(Value ref, mlir::AffineMap map, mlir::ValueRange indices);
  std::string rowIsValid();
  std::string columnIsValid();

  tile::ParallelOp loop;
  Plan &plan;
  llvm::raw_ostream &os;
  Names &names;
  unsigned depth = 1;
  tile::SubtileOp subtile;              ///< at hand
  llvm::DenseSet<Value> states;         ///< carried, in registers
  llvm::DenseMap<Value, int64_t> state; ///< registers along the columns of a state
  llvm::DenseMap<Operand *, std::string> tiles, copies;

  /// The loop over tiles at hand.
  struct Stream {
    llvm::SmallVector<Operand *> uses;
    llvm::SmallVector<Operand *> arrived;
    std::string origin, next, isMore; ///< of the tile, of the one after it, and whether there is one
  };
  Stream *stream = nullptr;
  int64_t streamStep = 1; ///< from one of its tiles to the next
};

/// Without the parentheses around all of it.
std::string bare(std::string text);
/// `float`, `int` … of a computed value.
std::string typeOf(Type type);
/// A literal of `float`.
std::string realText(double value);
/// The type of elements in memory.
std::string storageOf(Type type);

} // namespace weir::nvptx::cuda

#endif // WEIR_CODEGEN_NVPTX_CUDA_PRINTER_H
