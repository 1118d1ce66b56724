// Storage types of elements: one table of names, and conversions by format.
#include "runtime/io/ElementType.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

using namespace weir::io;

namespace {
struct TypeFacts {
  std::string_view name;
  int bits;
  bool isFloat;
};
} // namespace

static constexpr std::array<TypeFacts, lastElementType> facts = {{
    {"f64", 64, true},
    {"f32", 32, true},
    {"f16", 16, true},
    {"bf16", 16, true},
    {"f8e4m3", 8, true},
    {"f8e5m2", 8, true},
    {"i64", 64, false},
    {"i32", 32, false},
    {"i16", 16, false},
    {"i8", 8, false},
    {"u8", 8, false},
    {"i4", 4, false},
    {"bool", 8, false},
}};

static const TypeFacts &factsOf(ElementType type) {
  assert(type >= firstElementType && type <= lastElementType);
  return facts[type - firstElementType];
}

std::string_view weir::io::elementName(ElementType type) {
  return factsOf(type).name;
}

std::optional<ElementType> weir::io::parseElementType(std::string_view name) {
  auto found = std::ranges::find(facts, name, &TypeFacts::name);
  if (found == facts.end())
    return std::nullopt;
  return static_cast<ElementType>(firstElementType + (found - facts.begin()));
}

int weir::io::elementBits(ElementType type) { return factsOf(type).bits; }
bool weir::io::isFloat(ElementType type) { return factsOf(type).isFloat; }

//===-- Narrow floats -----------------------------------------------------===//

std::optional<FloatFormat> weir::io::narrowFormat(ElementType type) {
  switch (type) {
  case WEIR_F16:
    return FloatFormat{5, 10, true};
  case WEIR_BF16:
    return FloatFormat{8, 7, true};
  case WEIR_F8E4M3:
    return FloatFormat{4, 3, false};
  case WEIR_F8E5M2:
    return FloatFormat{5, 2, true};
  default:
    return std::nullopt;
  }
}

double weir::io::decode(const FloatFormat &format, uint32_t bits) {
  uint32_t magnitude = bits & format.allOnes();
  double sign = bits & (format.allOnes() + 1) ? -1.0 : 1.0;
  if (magnitude > format.largest())
    return format.hasInfinity && magnitude == format.infinity()
               ? sign * std::numeric_limits<double>::infinity()
               : std::numeric_limits<double>::quiet_NaN();
  int exponent = static_cast<int>(magnitude >> format.mantissaBits);
  int mantissa =
      static_cast<int>(magnitude & ((1u << format.mantissaBits) - 1));
  if (exponent != 0)
    mantissa |= 1 << format.mantissaBits;
  return sign * std::ldexp(mantissa, std::max(exponent, 1) - format.bias() -
                                         format.mantissaBits);
}

uint32_t weir::io::encode(const FloatFormat &format, double value) {
  uint32_t sign = std::signbit(value) ? format.allOnes() + 1 : 0;
  if (std::isnan(value)) {
    uint32_t quiet = format.infinity() | 1u << (format.mantissaBits - 1);
    return sign | (format.hasInfinity ? quiet : format.allOnes());
  }
  if (std::isinf(value))
    return sign | (format.hasInfinity ? format.infinity() : format.largest());
  // The significand in units of the last place, in [0, 2^(mantissaBits + 1)].
  // Added to the exponent field, its hidden bit and a carry of the rounding
  // count up the exponent; subnormals have the field 0 and no hidden bit.
  int exponent =
      value == 0 ? 1 : std::max(std::ilogb(value) + format.bias(), 1);
  if (exponent > 1 << format.exponentBits)
    return sign | format.largest();
  double units = std::rint(std::ldexp(
      std::fabs(value), format.mantissaBits + format.bias() - exponent));
  uint32_t magnitude =
      (static_cast<uint32_t>(exponent - 1) << format.mantissaBits) +
      static_cast<uint32_t>(units);
  return sign | std::min(magnitude, format.largest());
}

//===-- Elements in memory ------------------------------------------------===//

