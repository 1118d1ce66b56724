// What predicates are over boxes of rows and columns, told by intervals.
#ifndef WEIR_PASSES_SCHEDULE_COVERAGE_H
#define WEIR_PASSES_SCHEDULE_COVERAGE_H

#include "dialect/tile/Tile.h"
#include "passes/schedule/Constraint.h"

#include <functional>

namespace weir::schedule {

/// So many indices of a rank, from `first` on.
struct Span {
  mlir::StringAttr rank;
  const Node *first = nullptr;
  int64_t count = 0;
};

/// Two conditions on a box: whether a point may, and whether all points surely do
/// satisfy a predicate. A box of which the first is false is empty, one of which the
/// second is true is full.
struct Verdict {
  const Node *some = nullptr, *all = nullptr;
};

/// Judges predicates over the points of one box by the bounds of the integers in them:
/// affine ones are bounded at the box's corners, what is read along one side by the
/// least and greatest value of the run that the box covers, functions by interval
/// arithmetic (Moore, Interval Analysis, 1966). What stays open counts as possible.
class Coverage {
public:
  /// What of the code around a box a judgement needs.
  struct Context {
    /// True if a value of inputs and indices can be computed anywhere.
    std::function<bool(const Node *)> isComputable;
    /// The least (`Min`) or greatest value over a run whose start is a multiple of its length.
    std::function<const Node *(const Node *value, const Span &run, tile::Bound bound)> boundOfRun;
  };

  Coverage(Expressions &ex, Span rows, Span columns, Context context)
      : ex(ex), rows(rows), columns(columns), context(std::move(context)) {}

  Verdict judge(const Predicate &predicate);
  Verdict judge(const Node *condition);

private:
  struct Interval {
    const Node *least, *greatest;
  };

  Verdict judgeComparison(cascade::Predicate relation, const Node *lhs, const Node *rhs);
  std::optional<Interval> interval(const Node *node);
  std::optional<Interval> intervalOf(const Linear &form);
  std::optional<Interval> intervalOfRun(const Node *node);
  std::optional<Interval> intervalOfFunction(const Node *node);
  std::optional<Interval> intervalOfQuotient(const Node *node, Interval dividend);

  bool isConstant(const Node *node) const;
  const Span *sideOf(const Node *node) const;
  const Node *inverse(const Node *condition);
  const Node *add(const Node *a, const Node *b) { return ex.binary(cascade::BinaryFn::Add, a, b); }
  const Node *sub(const Node *a, const Node *b) { return ex.binary(cascade::BinaryFn::Sub, a, b); }
  const Node *min(const Node *a, const Node *b) { return a == b ? a : ex.binary(cascade::BinaryFn::Min, a, b); }
  const Node *max(const Node *a, const Node *b) { return a == b ? a : ex.binary(cascade::BinaryFn::Max, a, b); }
  const Node *isAtMost(const Node *a, const Node *b) { return ex.compare(cascade::Predicate::Le, a, b); }

  Expressions &ex;
  Span rows, columns;
  Context context;
};

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_COVERAGE_H
