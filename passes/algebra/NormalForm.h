// Normal forms: sums of products of powers of atoms and an exponential of a polynomial.
#ifndef WEIR_PASSES_ALGEBRA_NORMAL_FORM_H
#define WEIR_PASSES_ALGEBRA_NORMAL_FORM_H

#include "passes/algebra/Terms.h"

#include <map>
#include <optional>

namespace weir::algebra {

/// A term that the normal form does not look into, ordered by age.
struct Atom {
  Expr expr;
  bool operator<(const Atom &other) const { return expr->id < other.expr->id; }
  bool operator==(const Atom &other) const { return expr == other.expr; }
};

/// A product of powers of atoms; no power is 0.
using Monomial = std::map<Atom, double>;
/// A linear combination of monomials; no coefficient is 0.
using Polynomial = std::map<Monomial, double>;

/// `factors * exp(exponent)`.
struct Product {
  Monomial factors;
  Polynomial exponent;
  bool operator<(const Product &other) const {
    return std::tie(factors, exponent) < std::tie(other.factors, other.exponent);
  }
  bool operator==(const Product &other) const = default;
};

/// A linear combination of products: the normal form.
using Sum = std::map<Product, double>;

Sum constantSum(double value);
Sum atomSum(Expr atom, double power = 1);
Sum fromPolynomial(const Polynomial &polynomial);
void addTo(Sum &into, const Sum &sum, double factor = 1);
void addTo(Polynomial &into, const Polynomial &polynomial, double factor = 1);
void addTo(Monomial &into, const Monomial &monomial, double power = 1);
Product multiply(const Product &lhs, const Product &rhs);
Sum multiply(const Sum &lhs, const Sum &rhs);
/// The sum as a polynomial, if it has no exponential.
std::optional<Polynomial> asPolynomial(const Sum &sum);
/// The sum's only product and its coefficient, if it has one alone.
std::optional<std::pair<Product, double>> onlyProduct(const Sum &sum);
bool nearlyEqual(const Sum &lhs, const Sum &rhs);

/// The signs that a value may have.
struct Signs {
  bool negative = true, zero = true, positive = true;
  bool neverNegative() const { return !negative; }
  bool alwaysPositive() const { return !negative && !zero; }
  bool alwaysNegative() const { return !positive && !zero; }
};

/// Expands terms into normal form and writes them back. Bounded: a sum has at most
/// `maxTerms` products, beyond which `overflowed` is set and results mean nothing.
class Expander {
public:
  /// `isReference` tells the reads that must become visible: products of sums without
  /// any are left as one atom.
  Expander(Terms &terms, std::function<bool(Expr)> isReference)
      : terms(terms), isReference(std::move(isReference)) {}

  Sum expand(Expr expr);
  Signs signs(Expr expr);
  Signs signs(const Product &product);
  /// The sum as a term of scalar type `type`, negative powers as one division.
  Expr write(const Sum &sum, mlir::Type type);
  Expr write(const Product &product, mlir::Type type);

  /// True if a reference stands in `expr`.
  bool hasReference(Expr expr);

  bool overflowed = false;
  static constexpr size_t maxTerms = 64;

private:
  Sum expandNode(Expr expr);
  Sum expandUnary(Expr expr);
  Sum expandBinary(Expr expr);
  Sum expOf(const Sum &exponent, mlir::Type type, double factor);
  Sum logOf(Expr whole, const Sum &operand, double factor);
  Sum powerOf(Expr operand, const Sum &base, double exponent, mlir::Type type);
  Sum productOf(Expr whole, const Sum &lhs, const Sum &rhs);
  Expr writeScaled(const Product &product, double coefficient, mlir::Type type);
  Signs signsOfRead(Expr read);
  Signs signsOfNode(Expr expr);

  Terms &terms;
  std::function<bool(Expr)> isReference;
  llvm::DenseMap<Expr, Sum> expanded;
  llvm::DenseMap<Expr, bool> referencing;
  llvm::DenseMap<mlir::Value, Signs> tensorSigns;
};

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_NORMAL_FORM_H
