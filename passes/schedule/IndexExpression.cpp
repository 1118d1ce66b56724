// Integer expressions of a nest as affine maps of indices.
#include "passes/schedule/IndexExpression.h"

using namespace mlir;
using weir::cascade::BinaryFn;
using weir::cascade::UnaryFn;

namespace weir::schedule {

/// A value that does not change while a kernel runs: a number, an extent, a parameter.
static bool isSymbol(const Node *node) {
  return node->kind == Node::Kind::Extent || node->kind == Node::Kind::Constant ||
         (node->kind == Node::Kind::Load && node->tensor.getDefiningOp<cascade::ParamOp>());
}

bool isAffine(const Node *node) {
  if (!node->type.isInteger(64))
    return false;
  if (node->kind == Node::Kind::Index || isSymbol(node))
    return true;
  if (isBinary(node, BinaryFn::Add) || isBinary(node, BinaryFn::Sub))
    return isAffine(node->operands[0]) && isAffine(node->operands[1]);
  if (isBinary(node, BinaryFn::Mul))
    return (isAffine(node->operands[0]) && isSymbol(node->operands[1])) ||
           (isSymbol(node->operands[0]) && isAffine(node->operands[1]));
  if (isBinary(node, BinaryFn::FloorDiv) || isBinary(node, BinaryFn::Mod))
    return isAffine(node->operands[0]) && isSymbol(node->operands[1]);
  return isUnary(node, UnaryFn::Neg) && isAffine(node->operands[0]);
}

AffineExpr AffineExpressions::of(Value index) {
  auto *it = llvm::find(dims, index);
  if (it == dims.end())
    it = (dims.push_back(index), dims.end() - 1);
  return getAffineDimExpr(it - dims.begin(), context);
}

AffineExpr AffineExpressions::symbol(Value value) {
  auto *it = llvm::find(symbols, value);
  if (it == symbols.end())
    it = (symbols.push_back(value), symbols.end() - 1);
  return getAffineSymbolExpr(it - symbols.begin(), context);
}

AffineExpr AffineExpressions::of(const Node *node, bool isDivisor) {
  if (node->kind == Node::Kind::Constant)
    return getAffineConstantExpr(cast<IntegerAttr>(node->attr).getInt(), context);
  if (node->kind != Node::Kind::Apply)
    return isDivisor ? symbol(leaf(node)) : of(leaf(node));
  if (isUnary(node, UnaryFn::Neg))
    return -of(node->operands[0]);
  const Node *lhs = node->operands[0], *rhs = node->operands[1];
  if (isBinary(node, BinaryFn::Add))
    return of(lhs) + of(rhs);
  if (isBinary(node, BinaryFn::Sub))
    return of(lhs) - of(rhs);
  if (isBinary(node, BinaryFn::Mul)) {
    if (!isSymbol(rhs))
      std::swap(lhs, rhs);
    return of(lhs) * of(rhs, /*isDivisor=*/true);
  }
  AffineExpr divisor = of(rhs, /*isDivisor=*/true);
  return isBinary(node, BinaryFn::FloorDiv) ? of(lhs).floorDiv(divisor) : of(lhs) % divisor;
}

AffineMap AffineExpressions::map(ArrayRef<AffineExpr> results) const {
  return AffineMap::get(dims.size(), symbols.size(), results, context);
}

SmallVector<Value> AffineExpressions::operands() const {
  SmallVector<Value> all(dims);
  llvm::append_range(all, symbols);
  return all;
}

} // namespace weir::schedule
