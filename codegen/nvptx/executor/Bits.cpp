// Logic, shifts, fields, permutations, counts and dot products of bits.
#include "codegen/nvptx/executor/Decoding.h"
#include "codegen/nvptx/executor/Lanes.h"

#include <algorithm>
#include <type_traits>

using namespace weir::ptx;

namespace {

enum class Logic : uint8_t { And, Or, Xor, Not };

template <Logic logic> uint32_t combine(uint32_t a, uint32_t b) {
  return logic == Logic::And   ? a & b
         : logic == Logic::Or  ? a | b
         : logic == Logic::Xor ? a ^ b
                               : ~a;
}

template <Logic logic> void onPredicates(Warp &warp, const Instruction &one) {
  uint32_t a = warp.condition(one, 1),
           b = logic == Logic::Not ? 0 : warp.condition(one, 2);
  uint32_t &result = warp.predicate(one.slots[0]);
  result = (result & ~warp.exec) | (combine<logic>(a, b) & warp.exec);
}

template <Logic logic> void decodeLogic(Decoding &d) {
  Type type = d.takeType();
  size_t sources = logic == Logic::Not ? 1 : 2;
  d.expectOperands(sources + 1, sources + 1);
  d.result(0, type);
  for (size_t i = 1; i <= sources; ++i)
    d.source(i, type);
  if (type == Type::Pred) {
    d.out.run = onPredicates<logic>;
    return;
  }
  d.out.run = forInteger(type, [](auto zero) -> Handler {
    using T = decltype(zero);
    switch (logic) {
    case Logic::And:
      return binary<T, T>([](T a, T b) { return static_cast<T>(a & b); });
    case Logic::Or:
      return binary<T, T>([](T a, T b) { return static_cast<T>(a | b); });
    case Logic::Xor:
      return binary<T, T>([](T a, T b) { return static_cast<T>(a ^ b); });
    case Logic::Not:
      return unary<T, T>([](T a) { return static_cast<T>(~a); });
    }
    return nullptr;
  });
  if (!d.out.run)
    d.fail("bits of this type are not modelled");
}

void decodeCnot(Decoding &d) {
  Type type = d.takeType();
  d.result(0, type);
  d.source(1, type);
  d.out.run = forInteger(type, [](auto zero) {
    using T = decltype(zero);
    return unary<T, T>([](T a) { return static_cast<T>(a == 0); });
  });
}

/// Shifts by a register of 32 bits; amounts over the width give 0 or the sign.
template <bool left> void decodeShift(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(3, 3);
  d.result(0, type);
  d.source(1, type);
  d.source(2, Type::U32);
  d.out.run = forInteger(type, [](auto zero) -> Handler {
    using T = decltype(zero);
    return [](Warp &warp, const Instruction &one) {
      T *result = warp.lanes<T>(one.slots[0]);
      const T *a = warp.lanes<T>(one.slots[1]);
      const uint32_t *amounts = warp.lanes<uint32_t>(one.slots[2]);
      constexpr uint32_t width = 8 * sizeof(T);
      eachLane(warp.exec, [=](unsigned lane) {
        uint32_t amount = std::min(amounts[lane], width - 1);
        bool over = amounts[lane] >= width;
        if (left)
          result[lane] =
              over ? T(0)
                   : static_cast<T>(std::make_unsigned_t<T>(a[lane]) << amount);
        else
          result[lane] = static_cast<T>(
              over && !std::is_signed_v<T> ? T(0) : a[lane] >> amount);
      });
    };
  });
  if (!d.out.run)
    d.fail("a shift of this type is not modelled");
}

uint32_t funnel(uint32_t low, uint32_t high, uint32_t amount, bool left,
                bool clamps) {
  amount = clamps ? std::min(amount, 32u) : amount & 31;
  uint64_t both = uint64_t(high) << 32 | low;
  return left ? static_cast<uint32_t>(both << amount >> 32)
              : static_cast<uint32_t>(both >> amount);
}

void decodeFunnel(Decoding &d) {
  bool left = d.take("l"), clamps = d.take("clamp");
  d.take("r");
  d.take("wrap");
  d.takeType();
  d.expectOperands(4, 4);
  d.result(0, Type::B32);
  for (size_t i = 1; i <= 3; ++i)
    d.source(i, Type::B32);
  using T = uint32_t;
  if (left)
    d.out.run = clamps ? ternary<T, T, T>([](T a, T b, T c) {
      return funnel(a, b, c, true, true);
    })
                       : ternary<T, T, T>([](T a, T b, T c) {
                           return funnel(a, b, c, true, false);
                         });
  else
    d.out.run = clamps ? ternary<T, T, T>([](T a, T b, T c) {
      return funnel(a, b, c, false, true);
    })
                       : ternary<T, T, T>([](T a, T b, T c) {
                           return funnel(a, b, c, false, false);
                         });
}

/// data[0]: the truth table, one bit for each of the eight (a, b, c).
void lop3(Warp &warp, const Instruction &one) {
  uint32_t *result = warp.lanes<uint32_t>(one.slots[0]);
  const uint32_t *a = warp.lanes<uint32_t>(one.slots[1]),
                 *b = warp.lanes<uint32_t>(one.slots[2]),
                 *c = warp.lanes<uint32_t>(one.slots[3]);
  uint32_t table = one.data[0];
  eachLane(warp.exec, [=](unsigned lane) {
    uint32_t out = 0;
    for (unsigned row = 0; row < 8; ++row) {
      uint32_t match = (row & 4 ? a[lane] : ~a[lane]) &
                       (row & 2 ? b[lane] : ~b[lane]) &
                       (row & 1 ? c[lane] : ~c[lane]);
      out |= table >> row & 1 ? match : 0;
    }
    result[lane] = out;
  });
}

void decodeLop3(Decoding &d) {
  d.takeType();
  d.expectOperands(5, 5);
  d.result(0, Type::B32);
  for (size_t i = 1; i <= 3; ++i)
    d.source(i, Type::B32);
  d.out.data[0] = d.immediate(d.operand(4));
  d.out.run = lop3;
}

/// Which of eight bytes each nibble of the selector takes, by mode.
enum PermuteMode : unsigned { Generic, F4e, B4e, Rc8, Ecl, Ecr, Rc16 };

uint32_t permute(uint32_t a, uint32_t b, uint32_t c, unsigned mode) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  uint32_t out = 0, s = c & 3;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned selector = 0;
    switch (mode) {
    case Generic:
      selector = c >> (4 * i) & 15;
      break;
    case F4e:
      selector = s + i;
      break;
    case B4e:
      selector = (s + 8 - i) & 7;
      break;
    case Rc8:
      selector = s;
      break;
    case Ecl:
      selector = std::max(s, i);
      break;
    case Ecr:
      selector = std::min(s, i);
      break;
    case Rc16:
      selector = (s & 1) * 2 + (i & 1);
      break;
    }
    uint32_t byte = bytes >> (8 * (selector & 7)) & 255;
    if (selector & 8)
      byte = byte & 128 ? 255 : 0;
    out |= byte << (8 * i);
  }
  return out;
}

