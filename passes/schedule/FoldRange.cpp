// Which column tiles a block of rows visits, and which of them are full.
#include "passes/schedule/FoldEmitter.h"

using namespace mlir;
using namespace weir::cascade;

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
    for (const Linear &c : predicate.linear)
      if ((c.column < 0) == isUpper)
        for (AffineExpr e : bounds.extreme(c))
          all.push_back(isUpper ? e + 1 : -e);
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

/// What any state has work in, and what is full for all.
FoldEmitter::Range FoldEmitter::joinedRange() {
  SmallVector<Predicate> distinct;
  for (StatePlan &state : nest.states)
    if (!llvm::is_contained(distinct, state.predicate))
      distinct.push_back(state.predicate);
  Range joined;
  for (const Predicate &predicate : distinct) {
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
