// Tensors in memory: counting, strides, element access, conversion.
#include "runtime/io/Tensor.h"

#include <gtest/gtest.h>

using namespace weir::io;

TEST(Tensor, CountsElementsWithoutOverflow) {
  EXPECT_EQ(*countElements({}, WEIR_F32), 1);
  EXPECT_EQ(*countElements({2, 0, 3}, WEIR_F32), 0);
  EXPECT_EQ(*countElements({3, 5}, WEIR_I4), 15);
  EXPECT_FALSE(countElements({-1}, WEIR_F32));
  EXPECT_FALSE(countElements({1LL << 32, 1LL << 31}, WEIR_I8));
  EXPECT_FALSE(countElements({0, 1LL << 62, 4}, WEIR_I8));
  EXPECT_FALSE(countElements(Shape(9, 1), WEIR_F32));
  EXPECT_EQ(countElements({2, -3}, WEIR_F32).message(),
            "shape [2, -3] has a negative extent");
}

TEST(Tensor, RefusesWhatNoMemoryHolds) {
  EXPECT_FALSE(Tensor::zeros(WEIR_F64, {1LL << 55}));
}

TEST(Tensor, StartsAtZeroAndAligned) {
  auto tensor = Tensor::zeros(WEIR_F16, {3, 5});
  ASSERT_TRUE(tensor);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->data()) % WEIR_ALIGNMENT, 0u);
  EXPECT_EQ(tensor->bytes(), 30);
  for (int64_t i = 0; i < 15; ++i)
    EXPECT_EQ(tensor->getReal(i), 0);
}

TEST(Tensor, NumbersElementsRowMajorWhateverTheStrides) {
  auto dense = *Tensor::zeros(WEIR_I32, {2, 3});
  for (int64_t i = 0; i < 6; ++i)
    dense.setInt(i, 10 * i);
  std::shared_ptr<std::byte> storage(std::make_shared<Tensor>(dense),
                                     dense.data());
  Tensor transposed =
      Tensor::view(WEIR_I32, {3, 2}, columnMajorStrides({3, 2}), storage);
  EXPECT_TRUE(dense.isDense());
  EXPECT_FALSE(transposed.isDense());
  int64_t expected[] = {0, 30, 10, 40, 20, 50};
  auto copy = *transposed.convert(WEIR_F32);
  EXPECT_TRUE(copy.isDense());
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(transposed.getInt(i), expected[i]);
    EXPECT_EQ(copy.getReal(i), expected[i]);
  }
}

TEST(Tensor, StridesOfUnitExtentsDoNotMatter) {
  auto dense = *Tensor::zeros(WEIR_F32, {4});
  std::shared_ptr<std::byte> storage(std::make_shared<Tensor>(dense),
                                     dense.data());
  EXPECT_TRUE(Tensor::view(WEIR_F32, {1, 4}, {0, 1}, storage).isDense());
  EXPECT_FALSE(Tensor::view(WEIR_F32, {2, 4}, {0, 1}, storage).isDense());
}

TEST(Tensor, ConversionKeepsIntegersExact) {
  auto tensor = *Tensor::zeros(WEIR_I64, {1});
  tensor.setInt(0, (1LL << 53) + 1);
  EXPECT_EQ(tensor.convert(WEIR_I64)->getInt(0), (1LL << 53) + 1);
  EXPECT_EQ(tensor.convert(WEIR_I32)->getInt(0), INT32_MAX);
  EXPECT_EQ(tensor.convert(WEIR_BOOL)->getInt(0), 1);
}

TEST(Tensor, PacksHalfBytes) {
  auto wide = *Tensor::zeros(WEIR_I8, {3});
  for (int64_t i = 0; i < 3; ++i)
    wide.setInt(i, 7 * (i - 1));
  auto packed = *wide.convert(WEIR_I4);
  EXPECT_EQ(packed.bytes(), 2);
  EXPECT_EQ(packed.getInt(0), -7);
  EXPECT_EQ(packed.getInt(2), 7);
}

TEST(Tensor, DescribesItselfToAKernel) {
  Tensor scalar = Tensor::scalar(WEIR_F32, 0.125);
  EXPECT_EQ(scalar.descriptor().rank, 0);
  EXPECT_EQ(*static_cast<float *>(scalar.descriptor().data), 0.125f);
  auto matrix = *Tensor::zeros(WEIR_BF16, {2, 3});
  weir_tensor descriptor = matrix.descriptor();
  EXPECT_EQ(descriptor.data, matrix.data());
  EXPECT_EQ(descriptor.type, WEIR_BF16);
  EXPECT_EQ(descriptor.extents[0], 2);
  EXPECT_EQ(descriptor.strides[0], 3);
}
