// Numerical evaluation of terms, to check what the algebra found.
#ifndef WEIR_PASSES_ALGEBRA_EVALUATE_H
#define WEIR_PASSES_ALGEBRA_EVALUATE_H

#include "passes/algebra/Terms.h"

namespace weir::algebra {

/// The value of `expr` where everything is present; `leaf` gives symbols and reads.
double evaluate(Expr expr, llvm::function_ref<double(Expr)> leaf);

/// A pseudo-random number in [0.5, 2), the same for the same seed and key.
double sample(uint64_t seed, uint64_t key);

/// True if the two agree to rounding, or neither is a number.
bool agree(double a, double b);

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_EVALUATE_H
