// ZIP archives. Sections in brackets are those of PKWARE's APPNOTE 6.3.
#include "runtime/io/Zip.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <set>

#include <zlib.h>

using namespace weir::io;

namespace {
constexpr uint32_t localSignature = 0x04034b50;   // [4.3.7]
constexpr uint32_t centralSignature = 0x02014b50; // [4.3.12]
constexpr uint32_t end64Signature = 0x06064b50;   // [4.3.14]
constexpr uint32_t locatorSignature = 0x07064b50; // [4.3.15]
constexpr uint32_t endSignature = 0x06054b50;     // [4.3.16]
constexpr size_t localSize = 30, centralSize = 46, end64Size = 56,
                 locatorSize = 20, endSize = 22;
constexpr uint16_t zip64Tag = 1; // [4.5.3]
constexpr uint16_t unset16 = 0xffff;
constexpr uint32_t unset32 = 0xffffffff;

/// A record of fixed fields at a place that was checked to hold it.
class Record {
public:
  explicit Record(const std::byte *data) : data(data) {}
  uint16_t u16(size_t at) const { return get<uint16_t>(at); }
  uint32_t u32(size_t at) const { return get<uint32_t>(at); }
  uint64_t u64(size_t at) const { return get<uint64_t>(at); }

private:
  template <class T> T get(size_t at) const {
    T value;
    std::memcpy(&value, data + at, sizeof value);
    return value;
  }
  const std::byte *data;
};

struct Directory {
  uint64_t count, size, offset;
};
} // namespace

static bool holds(const Bytes &bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size && size <= bytes.size - offset;
}

static std::optional<Record> recordAt(const Bytes &bytes, uint64_t offset,
                                      size_t size, uint32_t signature) {
  if (!holds(bytes, offset, size))
    return std::nullopt;
  Record record(bytes.data.get() + offset);
  return record.u32(0) == signature ? std::optional(record) : std::nullopt;
}

//===-- Reading -----------------------------------------------------------===//

/// The end record is the last one whose comment ends with the file.
static std::optional<uint64_t> findEnd(const Bytes &archive) {
  constexpr size_t longestComment = 0xffff;
  for (size_t comment = 0;
       comment <= longestComment && endSize + comment <= archive.size;
       ++comment) {
    uint64_t offset = archive.size - endSize - comment;
    auto end = recordAt(archive, offset, endSize, endSignature);
    if (end && end->u16(20) == comment)
      return offset;
  }
  return std::nullopt;
}

static std::optional<Directory> findDirectory(const Bytes &archive) {
  auto offset = findEnd(archive);
  if (!offset)
    return std::nullopt;
  Record end(archive.data.get() + *offset);
  Directory directory{end.u16(10), end.u32(12), end.u32(16)};
  if (*offset >= locatorSize)
    if (auto locator = recordAt(archive, *offset - locatorSize, locatorSize,
                                locatorSignature)) {
      auto end64 =
          recordAt(archive, locator->u64(8), end64Size, end64Signature);
      if (!end64)
        return std::nullopt;
      directory = {end64->u64(32), end64->u64(40), end64->u64(48)};
    }
  if (!holds(archive, directory.offset, directory.size))
    return std::nullopt;
  return directory;
}

/// Replaces the fields that did not fit 32 bits by those of the zip64 extra
/// field, which holds just these, in this order.
static bool applyZip64(ZipMember &member, const Bytes &extra) {
  uint64_t *fields[] = {&member.size, &member.packedSize, &member.headerOffset};
  for (size_t at = 0; extra.size - at >= 4;) {
    Record field(extra.data.get() + at);
    size_t length = field.u16(2);
    at += 4;
    if (extra.size - at < length)
      return false;
    if (field.u16(0) == zip64Tag) {
      size_t used = 0;
      for (uint64_t *value : fields) {
        if (*value != unset32)
          continue;
        if (length - used < 8)
          return false;
        *value = field.u64(4 + used);
        used += 8;
      }
    }
    at += length;
  }
  return true;
}

/// Reads the member at `offset` of the directory and moves past it.
static std::optional<ZipMember> parseMember(const Bytes &directory,
                                            uint64_t &offset) {
  auto record = recordAt(directory, offset, centralSize, centralSignature);
  if (!record)
    return std::nullopt;
  size_t name = record->u16(28), extra = record->u16(30),
         comment = record->u16(32);
  uint64_t begin = offset + centralSize;
  if (!holds(directory, begin, name + extra + comment))
    return std::nullopt;
  ZipMember member{std::string(directory.text().substr(begin, name)),
                   record->u16(8),
                   record->u16(10),
                   record->u32(16),
                   record->u32(20),
                   record->u32(24),
                   record->u32(42)};
  if (!applyZip64(member, directory.slice(begin + name, extra)))
    return std::nullopt;
  offset = begin + name + extra + comment;
  return member;
}

Result<std::vector<ZipMember>> weir::io::listZip(const Bytes &archive) {
  auto found = findDirectory(archive);
  if (!found)
    return Error{"not a ZIP archive, or cut off"};
  Bytes directory = archive.slice(found->offset, found->size);
  std::vector<ZipMember> members;
  std::set<std::string> names;
  uint64_t offset = 0;
  for (uint64_t i = 0; i < found->count; ++i) {
    auto member = parseMember(directory, offset);
    if (!member)
      return Error{"the directory of the ZIP archive is malformed"};
    if (!names.insert(member->name).second)
      return Error{"the ZIP archive has two members '" + member->name + "'"};
    members.push_back(std::move(*member));
  }
  return members;
}

