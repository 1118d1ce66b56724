// A kernel as the Einsums that a machine carries out, each with its work.
#ifndef WEIR_PASSES_ANALYSIS_STEPS_H
#define WEIR_PASSES_ANALYSIS_STEPS_H

#include "passes/analysis/Points.h"

namespace weir {

/// Operations, each counted once at every point of the indices that it depends on. A product that
/// is added to something counts as one with the addition.
struct Work {
  double fma = 0;    ///< multiply-adds, additions, products, extrema
  double divide = 0;
  double exp = 0;
  double other = 0;  ///< logarithms, roots, tanh, …
  Work &operator+=(const Work &o) {
    fma += o.fma, divide += o.divide, exp += o.exp, other += o.other;
    return *this;
  }
};

/// What a step reads: an input, or the result of another step.
struct Operand {
  mlir::Value tensor;                       ///< an input or parameter; null for a step's result
  int step = -1;
  bool isEarlier = false;                   ///< from the point or block before
  llvm::SmallVector<algebra::Expr> subscripts;
};

/// One Einsum: a map or a reduction over named ranks.
struct Step {
  std::string name;
  mlir::Location loc;
  llvm::SmallVector<mlir::StringAttr> ranks = {};   ///< of the result
  llvm::SmallVector<mlir::StringAttr> reduced = {};
  mlir::Type element = {};                          ///< storage type of the result
  mlir::Value tensor = {};                          ///< the kernel's tensor that this is; null for a part of one
  mlir::Operation *op = nullptr;
  Work work = {};
  Count points = {};   ///< of the iteration space
  Count results = {};  ///< of the result
  bool isContraction = false; ///< a sum of products of operands
  bool isState = false;       ///< carried from block to block, or from point to point
  std::vector<Operand> operands = {};

  bool iterates(mlir::StringAttr rank) const {
    return llvm::is_contained(ranks, rank) || llvm::is_contained(reduced, rank);
  }
};

/// A rank that is traversed in blocks: `outer` counts them, `inner` the points of one.
struct Blocks {
  mlir::StringAttr whole, outer, inner;
};

/// All steps of a kernel. A fold is written out as what happens at each block of its rank: its points are reduced by themselves, what was accumulated moves to the new references,
/// and the two are combined (FuseMax's cascade 5 is this form of attention).
class Steps {
public:
  /// `block` is how many points of the last rank of a fold stand in a block; of the others it is one.
  Steps(cascade::KernelOp kernel, const Sizes &sizes, int64_t block);

  llvm::ArrayRef<Step> all() const { return steps; }
  const Sizes &getSizes() const { return sizes; }
  /// The ranks of folds.
  llvm::ArrayRef<Blocks> getBlocks() const { return blocks; }
  Work total() const;

private:
  friend class FoldSteps;
  using Demand = llvm::DenseMap<mlir::Value, algebra::Conditions>;
  struct Spec; ///< a step before it is counted

  void collectDemand(cascade::KernelOp kernel);
  void add(cascade::Equation equation);
  void addBlocks(mlir::StringAttr rank, int64_t size);
  void addFold(cascade::FoldOp fold);
  void addRecurrence(cascade::RecurrenceOp recurrence);
  unsigned addStep(const Spec &spec);
  void count(Step &step, const Spec &spec);
  algebra::Expr bodyOf(mlir::Block &block, llvm::ArrayRef<mlir::StringAttr> ranks,
                       llvm::ArrayRef<algebra::Expr> more = {});
  algebra::Conditions conditionsOf(algebra::Expr value, mlir::Value tensor);
  Count pointsOf(llvm::ArrayRef<mlir::StringAttr> ranks, const algebra::Conditions &conditions);
  const Blocks *blocksOf(mlir::StringAttr rank) const;
  llvm::SmallVector<mlir::StringAttr> blocked(llvm::ArrayRef<mlir::StringAttr> ranks) const;

  Sizes sizes;
  llvm::SmallVector<Blocks> blocks;
  algebra::Terms terms;
  mlir::Type i64;
  std::vector<Step> steps;
  llvm::DenseMap<mlir::Value, int> stepOf;         ///< the step that makes a tensor
  llvm::DenseMap<algebra::Expr, int> shared;       ///< terms that are steps of their own
  Demand demand;                                   ///< conditions under which a tensor's points are read
};

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_STEPS_H
