// Work of reductions in multiply-adds, with typical extents where none is known.
#ifndef WEIR_PASSES_DERIVE_WORK_H
#define WEIR_PASSES_DERIVE_WORK_H

#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <string>

namespace weir::derive {

/// Extents of a kernel's ranks: pinned ones as they are, others as they typically are. A rank
/// that is the last of an input counts as features, one before the last as positions, any other
/// as a batch.
class Work {
public:
  explicit Work(cascade::KernelOp kernel);

  /// The rank over whose extent `rank` runs.
  mlir::StringAttr rootOf(mlir::StringAttr rank) const;
  bool haveSameExtent(mlir::StringAttr a, mlir::StringAttr b) const;
  bool isKnown(mlir::StringAttr rank) const { return known(rank).has_value(); }
  bool isPositions(mlir::StringAttr rank) const;
  bool isFeatures(mlir::StringAttr rank) const;
  double extentOf(mlir::StringAttr rank) const;
  /// The number of points of an index space.
  double pointsOf(llvm::ArrayRef<mlir::StringAttr> ranks) const;
  /// What was taken for extents that are not known: `#n = 4096, #d = 64`.
  std::string assumptions(llvm::ArrayRef<mlir::StringAttr> ranks) const;
  /// Takes `rank` as positions, whatever inputs it is the last rank of.
  void setPositions(mlir::StringAttr rank) { positions.insert(rootOf(rank)); }
  /// Lets `rank` run over the extent of `like`.
  void addRank(mlir::StringAttr rank, mlir::StringAttr like) { roots[rank] = rootOf(like); }

private:
  std::optional<double> known(mlir::StringAttr rank) const;

  llvm::MapVector<mlir::StringAttr, mlir::StringAttr> roots;
  llvm::DenseMap<mlir::StringAttr, double> sizes;
  llvm::SetVector<mlir::StringAttr> features, rows, positions;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_WORK_H
