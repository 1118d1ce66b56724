// Scalar regions of the cascade dialect as code: values with presence.
#ifndef WEIR_CODEGEN_ABI_SCALAR_H
#define WEIR_CODEGEN_ABI_SCALAR_H

#include "codegen/abi/Emitter.h"
#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/DenseMap.h"

namespace weir::abi {

/// A scalar of the cascade dialect. Where it is absent its value is arbitrary,
/// but computed without harm.
struct Scalar {
  Value value;
  Value present; ///< an i1; null: always present
};

/// The conjunction of two presences, either of which may be null.
Value bothPresent(Emitter &emit, Value a, Value b);
/// A presence as a value.
Value presenceOf(Emitter &emit, const Scalar &scalar);

/// Emits scalar regions. What they read from is the user's business.
class ScalarEmitter {
public:
  explicit ScalarEmitter(Emitter &emit) : emit(emit) {}
  virtual ~ScalarEmitter() = default;

  /// Emits a region with the given arguments; returns what it yields.
  llvm::SmallVector<Scalar> emitRegion(mlir::Region &region,
                                       llvm::ArrayRef<Scalar> arguments);

protected:
  virtual Scalar read(cascade::ReadOp op, llvm::ArrayRef<Scalar> indices) = 0;
  virtual Value extent(mlir::StringAttr rank) = 0;

  Emitter &emit;

private:
  using Environment = llvm::DenseMap<Value, Scalar>;
  Scalar emitOp(mlir::Operation &op, Environment &values);
};

/// Maximum or minimum of two present scalars; NaN propagates.
Value emitExtremum(Emitter &emit, bool isMax, Value a, Value b);

Scalar emitUnary(Emitter &emit, cascade::UnaryFn fn, Scalar operand);
Scalar emitBinary(Emitter &emit, cascade::BinaryFn fn, Scalar lhs, Scalar rhs);
Value emitCompare(Emitter &emit, cascade::Predicate predicate, Value lhs,
                  Value rhs);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_SCALAR_H
