// Which points of a group of rows are present, as far as linear constraints tell.
#include "codegen/cpu/Subtile.h"

using namespace mlir;

namespace weir::cpu {

/// What a mask asks to be at least 0, as a linear function of row and column; none if it is
/// known in the region only, or is no such function.
std::optional<Linear> SubtileLowering::constraint(tile::MaskOp mask, AffineExpr expression) {
  for (Value index : mask.getIndices())
    if (Operation *inner = index.getDefiningOp(); inner && op->isProperAncestor(inner))
      return std::nullopt;
  return linear(expression, mask.getMap().getNumDims(), mask.getIndices());
}

Value SubtileLowering::isAllPresent(Value row) {
  if (!vectors)
    return {};
  setGroup(row);
  Value end = scope.add(firstColumn, scope.integer(columns));
  Value all = scope.compare(arith::CmpIPredicate::sle, end, endColumn);
  Value lastRow = scope.least(scope.sub(scope.sub(endRow, row), scope.integer(1)), scope.integer(rows - 1));
  auto result = op.getBody().walk([&](tile::MaskOp mask) {
    if (mask.getCondition())
      return WalkResult::interrupt();
    for (AffineExpr expression : mask.getMap().getResults()) {
      auto index = constraint(mask, expression);
      if (!index)
        return WalkResult::interrupt();
      int64_t ofColumns = std::min<int64_t>(0, index->columnStep * (columns - 1));
      Value least = scope.add(index->start, scope.integer(ofColumns));
      if (index->rowStep < 0)
        least = scope.add(least, scope.mul(lastRow, scope.integer(index->rowStep)));
      Value holds = scope.compare(arith::CmpIPredicate::sge, least, scope.integer(0));
      all = scope.both(all, holds);
    }
    return WalkResult::advance();
  });
  return result.wasInterrupted() ? Value() : all;
}

/// Bounds the columns that any row of the group may keep: no mask keeps the others, so
/// nothing comes of what is computed there.
void SubtileLowering::findPresent() {
  Value zero = scope.integer(0);
  Value valid = scope.least(scope.sub(endColumn, firstColumn), scope.integer(columns));
  Value from, to;
  op.getBody().walk([&](tile::MaskOp mask) {
    Value lower = zero, upper = valid;
    for (AffineExpr expression : mask.getMap().getResults()) {
      auto index = constraint(mask, expression);
      if (!index || index->columnStep * index->columnStep != 1)
        continue;
      int64_t most = std::max<int64_t>(0, index->rowStep * (rows - 1));
      Value greatest = scope.add(index->start, scope.integer(most));
      if (index->columnStep > 0)
        lower = scope.greatest(lower, scope.sub(zero, greatest));
      else
        upper = scope.least(upper, scope.add(greatest, scope.integer(1)));
    }
    from = from ? scope.least(from, lower) : lower;
    to = to ? scope.greatest(to, upper) : upper;
  });
  presentTo = scope.greatest(to ? to : valid, zero);
  presentFrom = from ? scope.least(from, presentTo) : zero;
}

} // namespace weir::cpu
