// Filling staged blocks: panels and rows of an expression, point by point.
#include "codegen/cpu/Lowering.h"
#include "codegen/cpu/Pointwise.h"

using namespace mlir;

namespace weir::cpu {

/// The value of a stage's expression at the indices of its ranks.
static FailureOr<Value> emitPoint(Scope &scope, tile::StageOp op,
                                  ArrayRef<Value> indices) {
  for (auto [argument, index] : llvm::zip(op.getBody().getArguments(), indices))
    scope.scalars[argument] = index;
  return emitScalarRegion(scope, op.getBody().front());
}

LogicalResult emitPanel(Scope &scope, tile::StageOp op, const Ref &ref,
                        ArrayRef<Value> leading, Value panel) {
  auto [first, end] = scope.range(op.getDomain(), ref.lane);
  auto [depthFirst, depthEnd] = scope.range(op.getDomain(), ref.depth);
  Value start = scope.add(first, scope.mul(panel, scope.integer(ref.width)));
  Value width = scope.integer(ref.width),
        lanes = scope.least(width, scope.sub(end, start));
  SmallVector<Value> indices(leading);
  indices.append({start, depthFirst});
  Value base = scope.address(ref, indices);
  Value zero = scope.number(tile::computeTypeOf(ref.storage), 0);
  LogicalResult result = success();
  scope.loop(lanes, [&](Value lane) {
    indices[ref.lane] = scope.add(start, lane);
    scope.loop(
        scope.sub(depthEnd, depthFirst), [&, first = depthFirst](Value depth) {
          indices[ref.depth] = scope.add(first, depth);
          auto value = emitPoint(scope, op, indices);
          if (failed(value)) {
            result = failure();
            return;
          }
          Value place = scope.add(scope.mul(depth, ref.depthStride), lane);
          scope.store(*value, scope.offset(ref.storage, base, place));
        });
  });
  scope.loop(lanes, width, scope.integer(1), [&](Value lane) {
    scope.loop(scope.sub(depthEnd, depthFirst), [&](Value depth) {
      Value place = scope.add(scope.mul(depth, ref.depthStride), lane);
      scope.store(zero, scope.offset(ref.storage, base, place));
    });
  });
  return result;
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

LogicalResult emitRow(Scope &scope, tile::StageOp op, const Ref &ref,
                      ArrayRef<Value> leading) {
  auto [first, end] = scope.range(op.getDomain(), leading.size());
  if (auto runs = dyn_cast<tile::RunsAttr>(op.getEncoding()))
    return emitRuns(scope, op, ref, leading, end, runs);
  SmallVector<Value> indices(leading);
  indices.push_back(first);
  LogicalResult result = success();
  scope.loop(first, end, scope.integer(1), [&](Value index) {
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
