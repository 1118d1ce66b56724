// Arithmetic on vectors of reals of one type, as functions are made of.
#ifndef WEIR_CODEGEN_CPU_VECTOREMITTER_H
#define WEIR_CODEGEN_CPU_VECTOREMITTER_H

#include "codegen/cpu/Scope.h"

#include <cmath>
#include <numbers>

namespace weir::cpu {

/// Arithmetic on one vector type.
class VectorEmitter {
public:
  VectorEmitter(Scope &scope, mlir::VectorType type)
      : scope(scope), type(type) {}

  Value real(double value) {
    return scope.splat(scope.real(type.getElementType(), value), lanes());
  }
  /// a b + c, with one rounding or two.
  Value fma(Value a, Value b, Value c) {
    return mlir::LLVM::FMulAddOp::create(scope.builder, scope.loc, type, a, b,
                                         c);
  }
  /// Horner's rule; the coefficient of the highest power comes last.
  Value polynomial(Value x, llvm::ArrayRef<double> coefficients) {
    Value sum = real(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, real(coefficient));
    return sum;
  }
  Value intrinsic(llvm::StringRef name, mlir::ValueRange operands) {
    return mlir::LLVM::CallIntrinsicOp::create(
               scope.builder, scope.loc, type,
               scope.builder.getStringAttr(name), operands)
        .getResults();
  }
  Value select(mlir::arith::CmpFPredicate predicate, Value a, double b,
               Value yes, Value no) {
    return scope.select(scope.compare(predicate, a, real(b)), yes, no);
  }
  Value magnitude(Value x) {
    return mlir::LLVM::FAbsOp::create(scope.builder, scope.loc, x);
  }
  Value withSign(Value x, Value sign) {
    return mlir::LLVM::CopySignOp::create(scope.builder, scope.loc, x, sign);
  }
  // The integers that have the vector's bits.
  mlir::VectorType words() const {
    Type word = scope.builder.getIntegerType(type.getElementTypeBitWidth());
    return mlir::VectorType::get(lanes(), word);
  }
  Value word(int64_t value) {
    return scope.splat(scope.integer(words().getElementType(), value), lanes());
  }
  int mantissa() const { return isDouble() ? 52 : 23; }
  int bias() const { return isDouble() ? 1023 : 127; }
  /// 2^exponent for integers in the range of normal numbers.
  Value powerOfTwo(Value exponent) {
    return scope.bitcast(
        type, mlir::arith::ShLIOp::create(scope.builder, scope.loc,
                                          scope.add(exponent, word(bias())),
                                          word(mantissa())));
  }
  /// x rounded to a whole number, and that number as an integer.
  std::pair<Value, Value> round(Value x) {
    Value magic = real(std::ldexp(1.5, mantissa()));
    Value shifted = scope.add(x, magic);
    return {scope.sub(shifted, magic),
            scope.sub(scope.bitcast(words(), shifted),
                      scope.bitcast(words(), magic))};
  }
  /// ln 2 as the sum of two numbers, the first of so few bits that its product
  /// with an exponent is exact.
  std::pair<double, double> splitLn2() const {
    double scale = std::ldexp(1.0, isDouble() ? 32 : 15);
    double high = std::floor(std::numbers::ln2 * scale) / scale;
    constexpr double beyond = 2.3190468138462996e-17; // of ln 2 in double
    return {high, (std::numbers::ln2 - high) + beyond};
  }
  int64_t lanes() const { return type.getNumElements(); }
  bool isDouble() const { return type.getElementType().isF64(); }

  Scope &scope;
  mlir::VectorType type;
};

/// Functions of vectors of f32 or f64; error in ulp of f32 as test/codegen/cpu/
/// MathTest.cpp measures it.
Value emitExp(VectorEmitter &emit, Value x);
Value emitExpm1(VectorEmitter &emit, Value x);
Value emitTanh(VectorEmitter &emit, Value x);
Value emitLog(VectorEmitter &emit, Value x);
Value emitLog1p(VectorEmitter &emit, Value x);
Value emitLog2(VectorEmitter &emit, Value x);
/// Of f32 alone.
Value emitErf(VectorEmitter &emit, Value x);

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_VECTOREMITTER_H
