// .npy: what NumPy writes is read, what is damaged is refused with a reason.
#include "runtime/io/Npy.h"

#include <algorithm>

#include "test/runtime/TestFiles.h"

using namespace weir::io;

namespace {
/// A file of the given version around a dictionary.
std::string npy(const std::string &dictionary, const std::string &data,
                int version = 1) {
  std::string file = std::string(npyMagic) + char(version) + '\0';
  file += version == 1 ? raw(uint16_t(dictionary.size()))
                       : raw(uint32_t(dictionary.size()));
  return file + dictionary + data;
}

std::string dictionary(const std::string &descr, const std::string &shape,
                       const std::string &fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran +
         ", 'shape': " + shape + ", }\n";
}

Result<Tensor> parse(const std::string &file) {
  return parseNpy(bytesOf(file));
}

std::string failure(const std::string &file) {
  auto tensor = parse(file);
  return tensor ? "no error" : tensor.message();
}
} // namespace

TEST(Npy, ReadsEveryVersion) {
  for (int version : {1, 2, 3}) {
    auto tensor = parse(npy(dictionary("<i2", "(2,)"),
                            raw<int16_t>(-7) + raw<int16_t>(9), version));
    ASSERT_TRUE(tensor) << version;
    EXPECT_EQ(tensor->type(), WEIR_I16);
    EXPECT_EQ(tensor->shape(), Shape{2});
    EXPECT_EQ(tensor->getInt(0), -7);
    EXPECT_EQ(tensor->getInt(1), 9);
  }
}

TEST(Npy, ReadsEveryType) {
  struct Case {
    const char *descr;
    ElementType type;
    std::string one;
  };
  for (auto &[descr, type, one] : std::initializer_list<Case>{
           {"|b1", WEIR_BOOL, "\1"},
           {"<f2", WEIR_F16, raw<uint16_t>(0x3c00)},
           {"<f4", WEIR_F32, raw(1.0f)},
           {"<f8", WEIR_F64, raw(1.0)},
           {"|i1", WEIR_I8, "\1"},
           {"<i2", WEIR_I16, raw<int16_t>(1)},
           {"<i4", WEIR_I32, raw<int32_t>(1)},
           {"<i8", WEIR_I64, raw<int64_t>(1)},
           {"|u1", WEIR_U8, "\1"},
       }) {
    auto tensor = parse(npy(dictionary(descr, "()"), one));
    ASSERT_TRUE(tensor) << descr;
    EXPECT_EQ(tensor->type(), type);
    EXPECT_TRUE(tensor->shape().empty());
    EXPECT_EQ(tensor->getReal(0), 1.0) << descr;
  }
}

TEST(Npy, ReadsFortranOrder) {
  std::string data;
  for (float value : {0, 1, 2, 3, 4, 5})
    data += raw(value);
  auto tensor = parse(npy(dictionary("<f4", "(2, 3)", "True"), data));
  ASSERT_TRUE(tensor);
  double expected[] = {0, 2, 4, 1, 3, 5};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(tensor->getReal(i), expected[i]);
}

TEST(Npy, ReadsBigEndian) {
  std::string data = raw(1.5);
  std::reverse(data.begin(), data.end());
  auto tensor = parse(npy(dictionary(">f8", "(1, 1)"), data));
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->getReal(0), 1.5);
}

TEST(Npy, ReadsEmptyAndMisalignedArrays) {
  EXPECT_EQ(parse(npy(dictionary("<f4", "(3, 0)"), ""))->size(), 0);
  // With two bytes of spaces more or less, one of the two is misaligned.
  for (const char *spaces : {"", " ", "  ", "   "}) {
    auto tensor = parse(npy(dictionary("<f4", "(1,)") + spaces, raw(2.5f)));
    ASSERT_TRUE(tensor);
    EXPECT_EQ(tensor->getReal(0), 2.5);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->data()) % 4, 0u);
  }
}

