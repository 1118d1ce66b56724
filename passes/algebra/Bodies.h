// Between the scalar regions of equations and terms.
#ifndef WEIR_PASSES_ALGEBRA_BODIES_H
#define WEIR_PASSES_ALGEBRA_BODIES_H

#include "passes/algebra/Terms.h"

namespace weir::algebra {

/// What a read stands for; null for the plain read.
using ReadHook = llvm::function_ref<Expr(cascade::ReadOp, llvm::ArrayRef<Expr>)>;

/// The term that `block` yields, its arguments standing for `arguments`.
Expr readBody(Terms &terms, mlir::Block &block, llvm::ArrayRef<Expr> arguments, ReadHook hook);

/// True if subscripts run over the extents of the tensor's ranks; others may be beyond them.
bool isInRange(mlir::Value tensor, llvm::ArrayRef<Expr> at);

/// The term of a map at a point: absent, or false, where a subscript is beyond its rank.
Expr readMap(Terms &terms, cascade::EinsumOp map, llvm::ArrayRef<Expr> at, ReadHook hook);

/// The term of an equation: result ranks are `Index`, the others `Bound`.
Expr readEquation(Terms &terms, cascade::Equation equation, ReadHook hook);

/// Tensors to read in place of others.
using TensorMap = llvm::DenseMap<mlir::Value, mlir::Value>;

/// Writes terms as scalar operations, each once.
class BodyWriter {
public:
  /// `symbol` gives the values of indices and `Given`s.
  BodyWriter(mlir::OpBuilder &builder, mlir::Location loc, const TensorMap &tensors,
             std::function<mlir::Value(Expr)> symbol)
      : builder(builder), loc(loc), tensors(tensors), symbol(std::move(symbol)) {}

  mlir::Value write(Expr expr);

private:
  mlir::Value writeNode(Expr expr, llvm::ArrayRef<mlir::Value> operands);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const TensorMap &tensors;
  std::function<mlir::Value(Expr)> symbol;
  llvm::DenseMap<Expr, mlir::Value> done;
};

/// Gives `region` a block for indices of `resultRanks` and `boundRanks` that yields `expr`.
void writeBody(mlir::Region &region, mlir::Location loc, llvm::ArrayRef<mlir::StringAttr> resultRanks,
               llvm::ArrayRef<mlir::StringAttr> boundRanks, Expr expr, const TensorMap &tensors);

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_BODIES_H
