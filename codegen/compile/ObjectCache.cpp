// Compiled objects on disk, found by what they were made from.
#include "codegen/compile/ObjectCache.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"

#include <chrono>
#include <cstdlib>

using llvm::Error;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

namespace weir {
namespace {

/// What ends an object in the cache: a digest of all before it, then this.
constexpr StringRef mark = "weir object v1\n\n";
constexpr size_t digestSize = 32, trailerSize = digestSize + mark.size();
constexpr StringRef extension = ".object";

std::string digestOf(StringRef text) {
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(text));
  return {digest.begin(), digest.end()};
}

std::string pathIn(StringRef folder, StringRef name) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

struct Entry {
  std::string path;
  uint64_t bytes;
  llvm::sys::TimePoint<> used;
};

/// Objects, and files that were never renamed to one.
std::vector<Entry> list(const std::string &folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    fs::file_status status;
    if (StringRef(it->path()).contains(extension) && !fs::status(it->path(), status))
      entries.push_back({it->path(), status.getSize(), status.getLastModificationTime()});
  }
  return entries;
}

/// Writes a file of its own and gives it its name when it is complete.
Error writeWhole(const std::string &path, std::initializer_list<StringRef> parts) {
  auto file = fs::TempFile::create(path + ".%%%%%%%%");
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  for (StringRef part : parts)
    stream << part;
  stream.flush();
  if (stream.has_error()) {
    auto error = llvm::errorCodeToError(stream.error());
    stream.clear_error();
    return llvm::joinErrors(std::move(error), file->discard());
  }
  return file->keep(path);
}

} // namespace

std::optional<ObjectCache> ObjectCache::ofUser() {
  uint64_t mebibytes = 256;
  if (const char *size = std::getenv("WEIR_CACHE_SIZE"))
    if (StringRef(size).getAsInteger(10, mebibytes))
      mebibytes = 0;
  if (mebibytes == 0)
    return std::nullopt;
  if (const char *own = std::getenv("WEIR_CACHE_DIR"); own && *own)
    return ObjectCache(own, mebibytes << 20);
  llvm::SmallString<128> folder; // $XDG_CACHE_HOME or ~/.cache
  if (!llvm::sys::path::cache_directory(folder))
    return std::nullopt;
  llvm::sys::path::append(folder, "weir");
  return ObjectCache(folder.str().str(), mebibytes << 20);
}

std::string ObjectCache::pathOf(StringRef key) const {
  return pathIn(folder, llvm::toHex(digestOf(key), /*LowerCase=*/true) + extension.str());
}

std::unique_ptr<llvm::MemoryBuffer> ObjectCache::load(StringRef key) const {
  std::string path = pathOf(key);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file || (*file)->getBufferSize() < trailerSize)
    return nullptr;
  StringRef content = (*file)->getBuffer().drop_back(trailerSize);
  if ((*file)->getBuffer().take_back(trailerSize) != digestOf(content) + mark.str())
    return nullptr;
  int descriptor;
  if (!fs::openFileForWrite(path, descriptor, fs::CD_OpenExisting, fs::OF_Append)) {
    (void)fs::setLastAccessAndModificationTime(descriptor, std::chrono::system_clock::now());
    llvm::sys::Process::SafelyCloseFileDescriptor(descriptor);
  }
  return llvm::MemoryBuffer::getMemBufferCopy(content);
}

Error ObjectCache::store(StringRef key, StringRef object) const {
  if (auto error = fs::create_directories(folder))
    return llvm::errorCodeToError(error);
  if (auto error = writeWhole(pathOf(key), {object, digestOf(object), mark}))
    return error;
  return prune(limit);
}

Error ObjectCache::clear() const { return fs::exists(folder) ? prune(0) : Error::success(); }

ObjectCache::Contents ObjectCache::contents() const {
  Contents contents;
  for (const Entry &entry : list(folder)) {
    ++contents.objects;
    contents.bytes += entry.bytes;
  }
  return contents;
}

/// Removes what was used least recently until `most` bytes are left, one process
/// at a time, so that two do not remove twice as much.
Error ObjectCache::prune(uint64_t most) const {
  if (most > 0 && contents().bytes <= most)
    return Error::success();
  int lock;
  if (auto error = fs::openFileForReadWrite(pathIn(folder, "lock"), lock, fs::CD_OpenAlways, fs::OF_None))
    return llvm::errorCodeToError(error);
  llvm::scope_exit close([&] { llvm::sys::Process::SafelyCloseFileDescriptor(lock); });
  if (auto error = fs::lockFile(lock))
    return llvm::errorCodeToError(error);
  auto entries = list(folder);
  llvm::sort(entries, [](const Entry &a, const Entry &b) { return a.used < b.used; });
  uint64_t bytes = 0;
  for (const Entry &entry : entries)
    bytes += entry.bytes;
  for (const Entry &entry : entries) {
    if (bytes <= most)
      break;
    if (auto error = fs::remove(entry.path))
      return llvm::errorCodeToError(error);
    bytes -= entry.bytes;
  }
  return Error::success();
}

} // namespace weir
