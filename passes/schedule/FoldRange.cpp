// Which column tiles a block of rows visits, and which of them are full.
#include "passes/schedule/FoldEmitter.h"

using namespace mlir;
using namespace weir::cascade;
using Relation = weir::cascade::Predicate;

namespace weir::schedule {
namespace {

/// Bounds of the columns that constraints leave to the rows of a block from `first`.
struct ColumnBounds {
  AffineExpressions affine;
  Value first, rows, size;
  int64_t block;
  /// Whether some row, or every row, is asked for.
  bool ofAny;

  /// The greatest (for some row) or least value of row * m + rest. The last row is
  /// that of the block or of the rank: there are two bounds then, and both may be
  /// asked for (what is full for every row may come out smaller than it is).
  SmallVector<AffineExpr> extreme(const Linear &c) {
    AffineExpr rest = affine.of(c.rest);
    if (c.row == 0)
      return {rest};
    bool atEnd = (c.row > 0) == ofAny;
    if (!atEnd)
      return {affine.of(first) * c.row + rest};
    return {(affine.of(first) + (block - 1)) * c.row + rest, (affine.of(rows) - 1) * c.row + rest};
  }
};

} // namespace

FoldEmitter::Range FoldEmitter::range(const Predicate &predicate) {
  int64_t step = emit.getShape().columns;
  MLIRContext *context = ex.context;
  auto bound = [&](bool ofAny, bool isUpper) {
    ColumnBounds bounds{emit.affine(), emit.blockOrigin(), emit.extent(nest.row), emit.extent(nest.column),
                        emit.getShape().block, ofAny};
    SmallVector<AffineExpr> all{isUpper ? bounds.affine.of(bounds.size) : getAffineConstantExpr(0, context)};
    auto take = [&](ArrayRef<Linear> constraints) {
      for (const Linear &c : constraints)
        if ((c.column < 0) == isUpper)
          for (AffineExpr e : bounds.extreme(c))
            all.push_back(isUpper ? e + 1 : -e);
    };
    take(predicate.linear);
    if (ofAny)
      take(predicate.implied);
    // Tiles begin at multiples of the step; the upper end of all may be ragged.
    if (!(ofAny && isUpper)) {
      bool roundsUp = !ofAny && !isUpper;
      for (AffineExpr &e : all)
        e = (roundsUp ? (e + (step - 1)).floorDiv(step) : e.floorDiv(step)) * step;
    }
    StringRef name = ofAny ? (isUpper ? "last" : "first") : (isUpper ? "full_end" : "full");
    auto kind = all.size() == 1 ? tile::Bound::Only : isUpper ? tile::Bound::Min : tile::Bound::Max;
    return emit.index(kind, bounds.affine, all, name);
  };
  Range result;
  result.lower = bound(true, false);
  result.upper = bound(true, true);
  result.fullLower = bound(false, false);
  result.fullUpper = bound(false, true);
  return result;
}

/// The predicates of all states, each once.
SmallVector<Predicate> FoldEmitter::predicates() {
  SmallVector<Predicate> distinct;
  for (StatePlan &state : nest.states)
    if (!llvm::is_contained(distinct, state.predicate))
      distinct.push_back(state.predicate);
  return distinct;
}

/// What any state has work in, and what is full for all by linear constraints.
FoldEmitter::Range FoldEmitter::joinedRange() {
  Range joined;
  for (const Predicate &predicate : predicates()) {
    Range next = range(predicate);
    if (!joined.lower) {
      joined = next;
      continue;
    }
    auto join = [&](tile::Bound bound, Value a, Value b, StringRef name) {
      AffineExpressions affine = emit.affine();
      AffineExpr x = affine.of(a), y = affine.of(b);
      return emit.index(bound, affine, {x, y}, name);
    };
    joined.lower = join(tile::Bound::Min, joined.lower, next.lower, "first");
    joined.upper = join(tile::Bound::Max, joined.upper, next.upper, "last");
    joined.fullLower = join(tile::Bound::Max, joined.fullLower, next.fullLower, "full");
    joined.fullUpper = join(tile::Bound::Min, joined.fullUpper, next.fullUpper, "full_end");
  }
  return joined;
}

/// Linear constraints alone: the tiles with work are a range, and so are the full ones.
void FoldEmitter::foldByRange() {
  Range tiles = joinedRange();
  auto only = rowsWithWork();
  SmallVector<Value> full{tiles.fullLower, tiles.fullUpper};
  if (llvm::any_of(nest.states, [](StatePlan &state) { return !state.predicate.conditions.empty(); }))
    full.clear();
  TileShape shape = emit.getShape();
  if (part) { // each block takes a tile of `splits`
    AffineExpressions affine = emit.affine();
    AffineExpr own = affine.of(tiles.lower) + affine.of(ex.index(part)) * shape.columns;
    tiles.lower = emit.index(tile::Bound::Only, affine, {own}, "own");
  }
  auto body = [&] {
    auto bounds = only;
    if (!bounds.empty())
      bounds = rowsWithWork();
    emit.subtile(nest.column, bounds, [&] { step(); });
  };
  emit.forColumns(nest.column, tiles.lower, tiles.upper, full, body, part ? shape.splits : 1);
}

/// Whether any state may have work in a box, and whether no state has an absent point.
Verdict FoldEmitter::judge(Coverage &box) {
  Verdict joined{ex.truth(false), ex.truth(true)};
  for (const Predicate &predicate : predicates()) {
    Verdict next = box.judge(predicate);
    joined = {ex.binary(BinaryFn::Or, joined.some, next.some), ex.both(joined.all, next.all)};
  }
  return joined;
}

/// Runs `body` where there may be work, and apart where no point is absent.
void FoldEmitter::whenJudged(Verdict verdict, llvm::function_ref<void()> body) {
  auto valueOf = [&](const Node *node, StringRef name) {
    Value value = emit.value(node);
    if (auto map = value.getDefiningOp<tile::MapOp>())
      TileEmitter::setName(map, name);
    return value;
  };
  bool isEver = verdict.all != ex.truth(false);
  if (verdict.some == ex.truth(true) && !isEver)
    return body();
  Value some = valueOf(verdict.some, "some");
  emit.when(some, isEver ? valueOf(verdict.all, "all") : Value(), body);
}

/// Other predicates: each tile is judged, and in one that is not empty each group of rows.
void FoldEmitter::foldByVerdict() {
  TileShape shape = emit.getShape();
  auto bound = [&](StringRef name, Value to) {
    const Node *node = ex.name(name, IntegerType::get(ex.context, 64));
    emit.bind(node, to);
    return node;
  };
  Coverage::Context context{
      [&](const Node *node) { return emit.isComputable(node); },
      [&](const Node *value, const Span &run, tile::Bound of) {
        return emit.boundOfRun(value, run.rank, run.count, of, run.first);
      }};
  Span rows{nest.row, bound("block", emit.blockOrigin()), shape.block};
  Range tiles = joinedRange();
  emit.forColumns(nest.column, tiles.lower, tiles.upper, {}, [&] {
    Span columns{nest.column, bound("columns", emit.columnTile()), shape.columns};
    Coverage block(ex, rows, columns, context);
    whenJudged({judge(block).some, ex.truth(false)}, [&] {
      emit.forGroups([&] {
        Coverage group(ex, {nest.row, bound("group", emit.groupOrigin()), shape.rows}, columns, context);
        Verdict verdict = judge(group);
        const Node *last = ex.binary(BinaryFn::Add, columns.first, ex.integer(shape.columns));
        const Node *isValid = ex.compare(Relation::Le, last, ex.extent(nest.column));
        whenJudged({verdict.some, ex.both(verdict.all, isValid)},
                   [&] { emit.subtile(nest.column, {}, [&] { step(); }); });
      });
    });
  });
}

/// The rows that have work in a column tile, where one predicate of all states bounds
/// them; called outside the tile it says whether there are such bounds.
SmallVector<Value> FoldEmitter::rowsWithWork() {
  const Predicate &predicate = nest.states.front().predicate;
  for (StatePlan &state : nest.states)
    if (!(state.predicate == predicate))
      return {};
  auto bounds = [](const Linear &c) { return c.row == -c.column && c.row * c.row == 1; };
  if (!llvm::any_of(predicate.linear, bounds))
    return {};
  if (!emit.columnTile())
    return {emit.blockOrigin(), emit.blockOrigin()};
  SmallVector<AffineExpr> lower, upper;
  AffineExpressions low = emit.affine(), high = emit.affine();
  for (const Linear &c : predicate.linear) {
    if (!bounds(c))
      continue;
    if (c.row > 0) // m >= n - rest for the first column
      lower.push_back(low.of(emit.columnTile()) - low.of(c.rest));
    else // m <= n + rest for the last column
      upper.push_back(high.of(emit.columnTile()) + high.of(c.rest) + emit.getShape().columns);
  }
  auto bound = [&](tile::Bound kind, AffineExpressions &affine, ArrayRef<AffineExpr> all, Value otherwise, StringRef name) {
    if (all.empty())
      return otherwise;
    return emit.index(all.size() == 1 ? tile::Bound::Only : kind, affine, all, name);
  };
  return {bound(tile::Bound::Max, low, lower, emit.blockOrigin(), "from"),
          bound(tile::Bound::Min, high, upper, emit.extent(nest.row), "to")};
}

} // namespace weir::schedule
