// Emits expressions of a nest into a tile kernel: loads, contractions, maps.
#ifndef WEIR_PASSES_SCHEDULE_TILE_EMITTER_H
#define WEIR_PASSES_SCHEDULE_TILE_EMITTER_H

#include "dialect/tile/Tile.h"
#include "passes/schedule/IndexExpression.h"
#include "passes/schedule/Nest.h"
#include "llvm/ADT/MapVector.h"

namespace weir::schedule {

/// The shape of the tiles, as the target plans it.
struct TileShape {
  int64_t rows = 6;     ///< of a sub-tile
  int64_t columns = 64; ///< of a sub-tile
  int64_t block = 192;  ///< rows of a block, a multiple of `rows`
  bool absorbs = true;  ///< factors of rows go into the row operand of a contraction
  bool judges = true;   ///< tables and disjunctions decide, tile by tile, where there is work
  bool streams = true;  ///< operands of columns that only one block of rows uses are staged tile by tile
  int64_t splits = 1;   ///< blocks that share the columns of a fold, where its rows are few
  int64_t mergeRows = 16, mergeColumns = 8; ///< of a sub-tile in which they are merged, all parts of an element at once
};

/// Builds one tile kernel. Values are emitted where the builder stands, operands
/// of contractions where they belong: those of columns before the parallel loop,
/// those of rows in it.
class TileEmitter {
public:
  TileEmitter(Expressions &ex, Inliner &inliner, cascade::KernelOp source, TileShape shape,
              std::optional<RankSplit> split);

  /// Creates the kernel with the arguments of `source` at `b`.
  tile::KernelOp createKernel(mlir::OpBuilder &at);

  /// Why `node` cannot be emitted in a nest, or null. What `isStaged` is copied point by point, and may be read where
  /// a table says.
  std::optional<std::string> whyNot(const Node *node, mlir::StringAttr row, mlir::StringAttr column,
                                    bool isStaged = false);

  // Structure.

  /// A rank of the kernel that the source does not have, of a known extent.
  mlir::StringAttr addRank(llvm::StringRef wish, int64_t size);
  /// A tensor that one parallel loop writes and another one reads: behind the outputs.
  mlir::Value addScratch(llvm::StringRef name, llvm::ArrayRef<mlir::StringAttr> ranks, mlir::Type storage);
  /// Opens a parallel loop over blocks of `row` and over `grid`, and stands in it.
  void openParallel(mlir::StringAttr row, llvm::ArrayRef<mlir::StringAttr> grid, bool descending);
  /// Stands behind the parallel loop.
  void closeParallel();
  /// Runs `body` at each point of `rank` from `lower` to below `upper`, one after the other.
  void forPoints(mlir::StringAttr rank, mlir::Value lower, mlir::Value upper, llvm::function_ref<void()> body);
  /// Runs `body` in a loop over tiles of `column`, every `every`-th of them.
  void forColumns(mlir::StringAttr column, mlir::Value lower, mlir::Value upper, mlir::ValueRange full,
                  llvm::function_ref<void()> body, int64_t every = 1);
  /// The same over all of `column`; tiles of valid columns only are full.
  void forAllColumns(mlir::StringAttr column, llvm::function_ref<void()> body);
  /// Runs `body` in a loop over the groups of rows of the current block.
  void forGroups(llvm::function_ref<void()> body);
  /// Runs `body` in the sub-tiles of the current block or group, and column tile if there
  /// is one.
  void subtile(mlir::StringAttr column, mlir::ValueRange only, llvm::function_ref<void()> body);

  /// Runs `body` where any element of a condition is true; apart, with masks that are
  /// true, where `full` (may be null) is true as well.
  void when(mlir::Value condition, mlir::Value full, llvm::function_ref<void()> body);

  // Values.

  /// The value of an expression at the current point; memoised in the region.
  mlir::Value value(const Node *node);
  /// Roots that are emitted in the current region: what they share is emitted once.
  void share(llvm::ArrayRef<const Node *> roots);
  void bind(const Node *node, mlir::Value to) { values[node] = to; }
  mlir::Value index(tile::Bound bound, AffineExpressions &affine, llvm::ArrayRef<mlir::AffineExpr> results,
                    llvm::StringRef name);
  AffineExpressions affine();
  mlir::Value constantIndex(int64_t value, llvm::StringRef name);
  mlir::Value extent(mlir::StringAttr rank);
  /// Where constraints and a condition (may be null) hold, in valid columns.
  mlir::Value mask(llvm::ArrayRef<Linear> constraints, mlir::Value condition, mlir::StringAttr column, bool byRow);
  /// True if an expression of inputs, parameters and indices can be computed at any point.
  bool isComputable(const Node *node);
  /// The least or greatest value of a computable expression over the run of `width` indices
  /// of `rank` from `first`, a multiple of it; tabulated for all runs before the parallel loop.
  const Node *boundOfRun(const Node *value, mlir::StringAttr rank, int64_t width, tile::Bound bound, const Node *first);
  /// A block that carries a state of the current rows, and of `extra` if not null.
  mlir::Value carry(mlir::StringAttr extra, mlir::Type type, mlir::TypedAttr init, llvm::StringRef name);
  /// The subscripts as operands of a load or store.
  mlir::AffineMap subscripts(llvm::ArrayRef<const Node *> nodes, llvm::SmallVector<mlir::Value> &operands);
  void store(mlir::Value value, mlir::Value ref, llvm::ArrayRef<const Node *> at);
  /// Stores an output at the current rows, and columns of `column` if not null.
  void storeOutput(OutputPlan &output, mlir::StringAttr column);
  /// Replaces the rows of a carried block by an expression.
  void update(mlir::Value ref, const Node *value);
  /// Adds `p` times the staged `factor`, over the columns, to a carried block; a
  /// column that the mask (may be null) leaves out adds nothing, not 0 times infinity.
  void accumulate(mlir::Value ref, mlir::Value p, const Node *factor, mlir::StringAttr extra, mlir::Value mask);

