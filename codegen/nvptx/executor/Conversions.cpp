// cvt: between integers, reals, halves, pairs of halves and tf32.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Lanes.h"

#include <algorithm>

using namespace weir::ptx;

namespace {

enum Field { flagsField, roundingField, integralField };

/// A source as a double (exact for all but wide integers) or as an integer.
double realOf(Type type, uint64_t bits) {
  switch (type) {
  case Type::F16:
    return halfToFloat(static_cast<uint16_t>(bits));
  case Type::BF16:
    return bfloatToFloat(static_cast<uint16_t>(bits));
  case Type::F64:
    return std::bit_cast<double>(bits);
  default:
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  }
}

int64_t signExtended(uint64_t bits, unsigned bytes) {
  unsigned shift = 64 - 8 * bytes;
  return static_cast<int64_t>(bits << shift) >> shift;
}

double toIntegral(double value, Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return std::trunc(value);
  case Rounding::Down:
    return std::floor(value);
  case Rounding::Up:
    return std::ceil(value);
  default:
    return std::nearbyint(value);
  }
}

/// Out of range goes to the nearest end; not a number to 0, or to the end with
/// the high bit in 64 bits, as devices do.
uint64_t integerOf(double value, Type type) {
  unsigned bits = 8 * bytesOf(type);
  if (std::isnan(value))
    return bits == 64 ? uint64_t(1) << 63 : 0;
  double low = isSigned(type) ? -std::ldexp(1.0, bits - 1) : 0,
         past = std::ldexp(1.0, isSigned(type) ? bits - 1 : bits);
  if (value < low)
    return isSigned(type) ? uint64_t(1) << (bits - 1) : 0;
  if (value >= past)
    return isSigned(type) ? (uint64_t(1) << (bits - 1)) - 1
                          : ~uint64_t(0) >> (64 - bits);
  return isSigned(type) ? static_cast<uint64_t>(static_cast<int64_t>(value))
                        : static_cast<uint64_t>(value);
}

