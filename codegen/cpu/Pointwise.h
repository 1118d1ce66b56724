// Regions of scalar operations, evaluated on scalars or on whole sub-tiles.
#ifndef WEIR_CODEGEN_CPU_POINTWISE_H
#define WEIR_CODEGEN_CPU_POINTWISE_H

#include "codegen/cpu/Scope.h"

namespace weir::cpu {

/// Evaluates a region that may load, at one point: the region of a stage.
mlir::FailureOr<Value> emitScalarRegion(Scope &scope, mlir::Block &block);

/// Emits a load, a map or an operation of scalars, outside a sub-tile.
mlir::LogicalResult emitScalar(Scope &scope, mlir::Operation &op);

/// The address of the element of a strided reference that a load of one reads.
Value scalarAddress(Scope &scope, tile::LoadOp load);

/// Evaluates a map's or an update's region on sub-tiles of `rows` rows and
/// `vectors` vectors of `lanes` elements; each operation only as often as its
/// operands vary. A region argument in `known` is true.
mlir::FailureOr<Sub> emitPointwise(Scope &scope, mlir::Block &block,
                                   llvm::MutableArrayRef<Sub> inputs,
                                   llvm::ArrayRef<bool> known, int64_t lanes);

/// One operation of such a region on given operands: scalars or vectors.
mlir::FailureOr<Value> emitOperation(Scope &scope, mlir::Operation &op,
                                     llvm::ArrayRef<Value> operands);

/// A function of the math dialect on a scalar or a vector: generated code where
/// there is some, else the machine's instruction or libm.
mlir::FailureOr<Value> emitMath(Scope &scope, mlir::Operation &op,
                                llvm::ArrayRef<Value> operands);

/// True for functions for which there is code on vectors.
bool isGenerated(mlir::Operation &op);

/// 2^x for vectors of f32 (error at most 3.5 ulp, or 1.5 where the target is to
/// be accurate) or f64 (2 ulp); -inf gives 0, NaN stays.
Value emitExp2(Scope &scope, Value x);

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_POINTWISE_H