  mlir::OpBuilder &builder() { return b; }
  mlir::Location loc() { return location; }
  mlir::Value rowIndex() { return indices.lookup(row); }
  mlir::Value blockOrigin() { return origin; }
  mlir::Value groupOrigin() { return group; }
  mlir::Value columnTile() { return columnOrigin; }
  TileShape getShape() { return shape; }
  void setShape(TileShape to) { shape = to; }
  void bindCarry(mlir::Value state, mlir::Value ref) { carries[state] = ref; }
  static void setName(mlir::Operation *op, llvm::StringRef name);

private:
  struct Staged {
    mlir::Value ref;
    llvm::SmallVector<mlir::StringAttr> ranks; ///< leading ranks
    Operands leading;                          ///< their subscripts
  };

  void openLoop(mlir::StringAttr rank, tile::ForOp op, llvm::StringRef name);
  void forgetStaged(mlir::Operation *scope);
  mlir::Value knownConstant(int64_t value);
  mlir::Value load(const Node *node);
  mlir::Value contract(const Node *node);
  mlir::Value map(const Node *node);
  mlir::Value point(const Node *node);
  mlir::Value inRegion(const Node *node, mlir::Region &region, llvm::SmallVector<mlir::Value> &operands,
                       mlir::Type refElement);
  void collect(const Node *node, bool isRoot, llvm::SmallSetVector<const Node *, 8> &leaves);
  Staged stageColumns(const Node *factor, mlir::StringAttr lanes, mlir::StringAttr inner, int64_t width);
  Staged stageTile(const Node *factor, mlir::StringAttr lanes, mlir::StringAttr inner, int64_t width);
  bool isStreamed(const Node *factor) const;
  mlir::Attribute encodingOf(int64_t width) const; ///< panels, or rows for a width of 0
  mlir::Value stageRows(const Node *factor, mlir::StringAttr inner, bool isPacked);
  tile::StageOp stage(llvm::ArrayRef<mlir::StringAttr> ranks, mlir::ValueRange origins, mlir::ValueRange ends,
                      llvm::ArrayRef<int64_t> tiles, const Node *value, mlir::Attribute encoding, llvm::StringRef name);
  const Node *generalise(const Node *node, llvm::MapVector<mlir::StringAttr, const Node *> &leading);
  const Node *product(llvm::ArrayRef<const Node *> factors, mlir::Type type);
  Operands leadingOf(const Staged &columns);
  mlir::Value clamped(const Node *subscript, mlir::StringAttr rank);

  Expressions &ex;
  Inliner &inliner;
  cascade::KernelOp source;
  TileShape shape;
  std::optional<RankSplit> split;
  mlir::OpBuilder b;
  mlir::Location location;
  tile::KernelOp kernel;

  llvm::DenseMap<mlir::Value, mlir::Value> arguments, carries;
  llvm::DenseMap<mlir::Operation *, mlir::Value> outputs;
  llvm::DenseMap<mlir::StringAttr, mlir::Value> indices, extents;
  llvm::DenseMap<const Node *, mlir::Value> values;
  llvm::DenseMap<const Node *, unsigned> uses;
  /// A factor by the ranks of its lanes and its depth, as rows (1) or columns (0), in panels of a width: both sides may use it.
  using StagedAs = std::tuple<const Node *, mlir::StringAttr, mlir::StringAttr, unsigned, int64_t>;
  llvm::DenseMap<StagedAs, Staged> staged;
  llvm::DenseMap<std::pair<const Node *, mlir::Attribute>, mlir::Value> tables; ///< by encoding

  mlir::StringAttr row, column;
  mlir::Value origin, group, columnOrigin; ///< of the current block, group and column tile
  mlir::Operation *parallel = nullptr;
  llvm::SmallVector<std::pair<mlir::StringAttr, mlir::Operation *>> loops; ///< open ones, outer ones first
  mlir::Operation *work = nullptr; ///< of the current column tile, before which its operands are staged
  bool inStage = false;
};

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_TILE_EMITTER_H
