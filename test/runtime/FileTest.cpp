// Files: mapping, reading pipes, atomic replacement.
#include "runtime/io/File.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

#include "test/runtime/TestFiles.h"

using namespace weir::io;

TEST(File, ReadsWhatIsThere) {
  TestFolder folder;
  auto bytes = readBytes(folder.write("a", "content"));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->text(), "content");
  auto empty = readBytes(folder.write("b", ""));
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->size, 0u);
}

TEST(File, MappedBytesOutliveTheNameAndAreNotWrittenBack) {
  TestFolder folder;
  auto bytes = readBytes(folder.write("a", "content"));
  ASSERT_TRUE(bytes);
  bytes->data.get()[0] = std::byte('C');
  EXPECT_EQ(folder.read("a"), "content");
  std::filesystem::remove(folder.path("a"));
  EXPECT_EQ(bytes->text(), "Content");
}

TEST(File, ReadsAPipe) {
  TestFolder folder;
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  std::string content(200'000, 'x');
  std::thread writer([&] { folder.write("pipe", content); });
  auto bytes = readBytes(folder.path("pipe"));
  writer.join();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->text(), content);
}

TEST(File, SaysWhyItCannotBeRead) {
  TestFolder folder;
  std::string missing = folder.path("missing");
  EXPECT_EQ(readBytes(missing).message(),
            "cannot open '" + missing + "': No such file or directory");
  EXPECT_NE(readBytes(folder.path("")).message().find("Is a directory"),
            std::string::npos);
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  TestFolder folder;
  folder.write("a", "old");
  {
    auto file = AtomicFile::create(folder.path("a"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("new"));
    EXPECT_EQ(folder.read("a"), "old");
    ASSERT_TRUE(file->commit());
  }
  EXPECT_EQ(folder.read("a"), "new");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  TestFolder folder;
  folder.write("a", "old");
  {
    auto file = AtomicFile::create(folder.path("a"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("new"));
  }
  EXPECT_EQ(folder.read("a"), "old");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(AtomicFile, KeepsModeAndSymbolicLinks) {
  TestFolder folder;
  ASSERT_EQ(::chmod(folder.write("a", "old").c_str(), 0640), 0);
  std::filesystem::create_symlink("a", folder.path("link"));
  auto file = AtomicFile::create(folder.path("link"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("new"));
  ASSERT_TRUE(file->commit());
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
  EXPECT_EQ(folder.read("a"), "new");
  struct stat facts;
  ASSERT_EQ(::stat(folder.path("a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0640u);
}

TEST(AtomicFile, ReportsAFullDeviceAndRemovesWhatItWrote) {
  auto device = AtomicFile::create("/dev/full");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->write("x").message(),
            "cannot write '/dev/full': No space left on device");

  // A limit on the size of files stands in for a disk that fills up half-way.
  TestFolder folder;
  rlimit old;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = {1000, old.rlim_max};
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    auto file = AtomicFile::create(folder.path("a"));
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->write(std::string(5000, 'x')));
  }
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(folder.count(), 0u);
}

TEST(AtomicFile, NeedsAFolder) {
  TestFolder folder;
  EXPECT_FALSE(AtomicFile::create(folder.path("missing/a")));
}