void prmt(Warp &warp, const Instruction &one) {
  uint32_t *result = warp.lanes<uint32_t>(one.slots[0]);
  const uint32_t *a = warp.lanes<uint32_t>(one.slots[1]),
                 *b = warp.lanes<uint32_t>(one.slots[2]),
                 *c = warp.lanes<uint32_t>(one.slots[3]);
  eachLane(warp.exec, [&](unsigned lane) {
    result[lane] = permute(a[lane], b[lane], c[lane], one.data[0]);
  });
}

void decodePrmt(Decoding &d) {
  unsigned mode = d.takeOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  d.out.data[0] = mode == 6 ? unsigned(Generic) : mode + 1;
  d.takeType();
  d.expectOperands(4, 4);
  d.result(0, Type::B32);
  for (size_t i = 1; i <= 3; ++i)
    d.source(i, Type::B32);
  d.out.run = prmt;
}

/// bfe: position and length are the low bytes; a signed field keeps its sign.
template <typename T> T extract(T a, uint32_t position, uint32_t length) {
  constexpr unsigned width = 8 * sizeof(T);
  using U = std::make_unsigned_t<T>;
  position &= 255;
  length &= 255;
  U bits = position < width ? U(a) >> position : 0;
  U mask = length >= width ? ~U(0) : (U(1) << length) - 1;
  U sign = 0;
  if (std::is_signed_v<T> && length)
    sign = U(a) >> std::min(position + length - 1, width - 1) & 1;
  U filled =
      position >= width
          ? width
          : width -
                position; // bits that the shift brought in as zeros start here
  U kept = bits & mask;
  if (sign) {
    kept |= ~mask;
    if (position >= width)
      kept = ~U(0);
    else if (filled < width)
      kept |= ~U(0) << filled;
  }
  return static_cast<T>(kept);
}

