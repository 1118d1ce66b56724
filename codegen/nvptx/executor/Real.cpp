// Arithmetic on f32 and f64, with roundings, flushing and saturation.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Lanes.h"

#include <type_traits>

using namespace weir::ptx;

namespace {

/// Results that are not a number have one pattern in f32.
template <typename T> T canonical(T value) {
  if constexpr (std::is_same_v<T, float>)
    return value == value ? value : std::bit_cast<float>(0x7fff'ffffu);
  return value;
}

template <typename T> T least(T a, T b) {
  if (a == b)
    return std::signbit(a) ? a : b;
  return b != b || a < b ? canonical(a) : canonical(b);
}
template <typename T> T greatest(T a, T b) {
  if (a == b)
    return std::signbit(a) ? b : a;
  return b != b || a > b ? canonical(a) : canonical(b);
}

/// The usual forms: to the nearest, nothing flushed.
template <typename T> Handler plain(Operation operation) {
  switch (operation) {
  case Operation::Add:
    return binary<T, T>([](T a, T b) { return canonical(a + b); });
  case Operation::Sub:
    return binary<T, T>([](T a, T b) { return canonical(a - b); });
  case Operation::Mul:
    return binary<T, T>([](T a, T b) { return canonical(a * b); });
  case Operation::Div:
    return binary<T, T>([](T a, T b) { return canonical(a / b); });
  case Operation::Fma:
    return ternary<T, T, T>(
        [](T a, T b, T c) { return canonical(std::fma(a, b, c)); });
  case Operation::Min:
    return binary<T, T>([](T a, T b) { return least(a, b); });
  case Operation::Max:
    return binary<T, T>([](T a, T b) { return greatest(a, b); });
  case Operation::Neg:
    return unary<T, T>([](T a) { return -a; });
  case Operation::Abs:
    return unary<T, T>([](T a) { return std::fabs(a); });
  case Operation::Rem:
    return nullptr;
  }
  return nullptr;
}

/// a * b + c, rounded to odd. An exact zero is negative when rounding down,
/// but of two positive terms.
double sum(double a, double b, double c, Rounding rounding) {
  double exact = oddFma(a, b, c);
  if (exact == 0 && rounding == Rounding::Down &&
      (std::signbit(a * b) || std::signbit(c)))
    return -0.0;
  return exact;
}

/// Exact or rounded to odd, so that one more rounding to f32 is right.
double exactly(Operation operation, Rounding rounding, float a, float b,
               float c) {
  switch (operation) {
  case Operation::Add:
    return sum(a, 1, b, rounding);
  case Operation::Sub:
    return sum(a, 1, -b, rounding);
  case Operation::Mul:
    return static_cast<double>(a) * b;
  case Operation::Fma:
    return sum(a, b, c, rounding);
  default:
    return 0;
  }
}

float modified(Operation operation, Rounding rounding, uint32_t flags, float a,
               float b, float c) {
  if (flags & flushFlag) {
    a = flushed(a);
    b = flushed(b);
    c = flushed(c);
  }
  float result = 0;
  switch (operation) {
  case Operation::Div:
    result = a / b;
    break;
  case Operation::Neg:
    result = -a;
    break;
  case Operation::Abs:
    result = std::fabs(a);
    break;
  case Operation::Min:
    result = (flags & nanFlag) && (a != a || b != b) ? a + b : least(a, b);
    break;
  case Operation::Max:
    result = (flags & nanFlag) && (a != a || b != b) ? a + b : greatest(a, b);
    break;
  default:
    result = toFloat(exactly(operation, rounding, a, b, c), rounding);
  }
  if (flags & flushFlag)
    result = flushed(result);
  if (flags & saturateFlag)
    result = saturated(result);
  return canonical(result);
}

/// Any f32 operation with modifiers: data[0] flags, [1] operation, [2]
/// rounding.
void general(Warp &warp, const Instruction &one) {
  float *result = warp.lanes<float>(one.slots[0]);
  const float *sources[3] = {};
  for (unsigned i = 0; i < 3; ++i)
    sources[i] = warp.lanes<float>(
        one.slots[1 + std::min<unsigned>(i, one.sources - 1)]);
  eachLane(warp.exec, [&](unsigned lane) {
    result[lane] =
        modified(Operation(one.data[1]), Rounding(one.data[2]), one.data[0],
                 sources[0][lane], sources[1][lane], sources[2][lane]);
  });
}

/// The commonest modified forms of f32, as vectors.
Handler flushing(Operation operation) {
  switch (operation) {
  case Operation::Add:
    return binary<float, float>([](float a, float b) {
      return canonical(flushed(flushed(a) + flushed(b)));
    });
  case Operation::Sub:
    return binary<float, float>([](float a, float b) {
      return canonical(flushed(flushed(a) - flushed(b)));
    });
  case Operation::Mul:
    return binary<float, float>([](float a, float b) {
      return canonical(flushed(flushed(a) * flushed(b)));
    });
  default:
    return nullptr;
  }
}

} // namespace

void weir::ptx::decodeReal(Decoding &d, Operation operation, Type type) {
  Rounding rounding = takeRounding(d);
  uint32_t flags = takeFloatFlags(d);
  if (operation == Operation::Div)
    d.takeOneOf({"approx", "full"});
  unsigned sources =
      operation == Operation::Fma                                  ? 3
      : operation == Operation::Neg || operation == Operation::Abs ? 1
                                                                   : 2;
  d.expectOperands(sources + 1, sources + 1);
  d.result(0, type);
  for (unsigned i = 1; i <= sources; ++i)
    d.source(i, type);
  bool modified = flags || rounding != Rounding::Nearest;
  if (operation == Operation::Rem || (flags & reluFlag))
    return d.fail("'" + std::string(d.statement.opcode) +
                  "' of this type is not modelled");
  if ((modified && type == Type::F64) || rounding == Rounding::NearestAway ||
      (operation == Operation::Div && rounding != Rounding::Nearest))
    return d.fail("this rounding or modifier of '" +
                  std::string(d.statement.opcode) + "' is not modelled");
  d.out.data = {flags, static_cast<uint32_t>(operation),
                static_cast<uint32_t>(rounding), 0};
  if (!modified)
    d.out.run =
        type == Type::F32 ? plain<float>(operation) : plain<double>(operation);
  else if (flags == flushFlag && rounding == Rounding::Nearest)
    d.out.run = flushing(operation);
  if (!d.out.run)
    d.out.run = general;
}
