// Integer expressions of a nest as affine maps of indices.
#ifndef WEIR_PASSES_SCHEDULE_INDEX_EXPRESSION_H
#define WEIR_PASSES_SCHEDULE_INDEX_EXPRESSION_H

#include "passes/schedule/Expression.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"

#include <functional>

namespace weir::schedule {

/// True if `node` is affine in indices, extents and integer parameters.
bool isAffine(const Node *node);

/// Collects affine expressions over `index` values that share operands.
class AffineExpressions {
public:
  /// `leaf` gives the value of an index, an extent or a parameter.
  AffineExpressions(mlir::MLIRContext *context, std::function<mlir::Value(const Node *)> leaf)
      : context(context), leaf(std::move(leaf)) {}

  /// `isAffine(node)` holds.
  mlir::AffineExpr of(const Node *node, bool isDivisor = false);
  mlir::AffineExpr of(mlir::Value index);

  mlir::AffineMap map(llvm::ArrayRef<mlir::AffineExpr> results) const;
  llvm::SmallVector<mlir::Value> operands() const;

private:
  mlir::AffineExpr symbol(mlir::Value value);
  mlir::MLIRContext *context;
  std::function<mlir::Value(const Node *)> leaf;
  llvm::SmallVector<mlir::Value> dims, symbols;
};

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_INDEX_EXPRESSION_H