template <typename T> void bfe(Warp &warp, const Instruction &one) {
  T *result = warp.lanes<T>(one.slots[0]);
  const T *a = warp.lanes<T>(one.slots[1]);
  const uint32_t *b = warp.lanes<uint32_t>(one.slots[2]),
                 *c = warp.lanes<uint32_t>(one.slots[3]);
  eachLane(warp.exec, [=](unsigned lane) {
    result[lane] = extract(a[lane], b[lane], c[lane]);
  });
}

template <typename T> void bfi(Warp &warp, const Instruction &one) {
  T *result = warp.lanes<T>(one.slots[0]);
  const T *a = warp.lanes<T>(one.slots[1]), *b = warp.lanes<T>(one.slots[2]);
  const uint32_t *c = warp.lanes<uint32_t>(one.slots[3]),
                 *d = warp.lanes<uint32_t>(one.slots[4]);
  eachLane(warp.exec, [=](unsigned lane) {
    constexpr unsigned width = 8 * sizeof(T);
    unsigned position = c[lane] & 255, length = d[lane] & 255;
    T mask = length >= width ? ~T(0) : (T(1) << length) - 1;
    mask = position < width ? mask << position : 0;
    T shifted = position < width ? a[lane] << position : 0;
    result[lane] = (b[lane] & ~mask) | (shifted & mask);
  });
}

void decodeBfe(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(4, 4);
  d.result(0, type);
  d.source(1, type);
  d.source(2, Type::U32);
  d.source(3, Type::U32);
  if (bytesOf(type) == 8)
    d.out.run = isSigned(type) ? bfe<int64_t> : bfe<uint64_t>;
  else
    d.out.run = isSigned(type) ? bfe<int32_t> : bfe<uint32_t>;
}

void decodeBfi(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(5, 5);
  d.result(0, type);
  d.source(1, type);
  d.source(2, type);
  d.source(3, Type::U32);
  d.source(4, Type::U32);
  d.out.run = bytesOf(type) == 8 ? bfi<uint64_t> : bfi<uint32_t>;
}

template <typename T> uint32_t highest(T a, bool shiftAmount) {
  using U = std::make_unsigned_t<T>;
  U bits = a < T(0) ? ~U(a) : U(a);
  if (bits == 0)
    return ~0u;
  unsigned position = std::bit_width(bits) - 1;
  return shiftAmount ? 8 * sizeof(T) - 1 - position : position;
}

void decodeBfind(Decoding &d) {
  bool shift = d.take("shiftamt");
  Type type = d.takeType();
  d.expectOperands(2, 2);
  d.result(0, Type::U32);
  d.source(1, type);
  d.out.run = forInteger(type, [&](auto zero) {
    using T = decltype(zero);
    return shift ? unary<uint32_t, T>([](T a) { return highest(a, true); })
                 : unary<uint32_t, T>([](T a) { return highest(a, false); });
  });
}

template <typename T> T reversed(T a) {
  T out = 0;
  for (unsigned i = 0; i < 8 * sizeof(T); ++i)
    out |= (a >> i & 1) << (8 * sizeof(T) - 1 - i);
  return out;
}

