// A stage's expression for vectors of indices.
#ifndef WEIR_CODEGEN_CPU_VECTORPOINT_H
#define WEIR_CODEGEN_CPU_VECTORPOINT_H

#include "codegen/cpu/Scope.h"

namespace weir::cpu {

/// Evaluates a stage's expression for vectors of indices of one rank.
class VectorPoint {
public:
  VectorPoint(Scope &scope, tile::StageOp op, unsigned rank, int64_t lanes);

  /// Whether the code below can be used at all, and tensors as they mostly lie, their
  /// last rank side by side, would let it.
  bool isLikely() const { return possible; }
  /// Whether all that varies is read from elements that lie side by side.
  Value isSideBySide();

  /// What all vectors of one row of indices have in common: values that do not vary,
  /// and the addresses of first elements.
  using Row = llvm::DenseMap<Value, Value>;
  mlir::FailureOr<Row> row(llvm::ArrayRef<Value> indices);
  /// The vector at a distance from a row's first index.
  mlir::FailureOr<Value> at(const Row &row, Value distance);

private:
  std::optional<int64_t> stepOf(mlir::AffineExpr subscript, tile::LoadOp load);
  bool varies(Value value) const { return varying.contains(value); }

  Scope &scope;
  tile::StageOp op;
  Value index; ///< the region's, of the rank
  int64_t lanes;
  bool possible;
  llvm::DenseSet<Value> varying;
};

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_VECTORPOINT_H
