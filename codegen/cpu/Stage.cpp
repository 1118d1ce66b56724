// Filling staged blocks with rows of an expression, or bounds of its runs.
#include "codegen/cpu/Lowering.h"
#include "codegen/cpu/Pointwise.h"
#include "codegen/cpu/VectorPoint.h"

using namespace mlir;

namespace weir::cpu {

/// The value of a stage's expression at the indices of its ranks.
static FailureOr<Value> emitPoint(Scope &scope, tile::StageOp op,
                                  ArrayRef<Value> indices) {
  for (auto [argument, index] : llvm::zip(op.getBody().getArguments(), indices))
    scope.scalars[argument] = index;
  return emitScalarRegion(scope, op.getBody().front());
}

/// Fills the bounds of all runs of the last rank.
static LogicalResult emitRuns(Scope &scope, tile::StageOp op, const Ref &ref,
                              ArrayRef<Value> leading, Value end,
                              tile::RunsAttr runs) {
  SmallVector<Value> at(leading), place(leading);
  at.push_back(end);
  place.push_back(end);
  bool isLeast = runs.getBound() == tile::Bound::Min;
  Value width = scope.integer(runs.getWidth());
  LogicalResult result = success();
  scope.loop(scope.integer(0), end, width, [&](Value from) {
    Value to = scope.least(end, scope.add(from, width));
    Value none = scope.integer(isLeast ? INT64_MAX : INT64_MIN);
    auto narrow = [&](Value index, ValueRange known) -> SmallVector<Value> {
      at.back() = index;
      auto value = emitPoint(scope, op, at);
      if (failed(value)) {
        result = failure();
        return {known[0]};
      }
      return {isLeast ? scope.least(known[0], *value)
                      : scope.greatest(known[0], *value)};
    };
    Value bound = scope.carry(from, to, none, narrow)[0];
    place.back() = scope.floorDivide(from, runs.getWidth());
    scope.store(bound, scope.address(ref, place));
  });
  return result;
}

/// Fills whole vectors of a row whose elements lie side by side where they are read;
/// returns how many elements it has filled.
static Value emitVectors(Scope &scope, tile::StageOp op, const Ref &ref,
                         ArrayRef<Value> start, Value count, LogicalResult &result) {
  int64_t lanes = scope.target.getLevel().lanes(op.getElementType());
  VectorPoint along(scope, op, start.size() - 1, lanes);
  Value none = scope.integer(0);
  if (!along.isLikely())
    return none;
  Value isSideBySide = along.isSideBySide();
  Value whole = scope.mul(scope.floorDivide(count, lanes), scope.integer(lanes));
  whole = scope.select(isSideBySide, whole, none);
  Value base = scope.address(ref, start);
  unsigned alignment = op.getElementType().getIntOrFloatBitWidth() / 8;
  auto row = along.row(start);
  if (failed(row)) {
    result = failure();
    return none;
  }
  scope.loop(none, whole, scope.integer(lanes), [&](Value distance) {
    auto vector = along.at(*row, distance);
    if (failed(vector))
      result = failure();
    else
      LLVM::StoreOp::create(scope.builder, scope.loc, *vector,
                            scope.offset(ref.storage, base, distance), alignment);
  });
  return whole;
}

LogicalResult emitRow(Scope &scope, tile::StageOp op, const Ref &ref,
                      ArrayRef<Value> leading) {
  auto [first, end] = scope.range(op.getDomain(), leading.size());
  if (auto runs = dyn_cast<tile::RunsAttr>(op.getEncoding()))
    return emitRuns(scope, op, ref, leading, end, runs);
  SmallVector<Value> indices(leading);
  indices.push_back(first);
  LogicalResult result = success();
  Value from = emitVectors(scope, op, ref, indices, scope.sub(end, first), result);
  scope.loop(scope.add(first, from), end, scope.integer(1), [&](Value index) {
    indices.back() = index;
    auto value = emitPoint(scope, op, indices);
    if (failed(value))
      result = failure();
    else
      scope.store(*value, scope.address(ref, indices));
  });
  return result;
}

} // namespace weir::cpu
