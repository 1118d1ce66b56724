// The functions of one and two scalars that the cascade dialect has, as code.
#include "codegen/abi/Scalar.h"
#include "codegen/abi/Storage.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"

#include <numbers>

using namespace mlir;

namespace weir::abi {

using cascade::BinaryFn;
using cascade::UnaryFn;
using FCmp = arith::CmpFPredicate;
using ICmp = arith::CmpIPredicate;

Value emitExtremum(Emitter &emit, bool isMax, Value a, Value b) {
  auto &builder = emit.builder;
  if (isa<FloatType>(a.getType()))
    return isMax ? Value(arith::MaximumFOp::create(builder, emit.loc, a, b))
                 : Value(arith::MinimumFOp::create(builder, emit.loc, a, b));
  return isMax ? emit.greatest(a, b) : emit.least(a, b);
}

//===-- One real
//-----------------------------------------------------------===//

template <typename Op> static Value intrinsic(Emitter &emit, Value x) {
  return Op::create(emit.builder, emit.loc, x);
}

static Value negate(Emitter &emit, Value x) {
  return arith::NegFOp::create(emit.builder, emit.loc, x);
}

/// 1 + exp(-x), the divisor of the logistic function.
static Value logisticDivisor(Emitter &emit, Value x) {
  return emit.add(emit.real(x.getType(), 1), emit.libm("exp", negate(emit, x)));
}

/// max(x, 0) + log1p(exp(-|x|)): no overflow on either side.
static Value softplus(Emitter &emit, Value x) {
  Value tail = emit.libm("exp", negate(emit, intrinsic<LLVM::FAbsOp>(emit, x)));
  Value head = emitExtremum(emit, true, x, emit.real(x.getType(), 0));
  return emit.add(head, emit.libm("log1p", tail));
}

/// x * erfc(-x / sqrt 2) / 2: no cancellation for negative x.
static Value gelu(Emitter &emit, Value x) {
  Value scaled = emit.mul(x, emit.real(x.getType(), -std::numbers::sqrt2 / 2));
  return emit.mul(emit.mul(x, emit.real(x.getType(), 0.5)),
                  emit.libm("erfc", scaled));
}

static Value signOfReal(Emitter &emit, Value x) {
  Value zero = emit.real(x.getType(), 0);
  Value negative = emit.select(emit.compare(FCmp::OLT, x, zero),
                               emit.real(x.getType(), -1), x);
  return emit.select(emit.compare(FCmp::OGT, x, zero),
                     emit.real(x.getType(), 1), negative);
}

static Value realUnary(Emitter &emit, UnaryFn fn, Value x) {
  Value one = emit.real(x.getType(), 1);
  switch (fn) {
  case UnaryFn::Neg:
    return negate(emit, x);
  case UnaryFn::Sqrt:
    return intrinsic<LLVM::SqrtOp>(emit, x);
  case UnaryFn::Rsqrt:
    return emit.divide(one, intrinsic<LLVM::SqrtOp>(emit, x));
  case UnaryFn::Sigmoid:
    return emit.divide(one, logisticDivisor(emit, x));
  case UnaryFn::Silu:
    return emit.divide(x, logisticDivisor(emit, x));
  case UnaryFn::Relu:
    return emitExtremum(emit, true, x, emit.real(x.getType(), 0));
  case UnaryFn::Gelu:
    return gelu(emit, x);
  case UnaryFn::Softplus:
    return softplus(emit, x);
  case UnaryFn::Abs:
    return intrinsic<LLVM::FAbsOp>(emit, x);
  case UnaryFn::Sign:
    return signOfReal(emit, x);
  default: // exp exp2 log log2 log1p expm1 tanh erf sin cos: libm's names are
           // ours
    return emit.libm(cascade::stringifyUnaryFn(fn), x);
  }
}

//===-- One integer
//--------------------------------------------------------===//

/// The floor of a square root, from that of the nearest double: off by one at
/// most.
static Value integerRoot(Emitter &emit, Value x) {
  Value real = arith::UIToFPOp::create(emit.builder, emit.loc, emit.f64(), x);
  Value root =
      convertScalar(emit, intrinsic<LLVM::SqrtOp>(emit, real), emit.i64());
  Value isHigh = emit.compare(ICmp::ugt, emit.mul(root, root), x);
  root = emit.select(isHigh, emit.sub(root, emit.integer(1)), root);
  Value next = emit.add(root, emit.integer(1));
  return emit.select(emit.compare(ICmp::ule, emit.mul(next, next), x), next,
                     root);
}

static Scalar integerUnary(Emitter &emit, UnaryFn fn, Scalar x) {
  Value zero = emit.integer(0);
  switch (fn) {
  case UnaryFn::Neg:
    return {emit.sub(zero, x.value), x.present};
  case UnaryFn::Abs:
    return {emit.greatest(x.value, emit.sub(zero, x.value)), x.present};
  case UnaryFn::Relu:
    return {emit.greatest(x.value, zero), x.present};
  case UnaryFn::Sign:
    return {
        emit.least(emit.greatest(x.value, emit.integer(-1)), emit.integer(1)),
        x.present};
  case UnaryFn::ISqrt: {
    Value defined = emit.compare(ICmp::sge, x.value, zero);
    return {integerRoot(emit, emit.select(defined, x.value, zero)),
            bothPresent(emit, x.present, defined)};
  }
  default: { // ilog2
    Value defined = emit.compare(ICmp::sgt, x.value, zero);
    Value zeros = LLVM::CountLeadingZerosOp::create(emit.builder, emit.loc,
                                                    emit.i64(), x.value,
                                                    /*is_zero_poison=*/false);
    return {emit.sub(emit.integer(63), zeros),
            bothPresent(emit, x.present, defined)};
  }
  }
}

Scalar emitUnary(Emitter &emit, UnaryFn fn, Scalar x) {
  if (fn == UnaryFn::Not)
    return {emit.invert(x.value), {}};
  if (x.value.getType().isInteger(64))
    return integerUnary(emit, fn, x);
  return {realUnary(emit, fn, x.value), x.present};
}

//===-- Two numbers
//--------------------------------------------------------===//

/// Floor division and remainder; a divisor of 0 is absent, one of -1 cannot
/// trap.
static Scalar floorDivide(Emitter &emit, bool remainder, Scalar a, Scalar b,
                          Value present) {
  Value zero = emit.integer(0), minus = emit.integer(-1);
  IntegerAttr known;
  bool isPlain =
      matchPattern(b.value, m_Constant(&known)) && known.getInt() > 0;
  Value isMinus = isPlain ? Value() : emit.equal(b.value, minus);
  Value divisor = b.value;
  if (!isPlain) {
    Value defined = emit.compare(ICmp::ne, b.value, zero);
    present = bothPresent(emit, present, defined);
    Value isSafe = emit.both(defined, emit.invert(isMinus));
    divisor = emit.select(isSafe, b.value, emit.integer(1));
  }
  Value quotient = emit.divide(a.value, divisor);
  Value rest = emit.sub(a.value, emit.mul(quotient, divisor));
  // Truncation went up where the rest is not 0 and has the other sign.
  Value opposite = emit.less(
      arith::XOrIOp::create(emit.builder, emit.loc, rest, divisor), zero);
  Value wentUp = emit.both(opposite, emit.compare(ICmp::ne, rest, zero));
  if (remainder) {
    Value result = emit.select(wentUp, emit.add(rest, divisor), rest);
    return {isPlain ? result : emit.select(isMinus, zero, result), present};
  }
  Value result =
      emit.select(wentUp, emit.sub(quotient, emit.integer(1)), quotient);
  return {isPlain ? result
                  : emit.select(isMinus, emit.sub(zero, a.value), result),
          present};
}

/// `base ^ exponent` by squaring, in a function that the module gets once.
static void defineIntegerPower(Emitter &emit, StringRef name) {
  ModuleOp module = emit.module();
  if (module.lookupSymbol(name))
    return;
  OpBuilder::InsertionGuard guard(emit.builder);
  auto function = makeFunction(emit, module, name, emit.i64(),
                               {emit.i64(), emit.i64()}, false);
  Value base = function.getArgument(0), exponent = function.getArgument(1);
  auto state = emit.carry(
      emit.integer(0), emit.integer(63), {emit.integer(1), base, exponent},
      [&](Value, ValueRange carried) -> SmallVector<Value> {
        Value odd = emit.compare(
            ICmp::ne, emit.both(carried[2], emit.integer(1)), emit.integer(0));
        Value result =
            emit.select(odd, emit.mul(carried[0], carried[1]), carried[0]);
        Value rest = arith::ShRUIOp::create(emit.builder, emit.loc, carried[2],
                                            emit.integer(1));
        return {result, emit.mul(carried[1], carried[1]), rest};
      });
  LLVM::ReturnOp::create(emit.builder, emit.loc, state[0]);
}

static Scalar power(Emitter &emit, Scalar a, Scalar b, Value present) {
  FloatAttr known;
  if (matchPattern(b.value, m_Constant(&known)) &&
      known.getValueAsDouble() == 2.0)
    return {emit.mul(a.value, a.value), present};
  if (isa<FloatType>(a.value.getType()))
    return {emit.libm("pow", {a.value, b.value}), present};
  constexpr StringRef name = "weir.integer_power";
  defineIntegerPower(emit, name);
  Value defined = emit.compare(ICmp::sge, b.value, emit.integer(0));
  return {emit.call(name, emit.i64(), {a.value, b.value}),
          bothPresent(emit, present, defined)};
}

static Scalar extremum(Emitter &emit, bool isMax, Scalar a, Scalar b) {
  Value value = emitExtremum(emit, isMax, a.value, b.value);
  if (b.present)
    value = emit.select(b.present, value, a.value);
  if (a.present)
    value = emit.select(a.present, value, b.value);
  return {value,
          a.present && b.present ? emit.either(a.present, b.present) : Value()};
}

/// Real floor division and its remainder.
static Value realFloor(Emitter &emit, bool remainder, Value a, Value b) {
  Value quotient = intrinsic<LLVM::FFloorOp>(emit, emit.divide(a, b));
  return remainder ? emit.sub(a, emit.mul(b, quotient)) : quotient;
}

Scalar emitBinary(Emitter &emit, BinaryFn fn, Scalar a, Scalar b) {
  Value present = bothPresent(emit, a.present, b.present);
  bool isReal = isa<FloatType>(a.value.getType());
  switch (fn) {
  case BinaryFn::Add:
    return {emit.add(a.value, b.value), present};
  case BinaryFn::Sub:
    return {emit.sub(a.value, b.value), present};
  case BinaryFn::Mul:
    return {emit.mul(a.value, b.value), present};
  case BinaryFn::Div:
    return {emit.divide(a.value, b.value), present};
  case BinaryFn::FloorDiv:
  case BinaryFn::Mod: {
    bool remainder = fn == BinaryFn::Mod;
    if (isReal)
      return {realFloor(emit, remainder, a.value, b.value), present};
    return floorDivide(emit, remainder, a, b, present);
  }
  case BinaryFn::Pow:
    return power(emit, a, b, present);
  case BinaryFn::Max:
  case BinaryFn::Min:
    return extremum(emit, fn == BinaryFn::Max, a, b);
  case BinaryFn::And:
    return {emit.both(a.value, b.value), {}};
  case BinaryFn::Or:
    return {emit.either(a.value, b.value), {}};
  }
  llvm_unreachable("a function of two scalars");
}

Value emitCompare(Emitter &emit, cascade::Predicate predicate, Value a,
                  Value b) {
  static constexpr FCmp reals[] = {FCmp::OEQ, FCmp::UNE, FCmp::OLT,
                                   FCmp::OLE, FCmp::OGT, FCmp::OGE};
  static constexpr ICmp integers[] = {ICmp::eq,  ICmp::ne,  ICmp::slt,
                                      ICmp::sle, ICmp::sgt, ICmp::sge};
  auto index = static_cast<size_t>(predicate);
  if (isa<FloatType>(a.getType()))
    return emit.compare(reals[index], a, b);
  return emit.compare(integers[index], a, b);
}

} // namespace weir::abi
