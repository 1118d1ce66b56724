// Compiled objects on disk, found by what they were made from.
#ifndef WEIR_CODEGEN_COMPILE_OBJECTCACHE_H
#define WEIR_CODEGEN_COMPILE_OBJECTCACHE_H

#include "codegen/compile/Compile.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <optional>

namespace weir {

/// A folder of objects, a file each, that any number of processes share.
///
/// Files appear whole, by renaming, and hold a digest of their content: what is
/// damaged counts as missing. The ones used last stay when the folder outgrows
/// its limit. Nothing needs the cache: where it cannot be used, kernels are
/// compiled each time.
class ObjectCache {
public:
  ObjectCache(std::string folder, uint64_t limit) : folder(std::move(folder)), limit(limit) {}

  /// This user's: in $WEIR_CACHE_DIR, $XDG_CACHE_HOME/weir or ~/.cache/weir, of
  /// up to $WEIR_CACHE_SIZE MiB. None where the size is 0 or there is no folder.
  static std::optional<ObjectCache> ofUser();

  /// The object stored under the key, or null.
  std::unique_ptr<llvm::MemoryBuffer> load(llvm::StringRef key) const;
  llvm::Error store(llvm::StringRef key, llvm::StringRef object) const;
  /// Removes all objects.
  llvm::Error clear() const;

  struct Contents {
    size_t objects = 0;
    uint64_t bytes = 0;
  };
  Contents contents() const;
  const std::string &getFolder() const { return folder; }
  uint64_t getLimit() const { return limit; }

private:
  std::string pathOf(llvm::StringRef key) const;
  llvm::Error prune(uint64_t most) const;

  std::string folder;
  uint64_t limit; ///< bytes
};

/// What an object depends on: the kernel, the target, and the very programs and
/// libraries that compile it. None where this program carries no build ID.
std::optional<std::string> cacheKey(cascade::KernelOp kernel, const Target &target);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_OBJECTCACHE_H
