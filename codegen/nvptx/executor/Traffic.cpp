// Counting of bank conflicts in shared memory and of sectors in global memory.
#include "codegen/nvptx/executor/Block.h"

#include <algorithm>

using namespace weir::ptx;

namespace {

constexpr unsigned banks = 32, sectorBytes = 32;

/// The wavefronts that some lanes' words of 4 bytes need: one word a bank and
/// wavefront, however many lanes want the same word.
class Phase {
public:
  void add(uint64_t address, unsigned bytes) {
    for (uint64_t word = address / 4; word <= (address + bytes - 1) / 4;
         ++word) {
      unsigned bank = word % banks;
      uint64_t *seen = words[bank];
      if (std::find(seen, seen + counts[bank], word) == seen + counts[bank])
        seen[counts[bank]++] = word;
    }
  }
  unsigned wavefronts() const {
    return *std::max_element(counts, counts + banks);
  }

private:
  uint8_t counts[banks] = {};
  uint64_t words[banks][banks]; // a phase has 32 words at most
};

} // namespace

void Warp::countWavefronts(const Instruction &one, unsigned wavefronts,
                           unsigned least) {
  PcCounters &counters = block.counters[pcOf(one)];
  counters.wavefronts += wavefronts;
  counters.least += least;
}

/// Whether lanes of a full warp access one element or neighbouring ones: the
/// commonest patterns, which have no conflicts.
static bool isPlain(const uint64_t (&addresses)[32], unsigned bytes) {
  uint64_t step = addresses[1] - addresses[0];
  if (step != 0 && step != bytes)
    return false;
  for (unsigned lane = 1; lane < 32; ++lane)
    if (addresses[lane] - addresses[lane - 1] != step)
      return false;
  return addresses[0] % bytes == 0 && bytes >= 4;
}

/// 128 bytes are served at a time: all lanes of accesses up to 4 bytes, half of
/// them for 8 bytes, a quarter for 16.
void Warp::countTraffic(const Instruction &one, Space space,
                        const uint64_t (&addresses)[32], uint32_t lanes,
                        unsigned bytes) {
  if (!lanes)
    return;
  unsigned first = std::countr_zero(lanes);
  if (space == Space::Generic)
    space = spaceAt(addresses[first]);
  if (space == Space::Shared) {
    unsigned group = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
    if (lanes == allLanes && isPlain(addresses, bytes))
      return countWavefronts(one, 32 / group, 32 / group);
    for (unsigned start = 0; start < 32; start += group) {
      uint32_t members =
          lanes & (group == 32 ? allLanes : ((1u << group) - 1) << start);
      if (!members)
        continue;
      Phase phase;
      forLanes(members,
               [&](unsigned lane) { phase.add(addresses[lane], bytes); });
      countWavefronts(one, phase.wavefronts(), 1);
    }
  } else if (space == Space::Global) {
    uint64_t sectors[64];
    unsigned count = 0;
    forLanes(lanes, [&](unsigned lane) {
      uint64_t last = (addresses[lane] + bytes - 1) / sectorBytes;
      for (uint64_t sector = addresses[lane] / sectorBytes; sector <= last;
           ++sector)
        if (std::find(std::reverse_iterator(sectors + count),
                      std::reverse_iterator(sectors + 0),
                      sector) == std::reverse_iterator(sectors + 0))
          sectors[count++] = sector;
    });
    PcCounters &counters = block.counters[pcOf(one)];
    ++counters.requests;
    counters.sectors += count;
    counters.bytes += std::popcount(lanes) * bytes;
  }
}
