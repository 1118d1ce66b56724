// The dialect's functions on plain doubles.
#ifndef WEIR_PASSES_ALGEBRA_ARITHMETIC_H
#define WEIR_PASSES_ALGEBRA_ARITHMETIC_H

#include "dialect/cascade/Cascade.h"

namespace weir::algebra {

double apply(cascade::UnaryFn fn, double x);
double apply(cascade::BinaryFn fn, double x, double y);
bool apply(cascade::Predicate predicate, double x, double y);

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_ARITHMETIC_H
