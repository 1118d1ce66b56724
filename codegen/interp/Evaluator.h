// One equation made ready for evaluation.
#ifndef WEIR_CODEGEN_INTERP_EVALUATOR_H
#define WEIR_CODEGEN_INTERP_EVALUATOR_H

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir::interp {

/// Points of tensors that a value waits for, as pending values name them.
using Missing = llvm::SmallVector<int64_t, 8>;

class Evaluator {
public:
  virtual ~Evaluator() = default;

  /// Compiles an Einsum, prefix or selection.
  static mlir::FailureOr<std::unique_ptr<Evaluator>>
  create(cascade::Equation equation, const scalar::Environment &environment);

  /// Evaluates every point. Nothing that is read may be pending.
  virtual void fill(scalar::Tensor &result) = 0;

  /// Evaluates one point. A pending value means that the points added to
  /// `missing` come first.
  virtual scalar::Value at(llvm::ArrayRef<int64_t> point, Missing &missing) = 0;
};

/// The extents of named ranks, or an error at `op`.
mlir::FailureOr<scalar::Extents>
extentsOf(mlir::Operation *op, llvm::ArrayRef<mlir::StringAttr> ranks,
          const scalar::Environment &environment);

/// A tensor for an equation's result, or an error that states its size.
mlir::FailureOr<std::shared_ptr<scalar::Tensor>>
allocate(cascade::Equation equation, const scalar::Environment &environment,
         scalar::State state);

/// The number of elements that a tensor of the interpreter may have.
inline constexpr int64_t maxElements = int64_t(1) << 31;

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_EVALUATOR_H
