// Element types: names, every narrow float, rounding and saturation.
#include "runtime/io/ElementType.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

using namespace weir::io;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::array narrowTypes = {WEIR_F16, WEIR_BF16, WEIR_F8E4M3,
                                    WEIR_F8E5M2};

/// A value after a round trip through storage.
double rounded(ElementType type, double value) {
  std::array<std::byte, 8> buffer{};
  storeReal(type, buffer.data(), 0, value);
  return loadReal(type, buffer.data(), 0);
}

int64_t castInt(ElementType type, int64_t value) {
  std::array<std::byte, 8> buffer{};
  storeInt(type, buffer.data(), 0, value);
  return loadInt(type, buffer.data(), 0);
}
} // namespace

TEST(ElementType, NamesAreThoseOfTheLanguage) {
  for (ElementType type = firstElementType; type <= lastElementType; ++type)
    EXPECT_EQ(parseElementType(elementName(type)), type);
  EXPECT_EQ(elementName(WEIR_F8E4M3), "f8e4m3");
  EXPECT_EQ(elementName(WEIR_BOOL), "bool");
  EXPECT_EQ(parseElementType("f12"), std::nullopt);
}

TEST(ElementType, DecodesKnownPatterns) {
  EXPECT_EQ(decode(*narrowFormat(WEIR_F16), 0x3c00), 1.0);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F16), 0x0001), 0x1p-24);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F16), 0xfbff), -65504.0);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F16), 0x7c00), infinity);
  EXPECT_EQ(decode(*narrowFormat(WEIR_BF16), 0x4049), 3.140625);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F8E4M3), 0x7e), 448.0);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F8E4M3), 0x78), 256.0);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F8E4M3), 0x01), 0x1p-9);
  EXPECT_TRUE(std::isnan(decode(*narrowFormat(WEIR_F8E4M3), 0x7f)));
  EXPECT_EQ(decode(*narrowFormat(WEIR_F8E5M2), 0x7b), 57344.0);
  EXPECT_EQ(decode(*narrowFormat(WEIR_F8E5M2), 0xfc), -infinity);
}

TEST(ElementType, EncodeInvertsDecodeForEveryPattern) {
  for (ElementType type : narrowTypes) {
    FloatFormat format = *narrowFormat(type);
    for (uint32_t bits = 0; bits < 2 * (format.allOnes() + 1); ++bits) {
      double value = decode(format, bits);
      if (!std::isnan(value))
        ASSERT_EQ(encode(format, value), bits) << elementName(type);
      else
        ASSERT_TRUE(std::isnan(decode(format, encode(format, value))));
    }
  }
}

TEST(ElementType, RoundsHalfToEvenBetweenAllNeighbours) {
  for (ElementType type : narrowTypes) {
    FloatFormat format = *narrowFormat(type);
    for (uint32_t bits = 0; bits < format.largest(); ++bits) {
      double low = decode(format, bits), high = decode(format, bits + 1);
      double middle = (low + high) / 2;
      uint32_t even = bits + (bits & 1);
      ASSERT_EQ(encode(format, middle), even) << elementName(type);
      ASSERT_EQ(encode(format, std::nextafter(middle, 0)), bits);
      ASSERT_EQ(encode(format, std::nextafter(middle, infinity)), bits + 1);
    }
  }
}

TEST(ElementType, AgreesWithTheCompilersHalfInsideItsRange) {
  for (int i = -4000; i < 4000; ++i) {
    double value = i * 1.2345e-2 * std::pow(2.0, i % 14);
    if (std::fabs(value) <= 65504)
      ASSERT_EQ(rounded(WEIR_F16, value), double(_Float16(value)));
  }
}

TEST(ElementType, FloatsSaturateFiniteValuesOnly) {
  EXPECT_EQ(rounded(WEIR_F16, 1e6), 65504.0);
  EXPECT_EQ(rounded(WEIR_F16, 65520.0), 65504.0);
  EXPECT_EQ(rounded(WEIR_F16, -infinity), -infinity);
  EXPECT_EQ(rounded(WEIR_BF16, 1e300), 0x1.fep127);
  EXPECT_EQ(rounded(WEIR_F8E4M3, -1e9), -448.0);
  EXPECT_EQ(rounded(WEIR_F8E4M3, infinity), 448.0);
  EXPECT_EQ(rounded(WEIR_F8E5M2, infinity), infinity);
  EXPECT_EQ(rounded(WEIR_F32, 1e300), std::numeric_limits<float>::max());
  EXPECT_EQ(rounded(WEIR_F32, infinity), infinity);
  for (ElementType type :
       {WEIR_F16, WEIR_BF16, WEIR_F8E4M3, WEIR_F8E5M2, WEIR_F32, WEIR_F64}) {
    EXPECT_TRUE(std::isnan(rounded(type, std::nan("")))) << elementName(type);
    EXPECT_TRUE(std::signbit(rounded(type, -0.0))) << elementName(type);
  }
}

TEST(ElementType, IntegersRoundHalfToEvenAndSaturate) {
  EXPECT_EQ(rounded(WEIR_I32, 2.5), 2);
  EXPECT_EQ(rounded(WEIR_I32, 3.5), 4);
  EXPECT_EQ(rounded(WEIR_I8, -1000), -128);
  EXPECT_EQ(rounded(WEIR_U8, -3), 0);
  EXPECT_EQ(rounded(WEIR_U8, 300), 255);
  EXPECT_EQ(rounded(WEIR_I4, 9), 7);
  EXPECT_EQ(rounded(WEIR_I16, infinity), 32767);
  EXPECT_EQ(rounded(WEIR_I64, 1e30), 0x1p63); // 2^63 - 1, as a double
  EXPECT_EQ(rounded(WEIR_I64, -1e30), -0x1p63);
  EXPECT_EQ(rounded(WEIR_I32, std::nan("")), 0);
  EXPECT_EQ(rounded(WEIR_BOOL, 0.25), 1);
  EXPECT_EQ(rounded(WEIR_BOOL, -0.0), 0);
  EXPECT_EQ(castInt(WEIR_I64, INT64_MIN), INT64_MIN);
  EXPECT_EQ(castInt(WEIR_I16, 1 << 20), 32767);
}

TEST(ElementType, LargeIntegersRoundToFloatsOnce) {
  // A tie between two bf16 numbers, and one more: through a double it would
  // look like the tie.
  int64_t tie = (1LL << 62) + (1LL << 54);
  EXPECT_EQ(castInt(WEIR_BF16, tie), 1LL << 62);
  EXPECT_EQ(castInt(WEIR_BF16, tie + 1), (1LL << 62) + (1LL << 55));
  EXPECT_EQ(castInt(WEIR_BF16, -tie - 1), -(1LL << 62) - (1LL << 55));
  EXPECT_EQ(castInt(WEIR_F32, (1LL << 62) + (1LL << 38) + 1),
            (1LL << 62) + (1LL << 39));
}

TEST(ElementType, HalfBytesLeaveTheirNeighboursAlone) {
  std::array<std::byte, 2> buffer{};
  for (int i = 0; i < 4; ++i)
    storeInt(WEIR_I4, buffer.data(), i, i - 3);
  storeInt(WEIR_I4, buffer.data(), 1, 5);
  int64_t expected[] = {-3, 5, -1, 0};
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(loadInt(WEIR_I4, buffer.data(), i), expected[i]);
  EXPECT_EQ(std::to_integer<int>(buffer[0]), 0x5d); // even element low
}
