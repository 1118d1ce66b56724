// Work of reductions in multiply-adds, with typical extents where none is known.
#ifndef WEIR_PASSES_DERIVE_WORK_H
#define WEIR_PASSES_DERIVE_WORK_H

#include "passes/algebra/Terms.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <map>
#include <memory>
#include <string>

namespace weir::derive {

/// Lets `extents` decide orders of sums in `kernel` as pinned ones do, though it is right for any: an attribute
/// with what is known of one call. None, where `extents` is empty.
void setLikelyExtents(cascade::KernelOp kernel, const std::map<std::string, int64_t> &extents);

/// Extents of a kernel's ranks: pinned ones as they are, others as they are likely to be, or typically are. A rank
/// that is the last of an input counts as features, one before the last as positions, any other
/// as a batch.
class Work {
public:
  explicit Work(cascade::KernelOp kernel);

  /// The rank over whose extent `rank` runs.
  mlir::StringAttr rootOf(mlir::StringAttr rank) const;
  bool haveSameExtent(mlir::StringAttr a, mlir::StringAttr b) const;
  bool isKnown(mlir::StringAttr rank) const { return known(rank) || likely.contains(rootOf(rank)); }
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
  double typicalValue(algebra::Expr leaf) const;

  llvm::MapVector<mlir::StringAttr, mlir::StringAttr> roots;
  llvm::DenseMap<mlir::StringAttr, double> sizes, likely;
  std::shared_ptr<algebra::Terms> terms = std::make_shared<algebra::Terms>();
  llvm::DenseMap<mlir::StringAttr, algebra::Expr> derived; ///< Extents that declarations make of others.
  llvm::SetVector<mlir::StringAttr> features, rows, positions;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_WORK_H
