// .safetensors: round trips, and headers that lie.
#include "runtime/io/Safetensors.h"

#include "test/runtime/TestFiles.h"

using namespace weir::io;

namespace {
std::string safetensors(const std::string &header, const std::string &data) {
  return raw<uint64_t>(header.size()) + header + data;
}

std::string entry(const std::string &dtype, const std::string &shape,
                  const std::string &offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape +
         R"(,"data_offsets":)" + offsets + "}";
}

std::string failure(const std::string &file) {
  auto entries = listSafetensors(bytesOf(file));
  return entries ? "no error" : entries.message();
}
} // namespace

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirData) {
  std::string header = R"({"__metadata__":{"format":"pt"},"z":)" +
                       entry("F32", "[2]", "[0,8]") + R"(,"a":)" +
                       entry("BF16", "[]", "[8,10]") + "}";
  Bytes file =
      bytesOf(safetensors(header, raw(1.f) + raw(2.f) + raw<uint16_t>(0x4049)));
  auto entries = listSafetensors(file);
  ASSERT_TRUE(entries) << entries.message();
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ(entries->front().name, "z");
  auto z = readSafetensors(file, entries->front());
  auto a = readSafetensors(file, entries->back());
  ASSERT_TRUE(z && a);
  EXPECT_EQ(z->getReal(1), 2);
  EXPECT_EQ(a->type(), WEIR_BF16);
  EXPECT_EQ(a->getReal(0), 3.140625);
}

TEST(Safetensors, WritesWhatItReads) {
  TestFolder folder;
  std::vector<NamedTensor> tensors;
  for (ElementType type = firstElementType; type <= lastElementType; ++type) {
    if (type == WEIR_I4)
      continue;
    auto tensor = *Tensor::zeros(type, {3});
    for (int64_t i = 0; i < 3; ++i)
      tensor.setInt(i, i);
    tensors.push_back({std::string(elementName(type)), tensor});
  }
  auto out = AtomicFile::create(folder.path("all.safetensors"));
  ASSERT_TRUE(out);
  ASSERT_TRUE(writeSafetensors(*out, tensors));
  ASSERT_TRUE(out->commit());

  auto file = readBytes(folder.path("all.safetensors"));
  ASSERT_TRUE(file);
  auto entries = listSafetensors(*file);
  ASSERT_TRUE(entries) << entries.message();
  ASSERT_EQ(entries->size(), tensors.size());
  for (const SafetensorsEntry &entry : *entries) {
    auto tensor = readSafetensors(*file, entry);
    ASSERT_TRUE(tensor) << entry.name;
    EXPECT_EQ(elementName(tensor->type()), entry.name);
    EXPECT_EQ(tensor->data(), file->data.get() + entry.begin) << "mapped";
    for (int64_t i = 0; i < 3; ++i)
      EXPECT_EQ(tensor->getInt(i), entry.name == "bool" ? i != 0 : i);
  }
}

TEST(Safetensors, RefusesWhatItCannotWrite) {
  TestFolder folder;
  auto out = AtomicFile::create(folder.path("a"));
  ASSERT_TRUE(out);
  NamedTensor packed{"x", *Tensor::zeros(WEIR_I4, {2})};
  EXPECT_EQ(writeSafetensors(*out, {&packed, 1}).message(),
            "a .safetensors file has no i4");
  NamedTensor reserved{"__metadata__", Tensor()};
  EXPECT_FALSE(writeSafetensors(*out, {&reserved, 1}));
}

TEST(Safetensors, LeavesForeignTypesToTheirReaders) {
  std::string header = R"({"a":)" + entry("U64", "[1]", "[0,8]") + R"(,"b":)" +
                       entry("I8", "[1]", "[8,9]") + "}";
  Bytes file = bytesOf(safetensors(header, raw<uint64_t>(1) + "\5"));
  auto entries = listSafetensors(file);
  ASSERT_TRUE(entries);
  EXPECT_EQ(readSafetensors(file, (*entries)[0]).message(),
            "unsupported element type 'U64'");
  EXPECT_EQ(readSafetensors(file, (*entries)[1])->getInt(0), 5);
}

