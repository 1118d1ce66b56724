// Transcendental functions on vectors.
#include "codegen/cpu/Pointwise.h"
#include "codegen/cpu/VectorEmitter.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::cpu {

namespace {

/// Calls libm for each lane.
FailureOr<Value> emitLibm(Scope &scope, StringRef name,
                          ArrayRef<Value> operands) {
  auto type = dyn_cast<VectorType>(operands[0].getType());
  if (!type)
    return scope.libm(name, operands);
  Value result =
      scope.splat(scope.real(type.getElementType(), 0), type.getNumElements());
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<Value> lane;
    for (Value operand : operands)
      lane.push_back(
          vector::ExtractOp::create(scope.builder, scope.loc, operand, i));
    result = vector::InsertOp::create(scope.builder, scope.loc,
                                      scope.libm(name, lane), result, i);
  }
  return result;
}

/// e^x. A sum or product has been rounded by as much as multiplying it by
/// log2 e rounds it again; only of other arguments is more worth its price.
Value emitExpOf(VectorEmitter &emit, Operation *argument, Value x) {
  if (!isa_and_nonnull<arith::AddFOp, arith::SubFOp, arith::MulFOp>(argument))
    return emitExp(emit, x);
  Value log2e = emit.real(std::numbers::log2e);
  return emitExp2(emit.scope, emit.scope.mul(x, log2e));
}

/// What there is code for on vectors; else null.
Value emitGenerated(Scope &scope, Operation &op, Value x) {
  VectorEmitter emit(scope, cast<VectorType>(x.getType()));
  return llvm::TypeSwitch<Operation *, Value>(&op)
      .Case([&](math::Exp2Op) { return emitExp2(scope, x); })
      .Case([&](math::ExpOp exp) {
        return emitExpOf(emit, exp.getOperand().getDefiningOp(), x);
      })
      .Case([&](math::ExpM1Op) { return emitExpm1(emit, x); })
      .Case([&](math::TanhOp) { return emitTanh(emit, x); })
      .Case([&](math::LogOp) { return emitLog(emit, x); })
      .Case([&](math::Log1pOp) { return emitLog1p(emit, x); })
      .Case([&](math::Log2Op) { return emitLog2(emit, x); })
      .Case([&](math::ErfOp) {
        return emit.isDouble() ? Value() : emitErf(emit, x);
      })
      .Default([](Operation *) { return Value(); });
}

} // namespace

bool isGenerated(Operation &op) {
  return isa<math::ExpOp, math::Exp2Op>(op) ||
         isa<math::ExpM1Op, math::TanhOp, math::ErfOp>(op) ||
         isa<math::LogOp, math::Log1pOp, math::Log2Op>(op);
}

FailureOr<Value> emitMath(Scope &scope, Operation &op,
                          ArrayRef<Value> operands) {
  Value x = operands[0];
  Type type = x.getType();
  bool isVector = isa<VectorType>(type);
  auto one = [&](auto *opType) -> Value {
    return std::remove_pointer_t<decltype(opType)>::create(scope.builder,
                                                           scope.loc, type, x);
  };
  if (isVector)
    if (Value value = emitGenerated(scope, op, x))
      return value;
  if (isa<math::AbsFOp>(op))
    return one(static_cast<LLVM::FAbsOp *>(nullptr));
  if (isa<math::SqrtOp>(op))
    return one(static_cast<LLVM::SqrtOp *>(nullptr));
  if (isa<math::FloorOp>(op))
    return one(static_cast<LLVM::FFloorOp *>(nullptr));
  if (isa<math::CeilOp>(op))
    return one(static_cast<LLVM::FCeilOp *>(nullptr));
  if (isa<math::RoundEvenOp>(op))
    return one(static_cast<LLVM::RoundEvenOp *>(nullptr));
  if (isa<math::RsqrtOp>(op)) {
    Value root = one(static_cast<LLVM::SqrtOp *>(nullptr));
    Type element = getElementTypeOrSelf(type);
    Value unit = scope.real(element, 1);
    if (isVector)
      unit = scope.splat(unit, cast<VectorType>(type).getNumElements());
    return scope.divide(unit, root);
  }
  StringRef name = op.getName().getStringRef();
  name.consume_front("math.");
  static constexpr StringRef known[] = {"cos", "erf",   "exp",  "exp2", "expm1",
                                        "log", "log1p", "log2", "sin",  "tanh"};
  if (isa<math::PowFOp>(op))
    return emitLibm(scope, "pow", operands);
  if (llvm::is_contained(known, name))
    return emitLibm(scope, name, operands);
  return op.emitOpError("has no code for the CPU");
}

} // namespace weir::cpu
