// What signs a term may have.
#include "passes/algebra/Bodies.h"
#include "passes/algebra/NormalForm.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {
namespace {

constexpr Signs positive{false, false, true};
constexpr Signs notNegative{false, true, true};

Signs signOf(double value) { return {value < 0, value == 0, value > 0}; }
Signs either(Signs a, Signs b) {
  return {a.negative || b.negative, a.zero || b.zero, a.positive || b.positive};
}
Signs negated(Signs a) { return {a.positive, a.zero, a.negative}; }
Signs product(Signs a, Signs b) {
  return {(a.negative && b.positive) || (a.positive && b.negative), a.zero || b.zero,
          (a.positive && b.positive) || (a.negative && b.negative)};
}
Signs sum(Signs a, Signs b) {
  bool opposed = (a.negative && b.positive) || (a.positive && b.negative);
  return {a.negative || b.negative, opposed || (a.zero && b.zero), a.positive || b.positive};
}

Signs power(Signs base, double exponent) {
  if (exponent == std::floor(exponent) && std::fmod(exponent, 2) == 0)
    return {false, base.zero, base.negative || base.positive};
  if (exponent == std::floor(exponent))
    return base;
  return {false, base.zero, true};
}

} // namespace

Signs Expander::signs(const Product &p) {
  Signs result = positive;
  for (const auto &[atom, exponent] : p.factors)
    result = product(result, power(signs(atom.expr), exponent));
  return result;
}

Signs Expander::signs(Expr e) {
  if (!isa<FloatType>(e->type) && e->op != OpKind::Integer && e->op != OpKind::Extent)
    return {};
  return e->op == OpKind::Read ? signsOfRead(e) : signsOfNode(e);
}

/// A reduction has the signs of its summands (a sum of positives is positive: over no
/// point at all it is 0, and then nothing present depends on it).
Signs Expander::signsOfRead(Expr read) {
  auto einsum = read->tensor.getDefiningOp<EinsumOp>();
  if (!einsum)
    return {};
  if (auto it = tensorSigns.find(read->tensor); it != tensorSigns.end())
    return it->second;
  tensorSigns[read->tensor] = Signs(); // what a cycle would see
  Signs body = signs(readEquation(terms, einsum, [](ReadOp, ArrayRef<Expr>) { return nullptr; }));
  Signs result;
  switch (einsum.getCombiner()) {
  case Combiner::None:
  case Combiner::Max:
  case Combiner::Min:
  case Combiner::Mean:
    result = body;
    break;
  case Combiner::Sum:
    result = sum(body, body);
    break;
  case Combiner::Count:
    result = notNegative;
    break;
  default:
    break;
  }
  return tensorSigns[read->tensor] = result;
}

Signs Expander::signsOfNode(Expr e) {
  auto operand = [&](int i) { return signs(e->operands[i]); };
  switch (e->op) {
  case OpKind::Real:
    return signOf(e->real);
  case OpKind::Integer:
    return signOf(static_cast<double>(e->code));
  case OpKind::Extent:
    return notNegative;
  case OpKind::Where:
  case OpKind::Cast:
    return operand(0);
  case OpKind::Else:
    return either(operand(0), operand(1));
  case OpKind::Select:
    return either(operand(1), operand(2));
  case OpKind::Unary:
    switch (static_cast<UnaryFn>(e->code)) {
    case UnaryFn::Exp: case UnaryFn::Exp2: case UnaryFn::Sigmoid: case UnaryFn::Softplus:
      return positive;
    case UnaryFn::Sqrt: case UnaryFn::Abs: case UnaryFn::Relu:
      return {false, operand(0).zero || e->is(UnaryFn::Relu), true};
    case UnaryFn::Rsqrt:
      return positive;
    case UnaryFn::Neg:
      return negated(operand(0));
    case UnaryFn::Tanh: case UnaryFn::Erf: case UnaryFn::Sign: case UnaryFn::Expm1: case UnaryFn::Log1p:
      return operand(0);
    default:
      return {};
    }
  case OpKind::Binary:
    switch (static_cast<BinaryFn>(e->code)) {
    case BinaryFn::Add: return sum(operand(0), operand(1));
    case BinaryFn::Sub: return sum(operand(0), negated(operand(1)));
    case BinaryFn::Mul:
      return e->operands[0] == e->operands[1] ? power(operand(0), 2) : product(operand(0), operand(1));
    case BinaryFn::Div: return product(operand(0), operand(1));
    case BinaryFn::Pow:
      return e->operands[1]->op == OpKind::Real ? power(operand(0), e->operands[1]->real) : Signs();
    case BinaryFn::Max:
      return operand(0).alwaysPositive() || operand(1).alwaysPositive() ? positive
             : operand(0).neverNegative() || operand(1).neverNegative() ? notNegative
                                                                        : either(operand(0), operand(1));
    case BinaryFn::Min: return either(operand(0), operand(1));
    default: return {};
    }
  default:
    return {};
  }
}

} // namespace weir::algebra
