// How often a cascade must read along each rank: the generation algorithm.
#ifndef WEIR_PASSES_ANALYSIS_PASSES_H
#define WEIR_PASSES_ANALYSIS_PASSES_H

#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <set>

namespace weir {

/// Passes over one rank of a kernel (Nayak et al., FuseMax, MICRO 2024, section III).
///
/// A tensor that carries the rank streams at a generation; a reduction over the rank is
/// complete after the generation in which it streams; what reads a complete tensor streams
/// one generation later. Prefixes and recurrences stay in their generation; a computed
/// stream that is read at another index than its own must be complete first. What is computed
/// along a rank of the same family (`rank s like t`) can be read along this one.
class RankPasses {
public:
  RankPasses(cascade::KernelOp kernel, mlir::StringAttr rank);

  mlir::StringAttr getRank() const { return rank; }
  /// The most generations in which one input is read along the whole rank.
  unsigned getPasses() const;
  /// The highest generation.
  unsigned getDepth() const { return depth; }
  /// Generations in which each input is read along the rank.
  const llvm::MapVector<mlir::Value, std::set<unsigned>> &getLineage() const { return lineage; }
  /// The generation in which `tensor` streams, or after which it is complete; 0 for what is there from the start.
  unsigned generationOf(mlir::Value tensor) const;

private:
  struct Stream {
    unsigned generation = 0; ///< Streaming in it, if `isStream`; otherwise complete after it.
    bool isStream = false;
  };
  using Inputs = llvm::SetVector<mlir::Value>;

  void visit(mlir::Operation *op);
  void visitInside(cascade::FoldOp fold);
  unsigned generationFor(mlir::Operation *op);
  Inputs inputsAlong(mlir::Operation *op, mlir::StringAttr name);
  bool reduces(mlir::Operation *op);
  void readAll(const Inputs &read, unsigned generation);

  mlir::StringAttr rank;
  llvm::SmallVector<mlir::StringAttr> family; ///< Ranks over the same extent, this one among them.
  unsigned depth = 0;
  llvm::DenseMap<mlir::Value, Stream> streams;
  /// Inputs that a tensor is made of along one of its ranks.
  llvm::DenseMap<std::pair<mlir::Value, mlir::StringAttr>, Inputs> inputs;
  llvm::MapVector<mlir::Value, std::set<unsigned>> lineage;
};

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_PASSES_H
