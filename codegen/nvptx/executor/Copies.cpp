// Asynchronous copies from global to shared memory, their groups and waits.
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <algorithm>

using namespace weir::ptx;

/// What is copied is read now; it arrives when the thread waits. Until then the
/// destination belongs to the copy.
void Warp::issueCopy(const Instruction &one, unsigned lane, uint64_t target,
                     unsigned bytes, const std::byte *data) {
  if (!access(one, lane, Space::Shared, target, bytes, Kind::Write))
    return;
  PendingCopy copy{lane,      committed[lane],
                   pcOf(one), static_cast<uint32_t>(target),
                   bytes,     {}};
  std::copy(data, data + bytes, copy.data.begin());
  pending.push_back(copy);
  for (uint64_t granule = block.granuleOf(target);
       granule <= block.granuleOf(target + bytes - 1); ++granule)
    block.cell(granule).state = Cell::State::InFlight;
}

void Warp::commitCopies() {
  forLanes(exec, [&](unsigned lane) { ++committed[lane]; });
}

/// The copies that have arrived are writes of this moment.
void Warp::waitCopies(uint32_t pendingGroups, bool uncommittedToo) {
  auto arrived = [&](const PendingCopy &copy) {
    if (!(exec >> copy.lane & 1) ||
        !(uncommittedToo || copy.group + pendingGroups < committed[copy.lane]))
      return false;
    std::copy_n(copy.data.begin(), copy.size,
                block.shared.begin() + copy.target);
    uint64_t last = block.granuleOf(copy.target + copy.size - 1);
    for (uint64_t granule = block.granuleOf(copy.target); granule <= last;
         ++granule) {
      Cell &cell = block.cell(granule);
      cell.state = Cell::State::Valid;
      cell.clock = clock;
      cell.epoch = block.epoch;
    }
    return true;
  };
  pending.erase(std::remove_if(pending.begin(), pending.end(), arrived),
                pending.end());
}

bool Warp::isCommitted(unsigned lane, uint64_t target) const {
  for (const PendingCopy &copy : pending)
    if (copy.lane == lane && target - copy.target < copy.size)
      return copy.group < committed[lane];
  return true;
}

bool Warp::hasUncommitted(unsigned lane) const {
  return std::any_of(pending.begin(), pending.end(), [&](const auto &copy) {
    return copy.lane == lane && copy.group == committed[lane];
  });
}

namespace {

/// What the fourth operand is, if any.
enum Extra : uint32_t { Nothing, SourceSize, IgnoreSource };

unsigned sourceBytes(Warp &warp, const Instruction &one, unsigned lane) {
  if (one.data[0] == Nothing)
    return one.size;
  if (one.data[0] == IgnoreSource)
    return warp.condition(one, 2) >> lane & 1 ? 0 : one.size;
  return std::min<uint64_t>(warp.value(one.slots[2], lane), one.size);
}

void copyAsync(Warp &warp, const Instruction &one) {
  uint64_t targets[32], sources[32];
  warp.addresses(one, 0, targets);
  const uint64_t *base = warp.lanes<uint64_t>(one.slots[1]);
  uint64_t offset = uint64_t(one.data[2]) << 32 | one.data[1];
  uint32_t lanes = warp.exec, reading = 0;
  forLanes(lanes, [&](unsigned lane) {
    sources[lane] = base[lane] + offset;
    std::byte data[16] = {};
    unsigned wanted = sourceBytes(warp, one, lane);
    reading |= uint32_t(wanted != 0) << lane;
    if (wanted && sources[lane] % one.size) {
      warp.access(one, lane, Space::Global, sources[lane], one.size,
                  Warp::Kind::Read); // says that it is misaligned
    } else if (wanted == one.size) {
      if (auto *from = warp.access(one, lane, Space::Global, sources[lane],
                                   one.size, Warp::Kind::Read))
        std::copy(from, from + one.size, data);
    } else {
      for (unsigned i = 0; i < wanted; ++i)
        if (auto *from = warp.access(one, lane, Space::Global,
                                     sources[lane] + i, 1, Warp::Kind::Read))
          data[i] = *from;
    }
    warp.issueCopy(one, lane, targets[lane], one.size, data);
  });
  warp.countTraffic(one, Space::Shared, targets, lanes, one.size);
  warp.countTraffic(one, Space::Global, sources, reading, one.size);
}

void commit(Warp &warp, const Instruction &) { warp.commitCopies(); }

void wait(Warp &warp, const Instruction &one) {
  warp.waitCopies(one.data[0], one.data[1]);
}

void decodeGroups(Decoding &d) {
  if (d.take("commit_group")) {
    d.expectOperands(0, 0);
    d.out.run = commit;
  } else if (d.take("wait_group")) {
    d.expectOperands(1, 1);
    d.out.data[0] = d.immediate(d.operand(0));
    d.out.run = wait;
  } else {
    d.take("wait_all");
    d.expectOperands(0, 0);
    d.out.data[1] = 1;
    d.out.run = wait;
  }
}

/// The address of the source: its offset is kept apart from the target's.
void sourceAddress(Decoding &d) {
  int64_t targetOffset = d.out.offset;
  Space space = Space::Global;
  d.address(d.operand(1), space);
  if (!d.failed() && d.slots.back().bytes != 8)
    d.fail("a source address of 32 bits");
  d.out.data[1] = static_cast<uint32_t>(d.out.offset);
  d.out.data[2] =
      static_cast<uint32_t>(static_cast<uint64_t>(d.out.offset) >> 32);
  d.out.offset = targetOffset;
}

void decodeCopy(Decoding &d) {
  if (!d.take("async"))
    return d.fail("'cp' other than cp.async is not modelled");
  if (d.has("bulk") || d.has("mbarrier"))
    return d.unmodelled(d.has("bulk") ? "bulk" : "mbarrier");
  if (d.has("commit_group") || d.has("wait_group") || d.has("wait_all"))
    return decodeGroups(d);
  bool bypass = d.takeOneOf({"ca", "cg"}) == 1;
  if (!(d.take("shared") || d.take("shared::cta")) || !d.take("global"))
    return d.fail("'cp.async' other than from global to shared memory");
  bool hinted = d.take("L2::cache_hint");
  d.takeOneOf({"L2::64B", "L2::128B", "L2::256B"});
  Space space = Space::Shared;
  d.address(d.operand(0), space);
  sourceAddress(d);
  d.out.size = d.immediate(d.operand(2));
  if (d.out.size != 16 && (bypass || (d.out.size != 4 && d.out.size != 8)))
    return d.fail("'cp.async' of " + std::to_string(d.out.size) + " bytes");
  size_t plain = hinted ? 4 : 3;
  d.expectOperands(plain, plain + 1);
  if (d.operandCount() > plain) {
    const Operand &extra = d.operand(3);
    auto slot = extra.kind == Operand::Kind::Name
                    ? d.function.registerNamed(extra.name)
                    : std::nullopt;
    bool ignores = slot && slot->bytes == 0;
    d.source(extra, ignores ? Type::Pred : Type::U32);
    d.out.data[0] = ignores ? IgnoreSource : SourceSize;
  }
  d.out.space = Space::Shared;
  d.out.traffic = Traffic::Copy;
  d.out.run = copyAsync;
}

} // namespace

void weir::ptx::addCopies(OpcodeTable &table) { table["cp"] = decodeCopy; }
