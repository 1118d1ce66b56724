// Generated inputs: the documented numbers, whatever the shape and the order.
#include "runtime/io/Generate.h"

#include <cmath>

#include <gtest/gtest.h>

using namespace weir::io;

TEST(Generate, FollowsItsDocumentation) {
  // Computed independently, in Python, from the description in the header.
  RandomWords words(7, "Q");
  EXPECT_EQ(words[0], 0x1c00e271275ead27);
  EXPECT_EQ(words[3], 0x68e074e493628f4a);
  auto floats = *generate(WEIR_F64, {3}, 7, "Q");
  double normal[] = {1.9658912178363583, -0.7489798403613968,
                     -1.322829472206216};
  auto integers = *generate(WEIR_I32, {4}, 7, "Q");
  int64_t small[] = {-7, 7, -4, -2};
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_NEAR(floats.getReal(i), normal[i], 1e-14);
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_EQ(integers.getInt(i), small[i]);
}

TEST(Generate, FloatsLookNormal) {
  constexpr int64_t n = 100'000;
  auto tensor = *generate(WEIR_F64, {n}, 1, "x");
  double sum = 0, squares = 0, cubes = 0;
  for (int64_t i = 0; i < n; ++i) {
    double x = tensor.getReal(i);
    sum += x;
    squares += x * x;
    cubes += x * x * x;
  }
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(squares / n, 1, 0.03);
  EXPECT_NEAR(cubes / n, 0, 0.1);
}

TEST(Generate, NarrowTypesAreTheSameNumbersRounded) {
  auto wide = *generate(WEIR_F64, {33}, 5, "K");
  for (ElementType type : {WEIR_F32, WEIR_F16, WEIR_BF16, WEIR_F8E4M3}) {
    auto narrow = *generate(type, {33}, 5, "K");
    auto expected = *wide.convert(type);
    for (int64_t i = 0; i < 33; ++i)
      EXPECT_EQ(narrow.getReal(i), expected.getReal(i));
  }
}

TEST(Generate, SeedAndNameMatter) {
  double a = generate(WEIR_F64, {1}, 1, "a")->getReal(0);
  EXPECT_EQ(a, generate(WEIR_F64, {5, 5}, 1, "a")->getReal(0));
  EXPECT_NE(a, generate(WEIR_F64, {1}, 2, "a")->getReal(0));
  EXPECT_NE(a, generate(WEIR_F64, {1}, 1, "b")->getReal(0));
}

TEST(Generate, IntegersFillTheirRange) {
  auto tensor = *generate(WEIR_I32, {1000}, 3, "page", IntRange{5, 8});
  int64_t seen[3] = {};
  for (int64_t i = 0; i < 1000; ++i) {
    int64_t value = tensor.getInt(i);
    ASSERT_TRUE(value >= 5 && value < 8);
    ++seen[value - 5];
  }
  for (int64_t count : seen)
    EXPECT_NEAR(count, 333, 80);
}

TEST(Generate, BoolsAreHalfTrue) {
  auto tensor = *generate(WEIR_BOOL, {10'000}, 3, "keep");
  int64_t count = 0;
  for (int64_t i = 0; i < 10'000; ++i)
    count += tensor.getInt(i);
  EXPECT_NEAR(count, 5000, 300);
}

TEST(Generate, RefusesImpossibleRanges) {
  EXPECT_EQ(generate(WEIR_I32, {1}, 0, "i", IntRange{0, 0}).message(),
            "no integer lies in the range [0, 0)");
  EXPECT_TRUE(generate(WEIR_I32, {0}, 0, "i", IntRange{0, 0}));
  EXPECT_EQ(generate(WEIR_I8, {1}, 0, "i", IntRange{0, 129}).message(),
            "i8 cannot hold the range [0, 129)");
  EXPECT_TRUE(generate(WEIR_I8, {1}, 0, "i", IntRange{-128, 128}));
  EXPECT_TRUE(generate(WEIR_U8, {1}, 0, "i", IntRange{0, 256}));
  EXPECT_FALSE(generate(WEIR_U8, {1}, 0, "i", IntRange{-1, 256}));
  EXPECT_TRUE(generate(WEIR_I4, {9}, 0, "i"));
}
