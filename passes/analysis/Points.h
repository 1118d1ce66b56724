// How many points of an index space are present: predicates counted, not enumerated where possible.
#ifndef WEIR_PASSES_ANALYSIS_POINTS_H
#define WEIR_PASSES_ANALYSIS_POINTS_H

#include "passes/algebra/Presence.h"

namespace weir {

/// The numbers that stand for a kernel's symbols.
struct Sizes {
  llvm::DenseMap<mlir::StringAttr, int64_t> extents; ///< of ranks
  llvm::DenseMap<mlir::Value, double> scalars; ///< of parameters

  double extentOf(mlir::StringAttr rank) const {
    auto it = extents.find(rank);
    return it == extents.end() ? 1 : double(it->second);
  }
};

/// A number of points, exact unless said otherwise.
struct Count {
  double points = 0;
  bool dependsOnData = false; ///< a predicate reads a tensor: its points count as present
  bool isEstimate = false;    ///< taken from a sample of rows
};

/// The points of the product of `ranks` at which all of `conditions` hold. Conditions are terms of
/// the indices of these ranks; a condition on one rank given the others is an interval where it is
/// monotone in it, so that a causal mask costs one step a row.
Count countPoints(llvm::ArrayRef<mlir::StringAttr> ranks, const algebra::Conditions &conditions, const Sizes &sizes);

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_POINTS_H
