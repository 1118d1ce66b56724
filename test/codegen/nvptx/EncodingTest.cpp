// Encodings: operands of matrix instructions, ldmatrix, shared memory without bank conflicts.
#include "codegen/nvptx/Encoding.h"

#include <gtest/gtest.h>

#include <set>

using namespace weir::nvptx;

namespace {

/// The place of register `reg` of lane `lane`.
Place placeOf(const Encoding &encoding, unsigned reg, unsigned lane) {
  return imageOf(encoding.ofRegisters(), reg) ^ imageOf(encoding.ofLanes(), lane);
}

// The PTX manual, "Matrix Fragments for mma.m16n8k16 with floating point type".
TEST(Encoding, OperandsOfMatrixInstructions) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    int64_t group = lane / 4, inGroup = lane % 4;
    for (unsigned reg = 0; reg < 8; ++reg) {
      int64_t row = group + (reg / 2 % 2) * 8, column = inGroup * 2 + reg % 2 + (reg / 4) * 8;
      EXPECT_EQ(placeOf(mmaLeft(), reg, lane), (Place{row, column}));
    }
    for (unsigned reg = 0; reg < 4; ++reg) {
      EXPECT_EQ(placeOf(mmaRight(), reg, lane), (Place{inGroup * 2 + reg % 2 + reg / 2 * 8, group}));
      EXPECT_EQ(placeOf(mmaResult(), reg, lane), (Place{group + reg / 2 * 8, inGroup * 2 + reg % 2}));
    }
  }
}

TEST(Encoding, NeighbouringResultsAreALeftOperand) {
  EXPECT_EQ(mmaResult() * Encoding::registers(1, alongColumns), mmaLeft());
  EXPECT_FALSE(mmaResult() * Encoding::registers(1, alongRows) == mmaLeft());
}

TEST(Encoding, EveryPlaceOfASubtileIsHeldOnce) {
  Encoding encoding = mmaResult() * Encoding::registers(3, alongColumns) * Encoding::registers(1, alongRows) *
                      Encoding::warps(2, alongRows);
  EXPECT_EQ(encoding.extents(), (Place{128, 64}));
  std::set<std::pair<int64_t, int64_t>> seen;
  for (unsigned warp = 0; warp < 4; ++warp)
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned reg = 0; reg < 64; ++reg) {
        Place place = placeOf(encoding, reg, lane) ^ imageOf(encoding.ofWarps(), warp);
        EXPECT_TRUE(seen.insert({place.row, place.column}).second);
      }
  EXPECT_EQ(seen.size(), 128u * 64u);
}

TEST(Encoding, RegistersAreRowsTimesColumns) {
  Encoding encoding = mmaResult() * Encoding::registers(1, alongColumns) * Encoding::registers(1, alongRows);
  EXPECT_EQ(encoding.registerRows(), (llvm::SmallVector<int64_t>{0, 8, 16, 24}));
  EXPECT_EQ(encoding.registerColumns(), (llvm::SmallVector<int64_t>{0, 1, 8, 9}));
}

TEST(MatrixLoad, LanesPointToRows) {
  auto left = matrixLoad(mmaLeft(), /*alongRow=*/true);
  ASSERT_TRUE(left);
  EXPECT_FALSE(left->transposes);
  // Lanes 0 to 15 point to the rows, lanes from 16 on to the right half.
  for (unsigned lane = 0; lane < 32; ++lane)
    EXPECT_EQ(imageOf(left->addresses, lane), (Place{lane % 16, lane / 16 * 8}));
  Encoding pair = mmaRight() * Encoding::registers(1, alongColumns);
  EXPECT_FALSE(matrixLoad(pair, /*alongRow=*/false)->transposes);
  EXPECT_TRUE(matrixLoad(pair, /*alongRow=*/true)->transposes);
}

TEST(MatrixLoad, OtherFragmentsHaveNone) {
  EXPECT_FALSE(matrixLoad(mmaRight(), true)); // two registers
  Encoding rowMajor = Encoding::registers(3, alongColumns) * Encoding::lanes(5, alongRows);
  EXPECT_FALSE(matrixLoad(rowMajor, false));
}

class Shared : public testing::TestWithParam<int64_t> {};

TEST_P(Shared, IsAPermutationOfItsBytes) {
  SharedLayout layout(64, GetParam(), 2);
  std::set<int64_t> seen;
  for (int64_t row = 0; row < 64; ++row)
    for (int64_t column = 0; column < GetParam(); ++column) {
      int64_t byte = layout.at({row, column});
      EXPECT_LT(byte, layout.size());
      EXPECT_TRUE(seen.insert(byte).second);
    }
}

TEST_P(Shared, EightRowsMeetAllBanks) {
  SharedLayout layout(64, GetParam(), 2);
  for (int64_t column = 0; column < GetParam(); column += 8) {
    std::set<int64_t> banks; // of 16 bytes
    for (int64_t row = 0; row < 8; ++row)
      banks.insert(layout.at({row, column}) / 16 % 8);
    EXPECT_EQ(banks.size(), 8u) << "column " << column;
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, Shared, testing::Values(16, 32, 40, 48, 64, 80, 128, 256));

} // namespace
