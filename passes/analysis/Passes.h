// How often a cascade must read along each rank: the generation algorithm.
#ifndef WEIR_PASSES_ANALYSIS_PASSES_H
#define WEIR_PASSES_ANALYSIS_PASSES_H

#include "passes/analysis/Subscripts.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <set>

namespace weir {

/// A read that puts an operation into a later generation than all it reads streams in.
struct Barrier {
  enum Kind {
    Complete, ///< What is read is complete only after the generation before.
    Whole,    ///< What is read streams in it, but is read at other points than the reader's own.
    Against   ///< What is read streams in it the other way.
  };
  Kind kind;
  mlir::Operation *reader;  ///< The equation, or operation, that reads.
  mlir::Value tensor;       ///< What it reads.
  unsigned generation;      ///< Of the reader.
};

/// Passes over one rank of a kernel (Nayak et al., FuseMax, MICRO 2024, section III).
///
/// A tensor that carries the rank streams at a generation; a reduction over the rank is
/// complete after the generation in which it streams; what reads a complete tensor streams
/// one generation later. Prefixes and recurrences stay in their generation, but give it a
/// direction; a computed stream that is read further than a bounded distance from
/// its own index must be complete first. What is computed along a rank of the same family
/// (`rank s like t`) can be read along this one. A rank that is also traversed in parts
/// (`n` as `n1 * #n0 + n0`) is all of them together: only what is read along every part is
/// read along the whole.
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
  /// True if `tensor` is made and read point by point along the rank.
  bool isStream(mlir::Value tensor) const { return streams.lookup(tensor).isStream; }
  /// Generations that run one way only: 1 ascending, -1 descending.
  const std::map<unsigned, int> &getDirections() const { return directions; }
  /// What forces each generation after the first, in the order of the kernel.
  llvm::ArrayRef<Barrier> getBarriers() const { return barriers; }
  /// What is reduced over the rank, or runs along it, before `tensor` is complete: itself, or what it is a map of.
  mlir::Value completionOf(mlir::Value tensor);
  /// True if a recurrence iterates over the rank.
  bool isIterative() const { return iterative; }

private:
  struct Stream {
    unsigned generation = 0; ///< Streaming in it, if `isStream`; otherwise complete after it.
    bool isStream = false;
    int direction = 0;
  };
  using Inputs = llvm::SetVector<mlir::Value>;

  void visit(mlir::Operation *op);
  void visitArgument(mlir::Value tensor);
  void visitInside(cascade::FoldOp fold);
  void settle(mlir::Operation *op, const Stream &stream);
  unsigned generationFor(mlir::Operation *op);
  void noteBarriers(mlir::Operation *op, unsigned needed, unsigned generation);
  unsigned runnable(unsigned generation, int direction);
  void completeAgainst(mlir::Operation *op, unsigned generation);
  bool follows(cascade::ReadOp read);
  bool isMember(mlir::StringAttr name) { return members.contains(name); }
  bool carries(mlir::Value tensor);
  bool reduces(mlir::Operation *op);
  int directionOf(mlir::Operation *op);
  Inputs inputsAlong(cascade::ReadOp read, mlir::StringAttr name);
  Inputs wholeInputs(llvm::function_ref<Inputs(mlir::StringAttr)> along);
  Inputs wholeInputsOf(mlir::Operation *op);
  Inputs wholeInputsOf(mlir::Value tensor);
  bool touchesInputs(mlir::Operation *op);
  void readAll(const Inputs &read, unsigned generation);

  mlir::StringAttr rank;
  /// The rank by itself, and its partitions: each a way to traverse all of it.
  llvm::SmallVector<llvm::SmallVector<mlir::StringAttr>> ways;
  llvm::DenseSet<mlir::StringAttr> members; ///< All ranks of all ways.
  unsigned depth = 0;
  bool iterative = false;
  std::map<unsigned, int> directions;
  llvm::SmallVector<Barrier> barriers;
  llvm::DenseMap<mlir::Value, Stream> streams;
  /// Inputs that a tensor is made of along one of its ranks.
  llvm::DenseMap<std::pair<mlir::Value, mlir::StringAttr>, Inputs> inputs;
  llvm::MapVector<mlir::Value, std::set<unsigned>> lineage;
};

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_PASSES_H
