// From normal forms back to terms.
#include "passes/algebra/NormalForm.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {
namespace {

/// A product as it is built: factors above and below one division.
struct Fraction {
  Expr above = nullptr, below = nullptr;
};

void times(Terms &terms, Expr &into, Expr factor) {
  into = into ? terms.binary(BinaryFn::Mul, into, factor) : factor;
}

void multiplyPower(Terms &terms, Fraction &fraction, Expr atom, double power) {
  double size = std::fabs(power);
  if (power == -0.5)
    return times(terms, fraction.above, terms.unary(UnaryFn::Rsqrt, atom));
  Expr &side = power > 0 ? fraction.above : fraction.below;
  if (size == 0.5)
    return times(terms, side, terms.unary(UnaryFn::Sqrt, atom));
  if (size != std::floor(size) || size > 4)
    return times(terms, side, terms.binary(BinaryFn::Pow, atom, terms.real(size, atom->type)));
  for (int i = 0; i < size; ++i)
    times(terms, side, atom);
}

} // namespace

Expr Expander::writeScaled(const Product &product, double coefficient, Type type) {
  Fraction fraction;
  if (coefficient != 1)
    fraction.above = terms.real(coefficient, type);
  if (!product.exponent.empty())
    times(terms, fraction.above, terms.unary(UnaryFn::Exp, write(fromPolynomial(product.exponent), type)));
  for (bool roots : {false, true})
    for (const auto &[atom, power] : product.factors)
      if ((power == -0.5) == roots)
        multiplyPower(terms, fraction, atom.expr, power);
  if (!fraction.above)
    fraction.above = terms.real(1, type);
  Expr result = fraction.below ? terms.binary(BinaryFn::Div, fraction.above, fraction.below) : fraction.above;
  // The normal form has dropped casts between reals; all factors may be of the narrower type.
  return result->type == type ? result : terms.cast(result, type);
}

Expr Expander::write(const Product &product, Type type) { return writeScaled(product, 1, type); }

Expr Expander::write(const Sum &sum, Type type) {
  Expr result = nullptr;
  auto append = [&](const Product &product, double coefficient) {
    Expr part = writeScaled(product, std::fabs(coefficient), type);
    if (!result)
      result = coefficient > 0 ? part : terms.unary(UnaryFn::Neg, part);
    else
      result = terms.binary(coefficient > 0 ? BinaryFn::Add : BinaryFn::Sub, result, part);
  };
  // What is added, what is taken away, and a constant (the first product of any sum) last.
  for (bool isAdded : {true, false})
    for (const auto &[product, coefficient] : sum)
      if ((coefficient > 0) == isAdded && product != Product())
        append(product, coefficient);
  if (auto constant = sum.find(Product()); constant != sum.end())
    append(constant->first, constant->second);
  return result ? result : terms.real(0, type);
}

} // namespace weir::algebra
