// Number formats and roundings of PTX, on the host's floats and doubles.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_NUMBERS_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_NUMBERS_H

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace weir::ptx {

enum class Rounding : uint8_t { Nearest, Zero, Down, Up, NearestAway };

/// A float's subnormals become zeros of their sign.
inline float flushed(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  return (bits & 0x7f80'0000) ? value
                              : std::bit_cast<float>(bits & 0x8000'0000);
}

/// [0, 1]; not a number becomes 0.
template <typename T> T saturated(T value) {
  return value > T(0) ? (value < T(1) ? value : T(1)) : T(0);
}

/// Rounds a double to a format with so many bits of significand (the hidden one
/// included), least exponent of normal numbers and greatest exponent. The
/// result, as a double, is exact. Overflow goes to infinity or to the greatest
/// number, as the rounding says.
double roundedTo(double value, int significand, int leastExponent,
                 int greatestExponent, Rounding rounding);

inline float halfToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16, exponent = bits >> 10 & 31,
           fraction = bits & 1023;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f80'0000 | fraction << 13);
  if (exponent)
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  float tiny = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -tiny : tiny;
}

inline float bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

/// Floats to the nearest f16 and bf16, quickly.
inline uint16_t nearestBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return static_cast<uint16_t>(value == value ? rounded : 0x7fff);
}

inline uint16_t nearestHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value), sign = bits >> 16 & 0x8000,
           magnitude = bits & 0x7fff'ffff;
  // A subnormal result: the addition of 0.5 rounds at the bit that half has
  // last.
  uint32_t tiny =
      std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) -
      0x3f00'0000;
  uint32_t normal =
      (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
  uint32_t out = magnitude < (113u << 23) ? tiny : normal;
  out = magnitude >= (143u << 23) ? 0x7c00 : out;
  out |= sign;
  return static_cast<uint16_t>(value == value ? out : 0x7fff);
}

/// Not a number is 0x7fff in f16 and bf16.
uint16_t toHalf(double value, Rounding rounding = Rounding::Nearest);
uint16_t toBfloat(double value, Rounding rounding = Rounding::Nearest);
float toFloat(double value, Rounding rounding);

/// a * b + c in double, with a last bit that tells whether something was lost,
/// so that a second rounding to a shorter format is right. The product of two
/// floats' fractions of up to 24 bits is exact.
double oddFma(double a, double b, double c);

/// f16 and bf16 behind one interface.
struct Half {
  static float load(uint16_t bits) { return halfToFloat(bits); }
  static uint16_t store(double value) { return toHalf(value); }
  static constexpr uint16_t nan = 0x7fff;
};
struct Bfloat {
  static float load(uint16_t bits) { return bfloatToFloat(bits); }
  static uint16_t store(double value) { return toBfloat(value); }
  static constexpr uint16_t nan = 0x7fff;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_NUMBERS_H
