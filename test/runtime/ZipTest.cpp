// ZIP archives: what Python's zipfile writes, and what it never would.
#include "runtime/io/Zip.h"

#include "test/runtime/TestFiles.h"

using namespace weir::io;

namespace {
std::string unhex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2)
    bytes += char(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

/// By Python's zipfile: 'a' deflated, 100 times "weir"; 'b' stored, "xyz".
const std::string fixture = unhex(
    "504b030414000000080000002100f42db1e20b0000009001000001000000612b4fcd2c"
    "2a1fc583060300504b03041400000000000000210067ba8eeb03000000030000000100"
    "00006278797a504b0102140314000000080000002100f42db1e20b0000009001000001"
    "000000000000000000000080010000000061504b010214031400000000000000210067"
    "ba8eeb030000000300000001000000000000000000000080012a00000062504b050600"
    "000000020002005e0000004c0000000000");

Result<Bytes> extractFirst(const std::string &archive) {
  Bytes bytes = bytesOf(archive);
  auto members = listZip(bytes);
  if (!members)
    return members.error();
  return extract(bytes, members->front());
}

/// The fixture with one byte of its first central record replaced.
std::string withCentralByte(size_t field, char value) {
  std::string archive = fixture;
  archive[archive.find("PK\1\2") + field] = value;
  return archive;
}

/// An archive by ZipWriter.
std::string archiveOf(std::initializer_list<std::string> names) {
  TestFolder folder;
  auto file = AtomicFile::create(folder.path("a.zip"));
  ZipWriter zip(*file);
  for (const std::string &name : names)
    EXPECT_TRUE(zip.add(name, {std::as_bytes(std::span(name)),
                               std::as_bytes(std::span("!", 1))}));
  EXPECT_TRUE(zip.finish());
  EXPECT_TRUE(file->commit());
  return folder.read("a.zip");
}
} // namespace

TEST(Zip, ReadsStoredAndDeflatedMembers) {
  Bytes bytes = bytesOf(fixture);
  auto members = listZip(bytes);
  ASSERT_TRUE(members) << members.message();
  ASSERT_EQ(members->size(), 2u);
  EXPECT_EQ((*members)[0].name, "a");
  auto a = extract(bytes, (*members)[0]);
  auto b = extract(bytes, (*members)[1]);
  ASSERT_TRUE(a && b);
  std::string expected;
  for (int i = 0; i < 100; ++i)
    expected += "weir";
  EXPECT_EQ(a->text(), expected);
  EXPECT_EQ(b->text(), "xyz");
  EXPECT_GE(b->data.get(), bytes.data.get()) << "shared, not copied";
  EXPECT_LT(b->data.get(), bytes.data.get() + bytes.size);
}

TEST(Zip, ReadsWhatItWrites) {
  Bytes bytes = bytesOf(archiveOf({"first", "second"}));
  auto members = listZip(bytes);
  ASSERT_TRUE(members) << members.message();
  ASSERT_EQ(members->size(), 2u);
  EXPECT_EQ((*members)[1].name, "second");
  EXPECT_EQ(extract(bytes, (*members)[1])->text(), "second!");
  EXPECT_TRUE(listZip(bytesOf(archiveOf({})))->empty());
}

TEST(Zip, FindsTheEndBehindAComment) {
  std::string archive = fixture;
  archive[archive.size() - 2] = 5;
  EXPECT_FALSE(listZip(bytesOf(archive)));
  EXPECT_TRUE(listZip(bytesOf(archive + "hello")));
}

TEST(Zip, RefusesEveryTruncation) {
  for (const std::string &archive : {fixture, archiveOf({"first", "second"})})
    for (size_t size = 0; size < archive.size(); ++size)
      EXPECT_FALSE(listZip(bytesOf(archive.substr(0, size)))) << size;
}

TEST(Zip, SurvivesEveryDamagedByte) {
  // Nothing may be read out of bounds; whatever is still extracted is intact.
  for (const std::string &archive : {fixture, archiveOf({"first", "second"})}) {
    std::string intact(extractFirst(archive)->text());
    for (size_t i = 0; i < archive.size(); ++i)
      for (char flip : {'\1', '\x80', '\xff'}) {
        std::string damaged = archive;
        damaged[i] ^= flip;
        auto content = extractFirst(damaged);
        if (content && content->size != 0)
          EXPECT_TRUE(content->text() == intact || content->text() == "xyz")
              << "byte " << i;
      }
  }
}

TEST(Zip, SaysWhatIsWrongWithAMember) {
  EXPECT_EQ(extractFirst(withCentralByte(8, 1)).message(),
            "the member is encrypted");
  EXPECT_EQ(extractFirst(withCentralByte(10, 9)).message(),
            "compression method 9 is not supported; stored and deflated are");
  EXPECT_EQ(extractFirst(withCentralByte(16, 0)).message(),
            "the member's checksum or size is wrong");
  EXPECT_EQ(extractFirst(withCentralByte(27, 0x7f)).message(),
            "the member's deflated data is damaged"); // two gigabytes claimed
  EXPECT_EQ(extractFirst(withCentralByte(45, 1)).message(),
            "the member lies outside of the archive");
  EXPECT_EQ(extractFirst(archiveOf({"a", "a"})).message(),
            "the ZIP archive has two members 'a'");
}
