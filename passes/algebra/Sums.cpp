// Arithmetic of normal forms.
#include "passes/algebra/NormalForm.h"

#include <cmath>

namespace weir::algebra {
namespace {

/// Coefficients that differ by rounding alone are taken as equal; sums that nearly cancel, as 0.
constexpr double tolerance = 1e-12;

template <typename Map, typename Key>
void addEntry(Map &map, const Key &key, double value) {
  if (value == 0)
    return;
  auto [it, isNew] = map.try_emplace(key, value);
  if (isNew)
    return;
  double sum = it->second + value;
  if (std::fabs(sum) <= tolerance * std::max(std::fabs(it->second), std::fabs(value)))
    map.erase(it);
  else
    it->second = sum;
}

} // namespace

Sum constantSum(double value) {
  Sum sum;
  addEntry(sum, Product(), value);
  return sum;
}

Sum atomSum(Expr atom, double power) { return {{Product{{{Atom{atom}, power}}, {}}, 1.0}}; }

Sum fromPolynomial(const Polynomial &polynomial) {
  Sum sum;
  for (const auto &[monomial, coefficient] : polynomial)
    sum[Product{monomial, {}}] = coefficient;
  return sum;
}

void addTo(Sum &into, const Sum &sum, double factor) {
  for (const auto &[product, coefficient] : sum)
    addEntry(into, product, coefficient * factor);
}

void addTo(Polynomial &into, const Polynomial &polynomial, double factor) {
  for (const auto &[monomial, coefficient] : polynomial)
    addEntry(into, monomial, coefficient * factor);
}

void addTo(Monomial &into, const Monomial &monomial, double power) {
  for (const auto &[atom, exponent] : monomial)
    addEntry(into, atom, exponent * power);
}

Product multiply(const Product &lhs, const Product &rhs) {
  Product product = lhs;
  addTo(product.factors, rhs.factors);
  addTo(product.exponent, rhs.exponent);
  return product;
}

Sum multiply(const Sum &lhs, const Sum &rhs) {
  Sum sum;
  for (const auto &[a, ca] : lhs)
    for (const auto &[b, cb] : rhs)
      addEntry(sum, multiply(a, b), ca * cb);
  return sum;
}

std::optional<Polynomial> asPolynomial(const Sum &sum) {
  Polynomial polynomial;
  for (const auto &[product, coefficient] : sum) {
    if (!product.exponent.empty())
      return std::nullopt;
    polynomial[product.factors] = coefficient;
  }
  return polynomial;
}

std::optional<std::pair<Product, double>> onlyProduct(const Sum &sum) {
  if (sum.size() != 1)
    return std::nullopt;
  return *sum.begin();
}

bool nearlyEqual(const Sum &lhs, const Sum &rhs) {
  return lhs.size() == rhs.size() &&
         std::equal(lhs.begin(), lhs.end(), rhs.begin(), [](const auto &a, const auto &b) {
           return a.first == b.first &&
                  std::fabs(a.second - b.second) <= tolerance * std::fabs(a.second);
         });
}

} // namespace weir::algebra