TEST(Safetensors, RefusesDamagedHeaders) {
  EXPECT_NE(failure("abc"), "no error");
  EXPECT_NE(failure(raw<uint64_t>(~0ull) + "{}"), "no error");
  EXPECT_NE(failure(raw<uint64_t>(3) + "{}"), "no error");
  std::string notJson = "the header is not a JSON object";
  EXPECT_EQ(failure(safetensors("", "")), notJson);
  EXPECT_EQ(failure(safetensors("[1]", "")), notJson);
  EXPECT_EQ(failure(safetensors(R"({"a":)", "")), notJson);
  EXPECT_EQ(failure(safetensors(std::string(1'000'000, '['), "")), notJson);
  EXPECT_EQ(failure(safetensors("{\"a\xff\":1}", "")), notJson);
  std::string one = entry("I8", "[1]", "[0,1]");
  EXPECT_EQ(
      failure(safetensors(R"({"a":)" + one + R"(,"a":)" + one + "}", "x")),
      "the header has the key 'a' twice");
}

TEST(Safetensors, RefusesMalformedEntries) {
  auto fails = [](const std::string &value, const std::string &data = "x") {
    return failure(safetensors(R"({"a":)" + value + "}", data));
  };
  EXPECT_EQ(fails("1"), "tensor 'a': dtype, shape or data_offsets is missing");
  EXPECT_EQ(fails(R"({"dtype":"I8","shape":[1]})"),
            "tensor 'a': dtype, shape or data_offsets is missing");
  std::string malformed =
      "tensor 'a': dtype, shape or data_offsets is malformed";
  EXPECT_EQ(fails(R"({"dtype":8,"shape":[1],"data_offsets":[0,1]})"),
            malformed);
  EXPECT_EQ(fails(entry("I8", "[-1]", "[0,1]")), malformed);
  EXPECT_EQ(fails(entry("I8", "[1.0]", "[0,1]")), malformed);
  EXPECT_EQ(fails(entry("I8", "1", "[0,1]")), malformed);
  EXPECT_EQ(fails(entry("I8", "[18446744073709551615]", "[0,1]")), malformed);
  EXPECT_EQ(fails(entry("I8", "[1]", "[0,1,2]")), malformed);
  EXPECT_EQ(fails(entry("I8", "[2]", "[0,2]")),
            "tensor 'a': data_offsets [0, 2] lie outside of the buffer of 1 "
            "bytes");
  EXPECT_EQ(fails(entry("I8", "[1]", "[1,0]")),
            "tensor 'a': data_offsets [1, 0] lie outside of the buffer of 1 "
            "bytes");
  EXPECT_EQ(fails(entry("F32", "[1]", "[0,1]")),
            "tensor 'a': shape [1] of F32 needs 4 bytes, not 1");
  EXPECT_EQ(fails(entry("F32", "[4611686018427387904,4]", "[0,1]")),
            "tensor 'a': shape [4611686018427387904, 4] of f32 is too large");
}

TEST(Safetensors, RefusesGapsAndOverlaps) {
  std::string first = R"({"a":)" + entry("I8", "[2]", "[0,2]") + R"(,"b":)";
  EXPECT_EQ(
      failure(safetensors(first + entry("I8", "[2]", "[1,3]") + "}", "xyz")),
      "tensor 'b' does not begin where the one before it ends");
  EXPECT_EQ(
      failure(safetensors(first + entry("I8", "[1]", "[3,4]") + "}", "wxyz")),
      "tensor 'b' does not begin where the one before it ends");
  EXPECT_EQ(
      failure(safetensors(first + entry("I8", "[0]", "[2,2]") + "}", "xyz")),
      "the buffer goes on for 1 bytes after the last tensor");
  EXPECT_EQ(
      failure(safetensors(first + entry("I8", "[0]", "[0,0]") + "}", "xy")),
      "no error");
}
