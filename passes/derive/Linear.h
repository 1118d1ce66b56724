// Sums of products with constant coefficients: exponents and subscripts, term by term.
#ifndef WEIR_PASSES_DERIVE_LINEAR_H
#define WEIR_PASSES_DERIVE_LINEAR_H

#include "passes/algebra/Terms.h"

#include <map>
#include <optional>
#include <vector>

namespace weir::derive {

using algebra::Expr;

/// `coefficient * product of factors` for each entry; factors in order of age, repeated for powers.
class Linear {
public:
  struct Older {
    bool operator()(const std::vector<Expr> &a, const std::vector<Expr> &b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                          [](Expr x, Expr y) { return x->id < y->id; });
    }
  };
  using Parts = std::map<std::vector<Expr>, double, Older>;

  /// `expr` multiplied out: sums, differences, products, and casts of integers. Maps are looked
  /// through. What is left are atoms.
  static Linear of(algebra::Terms &terms, Expr expr);

  void add(const Linear &other, double scale = 1);
  void add(std::vector<Expr> factors, double coefficient);
  Linear times(const Linear &other) const;
  /// The parts whose factors, one at least, satisfy `test`.
  Linear partsWith(llvm::function_ref<bool(Expr)> test) const;
  /// With every occurrence of a key of `replacements` replaced, multiplied out again.
  Linear substituted(algebra::Terms &terms, const llvm::DenseMap<Expr, Expr> &replacements) const;
  /// As one term of type `type`.
  Expr write(algebra::Terms &terms, mlir::Type type) const;

  const Parts &getParts() const { return parts; }
  bool empty() const { return parts.empty(); }
  size_t size() const { return parts.size(); }
  /// The value, if no part has a factor.
  std::optional<double> constant() const;
  bool operator==(const Linear &other) const { return parts == other.parts; }

private:
  Parts parts;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_LINEAR_H