static std::optional<Bytes> inflate(const Bytes &packed, uint64_t size) {
  std::shared_ptr<std::byte> memory(new (std::nothrow)
                                        std::byte[size ? size : 1],
                                    std::default_delete<std::byte[]>());
  z_stream stream{};
  if (!memory || inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return std::nullopt;
  constexpr uint64_t most = 1u << 30; // zlib counts in 32 bits
  uint64_t read = 0, written = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_in = reinterpret_cast<Bytef *>(packed.data.get() + read);
    stream.avail_in = std::min<uint64_t>(most, packed.size - read);
    stream.next_out = reinterpret_cast<Bytef *>(memory.get() + written);
    stream.avail_out = std::min<uint64_t>(most, size - written);
    uint64_t in = stream.avail_in, out = stream.avail_out;
    code = ::inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || written != size || read != packed.size)
    return std::nullopt;
  return Bytes{std::move(memory), size};
}

static uint32_t checksum(uint32_t crc, std::span<const std::byte> bytes) {
  return crc32_z(crc, reinterpret_cast<const Bytef *>(bytes.data()),
                 bytes.size());
}

Result<Bytes> weir::io::extract(const Bytes &archive, const ZipMember &member) {
  constexpr uint16_t encrypted = 1, stored = 0, deflated = 8;
  if (member.flags & encrypted)
    return Error{"the member is encrypted"};
  auto local =
      recordAt(archive, member.headerOffset, localSize, localSignature);
  if (!local)
    return Error{"the member lies outside of the archive"};
  uint64_t begin =
      member.headerOffset + localSize + local->u16(26) + local->u16(28);
  if (!holds(archive, begin, member.packedSize))
    return Error{"the member lies outside of the archive"};
  Bytes content = archive.slice(begin, member.packedSize);
  // Deflate packs at most 258 bytes into 2 bits: a larger claim is a lie that
  // would only cost memory.
  constexpr uint64_t bestRatio = 1032;
  if (member.method == deflated) {
    if (member.size / bestRatio > member.packedSize)
      return Error{"the member's deflated data is damaged"};
    auto inflated = inflate(content, member.size);
    if (!inflated)
      return Error{"the member's deflated data is damaged"};
    content = std::move(*inflated);
  } else if (member.method != stored) {
    return Error{"compression method " + std::to_string(member.method) +
                 " is not supported; stored and deflated are"};
  }
  if (content.size != member.size ||
      checksum(0, std::span(content.data.get(), content.size)) != member.crc)
    return Error{"the member's checksum or size is wrong"};
  return content;
}

//===-- Writing -----------------------------------------------------------===//

template <class... Fields>
static void append(std::string &text, Fields... fields) {
  (text.append(reinterpret_cast<const char *>(&fields), sizeof fields), ...);
}

// Every size and offset is written in its zip64 form, whatever its value: one
// way to write, and no limit to test for. NumPy does so too.
static constexpr uint16_t zip64Version = 45;
static constexpr uint16_t firstDate = 1 << 5 | 1; // 1980-01-01: reproducible

Status ZipWriter::add(const std::string &name,
                      std::initializer_list<std::span<const std::byte>> parts) {
  constexpr uint16_t utf8 = 1 << 11, stored = 0, none = 0, midnight = 0;
  if (name.size() >= unset16)
    return Error{"the name of a member is too long", "tensor-name"};
  uint16_t nameSize = name.size();
  uint64_t size = 0;
  uint32_t crc = 0;
  for (auto part : parts) {
    size += part.size();
    crc = checksum(crc, part);
  }
  constexpr uint16_t localExtra = 20, centralExtra = 28;
  std::string header;
  append(header, localSignature, zip64Version, utf8, stored, midnight,
         firstDate, crc, unset32, unset32, nameSize, localExtra);
  header += name;
  append(header, zip64Tag, uint16_t(localExtra - 4), size, size);

  append(directory, centralSignature, zip64Version, zip64Version, utf8, stored,
         midnight, firstDate, crc, unset32, unset32, nameSize, centralExtra,
         none, none, none, uint32_t(0), unset32);
  directory += name;
  append(directory, zip64Tag, uint16_t(centralExtra - 4), size, size, position);

  position += header.size() + size;
  ++count;
  if (auto written = file.write(header); !written)
    return written;
  for (auto part : parts)
    if (auto written = file.write(part); !written)
      return written;
  return ok;
}

Status ZipWriter::finish() {
  uint64_t size = directory.size();
  append(directory, end64Signature, uint64_t(end64Size - 12), zip64Version,
         zip64Version, uint32_t(0), uint32_t(0), count, count, size, position);
  append(directory, locatorSignature, uint32_t(0), position + size,
         uint32_t(1));
  append(directory, endSignature, uint16_t(0), uint16_t(0), unset16, unset16,
         unset32, unset32, uint16_t(0));
  return file.write(directory);
}
