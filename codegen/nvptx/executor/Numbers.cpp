// Roundings to the number formats of PTX.
#include "codegen/nvptx/executor/Numbers.h"

#include <algorithm>

using namespace weir::ptx;

double weir::ptx::roundedTo(double value, int significand, int leastExponent,
                            int greatestExponent, Rounding rounding) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::max(std::ilogb(value), leastExponent);
  double unit = std::ldexp(
      1.0, exponent - significand +
               1); // a power of two in range: both scalings are exact
  double scaled = std::fabs(value) / unit, whole = std::floor(scaled),
         rest = scaled - whole;
  bool negative = std::signbit(value), up = false;
  switch (rounding) {
  case Rounding::Nearest:
    up = rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) != 0);
    break;
  case Rounding::NearestAway:
    up = rest >= 0.5;
    break;
  case Rounding::Zero:
    break;
  case Rounding::Down:
    up = negative && rest > 0;
    break;
  case Rounding::Up:
    up = !negative && rest > 0;
    break;
  }
  double result = (whole + (up ? 1 : 0)) * unit;
  double limit =
      std::ldexp(2.0 - std::ldexp(1.0, 1 - significand), greatestExponent);
  if (result > limit) {
    bool toInfinity = rounding == Rounding::Nearest ||
                      rounding == Rounding::NearestAway ||
                      rounding == (negative ? Rounding::Down : Rounding::Up);
    result = toInfinity ? std::numeric_limits<double>::infinity() : limit;
  }
  return negative ? -result : result;
}

uint16_t weir::ptx::toHalf(double value, Rounding rounding) {
  if (std::isnan(value))
    return 0x7fff;
  double rounded = std::fabs(roundedTo(value, 11, -14, 15, rounding));
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isinf(rounded))
    return sign | 0x7c00;
  if (rounded < 0x1p-14)
    return sign | static_cast<uint16_t>(rounded * 0x1p24);
  uint64_t bits = std::bit_cast<uint64_t>(rounded);
  return sign | static_cast<uint16_t>(((bits >> 52) - 1023 + 15) << 10 |
                                      (bits >> 42 & 1023));
}

uint16_t weir::ptx::toBfloat(double value, Rounding rounding) {
  if (std::isnan(value))
    return 0x7fff;
  auto rounded =
      static_cast<float>(roundedTo(value, 8, -126, 127, rounding)); // exact
  return std::bit_cast<uint32_t>(rounded) >> 16;
}

float weir::ptx::toFloat(double value, Rounding rounding) {
  if (rounding == Rounding::Nearest || std::isnan(value))
    return static_cast<float>(value);
  return static_cast<float>(roundedTo(value, 24, -126, 127, rounding));
}

double weir::ptx::oddFma(double a, double b, double c) {
  double product = a * b, sum = product + c;
  if (!std::isfinite(sum))
    return sum;
  double back = sum - product; // Knuth's exact error of the sum
  double lost = (product - (sum - back)) + (c - back);
  uint64_t bits = std::bit_cast<uint64_t>(sum);
  if (lost == 0 || (bits & 1))
    return sum;
  bool away = (lost > 0) == (sum > 0);
  return std::bit_cast<double>(away ? bits + 1 : bits - 1);
}
