// Which values can be absent: a conservative static analysis.
#ifndef WEIR_PASSES_SCHEDULE_PRESENCE_H
#define WEIR_PASSES_SCHEDULE_PRESENCE_H

#include "dialect/cascade/Cascade.h"

namespace weir {

/// True if `read` certainly is in range of its tensor: each index is one of a
/// rank with the same extent.
bool isInRange(cascade::ReadOp read);

/// True unless `scalar`, a value of an equation's region, is present at every
/// point of the region's indices.
bool mayBeAbsent(mlir::Value scalar);

/// True unless `tensor` is present at every point of its index space.
bool mayHaveAbsentPoints(mlir::Value tensor);

} // namespace weir

#endif // WEIR_PASSES_SCHEDULE_PRESENCE_H
