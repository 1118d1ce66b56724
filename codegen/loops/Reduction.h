// How reductions combine: their running state as values, step by step.
#ifndef WEIR_CODEGEN_LOOPS_REDUCTION_H
#define WEIR_CODEGEN_LOOPS_REDUCTION_H

#include "codegen/abi/Scalar.h"

namespace weir::loops {

/// A reduction of scalars of one type. Its state is a list of values that a
/// loop carries; sums and products of reals are kept in double precision.
class Reduction {
public:
  Reduction(abi::Emitter &emit, cascade::Combiner combiner, mlir::Type operand);

  llvm::SmallVector<mlir::Value> start();
  /// The state with one more point, at `index` of the reduced rank.
  llvm::SmallVector<mlir::Value> step(mlir::ValueRange state, abi::Scalar point,
                                      mlir::Value index);
  abi::Scalar finish(mlir::ValueRange state);

private:
  bool isExtremum() const;
  mlir::Value better(mlir::Value a, mlir::Value b);

  abi::Emitter &emit;
  cascade::Combiner combiner;
  mlir::Type operand, accumulator;
};

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_REDUCTION_H
