// Index arithmetic and addresses.
#include "codegen/cpu/Scope.h"

#include "codegen/abi/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace weir::cpu {

Value Scope::like(Value pattern, int64_t value) {
  auto vector = dyn_cast<VectorType>(pattern.getType());
  Value scalar = integer(getElementTypeOrSelf(pattern.getType()), value);
  return vector ? splat(scalar, vector.getNumElements()) : scalar;
}

Value Scope::floorDivide(Value a, Value b) {
  Value quotient = divide(a, b);
  Value rest = sub(a, mul(quotient, b)), zero = like(a, 0);
  Value isInexact = compare(arith::CmpIPredicate::ne, rest, zero);
  Value differs = less(arith::XOrIOp::create(builder, loc, rest, b), zero);
  return select(both(isInexact, differs), sub(quotient, like(a, 1)), quotient);
}

Value Scope::floorDivide(Value a, int64_t b) {
  if (b == 1)
    return a;
  if (llvm::isPowerOf2_64(b))
    return arith::ShRSIOp::create(builder, loc, a, like(a, llvm::Log2_64(b)));
  return floorDivide(a, like(a, b));
}

Value Scope::roundUp(Value a, int64_t multiple) {
  return mul(floorDivide(add(a, integer(multiple - 1)), multiple),
             integer(multiple));
}

std::optional<int64_t> Scope::constantOf(Value value) {
  llvm::APInt constant;
  return matchPattern(value, m_ConstantInt(&constant)) ? std::optional(constant.getSExtValue()) : std::nullopt;
}

Value Scope::groupsOf(Value count, int64_t size) {
  if (auto constant = constantOf(count))
    return integer(llvm::divideCeil(*constant, size));
  return floorDivide(add(count, integer(size - 1)), size);
}

Value Scope::expand(AffineExpr expression, unsigned dimensions,
                    ArrayRef<Value> operands) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return integer(constant.getValue());
  if (auto dimension = dyn_cast<AffineDimExpr>(expression))
    return operands[dimension.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expression))
    return operands[dimensions + symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expression);
  Value left = expand(binary.getLHS(), dimensions, operands);
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  bool divides = expression.getKind() != AffineExprKind::Add &&
                 expression.getKind() != AffineExprKind::Mul;
  Value right = divides && divisor
                    ? Value()
                    : expand(binary.getRHS(), dimensions, operands);
  // A constant beside a vector.
  auto widen = [&](Value &narrow, Value wide) {
    auto vector = wide ? dyn_cast<VectorType>(wide.getType()) : VectorType();
    if (vector && narrow && !isa<VectorType>(narrow.getType()))
      narrow = splat(narrow, vector.getNumElements());
  };
  widen(left, right);
  widen(right, left);
  auto quotient = [&](Value value) {
    return right ? floorDivide(value, right)
                 : floorDivide(value, divisor.getValue());
  };
  Value by = right || !divides ? right : like(left, divisor.getValue());
  switch (expression.getKind()) {
  case AffineExprKind::Add:
    return add(left, right);
  case AffineExprKind::Mul:
    return mul(left, right);
  case AffineExprKind::FloorDiv:
    return quotient(left);
  case AffineExprKind::CeilDiv:
    return quotient(add(left, sub(by, like(by, 1))));
  default:
    return sub(left, mul(quotient(left), by));
  }
}

Value Scope::expand(tile::IndexOp op) {
  SmallVector<Value> operands;
  for (Value index : op.getIndices())
    operands.push_back(get(index));
  Value result;
  for (AffineExpr expression : op.getMap().getResults()) {
    Value value = expand(expression, op.getMap().getNumDims(), operands);
    result = !result                             ? value
             : op.getBound() == tile::Bound::Min ? least(result, value)
                                                 : greatest(result, value);
  }
  return result;
}

std::pair<Value, Value> Scope::range(const tile::Domain &domain, size_t i) {
  tile::DomainRank rank = domain[i];
  if (!rank.tile)
    return {integer(0), get(rank.end)};
  Value origin = get(rank.origin);
  return {origin, least(add(origin, integer(rank.tile)), get(rank.end))};
}

Value Scope::room(const tile::Domain &domain, size_t i) {
  tile::DomainRank rank = domain[i];
  return rank.tile ? integer(rank.tile) : get(rank.end);
}

Value Scope::offset(Type storage, Value base, Value index) {
  // Truth values take a byte, and LLVM does not know every type of one byte.
  return at(abi::byteWidth(storage) == 1 ? i8() : storage, base, index);
}

Value Scope::address(const Ref &ref, ArrayRef<Value> indices) {
  Value place = integer(0);
  for (auto [i, index] : llvm::enumerate(indices)) {
    Value relative = ref.origins[i] ? sub(index, ref.origins[i]) : index;
    if (!ref.isPanel() || (i != ref.lane && i != ref.depth)) {
      place = add(place, mul(relative, ref.strides[i]));
    } else if (i == ref.depth) {
      place = add(place, mul(relative, ref.depthStride));
    } else {
      Value panel = floorDivide(relative, ref.width);
      Value lane = sub(relative, mul(panel, integer(ref.width)));
      place = add(place, add(mul(panel, ref.panelStride), lane));
    }
  }
  return offset(ref.storage, ref.base, place);
}

Value Scope::splat(Value scalar, int64_t lanes) {
  return vector::BroadcastOp::create(builder, loc,
                                     vectorOf(scalar.getType(), lanes), scalar);
}

Value Scope::iota(Type type, int64_t lanes) {
  SmallVector<Attribute> values;
  for (int64_t i = 0; i < lanes; ++i)
    values.push_back(builder.getIntegerAttr(type, i));
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(vectorOf(type, lanes), values));
}

} // namespace weir::cpu
