// One warp: registers of 32 lanes, fragments of lanes that run together.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_WARP_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_WARP_H

#include "codegen/nvptx/executor/Grid.h"

#include <bit>

namespace weir::ptx {

class Block;
struct Cell;
struct Reader;

constexpr uint32_t allLanes = ~0u;

/// Calls a function with each lane of a mask, lowest first.
template <typename F> void forLanes(uint32_t mask, F &&function) {
  for (; mask; mask &= mask - 1)
    function(static_cast<unsigned>(std::countr_zero(mask)));
}

/// Integers of 1, 2, 4 or 8 bytes, with zeros above.
inline uint64_t loadBits(const std::byte *from, unsigned bytes) {
  auto as = [&]<typename T>(T bits) -> uint64_t {
    std::memcpy(&bits, from, sizeof(T));
    return bits;
  };
  return bytes == 4   ? as(uint32_t())
         : bytes == 8 ? as(uint64_t())
         : bytes == 2 ? as(uint16_t())
                      : as(uint8_t());
}

inline void storeBits(std::byte *to, unsigned bytes, uint64_t bits) {
  auto as = [&]<typename T>(T part) { std::memcpy(to, &part, sizeof(T)); };
  bytes == 4   ? as(static_cast<uint32_t>(bits))
  : bytes == 8 ? as(bits)
  : bytes == 2 ? as(static_cast<uint16_t>(bits))
               : as(static_cast<uint8_t>(bits));
}

/// Whether an access lies in a range of memory; no sum can overflow.
inline bool fits(uint64_t address, uint64_t bytes, uint64_t start,
                 uint64_t size) {
  return address >= start && address - start < size &&
         bytes <= size - (address - start);
}

/// Lanes that run in lock step.
struct Fragment {
  enum class State : uint8_t {
    Ready,
    AtCollective, ///< waits for lanes of its warp
    AtBarrier,    ///< at an aligned barrier, the warp's other lanes are not
    Blocked,      ///< at a barrier of the block
  };
  uint32_t pc = 0;
  uint32_t mask = 0;
  int join = -1; ///< where they meet others
  State state = State::Ready;
  uint32_t executing = 0; ///< at a collective: lanes with a true guard
};

/// Where fragments meet.
struct Join {
  uint32_t pc = noPc;
  uint32_t waiting = 0;
  uint32_t missing = 0;
  int parent = -1;
};

/// An asynchronous copy between its issue and its wait.
struct PendingCopy {
  uint32_t lane, group, pc, target, size;
  std::array<std::byte, 16> data;
};

class Warp {
public:
  Warp(Block &block, unsigned index);

  enum class Status : uint8_t { Done, Blocked, Paused };

  void reset();
  /// Runs until all lanes have exited or wait for other warps, or for a while.
  Status run();

  // For handlers.
  template <typename T> T *lanes(Slot slot) {
    return reinterpret_cast<T *>(file.data() + slot.offset);
  }
  uint32_t &predicate(Slot slot) {
    return *reinterpret_cast<uint32_t *>(file.data() + slot.offset);
  }
  /// The value of one lane, of 1, 2, 4 or 8 bytes, with zeros above.
  uint64_t value(Slot slot, unsigned lane) const {
    return loadBits(file.data() + slot.offset + size_t(lane) * slot.bytes,
                    slot.bytes);
  }
  void setValue(Slot slot, unsigned lane, uint64_t value) {
    storeBits(file.data() + slot.offset + size_t(lane) * slot.bytes, slot.bytes,
              value);
  }
  /// A predicate that is a source, negated where the instruction says so.
  uint32_t condition(const Instruction &one, unsigned slot) {
    uint32_t mask = predicate(one.slots[slot]);
    return one.negated >> (slot - one.results) & 1 ? ~mask : mask;
  }
  uint32_t initialised(Slot slot) const { return written[slot.flag]; }
  /// Reports lanes of a source that hold no value.
  void checkWritten(const Instruction &one, unsigned source, uint32_t lanes);

  /// One lane's access to memory.
  enum class Kind : uint8_t { Read, Write, Update };
  /// Checks an access and says where its bytes are: null if it is refused.
  /// `value` is what a write will write.
  std::byte *access(const Instruction &one, unsigned lane, Space space,
                    uint64_t address, unsigned bytes, Kind kind,
                    const void *value = nullptr);
  /// Addresses of the executing lanes, from a source of 4 or 8 bytes.
  void addresses(const Instruction &one, unsigned slot,
                 uint64_t (&out)[32]) const;
  /// Counts bank conflicts and sectors of one access by the executing lanes.
  void countTraffic(const Instruction &one, Space space,
                    const uint64_t (&addresses)[32], uint32_t lanes,
                    unsigned bytes);
  void countWavefronts(const Instruction &one, unsigned wavefronts,
                       unsigned least);
  /// Marks bytes of a thread's local memory as written, or tells whether all
  /// are.
  void markLocal(unsigned lane, uint64_t address, unsigned bytes);
  bool localWritten(unsigned lane, uint64_t address, unsigned bytes) const;

