// 2^x, e^x and what is made of them, on vectors.
#include "codegen/cpu/Pointwise.h"
#include "codegen/cpu/VectorEmitter.h"

#include <limits>

using namespace mlir;

namespace weir::cpu {

namespace {

// Minimax polynomials of 2^x with constant term 1 on [0, 1) and on [-1/2, 1/2],
// of degree 5 and, where the target is to be accurate, 6; for f64 the Taylor
// series, whose remainder is below 2^-57 there.
constexpr double unitInterval[] = {1,
                                   6.9315131182e-1,
                                   2.4016445007e-1,
                                   5.5799913284e-2,
                                   9.0170301595e-3,
                                   1.8671301215e-3};
constexpr double unitInterval6[] = {1,
                                    6.9314704444e-1,
                                    2.4022930555e-1,
                                    5.5485280619e-2,
                                    9.6754515667e-3,
                                    1.2467846448e-3,
                                    2.1612914946e-4};
constexpr double aroundZero[] = {1,
                                 6.9314697760e-1,
                                 2.4022242084e-1,
                                 5.5507337460e-2,
                                 9.6715126977e-3,
                                 1.3264726362e-3};
constexpr double aroundZero6[] = {1,
                                  6.9314720574e-1,
                                  2.4022646891e-1,
                                  5.5503287770e-2,
                                  9.6184889571e-3,
                                  1.3399931219e-3,
                                  1.5345812003e-4};

SmallVector<double> taylorOfExp2() {
  SmallVector<double> coefficients;
  double term = 1;
  for (int i = 0; i < 14; term *= std::numbers::ln2 / ++i)
    coefficients.push_back(term);
  return coefficients;
}

/// 2^x on [0, 1).
SmallVector<double> onUnitInterval(VectorEmitter &emit) {
  return emit.scope.target.isAccurate()
             ? llvm::to_vector(ArrayRef(unitInterval6))
             : llvm::to_vector(ArrayRef(unitInterval));
}

/// 2^x on [-1/2, 1/2].
SmallVector<double> nearZero(VectorEmitter &emit) {
  if (emit.isDouble())
    return taylorOfExp2();
  return emit.scope.target.isAccurate() ? llvm::to_vector(ArrayRef(aroundZero6))
                                        : llvm::to_vector(ArrayRef(aroundZero));
}

/// An AVX-512 intrinsic of two vectors, or of one and a mode.
Value avx512(VectorEmitter &emit, StringRef name, Value a, Value b) {
  Scope &scope = emit.scope;
  Type maskType =
      emit.isDouble() ? scope.i8() : Type(scope.builder.getIntegerType(16));
  std::string full = ("llvm.x86.avx512.mask." + name +
                      (emit.isDouble() ? ".pd.512" : ".ps.512"))
                         .str();
  return emit.intrinsic(full, {a, b, a, scope.integer(maskType, -1),
                               scope.integer(scope.i32(), 4)});
}

/// power 2^floor(scale)
Value scaleAvx512(VectorEmitter &emit, Value power, Value scale) {
  return avx512(emit, "scalef", power, scale);
}

/// With vreduce: x minus a whole number, the one below it (1) for f32, whose
/// scale then is x itself; the nearest (0) for f64.
Value exp2Avx512(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  bool isDouble = emit.isDouble();
  Value part =
      avx512(emit, "reduce", x, scope.integer(scope.i32(), isDouble ? 0 : 1));
  Value power =
      emit.polynomial(part, isDouble ? taylorOfExp2() : onUnitInterval(emit));
  return scaleAvx512(emit, power, isDouble ? scope.sub(x, part) : x);
}

/// power 2^exponent, for a power near 1 and any exponent whose result may be
/// subnormal or infinite.
Value scalePortable(VectorEmitter &emit, Value power, Value exponent) {
  Scope &scope = emit.scope;
  Value half =
      arith::ShRSIOp::create(scope.builder, scope.loc, exponent, emit.word(1));
  Value first = scope.mul(power, emit.powerOfTwo(half));
  return scope.mul(first, emit.powerOfTwo(scope.sub(exponent, half)));
}

/// Results beyond the bounds, given as exponents of 2, are 0 and infinite.
Value clamp(VectorEmitter &emit, Value x, double unit) {
  double low = (emit.isDouble() ? -1080 : -151) * unit,
         high = (emit.isDouble() ? 1025 : 129) * unit;
  x = emit.select(arith::CmpFPredicate::OLT, x, low, emit.real(low), x);
  return emit.select(arith::CmpFPredicate::OGT, x, high, emit.real(high),
                     x); // NaN stays
}

Value exp2Portable(VectorEmitter &emit, Value x) {
  x = clamp(emit, x, 1);
  auto [whole, exponent] = emit.round(x);
  Value part = emit.scope.sub(x, whole);
  Value power = emit.polynomial(part, nearZero(emit));
  return scalePortable(emit, power, exponent);
}

bool isAvx512(VectorEmitter &emit) {
  int64_t bits = emit.lanes() * emit.type.getElementTypeBitWidth();
  return emit.scope.target.getLevel().hasAvx512 && bits == 512;
}

} // namespace

Value emitExp2(Scope &scope, Value x) {
  VectorEmitter emit(scope, cast<VectorType>(x.getType()));
  return isAvx512(emit) ? exp2Avx512(emit, x) : exp2Portable(emit, x);
}

namespace {

/// x = k ln 2 + r, where |r| is at most about ln 2 / 2.
struct Reduced {
  Value whole, exponent; ///< k as a real and as an integer
  Value rest;
};

Reduced reduce(VectorEmitter &emit, Value x) {
  auto [whole, exponent] =
      emit.round(emit.scope.mul(x, emit.real(std::numbers::log2e)));
  auto [high, low] = emit.splitLn2();
  Value rest = emit.fma(whole, emit.real(-high), x);
  return {whole, exponent, emit.fma(whole, emit.real(-low), rest)};
}

} // namespace

/// 2^k e^r: multiplying by log2 e would lose as many bits as x has before its
/// point.
Value emitExp(VectorEmitter &emit, Value x) {
  Reduced reduced = reduce(emit, clamp(emit, x, std::numbers::ln2));
  SmallVector<double> coefficients = nearZero(emit);
  double unit = 1; // the power of e as a power of 2
  for (double &coefficient : coefficients) {
    coefficient *= unit;
    unit *= std::numbers::log2e;
  }
  Value power = emit.polynomial(reduced.rest, coefficients);
  return isAvx512(emit) ? scaleAvx512(emit, power, reduced.whole)
                        : scalePortable(emit, power, reduced.exponent);
}

/// 2^k (e^r - 1) + (2^k - 1) for x = k ln 2 + r.
Value emitExpm1(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  bool isDouble = emit.isDouble();
  using enum arith::CmpFPredicate;
  double low = -40, high = isDouble ? 710 : 89;
  Value bounded = emit.select(OLT, x, low, emit.real(low), x); // NaN stays
  bounded = emit.select(OGT, bounded, high, emit.real(high), bounded);
  auto [whole, exponent, r] = reduce(emit, bounded);
  SmallVector<double> coefficients; // of (e^r - 1 - r) / r^2
  double term = 1;
  for (int i = 2; i <= (isDouble ? 15 : 9); ++i)
    coefficients.push_back(term /= i);
  Value square = scope.mul(r, r);
  Value part = emit.fma(square, emit.polynomial(r, coefficients), r);
  // Half of 2^k, so that 2^128 is none too many.
  Value half = emit.powerOfTwo(scope.sub(exponent, emit.word(1)));
  Value sum = emit.fma(half, part, scope.sub(half, emit.real(0.5)));
  Value result = scope.add(sum, sum);
  return emit.select(OLT, emit.magnitude(x),
                     std::ldexp(1.0, -emit.mantissa() - 5), x, result);
}

/// -t / (2 + t) for t = e^(-2 |x|) - 1.
Value emitTanh(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  Value t = emitExpm1(emit, scope.mul(emit.magnitude(x), emit.real(-2)));
  Value ratio = scope.divide(t, scope.add(t, emit.real(2)));
  return emit.withSign(ratio, x);
}

/// x P(x^2) up to 1, then 1 - 2^Q(|x|): minimax polynomials, of relative error
/// 1.2e-9 and 1.1e-9.
Value emitErf(VectorEmitter &emit, Value x) {
  static constexpr double small[] = {
      1.128379165726866,  -0.3761262582438119,  0.11283585148012648,
      -0.026853811864044, 0.005188327494246627, -0.0008010191576157702,
      7.8538536014062e-05};
  static constexpr double large[] = {
      -0.0004926710356212283, -1.6260461608218746, -0.9206480890730621,
      -0.14875186579903726,   0.03150579460853873, -0.004252604639363003,
      0.0002688917291514506};
  Scope &scope = emit.scope;
  Value size = emit.magnitude(x);
  size = emit.select(arith::CmpFPredicate::OGT, size, 4, emit.real(4), size);
  Value near = scope.mul(x, emit.polynomial(scope.mul(x, x), small));
  Value far =
      scope.sub(emit.real(1), emitExp2(scope, emit.polynomial(size, large)));
  return emit.select(arith::CmpFPredicate::OGE, size, 1, emit.withSign(far, x),
                     near);
}

} // namespace weir::cpu
