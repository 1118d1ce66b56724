// A folder for one test, and files by their bytes.
#ifndef WEIR_TEST_RUNTIME_TESTFILES_H
#define WEIR_TEST_RUNTIME_TESTFILES_H

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "runtime/io/File.h"

namespace weir::io {

/// A new folder that goes away with the object.
class TestFolder {
public:
  TestFolder() {
    std::string name = ::testing::TempDir() + "weir-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~TestFolder() { std::filesystem::remove_all(folder); }

  std::string path(const std::string &name) const { return folder / name; }
  std::string write(const std::string &name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  std::string read(const std::string &name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t count() const {
    return std::distance(std::filesystem::directory_iterator(folder), {});
  }

private:
  std::filesystem::path folder;
};

/// A copy of bytes, as if read from a file.
inline Bytes bytesOf(std::string_view text) {
  std::shared_ptr<std::byte> data(new std::byte[text.size() + 1],
                                  std::default_delete<std::byte[]>());
  std::memcpy(data.get(), text.data(), text.size());
  return {data, text.size()};
}

/// A number as its little-endian bytes.
template <class T> std::string raw(T value) {
  return {reinterpret_cast<const char *>(&value), sizeof value};
}

} // namespace weir::io

#endif // WEIR_TEST_RUNTIME_TESTFILES_H