enum class Count : uint8_t { Ones, LeadingZeros, Reverse };

template <Count count> void decodeCount(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(2, 2);
  d.result(0, count == Count::Reverse ? type : Type::U32);
  d.source(1, type);
  auto make = [](auto zero) -> Handler {
    using T = decltype(zero);
    if (count == Count::Ones)
      return unary<uint32_t, T>([](T a) { return uint32_t(std::popcount(a)); });
    if (count == Count::LeadingZeros)
      return unary<uint32_t, T>(
          [](T a) { return uint32_t(std::countl_zero(a)); });
    return unary<T, T>([](T a) { return reversed(a); });
  };
  if (bytesOf(type) != 4 && bytesOf(type) != 8)
    return d.fail("bits of this type are not counted");
  d.out.run = bytesOf(type) == 8 ? make(uint64_t()) : make(uint32_t());
}

/// dp4a and dp2a: data[0]: a is signed, [1]: b is, [2]: bytes of b to start at.
template <unsigned terms> void dotProduct(Warp &warp, const Instruction &one) {
  uint32_t *result = warp.lanes<uint32_t>(one.slots[0]);
  const uint32_t *a = warp.lanes<uint32_t>(one.slots[1]),
                 *b = warp.lanes<uint32_t>(one.slots[2]),
                 *c = warp.lanes<uint32_t>(one.slots[3]);
  auto part = [](uint32_t word, unsigned index, unsigned bits,
                 bool isSigned) -> int64_t {
    uint32_t field = word << (32 - bits * (index + 1));
    return isSigned ? int64_t(static_cast<int32_t>(field) >> (32 - bits))
                    : int64_t(field >> (32 - bits));
  };
  eachLane(warp.exec, [&](unsigned lane) {
    uint32_t sum = c[lane];
    for (unsigned i = 0; i < terms; ++i)
      sum +=
          static_cast<uint32_t>(part(a[lane], i, 32 / terms, one.data[0]) *
                                part(b[lane], one.data[2] + i, 8, one.data[1]));
    result[lane] = sum;
  });
}

template <unsigned terms> void decodeDot(Decoding &d) {
  if (terms == 2)
    d.out.data[2] = d.takeOneOf({"lo", "hi"}) == 1 ? 2 : 0;
  d.out.data[0] = isSigned(d.takeType());
  d.out.data[1] = isSigned(d.takeType());
  d.expectOperands(4, 4);
  d.result(0, Type::B32);
  for (size_t i = 1; i <= 3; ++i)
    d.source(i, Type::B32);
  d.out.run = dotProduct<terms>;
}

void decodeSad(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(4, 4);
  d.result(0, type);
  for (size_t i = 1; i <= 3; ++i)
    d.source(i, type);
  d.out.run = forInteger(type, [](auto zero) {
    using T = decltype(zero);
    using U = std::make_unsigned_t<T>;
    return ternary<T, T, T>([](T a, T b, T c) {
      return static_cast<T>(U(c) + (a < b ? U(b) - U(a) : U(a) - U(b)));
    });
  });
}

} // namespace

void weir::ptx::addBits(OpcodeTable &table) {
  table["and"] = decodeLogic<Logic::And>;
  table["or"] = decodeLogic<Logic::Or>;
  table["xor"] = decodeLogic<Logic::Xor>;
  table["not"] = decodeLogic<Logic::Not>;
  table["cnot"] = decodeCnot;
  table["shl"] = decodeShift<true>;
  table["shr"] = decodeShift<false>;
  table["shf"] = decodeFunnel;
  table["lop3"] = decodeLop3;
  table["prmt"] = decodePrmt;
  table["bfe"] = decodeBfe;
  table["bfi"] = decodeBfi;
  table["bfind"] = decodeBfind;
  table["popc"] = decodeCount<Count::Ones>;
  table["clz"] = decodeCount<Count::LeadingZeros>;
  table["brev"] = decodeCount<Count::Reverse>;
  table["dp4a"] = decodeDot<4>;
  table["dp2a"] = decodeDot<2>;
  table["sad"] = decodeSad;
}
