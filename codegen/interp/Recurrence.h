// Interprets groups of equations that read each other at earlier points.
#ifndef WEIR_CODEGEN_INTERP_RECURRENCE_H
#define WEIR_CODEGEN_INTERP_RECURRENCE_H

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir::interp {

/// Evaluates a group and adds its results, with their start values, to the
/// environment. Points are evaluated once, in the order of the iterative ranks;
/// what a point reads and that order has not reached comes first. A point that
/// depends on itself is an error.
mlir::LogicalResult interpret(cascade::RecurrenceOp op,
                              scalar::Environment &environment);

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_RECURRENCE_H
