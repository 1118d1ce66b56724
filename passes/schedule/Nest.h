// A nest: what one loop over tiles computes, as expressions over its rows and columns.
#ifndef WEIR_PASSES_SCHEDULE_NEST_H
#define WEIR_PASSES_SCHEDULE_NEST_H

#include "passes/schedule/Constraint.h"
#include "passes/schedule/Inliner.h"

namespace weir::schedule {

/// A state of the fold.
struct StatePlan {
  cascade::StateOp op;
  const Node *value = nullptr;   ///< combined at each point; the row factor, if there is an extra rank
  const Node *extraFactor = nullptr; ///< varies over the column and `extra`, not over the row
  mlir::StringAttr extra;        ///< rank of the state beside those of the fold's points; may be null
  Predicate predicate;           ///< where the point is present
  const Node *isPresent = nullptr; ///< whether any point was, of the row; null: always or not asked
};

/// A rank of points taken apart: `whole` = `outer` * #`inner` + `inner`. Where each point
/// has columns of its own, `outer` is `whole` itself, and `inner` has one index, 0.
struct RankSplit {
  mlir::StringAttr whole, outer, inner;
  mlir::StringAttr column; ///< what varies over it does not with `inner`

  bool isSingle() const { return outer == whole; }
};

/// An output, absent points already filled.
struct OutputPlan {
  cascade::OutputOp op;
  const Node *value = nullptr;
};

/// The work of one kernel with at most one fold. Rows and columns are the ranks of
/// a tile; with a fold, columns run over its rank.
struct Nest {
  cascade::KernelOp kernel;
  cascade::FoldOp fold;           ///< null: outputs are maps and contractions only
  mlir::StringAttr row, column;
  /// A rank that the fold goes over point by point, around columns, where its bounds hold.
  struct Outer {
    mlir::StringAttr rank;
    llvm::SmallVector<Linear> bounds; ///< of this rank in place of a column
  };
  llvm::SmallVector<Outer> outer; ///< the first one outermost
  llvm::SmallVector<mlir::StringAttr> grid;  ///< the other ranks of the fold's points
  /// Where rows are the members of a group that reads the same columns, as query heads
  /// with one key head do: the rank of these points, of which row and grid have parts.
  std::optional<RankSplit> split;
  llvm::SmallVector<StatePlan> states;
  llvm::SmallVector<OutputPlan> outputs;
};

/// `node` with the parts of a split rank in place of its index, but for the points of
/// states; itself if nothing is split.
const Node *splitIndex(Expressions &ex, const std::optional<RankSplit> &split, const Node *node);

/// True if an expression reads a state of the fold.
bool readsState(const Node *node);

/// Why a kernel is no nest.
struct Refusal {
  mlir::Location where;
  std::string reason;
  /// Equations that stand in the way: a kernel in which one of them is an input may
  /// be a nest. The first is the most promising.
  llvm::SmallVector<mlir::Operation *, 4> blame = {};
  bool isOpaque = false; ///< what is blamed cannot stand within a nest at all
};

/// Analyses a kernel; fails with a `refusal`. Rows may be members of groups if it `splits`.
mlir::FailureOr<Nest> analyseNest(Expressions &ex, Inliner &inliner, cascade::KernelOp kernel, bool splits,
                                  std::optional<Refusal> &refusal);

/// The contractions within `node` that lack a side, inner ones first.
Operands findUnsided(const Node *node, mlir::StringAttr row, mlir::StringAttr column);

/// The equations that contractions come from, each once.
llvm::SmallVector<mlir::Operation *, 4> sourcesOf(const Inliner &inliner, llvm::ArrayRef<const Node *> contractions);

/// What a fold computes in the end, its states and maps of them: the last first.
llvm::SmallVector<mlir::Operation *, 4> finishedBy(cascade::FoldOp fold);

/// The sides of a contraction in a nest: factors that vary over the columns, and
/// the others. False if a factor varies over rows and columns, or a side has none.
bool splitContraction(const Node *contract, mlir::StringAttr row, mlir::StringAttr column,
                      Operands &lhs, Operands &rhs);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_NEST_H
