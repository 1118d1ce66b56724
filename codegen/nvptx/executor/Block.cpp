// One block of threads: turns of its warps, until all have exited.
#include "codegen/nvptx/executor/Block.h"

using namespace weir::ptx;

Block::Block(Grid &grid)
    : grid(grid), granule(grid.program.sharedGranule),
      granuleShift(std::countr_zero(granule)),
      counters(grid.program.code.size()) {
  shared.resize(grid.sharedBytes);
  for (unsigned i = 0; i < grid.warps; ++i)
    warps.emplace_back(*this, i);
}

void Block::reset() {
  epoch = 1;
  executed = 0;
  stopped = synchronised = false;
  published.clear();
  resources.fill(Barrier());
  size_t granules = shared.size() / granule + 1;
  cells.assign(granules, Cell());
  readers.assign(granules * grid.warps, Reader());
  for (Warp &warp : warps)
    warp.reset();
}

void Block::run(uint32_t number) {
  linear = number;
  id = grid.blockAt(number);
  reset();
  uint64_t limit = grid.options.maxWarpInstructions
                       ? grid.options.maxWarpInstructions
                       : uint64_t(1) << 32;
  while (!stopped && !grid.faults.full()) {
    uint64_t before = executed, completed = barriers;
    bool left = false;
    for (Warp &warp : warps)
      left |= warp.live && warp.run() != Warp::Status::Done;
    if (!left)
      return;
    if (executed > limit)
      return reportLimit();
    if (executed == before && barriers == completed && !settleStuck() &&
        !countExited())
      return stopped ? void() : reportDeadlock();
  }
}

bool Block::settleStuck() {
  for (Warp &warp : warps)
    if (warp.settleStuck())
      return true;
  return false;
}

/// Completes a barrier at which only exited threads are missing.
bool Block::countExited() {
  if (!grid.options.exitedThreadsArrive)
    return false;
  uint32_t exited = 0;
  for (const Warp &warp : warps)
    exited += warp.live ? 0 : 32;
  for (Barrier &barrier : resources)
    if (barrier.expected && barrier.arrived + exited >= barrier.expected) {
      complete(barrier);
      return true;
    }
  return false;
}

void Block::reportLimit() {
  for (const Warp &warp : warps)
    for (const Fragment &fragment : warp.fragments)
      if (fragment.mask)
        return grid.fault(ErrorKind::InstructionLimit,
                          "the block executed " + std::to_string(executed) +
                              " instructions and has not ended",
                          {fragment.pc, linear,
                           warp.thread(std::countr_zero(fragment.mask)),
                           executed},
                          std::nullopt);
}

void Block::reportDeadlock() {
  for (unsigned number = 0; number < barrierCount; ++number) {
    const Barrier &barrier = resources[number];
    if (!barrier.expected)
      continue;
    std::string message =
        "nothing can go on: " + std::to_string(barrier.arrived) + " of " +
        std::to_string(barrier.expected) + " threads are at barrier " +
        std::to_string(number);
    std::optional<Place> other;
    for (const Warp &warp : warps) {
      bool here = false;
      for (auto [waiting, fragment] : barrier.waiting)
        here |= waiting == warp.index;
      if (here || other)
        continue;
      message += ", warp " + std::to_string(warp.index) +
                 (warp.live ? " is elsewhere" : " exited");
      for (const Fragment &fragment : warp.fragments)
        if (fragment.mask)
          other = Place{fragment.pc, linear,
                        warp.thread(std::countr_zero(fragment.mask)), executed};
      if (!warp.live)
        break;
    }
    grid.fault(ErrorKind::Deadlock, message, barrier.first, other);
  }
}
