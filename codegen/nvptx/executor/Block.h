// One block of threads: shared memory with its shadow, barriers, warps.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_BLOCK_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_BLOCK_H

#include "codegen/nvptx/executor/Grid.h"
#include "codegen/nvptx/executor/Warp.h"

#include <deque>
#include <unordered_map>

namespace weir::ptx {

/// What is known of one granule of shared memory.
struct Cell {
  enum class State : uint8_t {
    Poison, ///< nothing was written
    Valid,
    InFlight, ///< an asynchronous copy is on its way
  };
  uint32_t clock = 0; ///< the writer's, when it wrote; 0: nobody did
  uint32_t pc = 0;
  uint32_t epoch = 0;     ///< of the write
  uint32_t readEpoch = 0; ///< of the last read
  uint8_t warp = 0, lane = 0;
  bool strong = false;
  State state = State::Poison;
};

/// A warp's last reads of a granule.
struct Reader {
  uint32_t clock = 0;
  uint32_t lanes = 0;
  uint32_t pc = 0;
  bool strong = false;
};

/// A barrier resource of the block, of which there are 16.
struct Barrier {
  uint32_t expected = 0; ///< threads; 0: nobody arrived
  uint32_t arrived = 0;
  std::vector<uint32_t> known; ///< what the arrived warps know, joined
  std::vector<std::pair<unsigned, unsigned>>
      waiting;                            ///< warp, number of its fragment
  uint32_t trueLanes = 0, askedLanes = 0; ///< of bar.red
  bool synced = true;                     ///< nobody came with bar.arrive
  Place first;
};

struct PcCounters {
  uint64_t warps = 0, lanes = 0;
  uint64_t wavefronts = 0, least = 0;            ///< of shared memory
  uint64_t requests = 0, sectors = 0, bytes = 0; ///< of global memory
};

/// Runs the blocks that one host thread is given, one after another.
class Block {
public:
  explicit Block(Grid &grid);

  void run(uint32_t linear);

  // For warps.
  static constexpr unsigned barrierCount = 16;
  struct Arrival {
    Warp &warp;
    const Instruction &instruction;
    uint32_t lane;     ///< one that arrives, for messages
    uint32_t threads;  ///< that arrive; lanes that a warp lacks are counted
    uint32_t expected; ///< 0: all of the block
    uint32_t trueLanes, askedLanes; ///< of a reduction's predicate
    const std::vector<unsigned>
        &waiting; ///< the warp's fragments that wait for the others
  };
  void arrive(uint64_t number, const Arrival &arrival);
  Cell &cell(uint64_t granule) { return cells[granule]; }
  Reader &reader(uint64_t granule, unsigned warp) {
    return readers[granule * grid.warps + warp];
  }

  Grid &grid;
  uint32_t linear = 0;
  Dim3 id;
  uint32_t epoch = 1; ///< counts the barriers of all threads
  uint64_t granuleOf(uint64_t address) const { return address >> granuleShift; }
  uint32_t granule = 4;
  unsigned granuleShift = 2;
  std::vector<std::byte> shared;
  std::deque<Warp> warps;
  std::vector<PcCounters> counters; ///< by pc
  uint64_t divergentBranches = 0, barriers = 0, executed = 0;
  bool stopped = false;      ///< by an error that nothing can follow
  bool synchronised = false; ///< a strong access to global memory was made
  /// What a release at an address publishes to those who acquire from there.
  std::unordered_map<uint64_t, std::vector<uint32_t>> published;

private:
  void reset();
  void complete(Barrier &barrier);
  bool settleStuck();
  bool countExited();
  void reportLimit();
  void reportDeadlock();

  std::vector<Cell> cells;
  std::vector<Reader> readers;
  std::array<Barrier, barrierCount> resources;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_BLOCK_H
