// Reciprocals, roots, exponentials, sines: computed to the nearest, which is
// within what the manual allows of the approximate ones.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;

namespace {

enum class Function : uint8_t { Rcp, Sqrt, Rsqrt, Sin, Cos, Lg2, Ex2, Tanh };

template <Function function, typename T> T evaluate(T x) {
  switch (function) {
  case Function::Rcp:
    return 1 / x;
  case Function::Sqrt:
    return std::sqrt(x);
  case Function::Rsqrt:
    return static_cast<T>(1 / std::sqrt(static_cast<double>(x)));
  case Function::Sin:
    return std::sin(x);
  case Function::Cos:
    return std::cos(x);
  case Function::Lg2:
    return std::log2(x);
  case Function::Ex2:
    return std::exp2(x);
  case Function::Tanh:
    return std::tanh(x);
  }
}

float clean(float value) {
  return value == value ? value : std::bit_cast<float>(0x7fff'ffffu);
}

/// bf16 with .ftz: subnormal numbers become zeros.
uint16_t flushedBits(uint16_t bits, bool flushes) {
  return flushes && (bits & 0x7f80) == 0 ? bits & 0x8000 : bits;
}

template <Function function, typename Format, typename Register>
void onHalves(Warp &warp, const Instruction &one) {
  Register *result = warp.lanes<Register>(one.slots[0]);
  const Register *a = warp.lanes<Register>(one.slots[1]);
  bool flushes = one.data[0] & flushFlag;
  eachLane(warp.exec, [=](unsigned lane) {
    Register out = 0;
    for (unsigned shift = 0; shift < 8 * sizeof(Register); shift += 16) {
      auto bits = flushedBits(static_cast<uint16_t>(a[lane] >> shift), flushes);
      double y = evaluate<function>(double(Format::load(bits)));
      out |= static_cast<Register>(
          uint32_t(flushedBits(Format::store(y), flushes)) << shift);
    }
    result[lane] = out;
  });
}

template <Function function> Handler halves(Type type) {
  switch (type) {
  case Type::F16:
    return onHalves<function, Half, uint16_t>;
  case Type::F16x2:
    return onHalves<function, Half, uint32_t>;
  case Type::BF16:
    return onHalves<function, Bfloat, uint16_t>;
  default:
    return onHalves<function, Bfloat, uint32_t>;
  }
}

/// Correctly rounded forms in other directions, by double.
template <Function function> void rounded(Warp &warp, const Instruction &one) {
  float *result = warp.lanes<float>(one.slots[0]);
  const float *a = warp.lanes<float>(one.slots[1]);
  eachLane(warp.exec, [&](unsigned lane) {
    float x = one.data[0] & flushFlag ? flushed(a[lane]) : a[lane];
    float y =
        clean(toFloat(evaluate<function>(double(x)), Rounding(one.data[1])));
    result[lane] = one.data[0] & flushFlag ? flushed(y) : y;
  });
}

template <Function function> void decode(Decoding &d) {
  bool rounds = false;
  Rounding rounding = takeRounding(d, &rounds);
  d.take("approx");
  uint32_t flags = takeFloatFlags(d);
  Type type = d.takeType();
  d.expectOperands(2, 2);
  bool canRound = function == Function::Rcp || function == Function::Sqrt;
  bool half = type != Type::F32 && type != Type::F64;
  bool pair = bytesOf(type) == 4 && half;
  d.result(0, half ? (pair ? Type::B32 : Type::B16) : type);
  d.source(1, half ? (pair ? Type::B32 : Type::B16) : type);
  bool hasHalf = (function == Function::Ex2 || function == Function::Tanh) &&
                 type != Type::TF32;
  bool hasDouble = canRound || function == Function::Rsqrt;
  bool flushesHalf =
      (flags & flushFlag) && (type == Type::F16 || type == Type::F16x2);
  if ((flags & ~flushFlag) || flushesHalf || (half && !hasHalf) ||
      (type == Type::F64 && !hasDouble) ||
      (rounding != Rounding::Nearest && (!canRound || type == Type::F64)))
    return d.fail("this form of '" + std::string(d.statement.opcode) +
                  "' is not modelled");
  d.out.data = {flags, static_cast<uint32_t>(rounding), 0, 0};
  if (half)
    d.out.run = halves<function>(type);
  else if (type == Type::F64)
    d.out.run =
        unary<double, double>([](double x) { return evaluate<function>(x); });
  else if (rounding != Rounding::Nearest)
    d.out.run = rounded<function>;
  else if (flags & flushFlag)
    d.out.run = unary<float, float>(
        [](float x) { return clean(flushed(evaluate<function>(flushed(x)))); });
  else
    d.out.run = unary<float, float>(
        [](float x) { return clean(evaluate<function>(x)); });
}

template <typename T> void decodeCopysignOf(Decoding &d) {
  d.out.run = binary<T, T>(
      [](T sign, T magnitude) { return std::copysign(magnitude, sign); });
}

void decodeCopysign(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(3, 3);
  d.result(0, type);
  d.source(1, type);
  d.source(2, type);
  return type == Type::F64 ? decodeCopysignOf<double>(d)
                           : decodeCopysignOf<float>(d);
}

/// testp: data[0] says which property.
template <typename T> void testp(Warp &warp, const Instruction &one) {
  const T *a = warp.lanes<T>(one.slots[1]);
  uint32_t out = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    T x = a[lane];
    const bool answers[] = {
        std::isfinite(x), std::isinf(x),    !std::isnan(x),
        std::isnan(x),    std::isnormal(x), std::fpclassify(x) == FP_SUBNORMAL};
    out |= uint32_t(answers[one.data[0]]) << lane;
  });
  uint32_t &result = warp.predicate(one.slots[0]);
  result = (result & ~warp.exec) | out;
}

void decodeTestp(Decoding &d) {
  d.out.data[0] = d.takeOneOf(
      {"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  Type type = d.takeType();
  d.expectOperands(2, 2);
  d.result(0, Type::Pred);
  d.source(1, type);
  d.out.run = type == Type::F64 ? testp<double> : testp<float>;
}

} // namespace

void weir::ptx::addFunctions(OpcodeTable &table) {
  table["rcp"] = decode<Function::Rcp>;
  table["sqrt"] = decode<Function::Sqrt>;
  table["rsqrt"] = decode<Function::Rsqrt>;
  table["sin"] = decode<Function::Sin>;
  table["cos"] = decode<Function::Cos>;
  table["lg2"] = decode<Function::Lg2>;
  table["ex2"] = decode<Function::Ex2>;
  table["tanh"] = decode<Function::Tanh>;
  table["copysign"] = decodeCopysign;
  table["testp"] = decodeTestp;
}
