// Guards solved for an index: where the points lie that a condition leaves to a reduction.
#ifndef WEIR_PASSES_ALGEBRA_GUARDS_H
#define WEIR_PASSES_ALGEBRA_GUARDS_H

#include "passes/algebra/Presence.h"

namespace weir::algebra {

/// What conditions say of the index that a reduction runs over. They hold at no other point, but not at all of these.
struct Guard {
  llvm::SmallVector<Expr> lower, upper; ///< Each of the one <= the index <= each of the other.
  /// A rank of the result whose index is `key`, which the reduced index decides; null where there is none. The
  /// points of one index of this rank are a bucket.
  mlir::StringAttr pinned;
  Expr key = nullptr;

  bool isBounded() const { return !lower.empty() || !upper.empty(); }
};

/// Solves comparisons of integers for `index`, a reduced one. They are taken apart while they are sums, differences and
/// products by positive integers, floor divisions by what is known to be positive, minima and maxima. Bounds are
/// terms of which `isKnown` is true. What does not depend on the index is known or not as a whole.
Guard solveGuards(Terms &terms, const Conditions &conditions, Expr index, llvm::function_ref<bool(Expr)> isKnown);

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_GUARDS_H
