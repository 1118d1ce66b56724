// From terms to normal forms.
#include "passes/algebra/NormalForm.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {

bool Expander::hasReference(Expr expr) {
  if (auto it = referencing.find(expr); it != referencing.end())
    return it->second;
  bool found = isReference(expr) ||
               llvm::any_of(expr->operands, [&](Expr operand) { return hasReference(operand); });
  return referencing[expr] = found;
}

Sum Expander::expand(Expr expr) {
  if (auto it = expanded.find(expr); it != expanded.end())
    return it->second;
  Sum sum = isa<FloatType>(expr->type) ? expandNode(expr) : atomSum(expr);
  if (sum.size() > maxTerms) {
    overflowed = true;
    sum = atomSum(expr);
  }
  return expanded[expr] = sum;
}

Sum Expander::expandNode(Expr e) {
  switch (e->op) {
  case OpKind::Real:
    return constantSum(e->real);
  case OpKind::Unary:
    return expandUnary(e);
  case OpKind::Binary:
    return expandBinary(e);
  case OpKind::Where: // presence is kept beside the normal form
    return expand(e->operands[0]);
  case OpKind::Cast:
    return e->via || !isa<FloatType>(e->operands[0]->type) ? atomSum(e) : expand(e->operands[0]);
  default:
    return atomSum(e);
  }
}

Sum Expander::expandUnary(Expr e) {
  auto operand = [&] { return expand(e->operands[0]); };
  switch (static_cast<UnaryFn>(e->code)) {
  case UnaryFn::Neg:
    return multiply(constantSum(-1), operand());
  case UnaryFn::Exp:
    return expOf(operand(), e->type, 1);
  case UnaryFn::Exp2:
    return expOf(operand(), e->type, std::log(2.0));
  case UnaryFn::Expm1: {
    Sum sum = expOf(operand(), e->type, 1);
    addTo(sum, constantSum(-1));
    return sum;
  }
  case UnaryFn::Log:
    return logOf(e, operand(), 1);
  case UnaryFn::Log2:
    return logOf(e, operand(), 1 / std::log(2.0));
  case UnaryFn::Sqrt:
    return powerOf(e, operand(), 0.5, e->type);
  case UnaryFn::Rsqrt:
    return powerOf(e, operand(), -0.5, e->type);
  default:
    return atomSum(e);
  }
}

Sum Expander::expandBinary(Expr e) {
  Expr lhs = e->operands[0], rhs = e->operands[1];
  switch (static_cast<BinaryFn>(e->code)) {
  case BinaryFn::Add:
  case BinaryFn::Sub: {
    Sum sum = expand(lhs);
    addTo(sum, expand(rhs), e->is(BinaryFn::Add) ? 1 : -1);
    return sum;
  }
  case BinaryFn::Mul:
    return productOf(e, expand(lhs), expand(rhs));
  case BinaryFn::Div:
    return productOf(e, expand(lhs), powerOf(rhs, expand(rhs), -1, e->type));
  case BinaryFn::Pow:
    if (rhs->op == OpKind::Real)
      return powerOf(lhs, expand(lhs), rhs->real, e->type);
    return atomSum(e);
  default:
    return atomSum(e);
  }
}

/// `lhs * rhs`; a product of two sums without references stays one atom, for
/// nothing is to be separated in it and its factored form is the cheaper one.
Sum Expander::productOf(Expr whole, const Sum &lhs, const Sum &rhs) {
  if (lhs.size() > 1 && rhs.size() > 1 && !hasReference(whole))
    return atomSum(whole);
  if (lhs.size() * rhs.size() > 4 * maxTerms) {
    overflowed = true;
    return atomSum(whole);
  }
  return multiply(lhs, rhs);
}

/// What exp(scale * product) is a power of, if the product is a logarithm and the power plain.
static Expr wholeLog(const Product &product, double scale) {
  if (product.factors.size() != 1 || product.factors.begin()->second != 1 || 2 * scale != std::floor(2 * scale))
    return nullptr;
  Expr atom = product.factors.begin()->first.expr;
  return atom->is(UnaryFn::Log) ? atom->operands[0] : nullptr;
}

Sum Expander::expOf(const Sum &exponent, Type type, double factor) {
  Product product;
  double constant = 0;
  for (const auto &[part, coefficient] : exponent) {
    if (part.factors.empty() && part.exponent.empty())
      constant = coefficient * factor;
    else if (Expr inner = part.exponent.empty() ? wholeLog(part, coefficient * factor) : nullptr)
      product = multiply(product, onlyProduct(powerOf(inner, expand(inner), coefficient * factor, type))->first);
    else if (part.exponent.empty())
      addTo(product.exponent, {{part.factors, coefficient * factor}});
    else // an exponential inside an exponent is opaque
      product.factors[Atom{terms.unary(UnaryFn::Exp, write(Sum{{part, coefficient * factor}}, type))}] = 1;
  }
  return {{product, std::exp(constant)}};
}

/// log(c a^k exp(l)) = log c + k log a + l for positive factors; else opaque.
Sum Expander::logOf(Expr whole, const Sum &operand, double factor) {
  auto only = onlyProduct(operand);
  bool splits = only && only->second > 0 &&
                llvm::all_of(only->first.factors, [&](const auto &power) {
                  return signs(power.first.expr).neverNegative();
                });
  if (!splits)
    return atomSum(whole);
  Sum sum = constantSum(factor * std::log(only->second));
  for (const auto &[atom, power] : only->first.factors)
    addTo(sum, atomSum(terms.unary(UnaryFn::Log, atom.expr)), factor * power);
  addTo(sum, fromPolynomial(only->first.exponent), factor);
  return sum;
}

/// A power of one product is taken factor by factor (a fractional one where no factor is
/// negative); small natural powers of sums multiply out; the rest is an atom's power.
Sum Expander::powerOf(Expr operand, const Sum &base, double exponent, Type type) {
  bool isInteger = exponent == std::floor(exponent);
  if (auto only = onlyProduct(base)) {
    auto mayTake = [&](const auto &power) { return signs(power.first.expr).neverNegative(); };
    if (isInteger || (only->second > 0 && llvm::all_of(only->first.factors, mayTake))) {
      Product product;
      addTo(product.factors, only->first.factors, exponent);
      addTo(product.exponent, only->first.exponent, exponent);
      return {{product, std::pow(only->second, exponent)}};
    }
  } else if (isInteger && exponent >= 1 && exponent <= 4 && hasReference(operand)) {
    Sum sum = base;
    for (int i = 1; i < exponent; ++i)
      sum = multiply(sum, base);
    return sum;
  }
  if (base.empty())
    return exponent > 0 ? Sum() : atomSum(terms.real(0, type), exponent);
  return atomSum(write(base, type), exponent);
}

} // namespace weir::algebra
