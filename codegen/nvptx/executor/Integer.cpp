// Integer arithmetic: add to max, in the low, high and wide forms.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"
#include "codegen/nvptx/executor/Lanes.h"

#include <type_traits>

using namespace weir::ptx;

namespace {

/// Arithmetic wraps: it is done on unsigned integers of at least 32 bits.
template <typename T>
using Wrapping = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
template <typename T>
using Double = std::conditional_t<
    sizeof(T) == 8,
    std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
    std::conditional_t<
        sizeof(T) == 4,
        std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
        std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>>;

template <typename T> T highPart(T a, T b) {
  return static_cast<T>((Double<T>(a) * Double<T>(b)) >> (8 * sizeof(T)));
}

template <typename T> Double<T> wideProduct(T a, T b) {
  return Double<T>(a) * Double<T>(b);
}

/// Division by zero gives all ones, as devices do; the remainder is the
/// dividend.
template <typename T> T quotient(T a, T b) {
  if (b == 0)
    return static_cast<T>(-1);
  return std::is_signed_v<T> && b == T(-1)
             ? static_cast<T>(Wrapping<T>(0) - Wrapping<T>(a))
             : static_cast<T>(a / b);
}
template <typename T> T remainder(T a, T b) {
  if (b == 0)
    return a;
  return std::is_signed_v<T> && b == T(-1) ? T(0) : static_cast<T>(a % b);
}

int32_t saturatedSum(int64_t sum) {
  return static_cast<int32_t>(
      std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX));
}

Handler simple(Operation operation, Type type) {
  return forInteger(type, [&](auto zero) -> Handler {
    using T = decltype(zero);
    using U = Wrapping<T>;
    switch (operation) {
    case Operation::Add:
      return binary<T, T>([](T a, T b) { return static_cast<T>(U(a) + U(b)); });
    case Operation::Sub:
      return binary<T, T>([](T a, T b) { return static_cast<T>(U(a) - U(b)); });
    case Operation::Div:
      return binary<T, T>([](T a, T b) { return quotient(a, b); });
    case Operation::Rem:
      return binary<T, T>([](T a, T b) { return remainder(a, b); });
    case Operation::Min:
      return binary<T, T>([](T a, T b) { return a < b ? a : b; });
    case Operation::Max:
      return binary<T, T>([](T a, T b) { return a > b ? a : b; });
    case Operation::Neg:
      return unary<T, T>([](T a) { return static_cast<T>(U(0) - U(a)); });
    case Operation::Abs:
      return unary<T, T>(
          [](T a) { return a < T(0) ? static_cast<T>(U(0) - U(a)) : a; });
    default:
      return nullptr;
    }
  });
}

/// mul and mad: the low half, the high one, or both.
enum Part : unsigned { Low, High, Wide };

Handler product(Part part, bool adds, Type type) {
  return forInteger(type, [&](auto zero) -> Handler {
    using T = decltype(zero);
    using U = Wrapping<T>;
    if (part == Low && !adds)
      return binary<T, T>([](T a, T b) { return static_cast<T>(U(a) * U(b)); });
    if (part == Low)
      return ternary<T, T, T>(
          [](T a, T b, T c) { return static_cast<T>(U(a) * U(b) + U(c)); });
    if (part == High && !adds)
      return binary<T, T>([](T a, T b) { return highPart(a, b); });
    if (part == High)
      return ternary<T, T, T>([](T a, T b, T c) {
        return static_cast<T>(U(highPart(a, b)) + U(c));
      });
    if constexpr (sizeof(T) < 8) {
      using D = Double<T>;
      if (!adds)
        return binary<D, T>([](T a, T b) { return wideProduct(a, b); });
      return ternary<D, T, D>([](T a, T b, D c) {
        return static_cast<D>(Wrapping<D>(wideProduct(a, b)) + Wrapping<D>(c));
      });
    }
    return nullptr;
  });
}

