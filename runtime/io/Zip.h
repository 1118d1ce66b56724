// ZIP archives, as far as .npz files use them: stored or deflated, zip64.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#ifndef WEIR_RUNTIME_IO_ZIP_H
#define WEIR_RUNTIME_IO_ZIP_H

#include <string>
#include <vector>

#include "runtime/io/File.h"

namespace weir::io {

inline constexpr std::string_view zipMagic = "PK";

/// One file of an archive, as the central directory describes it.
struct ZipMember {
  std::string name;
  uint16_t flags;
  uint16_t method;
  uint32_t crc;
  uint64_t packedSize;
  uint64_t size;
  uint64_t headerOffset;
};

/// The members of an archive; names are distinct.
Result<std::vector<ZipMember>> listZip(const Bytes &archive);

/// A member's content: a part of `archive` where it is stored, otherwise
/// inflated. Verifies sizes and checksum.
Result<Bytes> extract(const Bytes &archive, const ZipMember &member);

/// Writes an archive of stored members, each as the concatenation of parts.
class ZipWriter {
public:
  explicit ZipWriter(AtomicFile &file) : file(file) {}

  Status add(const std::string &name,
             std::initializer_list<std::span<const std::byte>> parts);
  /// Writes the central directory.
  Status finish();

private:
  AtomicFile &file;
  std::string directory;
  uint64_t count = 0;
  uint64_t position = 0;
};

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_ZIP_H