template <class T> static T load(const std::byte *data, int64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <class T> static void store(std::byte *data, int64_t index, T value) {
  std::memcpy(data + index * sizeof(T), &value, sizeof(T));
}

static int64_t loadHalfByte(const std::byte *data, int64_t index) {
  int bits = static_cast<int>(data[index >> 1]) >> (index & 1 ? 4 : 0) & 15;
  return (bits ^ 8) - 8;
}

static void storeHalfByte(std::byte *data, int64_t index, int64_t value) {
  int shift = index & 1 ? 4 : 0;
  std::byte kept = data[index >> 1] & std::byte(15 << (4 - shift));
  data[index >> 1] = kept | std::byte((value & 15) << shift);
}

/// Rounds half to even and saturates; NaN is 0.
static int64_t roundToInt(double value) {
  if (std::isnan(value))
    return 0;
  constexpr double limit = 0x1p63;
  if (value >= limit)
    return std::numeric_limits<int64_t>::max();
  if (value < -limit)
    return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(std::rint(value));
}

static float roundToFloat(double value) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (std::isfinite(value))
    value = std::clamp(value, -largest, largest);
  return static_cast<float>(value);
}

/// A double that rounds to the same shorter float as `value`: what does not fit
/// survives in its last bit (rounding to odd, which may be rounded again).
static double stickyDouble(int64_t value) {
  if (value >= -(1LL << 53) && value <= 1LL << 53)
    return static_cast<double>(value);
  int64_t lost = value & 0x7ff;
  return static_cast<double>((value - lost) | (lost ? 0x800 : 0));
}

template <class T> static T saturate(int64_t value) {
  return static_cast<T>(std::clamp<int64_t>(
      value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

double weir::io::loadReal(ElementType type, const std::byte *data,
                          int64_t index) {
  if (type == WEIR_F64)
    return load<double>(data, index);
  if (type == WEIR_F32)
    return load<float>(data, index);
  if (auto format = narrowFormat(type))
    return decode(*format, elementBits(type) == 16
                               ? load<uint16_t>(data, index)
                               : load<uint8_t>(data, index));
  return static_cast<double>(loadInt(type, data, index));
}

int64_t weir::io::loadInt(ElementType type, const std::byte *data,
                          int64_t index) {
  switch (type) {
  case WEIR_I64:
    return load<int64_t>(data, index);
  case WEIR_I32:
    return load<int32_t>(data, index);
  case WEIR_I16:
    return load<int16_t>(data, index);
  case WEIR_I8:
    return load<int8_t>(data, index);
  case WEIR_U8:
    return load<uint8_t>(data, index);
  case WEIR_I4:
    return loadHalfByte(data, index);
  case WEIR_BOOL:
    return load<uint8_t>(data, index) != 0;
  default:
    return roundToInt(loadReal(type, data, index));
  }
}

void weir::io::storeReal(ElementType type, std::byte *data, int64_t index,
                         double value) {
  if (type == WEIR_F64)
    store(data, index, value);
  else if (type == WEIR_F32)
    store(data, index, roundToFloat(value));
  else if (auto format = narrowFormat(type)) {
    uint32_t bits = encode(*format, value);
    elementBits(type) == 16 ? store(data, index, static_cast<uint16_t>(bits))
                            : store(data, index, static_cast<uint8_t>(bits));
  } else if (type == WEIR_BOOL)
    store<uint8_t>(data, index, value != 0);
  else
    storeInt(type, data, index, roundToInt(value));
}

void weir::io::storeInt(ElementType type, std::byte *data, int64_t index,
                        int64_t value) {
  switch (type) {
  case WEIR_I64:
    return store(data, index, value);
  case WEIR_I32:
    return store(data, index, saturate<int32_t>(value));
  case WEIR_I16:
    return store(data, index, saturate<int16_t>(value));
  case WEIR_I8:
    return store(data, index, saturate<int8_t>(value));
  case WEIR_U8:
    return store(data, index, saturate<uint8_t>(value));
  case WEIR_I4:
    return storeHalfByte(data, index, std::clamp<int64_t>(value, -8, 7));
  case WEIR_BOOL:
    return store<uint8_t>(data, index, value != 0);
  case WEIR_F32:
    return store(data, index, static_cast<float>(value));
  case WEIR_BF16:
    return storeReal(type, data, index, stickyDouble(value));
  default: // doubles, and what saturates long before doubles are inexact
    return storeReal(type, data, index, static_cast<double>(value));
  }
}
