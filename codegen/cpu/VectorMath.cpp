// Transcendental functions on vectors.
#include "codegen/cpu/Pointwise.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace weir::cpu {

namespace {

/// Arithmetic on one vector type.
class VectorEmitter {
public:
  VectorEmitter(Scope &scope, VectorType type) : scope(scope), type(type) {}

  Value real(double value) {
    return scope.splat(scope.real(type.getElementType(), value), lanes());
  }
  Value fma(Value a, Value b, Value c) {
    return LLVM::FMAOp::create(scope.builder, scope.loc, type, a, b, c);
  }
  /// Horner's rule; the coefficient of the highest power comes last.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = real(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, real(coefficient));
    return sum;
  }
  Value intrinsic(StringRef name, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(scope.builder, scope.loc, type,
                                         scope.builder.getStringAttr(name),
                                         operands)
        .getResults();
  }
  int64_t lanes() const { return type.getNumElements(); }
  bool isDouble() const { return type.getElementType().isF64(); }

  Scope &scope;
  VectorType type;
};

// Minimax polynomials of 2^x: of degree 5 with constant term 1 on [0, 1) and on
// [-1/2, 1/2]; for f64 the Taylor series, whose remainder is below 2^-57 there.
constexpr double unitInterval[] = {1,
                                   6.9315131182e-1,
                                   2.4016445007e-1,
                                   5.5799913284e-2,
                                   9.0170301595e-3,
                                   1.8671301215e-3};
constexpr double aroundZero[] = {1,
                                 6.9314697760e-1,
                                 2.4022242084e-1,
                                 5.5507337460e-2,
                                 9.6715126977e-3,
                                 1.3264726362e-3};

SmallVector<double> taylorOfExp2() {
  SmallVector<double> coefficients;
  double term = 1;
  for (int i = 0; i < 14; term *= std::numbers::ln2 / ++i)
    coefficients.push_back(term);
  return coefficients;
}

/// With vreduce (x minus a whole number) and vscalef (times 2^floor(y)).
Value exp2Avx512(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  bool isDouble = emit.isDouble();
  std::string suffix = isDouble ? ".pd.512" : ".ps.512";
  Type maskType =
      isDouble ? scope.i8() : Type(scope.builder.getIntegerType(16));
  Value mask = scope.integer(maskType, -1),
        rounding = scope.integer(scope.i32(), 4);
  // Round down (1) for f32, whose scale then is x itself; to nearest (0) for
  // f64.
  Value mode = scope.integer(scope.i32(), isDouble ? 0 : 1);
  Value part = emit.intrinsic("llvm.x86.avx512.mask.reduce" + suffix,
                              {x, mode, x, mask, rounding});
  Value power = isDouble ? emit.polynomial(part, taylorOfExp2())
                         : emit.polynomial(part, unitInterval);
  Value scale = isDouble ? scope.sub(x, part) : x;
  return emit.intrinsic("llvm.x86.avx512.mask.scalef" + suffix,
                        {power, scale, power, mask, rounding});
}

/// With a shift by a large number to round, and the exponent put together from
/// two halves, so that results may be subnormal.
Value exp2Portable(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  bool isDouble = emit.isDouble();
  double low = isDouble ? -1080 : -151, high = isDouble ? 1025 : 129;
  int64_t mantissa = isDouble ? 52 : 23, bias = isDouble ? 1023 : 127;
  auto clamp = [&](arith::CmpFPredicate predicate, double bound) {
    x = scope.select(scope.compare(predicate, x, emit.real(bound)),
                     emit.real(bound), x);
  };
  clamp(arith::CmpFPredicate::OLT, low); // NaN stays
  clamp(arith::CmpFPredicate::OGT, high);
  Value magic = emit.real(std::ldexp(1.5, mantissa));
  Value shifted = scope.add(x, magic);
  Value part = scope.sub(x, scope.sub(shifted, magic));
  Value power = isDouble ? emit.polynomial(part, taylorOfExp2())
                         : emit.polynomial(part, aroundZero);

  Type word = isDouble ? scope.i64() : scope.i32();
  VectorType words = scope.vectorOf(word, emit.lanes());
  auto constant = [&](int64_t value) {
    return scope.splat(scope.integer(word, value), emit.lanes());
  };
  Value exponent =
      scope.sub(scope.bitcast(words, shifted), scope.bitcast(words, magic));
  Value half =
      arith::ShRSIOp::create(scope.builder, scope.loc, exponent, constant(1));
  auto powerOfTwo = [&](Value exponent) {
    Value biased = scope.add(exponent, constant(bias));
    return scope.bitcast(emit.type,
                         arith::ShLIOp::create(scope.builder, scope.loc, biased,
                                               constant(mantissa)));
  };
  Value first = scope.mul(power, powerOfTwo(half));
  return scope.mul(first, powerOfTwo(scope.sub(exponent, half)));
}

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

} // namespace

Value emitExp2(Scope &scope, Value x) {
  VectorEmitter emit(scope, cast<VectorType>(x.getType()));
  int64_t bits = emit.lanes() * emit.type.getElementTypeBitWidth();
  return scope.target.getLevel().hasAvx512 && bits == 512
             ? exp2Avx512(emit, x)
             : exp2Portable(emit, x);
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
  if (isVector && isa<math::Exp2Op>(op))
    return emitExp2(scope, x);
  if (isVector && isa<math::ExpOp>(op)) {
    Type element = cast<VectorType>(type).getElementType();
    int64_t lanes = cast<VectorType>(type).getNumElements();
    return emitExp2(
        scope,
        scope.mul(
            x, scope.splat(scope.real(element, std::numbers::log2e), lanes)));
  }
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
