// What subscripts say: which own ranks a read follows, and which ranks are parts of others.
#ifndef WEIR_PASSES_ANALYSIS_SUBSCRIPTS_H
#define WEIR_PASSES_ANALYSIS_SUBSCRIPTS_H

#include "dialect/cascade/Cascade.h"

namespace weir {

/// The rank whose own index `value` is, in the equation around it; null for anything else.
mlir::StringAttr ownRank(mlir::Value value);

/// True if `subscript` is the own index of `rank` but for a distance that does not grow with it:
/// `n`, `n - 1`, `n + j - #j // 2`.
bool followsRank(mlir::Value subscript, mlir::StringAttr rank);

/// True if `subscript` changes with the own index of `rank`, through arithmetic or tables.
bool variesWith(mlir::Value subscript, mlir::StringAttr rank);

/// A rank that is also traversed in parts, outermost first: `n` as `n1 * #n0 + n0`.
struct Partition {
  mlir::StringAttr whole;
  llvm::SmallVector<mlir::StringAttr, 2> parts;
};

/// The partition that a subscript of rank `whole` makes: ranks with their strides, if it is one.
std::optional<Partition> partitionBy(mlir::Value subscript, mlir::StringAttr whole);

/// All partitions that a kernel's reads make, each once.
llvm::SmallVector<Partition> partitionsOf(cascade::KernelOp kernel);

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_SUBSCRIPTS_H
