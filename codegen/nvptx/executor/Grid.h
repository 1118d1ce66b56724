// What all blocks of a launch share: memory, parameters, errors.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_GRID_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_GRID_H

#include "codegen/nvptx/executor/Program.h"

#include <atomic>
#include <mutex>

namespace weir::ptx {

/// One access: by which instruction and which thread.
struct Place {
  uint32_t pc = noPc;
  uint32_t block = 0;  ///< linear
  uint32_t thread = 0; ///< linear, in the block
  uint64_t when = 0;   ///< instructions that the block executed before
};

/// Collects errors of all blocks. The same two instructions are one error, of
/// which the earliest case is kept: reports do not depend on host threads.
class Faults {
public:
  explicit Faults(unsigned most) : most(most) {}

  /// Counts an error; whether it is the earliest case, and wants a message.
  bool count(ErrorKind kind, const Place &place, uint32_t otherPc);
  void keep(Error error, const Place &place, uint32_t otherPc);
  bool full() const { return isFull; }
  /// The errors, in the order in which they came about.
  std::vector<Error> take();

private:
  struct Key {
    ErrorKind kind;
    uint32_t pc, other;
    auto operator<=>(const Key &) const = default;
  };
  struct Entry {
    Error error;
    uint64_t count = 0;
    std::pair<uint32_t, uint64_t> first; ///< block, instructions it executed
  };
  bool isExplained(const Key &key) const;

  std::mutex mutex;
  unsigned most;
  std::atomic<bool> isFull = false;
  std::map<Key, Entry> entries;
};

/// Who wrote each granule of a region last. Blocks on several host threads
/// update it.
class GlobalShadow {
public:
  struct Writer {
    uint32_t block, thread, pc, clock;
    bool strong;
  };
  void reset(size_t granules);
  bool empty() const { return count == 0; }
  std::optional<Writer> at(size_t granule) const;
  std::optional<Writer> replace(size_t granule, const Writer &writer);

private:
  size_t count = 0;
  std::unique_ptr<std::atomic<uint64_t>[]> writers;
  std::unique_ptr<std::atomic<uint32_t>[]> clocks;
};

/// Global memory as a launch sees it: the caller's regions and the module's
/// variables.
struct MappedRegion {
  std::string name;
  std::byte *data = nullptr;
  uint64_t address = 0;
  uint64_t bytes = 0;
  bool writable = true;
  uint8_t *written = nullptr; ///< a byte a byte, or null
  GlobalShadow shadow;
};

class Grid {
public:
  Grid(Storage &storage, const Program &program, const Launch &what,
       GlobalMemory &memory, const Options &options);

  /// The region that holds an address; null if none does. `hint` is a region
  /// number that is tried first.
  MappedRegion *regionOf(uint64_t address, unsigned &hint);
  /// "16 bytes past the end of 'Q'"
  std::string describe(uint64_t address) const;
  std::string describeShared(uint64_t address) const;

  Dim3 blockAt(uint32_t linear) const;
  Dim3 threadAt(uint32_t linear) const;
  Site siteOf(const Place &place) const;
  void fault(ErrorKind kind, std::string message, const Place &place,
             const std::optional<Place> &other);

  const Program &program;
  const Launch &what;
  const Options &options;
  Storage &storage;
  std::vector<MappedRegion> regions; ///< by address
  std::vector<std::byte> parameters;
  uint32_t threads = 0;     ///< a block
  uint32_t warps = 0;       ///< a block
  uint32_t sharedBytes = 0; ///< gaps between variables included
  Faults faults;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_GRID_H
