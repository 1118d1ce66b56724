// Execution of a warp's instructions: guards, register checks, collectives.
#include "codegen/nvptx/executor/Block.h"

#include <algorithm>

using namespace weir::ptx;

Warp::Warp(Block &block, unsigned index) : block(block), index(index) {
  const Program &program = block.grid.program;
  uint32_t threads = block.grid.threads - 32 * index;
  born = threads >= 32 ? allLanes : (1u << threads) - 1;
  file.resize(program.fileBytes);
  local.resize(size_t(32) * program.localBytes);
  known.resize(block.grid.warps);
  for (const Program::Constant &constant : program.constants) {
    Slot slot;
    slot.offset = constant.offset;
    slot.bytes = constant.bytes;
    if (constant.bytes == 0)
      predicate(slot) = constant.value;
    else
      forLanes(allLanes,
               [&](unsigned lane) { setValue(slot, lane, constant.value); });
  }
}

static uint64_t specialValue(const Block &block, const Warp &warp,
                             Special which, unsigned lane) {
  const Grid &grid = block.grid;
  Dim3 thread = grid.threadAt(warp.thread(lane));
  uint32_t bit = 1u << lane;
  switch (which) {
  case Special::TidX:
    return thread.x;
  case Special::TidY:
    return thread.y;
  case Special::TidZ:
    return thread.z;
  case Special::NtidX:
    return grid.what.block.x;
  case Special::NtidY:
    return grid.what.block.y;
  case Special::NtidZ:
    return grid.what.block.z;
  case Special::CtaidX:
    return block.id.x;
  case Special::CtaidY:
    return block.id.y;
  case Special::CtaidZ:
    return block.id.z;
  case Special::NctaidX:
    return grid.what.grid.x;
  case Special::NctaidY:
    return grid.what.grid.y;
  case Special::NctaidZ:
    return grid.what.grid.z;
  case Special::Laneid:
    return lane;
  case Special::Warpid:
    return warp.index;
  case Special::Nwarpid:
    return grid.warps;
  case Special::Smid:
    return 0;
  case Special::Nsmid:
    return 1;
  case Special::Gridid:
    return 0;
  case Special::LanemaskEq:
    return bit;
  case Special::LanemaskLe:
    return bit | (bit - 1);
  case Special::LanemaskLt:
    return bit - 1;
  case Special::LanemaskGe:
    return ~(bit - 1);
  case Special::LanemaskGt:
    return ~(bit | (bit - 1));
  case Special::DynamicSharedSize:
    return grid.what.dynamicShared;
  case Special::TotalSharedSize:
    return grid.program.info.staticShared + grid.what.dynamicShared;
  }
  return 0;
}

/// Makes the warp ready for its block's start.
void Warp::reset() {
  const Program &program = block.grid.program;
  for (const Program::SpecialRegister &special : program.specials) {
    Slot slot;
    slot.offset = special.offset;
    slot.bytes = special.bytes;
    forLanes(allLanes, [&](unsigned lane) {
      setValue(slot, lane, specialValue(block, *this, special.which, lane));
    });
  }
  written.assign(program.registers.size(), 0);
  written[0] = allLanes;
  localValid.assign(local.size(), 0);
  live = born;
  clock = 1;
  fullSync = 0;
  laneSync.reset();
  std::fill(known.begin(), known.end(), 0);
  fenced.clear();
  offered.assign(known.size(), 0);
  pending.clear();
  committed.fill(0);
  joins.clear();
  fragments.assign(1, Fragment{0, born, -1, Fragment::State::Ready, 0});
}

const Instruction &Warp::codeAt(uint32_t pc) const {
  return block.grid.program.code[pc];
}

uint32_t Warp::pcOf(const Instruction &one) const {
  return &one - block.grid.program.code.data();
}

Place Warp::place(const Instruction &one, unsigned lane) const {
  return {pcOf(one), block.linear, thread(lane), block.executed};
}

void Warp::fault(ErrorKind kind, const Instruction &one, unsigned lane,
                 std::string message, std::optional<Place> other) {
  block.grid.fault(kind, std::move(message), place(one, lane), other);
  // What follows would only say that barriers are out of step.
  block.stopped |=
      kind == ErrorKind::DivergentBarrier || kind == ErrorKind::BarrierMismatch;
}

/// Chooses the ready fragment that is furthest behind.
bool Warp::pick() {
  bool found = false;
  for (unsigned i = 0; i < fragments.size(); ++i) {
    const Fragment &one = fragments[i];
    if (one.mask && one.state == Fragment::State::Ready &&
        (!found || one.pc < fragments[current].pc)) {
      current = i;
      found = true;
    }
  }
  return found;
}

