// Bytes of files: mapped for reading, replaced atomically for writing.
#ifndef WEIR_RUNTIME_IO_FILE_H
#define WEIR_RUNTIME_IO_FILE_H

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/io/Result.h"

namespace weir::io {

/// A range of bytes that keeps its memory alive.
struct Bytes {
  std::shared_ptr<std::byte> data;
  size_t size = 0;

  /// The part from `offset` on; the caller has checked that it lies inside.
  Bytes slice(size_t offset, size_t length) const {
    return {std::shared_ptr<std::byte>(data, data.get() + offset), length};
  }
  Bytes slice(size_t offset) const { return slice(offset, size - offset); }
  std::string_view text() const {
    return {reinterpret_cast<const char *>(data.get()), size};
  }
};

/// The content of a file: mapped copy-on-write where the file allows it (do not
/// shorten it meanwhile), otherwise read to its end.
Result<Bytes> readBytes(const std::string &path);

/// A file that comes into being as a whole. Everything is written to a
/// temporary file beside `path`, which replaces it in `commit`; without a
/// successful commit nothing is left behind and an old file stays as it was. A
/// `path` that names a device or a pipe is written directly.
class AtomicFile {
public:
  static Result<AtomicFile> create(const std::string &path);
  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&) = delete;
  ~AtomicFile();

  Status write(std::span<const std::byte> bytes);
  Status write(std::string_view text) {
    return write(std::as_bytes(std::span(text)));
  }
  Status commit();

private:
  AtomicFile(std::string path, std::string temporary, int descriptor);
  Error failure() const;

  std::string path;
  std::string temporary; ///< empty where `path` is written directly
  int descriptor;        ///< -1 once closed
};

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_FILE_H