TEST(Npy, SharesTheFilesMemory) {
  std::string header = dictionary("|u1", "(4,)");
  Bytes bytes = bytesOf(npy(header, "abcd"));
  auto tensor = parseNpy(bytes);
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->data(), bytes.data.get() + 10 + header.size());
}

TEST(Npy, RefusesDamagedHeaders) {
  EXPECT_EQ(failure("PNG"), "not a .npy file");
  EXPECT_EQ(failure(npy("{}", "", 4)), "unknown .npy version 4");
  EXPECT_EQ(failure(npy("{", "").substr(0, 10)), "the .npy header is cut off");
  EXPECT_EQ(failure(std::string(npyMagic) + "\2" + '\0' + "\1\1"),
            "the .npy header is cut off");
  std::string malformed = "the .npy header is malformed";
  EXPECT_EQ(failure(npy("{}", "")), malformed);
  EXPECT_EQ(failure(npy("", "")), malformed);
  EXPECT_EQ(failure(npy("{'descr': '<f4", "")), malformed);
  EXPECT_EQ(failure(npy(dictionary("<f4", "(1,)") + "x", raw(1.f))), malformed);
  EXPECT_EQ(failure(npy(dictionary("<f4", "(1,"), raw(1.f))), malformed);
  EXPECT_EQ(failure(npy(dictionary("<f4", "(1.5,)"), raw(1.f))), malformed);
  EXPECT_EQ(failure(npy(dictionary("<f4", "()", "0"), raw(1.f))), malformed);
  EXPECT_EQ(failure(npy(dictionary("<f4", "(99999999999999999999,)"), "")),
            malformed);
  EXPECT_EQ(failure(npy("{'descr': '<f4', 'descr': '<f4', 'shape': (), "
                        "'fortran_order': False}",
                        raw(1.f))),
            malformed);
  EXPECT_EQ(failure(npy("{'descr': [('a', '<f4')], 'fortran_order': False, "
                        "'shape': ()}",
                        raw(1.f))),
            malformed);
}

TEST(Npy, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(failure(npy(dictionary("<f4", "(2, 2)"), raw(1.f))),
            "shape [2, 2] of f32 needs 16 bytes, the file has 4");
  EXPECT_EQ(failure(npy(dictionary("<f4", "()"), raw(1.))),
            "shape [] of f32 needs 4 bytes, the file has 8");
  EXPECT_EQ(failure(npy(dictionary("<f4", "(-1,)"), "")),
            "shape [-1] has a negative extent");
  EXPECT_EQ(failure(npy(dictionary("<f4", "(0, 4611686018427387904, 8)"), "")),
            "shape [0, 4611686018427387904, 8] of f32 is too large");
  EXPECT_EQ(failure(npy(dictionary("<f4", "(1,1,1,1,1,1,1,1,1)"), raw(1.f))),
            "rank 9 is over the limit of 8");
}

TEST(Npy, RefusesTypesThatWeirLacks) {
  for (std::string descr : {"<u4", "<c8", "|O", "<V2", "|S4", "<U3", "", "<"})
    EXPECT_EQ(failure(npy(dictionary(descr, "()"), raw(1.f))),
              "unsupported element type '" + descr +
                  "'; f2, f4, f8, i1, i2, i4, i8, u1 and b1 are read");
}

TEST(Npy, WritesNumPysHeaders) {
  auto header = npyHeader(*Tensor::zeros(WEIR_F32, {2, 3}));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->size() % 64, 0u);
  EXPECT_TRUE(header->substr(10).starts_with(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  EXPECT_EQ(header->back(), '\n');
  EXPECT_NE(npyHeader(*Tensor::zeros(WEIR_BOOL, {7}))
                ->find("'|b1', 'fortran_order': False, 'shape': (7, ), }"),
            std::string::npos);
  EXPECT_NE(npyHeader(Tensor())->find("'shape': (), }"), std::string::npos);
  EXPECT_FALSE(npyHeader(*Tensor::zeros(WEIR_BF16, {1})));
  EXPECT_FALSE(npyHeader(*Tensor::zeros(WEIR_I4, {2})));
}
