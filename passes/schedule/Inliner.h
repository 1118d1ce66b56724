// From equations to expressions: maps are inlined, presence becomes a condition.
#ifndef WEIR_PASSES_SCHEDULE_INLINER_H
#define WEIR_PASSES_SCHEDULE_INLINER_H

#include "passes/schedule/Expression.h"

namespace weir::schedule {

/// Builds expressions from the scalar regions of one kernel. A construct that has
/// no expression (a recurrence, a selection, a reduction that is no contraction)
/// fails, and `reason` says which.
class Inliner {
public:
  Inliner(Expressions &expressions, cascade::KernelOp kernel)
      : ex(expressions), kernel(kernel) {}

  /// What `region` yields, its arguments standing for `arguments`.
  mlir::FailureOr<Scalar> region(mlir::Region &region, llvm::ArrayRef<Scalar> arguments,
                                 unsigned result = 0);

  /// The element of `tensor` at `subscripts`. Those that `isInRange` need no test.
  mlir::FailureOr<Scalar> element(mlir::Value tensor, llvm::ArrayRef<Scalar> subscripts,
                                  bool isInRange);

  /// Whether a present point stands behind the running value of a state.
  const Node *presenceOf(mlir::Value state, llvm::ArrayRef<const Node *> subscripts);

  /// The condition that indices of `tensor` are in range; null if that is proved.
  const Node *rangeCondition(mlir::Value tensor, llvm::ArrayRef<const Node *> subscripts);

  /// True if 0 <= index < #rank at every point: an index of a rank with that
  /// extent, or i // (#t // #rank) for an index i of t, where #rank divides #t,
  /// or i put together again from such a quotient and a rest.
  bool isProvedBelow(const Node *index, mlir::StringAttr rank);
  /// True for a rank that has one index: it is declared so, or made up for rows.
  bool isSingle(mlir::StringAttr rank);

  /// The equation that a contraction comes from, or null.
  mlir::Operation *sourceOf(const Node *contract) const { return sources.lookup(contract); }

  const std::string &getReason() const { return reason; }
  /// The operation that failed, or null.
  mlir::Operation *getCulprit() const { return where; }

private:
  using Scalars = llvm::DenseMap<mlir::Value, Scalar>;
  mlir::FailureOr<Scalar> evaluate(mlir::Operation *op, Scalars &known);
  Scalar binary(cascade::BinaryOp op, Scalar lhs, Scalar rhs);
  mlir::FailureOr<Scalar> contraction(cascade::EinsumOp op, llvm::ArrayRef<Scalar> subscripts);
  bool isDeclaredBelow(const Node *index, mlir::StringAttr rank);
  bool isPlaceOf(const Node *index, mlir::StringAttr rank);
  bool divides(mlir::StringAttr divisor, mlir::StringAttr multiple);
  mlir::LogicalResult refuse(mlir::Operation *op, llvm::StringRef why);

  Expressions &ex;
  cascade::KernelOp kernel;
  std::string reason;
  mlir::Operation *where = nullptr;
  llvm::DenseMap<const Node *, mlir::Operation *> sources;
};

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_INLINER_H
