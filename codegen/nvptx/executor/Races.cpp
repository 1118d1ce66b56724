// Races: which accesses of a block and of different blocks are unordered.
#include "codegen/nvptx/executor/Block.h"

#include <algorithm>

using namespace weir::ptx;

/// Whether what a lane did up to a clock of its warp comes before what our lane
/// does now.
bool Warp::isOrdered(unsigned warp, unsigned otherLane, uint32_t atClock,
                     unsigned lane) const {
  if (warp != index)
    return atClock <= known[warp];
  return otherLane == lane || atClock <= fullSync ||
         (laneSync && atClock <= (*laneSync)[lane][otherLane]);
}

void Warp::race(const Instruction &one, unsigned lane, const char *what,
                unsigned warp, unsigned otherLane, uint32_t pc,
                const std::string &where) {
  const char *remedy = warp == index ? "no barrier of the warp (bar.warp.sync) "
                                       "or of the block is between them"
                                     : "no barrier is between them";
  fault(ErrorKind::Race, one, lane,
        std::string(what) + " " + where + "; " + remedy,
        Place{pc, block.linear, 32 * warp + otherLane, 0});
}

/// A granule that is read must hold something, and one that is touched must not
/// be the destination of a copy that is under way.
bool Warp::checkState(const Instruction &one, unsigned lane, uint64_t granule,
                      Kind kind) {
  Cell &cell = block.cell(granule);
  if (cell.state == Cell::State::Valid ||
      (cell.state == Cell::State::Poison && kind == Kind::Write))
    return true;
  uint64_t address = granule * block.granule;
  if (cell.state == Cell::State::Poison) {
    fault(ErrorKind::PoisonRead, one, lane,
          "reads " + grid().describeShared(address) +
              ", which nothing was written to");
    return false;
  }
  const char *verb = kind == Kind::Read ? "reads" : "writes";
  if (cell.epoch == block.epoch &&
      !isOrdered(cell.warp, cell.lane, cell.clock, lane)) {
    race(one, lane,
         (std::string(verb) + " what another thread writes:").c_str(),
         cell.warp, cell.lane, cell.pc, grid().describeShared(address));
    return false;
  }
  const Warp &copier = block.warps[cell.warp];
  bool committed = copier.isCommitted(cell.lane, address);
  std::string message = std::string(verb) + " " +
                        grid().describeShared(address) +
                        " while an asynchronous copy is under way to it: ";
  message += committed ? "no wait of the thread that copies covers it"
                       : "its thread put it into no group before waiting";
  if (committed && copier.hasUncommitted(cell.lane))
    message += ", and it has copies that are in no group";
  fault(committed ? ErrorKind::CopyNotAwaited : ErrorKind::CopyNotCommitted,
        one, lane, message,
        Place{cell.pc, block.linear, 32u * cell.warp + cell.lane, 0});
  return false;
}

void Warp::checkSharedRead(const Instruction &one, unsigned lane,
                           uint64_t granule) {
  Cell &cell = block.cell(granule);
  if (cell.clock && cell.epoch != block.epoch)
    cell.clock = 0; // a barrier of all threads has passed
  if (cell.clock && !(one.strong && cell.strong) &&
      !isOrdered(cell.warp, cell.lane, cell.clock, lane)) {
    race(one, lane, "reads what another thread writes:", cell.warp, cell.lane,
         cell.pc, grid().describeShared(granule * block.granule));
    cell.clock = 0;
  }
  Reader &reader = block.reader(granule, index);
  if (reader.clock != clock || cell.readEpoch != block.epoch)
    reader = {clock, 0, pcOf(one), one.strong};
  reader.lanes |= 1u << lane;
  reader.strong &= one.strong;
  if (cell.readEpoch != block.epoch) {
    for (unsigned other = 0; other < grid().warps; ++other)
      if (other != index)
        block.reader(granule, other).clock = 0;
    cell.readEpoch = block.epoch;
  }
}

void Warp::checkSharedWrite(const Instruction &one, unsigned lane,
                            uint64_t granule, bool equal) {
  Cell &cell = block.cell(granule);
  auto where = [&] { return grid().describeShared(granule * block.granule); };
  if (cell.clock && cell.epoch == block.epoch && !equal &&
      !(one.strong && cell.strong) &&
      !isOrdered(cell.warp, cell.lane, cell.clock, lane))
    race(one, lane, "writes what another thread writes:", cell.warp, cell.lane,
         cell.pc, where());
  if (cell.readEpoch == block.epoch)
    for (unsigned other = 0; other < grid().warps; ++other) {
      Reader &reader = block.reader(granule, other);
      uint32_t lanes =
          other == index ? reader.lanes & ~(1u << lane) : reader.lanes;
      if (!reader.clock || !lanes || (one.strong && reader.strong) || equal)
        continue;
      unsigned otherLane = std::countr_zero(lanes);
      if (isOrdered(other, otherLane, reader.clock, lane))
        continue;
      race(one, lane, "writes what another thread reads:", other, otherLane,
           reader.pc, where());
      reader.clock = 0;
    }
  cell.clock = clock;
  cell.pc = pcOf(one);
  cell.epoch = block.epoch;
  cell.warp = index;
  cell.lane = lane;
  cell.strong = one.strong;
  cell.state = Cell::State::Valid;
}

/// Global memory: writes of other blocks and unordered ones of this block.
/// Reads are not remembered.
void Warp::checkGlobal(const Instruction &one, unsigned lane,
                       MappedRegion &region, uint64_t address, unsigned bytes,
                       Kind kind, const void *value) {
  unsigned shift = std::countr_zero(grid().program.globalGranule);
  uint64_t base = region.address >> shift;
  bool equal =
      kind == Kind::Write && value && grid().options.equalStores &&
      std::memcmp(region.data + (address - region.address), value, bytes) == 0;
  GlobalShadow::Writer self{block.linear, thread(lane), pcOf(one), clock,
                            one.strong};
  for (uint64_t at = (address >> shift) - base;
       at <= ((address + bytes - 1) >> shift) - base; ++at) {
    auto other = kind == Kind::Read ? region.shadow.at(at)
                                    : region.shadow.replace(at, self);
    if (!other || (one.strong && other->strong) || equal)
      continue;
    Place place{other->pc, other->block, other->thread, 0};
    auto where = [&] { return grid().describe((base + at) << shift); };
    if (other->block != block.linear) {
      if (kind != Kind::Read)
        fault(ErrorKind::BlocksConflict, one, lane,
              "two blocks write " + where(), place);
      else if (!block.synchronised)
        fault(ErrorKind::BlocksConflict, one, lane,
              "reads what another block writes: " + where(), place);
    } else if (!isOrdered(other->thread / 32, other->thread % 32, other->clock,
                          lane)) {
      race(one, lane,
           kind == Kind::Read ? "reads what another thread writes:"
                              : "writes what another thread writes:",
           other->thread / 32, other->thread % 32, other->pc, where());
    }
  }
}
