// Logarithms, on vectors.
#include "codegen/cpu/VectorEmitter.h"

#include <limits>

using namespace mlir;

namespace weir::cpu {

namespace {

using enum arith::CmpFPredicate;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A number as (1 + part) 2^exponent, 1 + part between sqrt 1/2 and sqrt 2.
struct Split {
  Value part, exponent; ///< the exponent as an integer
};

/// Of positive normal numbers.
Split split(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  // Subtracting the bits of sqrt 1/2 leaves the exponent in the upper ones.
  Value root = scope.bitcast(emit.words(), emit.real(std::numbers::sqrt2 / 2));
  Value bits = scope.bitcast(emit.words(), x);
  Value shift = emit.word(emit.mantissa());
  Value exponent = arith::ShRSIOp::create(scope.builder, scope.loc,
                                          scope.sub(bits, root), shift);
  Value power =
      arith::ShLIOp::create(scope.builder, scope.loc, exponent, shift);
  Value scaled = scope.bitcast(emit.type, scope.sub(bits, power));
  return {scope.sub(scaled, emit.real(1)), exponent};
}

/// log(1 + f) = f - (f^2/2 - s (f^2/2 + r)), where s = f / (2 + f) and
/// r = log((1 + s) / (1 - s)) / s - 2, a series in s^2 of at most 0.03.
/// Returns f^2/2 - s (f^2/2 + r): what f is too large by.
Value excess(VectorEmitter &emit, Value f) {
  Scope &scope = emit.scope;
  Value s = scope.divide(f, scope.add(f, emit.real(2)));
  SmallVector<double> coefficients;
  for (int i = 1; i <= (emit.isDouble() ? 10 : 4); ++i)
    coefficients.push_back(2.0 / (2 * i + 1));
  Value z = scope.mul(s, s);
  Value r = scope.mul(z, emit.polynomial(z, coefficients));
  Value half = scope.mul(scope.mul(f, f), emit.real(0.5));
  return scope.sub(half, scope.mul(s, scope.add(half, r)));
}

/// log(1 + f) + exponent ln 2.
Value sum(VectorEmitter &emit, Value f, Value exponent) {
  Scope &scope = emit.scope;
  auto [high, low] = emit.splitLn2();
  Value e =
      arith::SIToFPOp::create(scope.builder, scope.loc, emit.type, exponent);
  Value rest = emit.fma(e, emit.real(-low), excess(emit, f));
  return emit.fma(e, emit.real(high), scope.sub(f, rest));
}

/// Puts right what is no positive finite number; `zero` is where a logarithm is
/// -inf.
Value special(VectorEmitter &emit, Value x, double zero, Value result) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  result = emit.select(UEQ, x, infinity, x, result); // inf and NaN
  result = emit.select(OEQ, x, zero, emit.real(-infinity), result);
  return emit.select(OLT, x, zero, emit.real(nan), result);
}

/// The same for subnormal numbers too.
Split splitAny(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  Value isSmall =
      scope.compare(OLT, x, emit.real(std::ldexp(1.0, 1 - emit.bias())));
  Value scale = emit.real(std::ldexp(1.0, emit.mantissa() + 2));
  Split result = split(emit, scope.select(isSmall, scope.mul(x, scale), x));
  Value shift =
      scope.select(isSmall, emit.word(emit.mantissa() + 2), emit.word(0));
  result.exponent = scope.sub(result.exponent, shift);
  return result;
}

} // namespace

Value emitLog(VectorEmitter &emit, Value x) {
  Split parts = splitAny(emit, x);
  return special(emit, x, 0, sum(emit, parts.part, parts.exponent));
}

Value emitLog2(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  Split parts = splitAny(emit, x);
  Value logarithm = scope.sub(parts.part, excess(emit, parts.part));
  Value e = arith::SIToFPOp::create(scope.builder, scope.loc, emit.type,
                                    parts.exponent);
  return special(emit, x, 0,
                 emit.fma(logarithm, emit.real(std::numbers::log2e), e));
}

/// The logarithm of 1 + x; what rounding the sum loses is added to its part.
Value emitLog1p(VectorEmitter &emit, Value x) {
  Scope &scope = emit.scope;
  Value one = emit.real(1), all = scope.add(one, x);
  Split parts = split(emit, all);
  Value lost = emit.select(OLT, x, 1, scope.sub(x, scope.sub(all, one)),
                           scope.sub(one, scope.sub(all, x)));
  // What is lost of large numbers makes no difference.
  Value within = scope.least(parts.exponent, emit.word(emit.bias() - 1));
  Value scale = emit.powerOfTwo(scope.sub(emit.word(0), within));
  Value f = emit.fma(lost, scale, parts.part);
  Value isNear =
      arith::CmpIOp::create(scope.builder, scope.loc, arith::CmpIPredicate::eq,
                            parts.exponent, emit.word(0));
  f = scope.select(isNear, x, f);
  return special(emit, x, -1, sum(emit, f, parts.exponent));
}

} // namespace weir::cpu