  // Asynchronous copies.
  void issueCopy(const Instruction &one, unsigned lane, uint64_t target,
                 unsigned bytes, const std::byte *data);
  void commitCopies();
  void waitCopies(uint32_t pendingGroups, bool uncommittedToo);
  bool isCommitted(unsigned lane, uint64_t target) const;
  bool hasUncommitted(unsigned lane) const;

  // Control.
  void jump(const Instruction &one, uint32_t target);
  void jumpEach(const Instruction &one, const uint32_t (&targets)[32]);
  void exitLanes(uint32_t mask);
  bool settleStuck();
  void arriveAtBarrier(const Instruction &one);
  /// Lets a fragment go on behind its barrier.
  void release(unsigned fragment, const std::vector<uint32_t> &knowledge,
               uint32_t trueLanes, uint32_t askedLanes);
  /// Orders what lanes of a mask did before for all of them.
  void synchronise(uint32_t mask);
  void acquire(const std::vector<uint32_t> &knowledge);
  void fence();
  void strongAccess(const Instruction &one, uint64_t address, bool reads,
                    bool writes);

  void fault(ErrorKind kind, const Instruction &one, unsigned lane,
             std::string message, std::optional<Place> other = std::nullopt);
  Place place(const Instruction &one, unsigned lane) const;
  uint32_t pcOf(const Instruction &one) const;
  Grid &grid() const;
  uint32_t thread(unsigned lane) const { return 32 * index + lane; }

  Block &block;
  unsigned index;
  uint32_t exec = 0;      ///< lanes that execute the current instruction
  uint32_t unwritten = 0; ///< lanes whose results hold no value
  uint32_t born = 0, live = 0;
  uint32_t clock = 1; ///< counts what orders this warp's accesses
  std::vector<uint32_t>
      known; ///< by warp: up to which clock its accesses are ordered before
  std::vector<Fragment> fragments;
  std::vector<std::byte> local;

private:
  // Warp.cpp
  const Instruction &codeAt(uint32_t pc) const;
  bool pick();
  void runFragment(uint64_t end);
  void execute(const Instruction &one);
  uint32_t members(const Instruction &one) const;
  bool collective(const Instruction &one);
  void makeReady(unsigned fragment);

  // Divergence.cpp
  void addFragment(Fragment added);
  int newJoin(uint32_t pc, uint32_t missing, int parent);
  void meet() { meetIfThere(current); }
  void meetIfThere(unsigned fragment);
  void releaseJoin(int number);
  bool yieldJoin();
  bool reportBarrier();
  void reportCollective(const Fragment &waiting);

  // Barriers.cpp
  void wholeArrival(const Instruction &one);
  void arriveWith(const Instruction &one, const std::vector<unsigned> &arriving,
                  uint32_t lanes, uint32_t threads);

  // Memory.cpp and Races.cpp
  std::byte *accessGlobal(const Instruction &one, unsigned lane,
                          uint64_t address, unsigned bytes, Kind kind,
                          const void *value);
  std::byte *accessShared(const Instruction &one, unsigned lane,
                          uint64_t address, unsigned bytes, Kind kind,
                          const void *value);
  void checkGlobal(const Instruction &one, unsigned lane, MappedRegion &region,
                   uint64_t address, unsigned bytes, Kind kind,
                   const void *value);
  void checkSharedWrite(const Instruction &one, unsigned lane, uint64_t granule,
                        bool equal);
  void checkSharedRead(const Instruction &one, unsigned lane, uint64_t granule);
  bool checkState(const Instruction &one, unsigned lane, uint64_t granule,
                  Kind kind);
  bool isOrdered(unsigned warp, unsigned otherLane, uint32_t atClock,
                 unsigned lane) const;
  void race(const Instruction &one, unsigned lane, const char *what,
            unsigned warp, unsigned otherLane, uint32_t pc,
            const std::string &where);

  std::vector<std::byte> file;
  std::vector<uint32_t> written; ///< by flag: lanes that hold a value
  std::vector<uint8_t> localValid;
  std::vector<Join> joins;
  std::vector<PendingCopy> pending;
  std::array<uint32_t, 32> committed{}; ///< groups, by lane
  uint32_t fullSync = 0; ///< clock of the last barrier of all lanes
  std::unique_ptr<std::array<std::array<uint32_t, 32>, 32>>
      laneSync;                 ///< after barriers of some lanes
  std::vector<uint32_t> fenced; ///< what was known at the last fence
  std::vector<uint32_t>
      offered; ///< what strong reads found, to be known at the next fence
  unsigned current = 0; ///< fragment
  unsigned lastRegion = 0;
  bool moved = false; ///< the handler moved the fragment
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_WARP_H
