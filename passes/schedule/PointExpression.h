// Expressions of a nest as `arith` and `math` operations on scalars.
#ifndef WEIR_PASSES_SCHEDULE_POINT_EXPRESSION_H
#define WEIR_PASSES_SCHEDULE_POINT_EXPRESSION_H

#include "passes/schedule/Expression.h"

namespace weir::schedule {

/// True if functions of `node` (itself, not its operands) have operations.
bool hasOperation(const Node *node);

/// Emits the function of `node` on scalars; `hasOperation(node)` holds.
mlir::Value emitFunction(mlir::OpBuilder &b, mlir::Location loc, const Node *node,
                         mlir::ValueRange operands);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_POINT_EXPRESSION_H
