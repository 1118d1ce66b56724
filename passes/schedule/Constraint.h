// Predicates as linear constraints on the row and the column of a tile.
#ifndef WEIR_PASSES_SCHEDULE_CONSTRAINT_H
#define WEIR_PASSES_SCHEDULE_CONSTRAINT_H

#include "passes/schedule/Expression.h"

namespace weir::schedule {

/// column * n + row * m + rest >= 0, where `rest` varies with neither and
/// `column` is 1 or -1 in predicates.
struct Linear {
  int64_t column = 0;
  int64_t row = 0;
  const Node *rest = nullptr;

  bool operator==(const Linear &) const = default;
};

/// A predicate: a conjunction of linear constraints with an affine rest, and of other
/// conditions.
struct Predicate {
  llvm::SmallVector<Linear> linear;
  Operands conditions;
  llvm::SmallVector<Linear> implied; ///< what follows from the conditions: `n // 64 == m // 64` has `n >= m - 63`

  bool operator==(const Predicate &) const = default;
};

/// An integer expression as a linear form, if it is one.
std::optional<Linear> linearForm(Expressions &ex, const Node *node, mlir::StringAttr row, mlir::StringAttr column);

/// Splits a condition (null: true) for tiles whose rows run over `row` (may be
/// null) and whose columns run over `column`.
Predicate splitPredicate(Expressions &ex, const Node *condition, mlir::StringAttr row,
                         mlir::StringAttr column);

/// Takes out of a condition (null: true) the bounds of `rank`: affine constraints on it whose rests depend on none
/// of `varying`.
llvm::SmallVector<Linear> takeBounds(Expressions &ex, const Node *&condition, mlir::StringAttr rank,
                                     llvm::ArrayRef<mlir::StringAttr> varying);

/// A condition on the row alone that holds if some column in [0, #column)
/// satisfies the predicate, or null if it cannot be given in closed form.
const Node *existsColumn(Expressions &ex, const Predicate &predicate, mlir::StringAttr row,
                         mlir::StringAttr column);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_CONSTRAINT_H