Warp::Status Warp::run() {
  constexpr uint64_t slice =
      1 << 16; // instructions, before other warps have their turn
  uint64_t end = block.executed + slice;
  while (!block.stopped && !block.grid.faults.full()) {
    if (block.executed >= end)
      return Status::Paused;
    if (pick()) {
      runFragment(end);
      continue;
    }
    if (live == 0)
      return Status::Done;
    for (const Fragment &one : fragments)
      if (one.mask && one.state == Fragment::State::Blocked)
        return Status::Blocked;
    if (!settleStuck())
      return Status::Blocked;
  }
  return Status::Done;
}

/// Runs the current fragment until it waits, ends, splits or meets others.
void Warp::runFragment(uint64_t end) {
  while (block.executed < end && !block.stopped) {
    Fragment &fragment = fragments[current];
    const Instruction &one = codeAt(fragment.pc);
    exec = fragment.mask;
    if (one.guarded) {
      uint32_t holds = predicate(one.guard);
      if (exec & ~written[one.guard.flag])
        checkWritten(one, noPc, exec);
      exec &= one.guardNegated ? ~holds : holds;
    }
    PcCounters &counters = block.counters[fragment.pc];
    ++block.executed;
    ++counters.warps;
    counters.lanes += std::popcount(exec);
    moved = false;
    if (exec && (one.flow != Flow::Collective || collective(one)))
      execute(one);
    if (moved)
      return;
    Fragment &after = fragments[current];
    ++after.pc;
    if (after.join >= 0 && joins[after.join].pc == after.pc) {
      meet();
      return;
    }
  }
}

void Warp::execute(const Instruction &one) {
  unwritten = 0;
  const Slot *sources = one.slots + one.results;
  if (one.reads == Reads::Checked) {
    for (unsigned i = 0; i < one.sources; ++i)
      if (exec & ~written[sources[i].flag])
        checkWritten(one, i, exec);
  } else if (one.reads == Reads::Copied) {
    for (unsigned i = 0; i < one.sources; ++i)
      unwritten |= ~written[sources[i].flag];
  }
  uint32_t lanes = exec;
  one.run(*this, one);
  for (unsigned i = 0; i < one.results; ++i) {
    uint32_t &mask = written[one.slots[i].flag];
    mask = (mask & ~lanes) | (lanes & ~unwritten);
  }
}

void Warp::checkWritten(const Instruction &one, unsigned source,
                        uint32_t lanes) {
  Slot slot = source == noPc ? one.guard : one.slots[one.results + source];
  uint32_t missing = lanes & ~written[slot.flag];
  if (!missing)
    return;
  fault(ErrorKind::UninitialisedRegister, one, std::countr_zero(missing),
        "register '" + block.grid.program.registers[slot.flag] +
            "' is read before anything is written to it");
  written[slot.flag] |= lanes; // once is enough
}

/// The lanes that a collective waits for: those of the operand in slot
/// data[3] - 1, or all. data[2]: it meets others of its kind at any place.
uint32_t Warp::members(const Instruction &one) const {
  if (one.data[3] == 0)
    return live;
  uint32_t all = 0;
  forLanes(exec, [&](unsigned lane) {
    all |= value(one.slots[one.data[3] - 1], lane);
  });
  return all & live;
}

/// Whether all members are here. Otherwise the lanes wait, and those with a
/// false guard go on. When all are here, `exec` holds them.
bool Warp::collective(const Instruction &one) {
  bool anywhere = one.data[2] != 0;
  uint32_t pc = fragments[current].pc, arrived = exec, wanted = members(one);
  auto meets = [&](const Fragment &other) {
    return other.mask && other.state == Fragment::State::AtCollective &&
           (other.pc == pc || (anywhere && codeAt(other.pc).run == one.run));
  };
  for (const Fragment &other : fragments)
    if (meets(other))
      arrived |= other.executing;
  if (wanted & ~arrived) {
    Fragment &fragment = fragments[current];
    uint32_t rest = fragment.mask & ~exec;
    fragment.mask = fragment.executing = exec;
    fragment.state = Fragment::State::AtCollective;
    moved = true;
    if (rest)
      addFragment({pc + 1, rest, fragment.join, Fragment::State::Ready, 0});
    return false;
  }
  for (unsigned i = 0; i < fragments.size(); ++i)
    if (i != current && meets(fragments[i]))
      makeReady(i);
  exec = arrived;
  return true;
}

/// Lets a waiting fragment go on behind the instruction that it waited at.
void Warp::makeReady(unsigned fragment) {
  fragments[fragment].state = Fragment::State::Ready;
  ++fragments[fragment].pc;
  meetIfThere(fragment);
}