Type doubled(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  default:
    return Type::S64;
  }
}

/// add.cc, addc, sub.cc, subc: result and carry ← a ± b ± carry.
template <typename T, bool subtracts>
void withCarry(Warp &warp, const Instruction &one) {
  T *result = warp.lanes<T>(one.slots[0]);
  const T *a = warp.lanes<T>(one.slots[2]), *b = warp.lanes<T>(one.slots[3]);
  uint32_t carries = one.data[0] ? warp.predicate(one.slots[4]) : 0, out = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    T x = a[lane], y = b[lane], in = carries >> lane & 1;
    T partial = subtracts ? x - y : x + y;
    T sum = subtracts ? partial - in : partial + in;
    bool over =
        subtracts ? x < y || partial < in : partial < x || sum < partial;
    result[lane] = sum;
    out |= uint32_t(over) << lane;
  });
  uint32_t &carry = warp.predicate(one.slots[1]);
  carry = (carry & ~warp.exec) | out;
}

void decodeCarry(Decoding &d, Operation operation, Type type, bool takesCarry,
                 bool givesCarry) {
  d.result(0, type);
  if (d.failed())
    return;
  d.slots.push_back(givesCarry ? d.function.carry() : d.function.sink(0));
  ++d.out.results;
  d.source(1, type);
  d.source(2, type);
  if (takesCarry) {
    d.slots.push_back(d.function.carry());
    ++d.out.sources;
  }
  d.out.data[0] = takesCarry;
  bool subtracts = operation == Operation::Sub;
  if (bytesOf(type) == 4)
    d.out.run =
        subtracts ? withCarry<uint32_t, true> : withCarry<uint32_t, false>;
  else
    d.out.run =
        subtracts ? withCarry<uint64_t, true> : withCarry<uint64_t, false>;
}

} // namespace

void weir::ptx::decodeInteger(Decoding &d, Operation operation, Type type) {
  bool takesCarry = d.statement.opcode.back() == 'c', givesCarry = d.take("cc");
  if (bytesOf(type) < 2)
    return d.fail("arithmetic on 8 bits");
  if (takesCarry || givesCarry) {
    if (operation != Operation::Add && operation != Operation::Sub)
      return d.unmodelled("cc");
    return decodeCarry(d, operation, type, takesCarry, givesCarry);
  }
  if (operation == Operation::Mul || operation == Operation::Fma) {
    unsigned part = d.takeOneOf({"lo", "hi", "wide"});
    if (part > 2 || d.statement.opcode == "fma")
      return d.fail("an integer '" + std::string(d.statement.opcode) +
                    "' without .lo, .hi or .wide");
    bool adds = operation == Operation::Fma;
    d.expectOperands(adds ? 4 : 3, adds ? 4 : 3);
    d.result(0, part == Wide ? doubled(type) : type);
    d.source(1, type);
    d.source(2, type);
    if (adds)
      d.source(3, part == Wide ? doubled(type) : type);
    d.out.run = product(Part(part), adds, type);
    if (!d.out.run)
      d.fail("'" + std::string(d.statement.opcode) +
             "' of this type is not modelled");
    return;
  }
  bool single = operation == Operation::Neg || operation == Operation::Abs;
  d.expectOperands(single ? 2 : 3, single ? 2 : 3);
  d.result(0, type);
  d.source(1, type);
  if (!single)
    d.source(2, type);
  d.out.run = simple(operation, type);
  if (d.take("sat")) {
    if (type != Type::S32 ||
        (operation != Operation::Add && operation != Operation::Sub))
      return d.unmodelled("sat");
    d.out.run = operation == Operation::Add
                    ? binary<int32_t, int32_t>([](int64_t a, int64_t b) {
                        return saturatedSum(a + b);
                      })
                    : binary<int32_t, int32_t>([](int64_t a, int64_t b) {
                        return saturatedSum(a - b);
                      });
  }
}