uint64_t bitsOf(double value, Type type, Rounding rounding) {
  switch (type) {
  case Type::F16:
    return toHalf(value, rounding);
  case Type::BF16:
    return toBfloat(value, rounding);
  case Type::F64:
    return std::bit_cast<uint64_t>(value);
  case Type::TF32: {
    if (std::isnan(value))
      return 0x7fff'ffff;
    return std::bit_cast<uint32_t>(
        static_cast<float>(roundedTo(value, 11, -126, 127, rounding)));
  }
  default: {
    float single = toFloat(value, rounding);
    return std::bit_cast<uint32_t>(
        single == single ? single : std::bit_cast<float>(0x7fff'ffffu));
  }
  }
}

/// Integers to reals are rounded once: 64 bits do not fit a double.
uint64_t realFromInteger(const Instruction &one, Type to, int64_t value,
                         bool isSignedSource) {
  Rounding rounding = Rounding(one.data[roundingField]);
  uint64_t magnitude = isSignedSource && value < 0
                           ? -static_cast<uint64_t>(value)
                           : static_cast<uint64_t>(value);
  bool negative = isSignedSource && value < 0;
  if (to == Type::F64 && rounding == Rounding::Nearest)
    return std::bit_cast<uint64_t>(negative ? static_cast<double>(value)
                                            : static_cast<double>(magnitude));
  unsigned excess =
      std::max(0, int(std::bit_width(magnitude)) -
                      52); // keep a sticky last bit: a later rounding is right
  uint64_t kept = magnitude >> excess;
  if (kept << excess != magnitude)
    kept |= 1;
  double real = std::ldexp(static_cast<double>(kept), excess);
  return bitsOf(negative ? -real : real, to, rounding);
}

uint64_t saturatedInteger(uint64_t bits, Type from, Type to) {
  __int128 value = isSigned(from) ? __int128(signExtended(bits, bytesOf(from)))
                                  : __int128(bits);
  unsigned width = 8 * bytesOf(to);
  __int128 high = (__int128(1) << (isSigned(to) ? width - 1 : width)) - 1;
  __int128 low = isSigned(to) ? -high - 1 : 0;
  return static_cast<uint64_t>(std::min(std::max(value, low), high));
}

/// data[3] holds the source's type; one.type is the result's.
uint64_t convert(const Instruction &one, uint64_t bits) {
  Type from = Type(one.data[3]), to = one.type;
  uint32_t flags = one.data[flagsField];
  unsigned bytes = bytesOf(from);
  if (bytes < 8)
    bits &= (uint64_t(1) << (8 * bytes)) - 1;
  if (!isFloat(from)) {
    int64_t value =
        isSigned(from) ? signExtended(bits, bytes) : static_cast<int64_t>(bits);
    if (isFloat(to))
      return realFromInteger(one, to, value, isSigned(from));
    return flags & saturateFlag ? saturatedInteger(bits, from, to)
                                : static_cast<uint64_t>(value);
  }
  double value = realOf(from, bits);
  if ((flags & flushFlag) && from == Type::F32)
    value = flushed(static_cast<float>(value));
  Rounding rounding = Rounding(one.data[roundingField]);
  if (!isFloat(to))
    return integerOf(toIntegral(value, rounding), to);
  if (one.data[integralField])
    value = toIntegral(value, rounding);
  if (flags & saturateFlag)
    value = saturated(value);
  if ((flags & reluFlag) && value < 0)
    value = 0;
  uint64_t out = bitsOf(value, to, rounding);
  if ((flags & flushFlag) && to == Type::F32)
    out = std::bit_cast<uint32_t>(
        flushed(std::bit_cast<float>(static_cast<uint32_t>(out))));
  return out;
}

/// Integer results are extended to registers wider than their type.
void cvt(Warp &warp, const Instruction &one) {
  bool extends = isSigned(one.type);
  unsigned bytes = bytesOf(one.type);
  forLanes(warp.exec, [&](unsigned lane) {
    uint64_t out = convert(one, warp.value(one.slots[1], lane));
    if (bytes < 8)
      out &= (uint64_t(1) << (8 * bytes)) - 1;
    warp.setValue(one.slots[0], lane,
                  extends ? static_cast<uint64_t>(signExtended(out, bytes))
                          : out);
  });
}

/// Two f32 to a pair: the first source is the high half.
void cvtPair(Warp &warp, const Instruction &one) {
  uint32_t *result = warp.lanes<uint32_t>(one.slots[0]);
  const float *high = warp.lanes<float>(one.slots[1]),
              *low = warp.lanes<float>(one.slots[2]);
  bool relu = one.data[flagsField] & reluFlag;
  Rounding rounding = Rounding(one.data[roundingField]);
  Type half = one.type == Type::F16x2 ? Type::F16 : Type::BF16;
  forLanes(warp.exec, [&](unsigned lane) {
    auto part = [&](float value) {
      return static_cast<uint32_t>(
          bitsOf(relu && value < 0 ? 0 : value, half, rounding));
    };
    result[lane] = part(high[lane]) << 16 | part(low[lane]);
  });
}

/// The commonest conversions, to the nearest without modifiers.
Handler fast(Type to, Type from) {
  if (to == Type::F32 && from == Type::F16)
    return unary<float, uint16_t>([](uint16_t a) { return halfToFloat(a); });
  if (to == Type::F32 && from == Type::BF16)
    return unary<float, uint16_t>([](uint16_t a) { return bfloatToFloat(a); });
  if (to == Type::F16 && from == Type::F32)
    return unary<uint16_t, float>([](float a) { return nearestHalf(a); });
  if (to == Type::BF16 && from == Type::F32)
    return unary<uint16_t, float>([](float a) { return nearestBfloat(a); });
  if (to == Type::F16x2)
    return binary<uint32_t, float>([](float high, float low) {
      return uint32_t(nearestHalf(high)) << 16 | nearestHalf(low);
    });
  if (to == Type::BF16x2)
    return binary<uint32_t, float>([](float high, float low) {
      return uint32_t(nearestBfloat(high)) << 16 | nearestBfloat(low);
    });
  return nullptr;
}

Handler fastInteger(Type to, Type from, Slot result, Slot source) {
  if (result.bytes != bytesOf(to) || source.bytes != bytesOf(from))
    return nullptr;
  if (to == Type::F32 && from == Type::S32)
    return unary<float, int32_t>(
        [](int32_t a) { return static_cast<float>(a); });
  if (to == Type::F32 && from == Type::U32)
    return unary<float, uint32_t>(
        [](uint32_t a) { return static_cast<float>(a); });
  if (bytesOf(to) == 8 && !isFloat(to) && from == Type::S32)
    return unary<int64_t, int32_t>([](int32_t a) { return int64_t(a); });
  if (bytesOf(to) == 8 && !isFloat(to) && from == Type::U32)
    return unary<uint64_t, uint32_t>([](uint32_t a) { return uint64_t(a); });
  if (bytesOf(to) == 4 && !isFloat(to) && bytesOf(from) == 8 && !isFloat(from))
    return unary<uint32_t, uint64_t>(
        [](uint64_t a) { return static_cast<uint32_t>(a); });
  return nullptr;
}

/// .rni .rzi .rmi .rpi
bool takeIntegralRounding(Decoding &d, Rounding &rounding) {
  unsigned which = d.takeOneOf({"rni", "rzi", "rmi", "rpi"});
  static constexpr Rounding known[] = {Rounding::Nearest, Rounding::Zero,
                                       Rounding::Down, Rounding::Up};
  if (which < 4)
    rounding = known[which];
  return which < 4;
}

void decodeCvt(Decoding &d) {
  Rounding rounding = takeRounding(d);
  bool integral = takeIntegralRounding(d, rounding);
  uint32_t flags = takeFloatFlags(d);
  Type to = d.takeType(), from = d.takeType();
  if (d.failed())
    return;
  d.out.type = to;
  d.out.data = {flags, static_cast<uint32_t>(rounding), integral,
                static_cast<uint32_t>(from)};
  bool plain = !flags && rounding == Rounding::Nearest && !integral;
  if (to == Type::F16x2 || to == Type::BF16x2) {
    if (from != Type::F32 || (flags & ~reluFlag))
      return d.fail("'cvt' to pairs from this type is not modelled");
    d.expectOperands(3, 3);
    d.result(0, Type::B32);
    d.source(1, Type::F32);
    d.source(2, Type::F32);
    d.out.run = plain ? fast(to, from) : cvtPair;
    return;
  }
  if (from == Type::F16x2 || from == Type::BF16x2 || from == Type::TF32 ||
      from == Type::Pred || to == Type::Pred ||
      (to == Type::TF32 && from != Type::F32))
    return d.fail("'cvt' of these types is not modelled");
  d.expectOperands(2, 2);
  d.wideResult(d.operand(0), to);
  d.wideSource(d.operand(1), from);
  d.out.run = nullptr;
  if (!d.failed() && plain)
    d.out.run = isFloat(from) ? fast(to, from)
                              : fastInteger(to, from, d.slots[0], d.slots[1]);
  if (!d.out.run)
    d.out.run = cvt;
}

} // namespace

void weir::ptx::addConversions(OpcodeTable &table) { table["cvt"] = decodeCvt; }
