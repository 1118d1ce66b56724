// What the dialect's scalar operations compute, as instructions on registers.
#ifndef WEIR_CODEGEN_SCALAR_FUNCTIONS_H
#define WEIR_CODEGEN_SCALAR_FUNCTIONS_H

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir::scalar {

/// The instruction of a function on scalars of a kind.
Execute unaryFunction(cascade::UnaryFn fn, Kind kind);
Execute binaryFunction(cascade::BinaryFn fn, Kind kind);
Execute comparison(cascade::Predicate predicate, Kind kind);
Execute conversion(Kind from, Kind to);
Execute roundingTo(cascade::Rounding mode);

/// Through the storage type `Instruction::storage`, rounded and saturated.
Execute throughStorage(Kind kind);

/// Reads `Instruction::read`.
Execute elementRead(Kind kind);

/// Control of presence; `a` is the value, `b` the predicate or fallback. A
/// selection takes `b` or `c` by the condition `a`.
Execute restriction(Kind kind);
Execute replacement();
Execute presenceTest();
Execute selection();

/// Rounds register `a` in place, if it is present.
Execute roundToF32();

/// The greater (or lesser) of two numbers, NaN if one is.
inline double greater(double a, double b) { return a < b || b != b ? b : a; }
inline double lesser(double a, double b) { return b < a || b != b ? b : a; }

} // namespace weir::scalar

#endif // WEIR_CODEGEN_SCALAR_FUNCTIONS_H
