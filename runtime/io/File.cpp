// Bytes of files, by the POSIX calls.
#include "runtime/io/File.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace weir::io;

static Error systemError(const std::string &what, const std::string &path) {
  return Error{"cannot " + what + " '" + path + "': " + std::strerror(errno),
               "file-access"};
}

//===-- Reading -----------------------------------------------------------===//

/// Reads what has no size beforehand, such as a pipe.
static Result<Bytes> readToEnd(int descriptor, const std::string &path) {
  auto content = std::make_shared<std::vector<std::byte>>();
  std::vector<std::byte> chunk(1 << 16);
  for (;;) {
    ssize_t length = ::read(descriptor, chunk.data(), chunk.size());
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0)
      return systemError("read", path);
    if (length == 0)
      return Bytes{{content, content->data()}, content->size()};
    content->insert(content->end(), chunk.begin(), chunk.begin() + length);
  }
}

static Result<Bytes> readDescriptor(int descriptor, const std::string &path) {
  struct stat facts;
  if (::fstat(descriptor, &facts) != 0)
    return systemError("read", path);
  if (S_ISDIR(facts.st_mode)) {
    errno = EISDIR;
    return systemError("read", path);
  }
  size_t size = facts.st_size;
  if (!S_ISREG(facts.st_mode) || size == 0)
    return readToEnd(descriptor, path);
  void *memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
  if (memory == MAP_FAILED)
    return readToEnd(descriptor, path);
  auto unmap = [size](std::byte *start) { ::munmap(start, size); };
  return Bytes{{static_cast<std::byte *>(memory), unmap}, size};
}

Result<Bytes> weir::io::readBytes(const std::string &path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return systemError("open", path);
  auto result = readDescriptor(descriptor, path);
  ::close(descriptor);
  return result;
}

//===-- Writing -----------------------------------------------------------===//

AtomicFile::AtomicFile(std::string path, std::string temporary, int descriptor)
    : path(std::move(path)), temporary(std::move(temporary)),
      descriptor(descriptor) {}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : path(std::move(other.path)),
      temporary(std::exchange(other.temporary, {})),
      descriptor(std::exchange(other.descriptor, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor >= 0)
    ::close(descriptor);
  if (!temporary.empty())
    ::unlink(temporary.c_str());
}

Error AtomicFile::failure() const { return systemError("write", path); }

/// The file that `path` leads to through symbolic links, where there is one.
static std::string resolve(const std::string &path) {
  char *resolved = ::realpath(path.c_str(), nullptr);
  std::string result = resolved ? resolved : path;
  std::free(resolved);
  return result;
}

Result<AtomicFile> AtomicFile::create(const std::string &given) {
  std::string path = resolve(given);
  struct stat facts;
  bool exists = ::stat(path.c_str(), &facts) == 0;
  if (exists && !S_ISREG(facts.st_mode)) {
    int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
      return systemError("write", given);
    return AtomicFile(given, "", descriptor);
  }
  std::string stem = path + "." + std::to_string(::getpid());
  for (int attempt = 0;; ++attempt) {
    std::string temporary = stem + "." + std::to_string(attempt) + ".tmp";
    int descriptor = ::open(temporary.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno == EEXIST && attempt < 1000)
      continue;
    if (descriptor < 0)
      return systemError("write", given);
    AtomicFile file(path, temporary, descriptor);
    if (exists && ::fchmod(descriptor, facts.st_mode & 0777) != 0)
      return file.failure();
    return file;
  }
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t length = ::write(descriptor, bytes.data(), bytes.size());
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0)
      return failure();
    bytes = bytes.subspan(length);
  }
  return ok;
}

Status AtomicFile::commit() {
  // Some file systems report a full disk only when the data is flushed.
  if (!temporary.empty() && ::fsync(descriptor) != 0)
    return failure();
  if (::close(std::exchange(descriptor, -1)) != 0)
    return failure();
  if (!temporary.empty() && ::rename(temporary.c_str(), path.c_str()) != 0)
    return failure();
  temporary.clear();
  return ok;
}
