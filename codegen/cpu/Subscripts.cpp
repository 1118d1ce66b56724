// Where subscripts lead: steps by row and column, offsets of elements.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"

using namespace mlir;

namespace weir::cpu {

bool SubtileLowering::varies(Value index, bool byRow) const {
  if (isa<IndexType>(index.getType()))
    return byRow ? tile::isRowIndex(index) : tile::isColumnIndex(index);
  Type type = index.getType();
  return (byRow ? tile::rowsOf(type) : tile::columnsOf(type)) > 1;
}

/// What a subscript grows by from one row (column) to the next, if that is
/// always the same.
std::optional<int64_t> SubtileLowering::stepOf(AffineExpr expression,
                                               unsigned dimensions,
                                               ValueRange indices, bool byRow) {
  MLIRContext *context = expression.getContext();
  int64_t result = 0;
  for (auto [i, index] : llvm::enumerate(indices)) {
    if (!varies(index, byRow))
      continue;
    bool isDimension = i < dimensions;
    if (isDimension ? !expression.isFunctionOfDim(i)
                    : !expression.isFunctionOfSymbol(i - dimensions))
      continue;
    if (!isa<IndexType>(index.getType()))
      return std::nullopt; // values of a sub-tile
    AffineExpr unit = isDimension
                          ? getAffineDimExpr(i, context)
                          : getAffineSymbolExpr(i - dimensions, context);
    AffineExpr step =
        simplifyAffineExpr(expression.replace(unit, unit + 1) - expression,
                           dimensions, indices.size() - dimensions);
    auto constant = dyn_cast<AffineConstantExpr>(step);
    if (!constant)
      return std::nullopt;
    result += constant.getValue();
  }
  return result;
}

std::optional<Linear> SubtileLowering::linear(AffineExpr expression,
                                              unsigned dimensions,
                                              ValueRange indices) {
  auto rowStep = stepOf(expression, dimensions, indices, true),
       columnStep = stepOf(expression, dimensions, indices, false);
  if (!rowStep || !columnStep)
    return std::nullopt;
  SmallVector<Value> corner;
  for (Value index : indices)
    corner.push_back(scope.get(index));
  return Linear{scope.expand(expression, dimensions, corner), *rowStep,
                *columnStep};
}

SmallVector<Value> SubtileLowering::corner(AffineMap map, ValueRange indices) {
  SmallVector<Value> operands, result;
  for (Value index : indices)
    operands.push_back(scope.get(index));
  for (AffineExpr expression : map.getResults())
    result.push_back(scope.expand(expression, map.getNumDims(), operands));
  return result;
}

//===-- Values in memory --------------------------------------------------===//

/// Puts a sub-tile on the stack, so that its elements can be had one by one.
SubtileLowering::Spilled SubtileLowering::spill(Value value) {
  Sub sub = input(value);
  Type type = tile::elementOf(value.getType());
  Spilled result{nullptr, type, sub.rows > 1, sub.vectors != 0};
  int64_t width = sub.vectors ? columns : 1;
  result.base = allocate(heldType(type), sub.rows * width);
  for (int64_t row = 0; row < sub.rows; ++row)
    for (int64_t vector = 0; vector < std::max<int64_t>(1, sub.vectors);
         ++vector) {
      Value place = scope.integer(row * width + vector * lanes);
      Value address = scope.offset(type, result.base, place);
      if (sub.vectors)
        storeVector(sub.at(row, vector), address, Value());
      else
        abi::storeElement(scope, type, result.base, place, sub.at(row, 0),
                          false);
    }
  return result;
}

Value SubtileLowering::elementOf(const Spilled &spilled, Value row,
                                 Value column) {
  Value place = scope.integer(0);
  if (spilled.hasRows)
    place = spilled.hasColumns ? scope.mul(row, scope.integer(columns)) : row;
  if (spilled.hasColumns)
    place = scope.add(place, column);
  return abi::loadElement(scope, spilled.type, spilled.base, place, false);
}

//===-- Elements of tensors -----------------------------------------------===//

SubtileLowering::Subscripts
SubtileLowering::subscripts(const Ref &ref, AffineMap map, ValueRange indices) {
  Subscripts result{ref, map, indices};
  for (Value index : indices)
    if (!isa<IndexType>(index.getType()))
      result.spilled[index] = spill(index);
  return result;
}

Value SubtileLowering::offsetAt(const Subscripts &at, Value row, Value column) {
  SmallVector<Value> operands;
  for (Value index : at.indices) {
    if (auto spilled = at.spilled.find(index); spilled != at.spilled.end())
      operands.push_back(elementOf(spilled->second, row, column));
    else if (tile::isRowIndex(index))
      operands.push_back(scope.add(firstRow, row));
    else if (tile::isColumnIndex(index))
      operands.push_back(scope.add(firstColumn, column));
    else
      operands.push_back(scope.get(index));
  }
  Value place = scope.integer(0);
  for (auto [i, expression] : llvm::enumerate(at.map.getResults())) {
    Value index = scope.expand(expression, at.map.getNumDims(), operands);
    if (at.ref.origins[i])
      index = scope.sub(index, at.ref.origins[i]);
    place = scope.add(place, scope.mul(index, at.ref.strides[i]));
  }
  return place;
}

/// The offset's step by row (column), or null where it is not always the same.
Value SubtileLowering::strideOf(const Subscripts &at, bool byRow) {
  Value sum = scope.integer(0);
  for (auto [i, expression] : llvm::enumerate(at.map.getResults())) {
    auto step = stepOf(expression, at.map.getNumDims(), at.indices, byRow);
    if (!step)
      return {};
    if (*step)
      sum = scope.add(sum, scope.mul(at.ref.strides[i], scope.integer(*step)));
  }
  return sum;
}

SmallVector<Value> SubtileLowering::rowOffsets(const Subscripts &at,
                                               bool isClamped) {
  Value zero = scope.integer(0), last;
  if (!llvm::any_of(at.indices,
                    [&](Value index) { return varies(index, true); }))
    return {offsetAt(at, zero, zero)};
  if (isClamped)
    last = scope.sub(scope.sub(endRow, scope.integer(1)), firstRow);
  Value step = strideOf(at, true),
        start = step ? offsetAt(at, zero, zero) : Value();
  SmallVector<Value> result;
  for (int64_t row = 0; row < rows; ++row) {
    Value ahead = scope.integer(row);
    if (isClamped)
      ahead = scope.least(ahead, last);
    result.push_back(step ? scope.add(start, scope.mul(ahead, step))
                          : offsetAt(at, ahead, zero));
  }
  return result;
}

} // namespace weir::cpu
