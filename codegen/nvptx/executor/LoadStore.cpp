// Loads and stores of all state spaces, prefetches and cache policies.
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"
#include "codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;

namespace {

bool isPrivate(Space space, uint64_t address) {
  return space == Space::Local ||
         (space == Space::Generic && spaceAt(address) == Space::Local);
}

/// One lane's loaded elements go to registers, extended if these are wider.
void extendInto(Warp &warp, const Instruction &one, unsigned lane,
                const std::byte *bytes) {
  for (unsigned i = 0; i < one.count; ++i) {
    uint64_t bits = loadBits(bytes + i * one.size, one.size);
    unsigned unused = 64 - 8 * one.size;
    if (isSigned(one.type))
      bits =
          static_cast<uint64_t>(static_cast<int64_t>(bits << unused) >> unused);
    warp.setValue(one.slots[i], lane, bits);
  }
}

void load(Warp &warp, const Instruction &one) {
  uint64_t addresses[32];
  warp.addresses(one, one.results, addresses);
  static constexpr std::byte zeros[16] = {};
  unsigned bytes = one.size * one.count;
  uint32_t lanes = warp.exec;
  forLanes(lanes, [&](unsigned lane) {
    const std::byte *data = warp.access(one, lane, one.space, addresses[lane],
                                        bytes, Warp::Kind::Read);
    if (data && isPrivate(one.space, addresses[lane])) {
      uint64_t address = one.space == Space::Local
                             ? addresses[lane]
                             : addresses[lane] - localWindow;
      warp.unwritten |= uint32_t(!warp.localWritten(lane, address, bytes))
                        << lane;
    }
    extendInto(warp, one, lane, data ? data : zeros);
  });
  warp.countTraffic(one, one.space, addresses, lanes, bytes);
}

/// Private memory may hold registers that nothing was written to.
uint32_t writtenSources(Warp &warp, const Instruction &one) {
  uint32_t written = allLanes;
  for (unsigned i = 0; i < one.count; ++i)
    written &= warp.initialised(one.slots[1 + i]);
  return written;
}

void store(Warp &warp, const Instruction &one) {
  uint64_t addresses[32];
  warp.addresses(one, 0, addresses);
  unsigned bytes = one.size * one.count;
  uint32_t lanes = warp.exec, written = writtenSources(warp, one);
  forLanes(lanes, [&](unsigned lane) {
    std::byte value[16];
    for (unsigned i = 0; i < one.count; ++i) {
      storeBits(value + i * one.size, one.size,
                warp.value(one.slots[1 + i], lane));
    }
    std::byte *data = warp.access(one, lane, one.space, addresses[lane], bytes,
                                  Warp::Kind::Write, value);
    if (!data)
      return;
    std::memcpy(data, value, bytes);
    if (isPrivate(one.space, addresses[lane]) && (written >> lane & 1)) {
      uint64_t address = one.space == Space::Local
                             ? addresses[lane]
                             : addresses[lane] - localWindow;
      warp.markLocal(lane, address, bytes);
    }
  });
  warp.countTraffic(one, one.space, addresses, lanes, bytes);
}

/// Cache operators and hints change nothing that is modelled.
bool takeHints(Decoding &d) {
  d.takeOneOf({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  d.takeOneOf({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first",
               "L1::evict_last", "L1::no_allocate"});
  d.takeOneOf({"L2::evict_normal", "L2::evict_first", "L2::evict_last"});
  d.takeOneOf({"L2::64B", "L2::128B", "L2::256B"});
  return d.take("L2::cache_hint");
}

void takeOrder(Decoding &d, const char *stronger) {
  Instruction &out = d.out;
  unsigned order = d.takeOneOf({"weak", "volatile", "relaxed", stronger});
  out.strong = order >= 1 && order <= 3;
  out.acquire = order == 3 && std::string_view(stronger) == "acquire";
  out.release = order == 3 && std::string_view(stronger) == "release";
  if (out.strong)
    d.takeOneOf({"cta", "cluster", "gpu", "sys"});
}

unsigned takeVector(Decoding &d) {
  unsigned which = d.takeOneOf({"v2", "v4"});
  return which == 0 ? 2 : which == 1 ? 4 : 1;
}

bool checkWidth(Decoding &d) {
  if (d.out.size * d.out.count > 16)
    d.fail("an access of more than 16 bytes is not modelled");
  return !d.failed();
}

const Operand &element(const Operand &operand, unsigned index, unsigned count) {
  return operand.kind == Operand::Kind::List && count > 1 ? operand.parts[index]
                                                          : operand;
}

bool isVector(Decoding &d, const Operand &operand) {
  bool good = d.out.count == 1 ? operand.kind != Operand::Kind::List
                               : operand.kind == Operand::Kind::List &&
                                     operand.parts.size() == d.out.count;
  if (!good)
    d.fail("a list of " + std::to_string(d.out.count) + " registers is wanted");
  return good;
}

void decodeLoad(Decoding &d) {
  takeOrder(d, "acquire");
  Space space = d.takeSpace();
  bool hinted = takeHints(d);
  d.take("nc");
  d.out.count = takeVector(d);
  d.out.type = d.takeType();
  d.out.size = bytesOf(d.out.type);
  d.expectOperands(hinted ? 3 : 2, hinted ? 3 : 2);
  if (!checkWidth(d) || !isVector(d, d.operand(0)))
    return;
  for (unsigned i = 0; i < d.out.count; ++i)
    d.wideResult(element(d.operand(0), i, d.out.count), d.out.type);
  d.address(d.operand(1), space);
  d.out.space = space;
  d.out.traffic = Traffic::Load;
  d.out.run = load;
  d.function.noteAccess(space, d.out.size * d.out.count);
}

void decodeStore(Decoding &d) {
  takeOrder(d, "release");
  Space space = d.takeSpace();
  bool hinted = takeHints(d);
  d.out.count = takeVector(d);
  d.out.type = d.takeType();
  d.out.size = bytesOf(d.out.type);
  d.expectOperands(hinted ? 3 : 2, hinted ? 3 : 2);
  if (!checkWidth(d) || !isVector(d, d.operand(1)))
    return;
  d.address(d.operand(0), space);
  for (unsigned i = 0; i < d.out.count; ++i)
    d.wideSource(element(d.operand(1), i, d.out.count), d.out.type);
  d.out.space = space;
  d.out.traffic = Traffic::Store;
  d.out.reads = space == Space::Local ? Reads::Own : Reads::Checked;
  d.out.run = store;
  d.function.noteAccess(space, d.out.size * d.out.count);
}

void nothing(Warp &, const Instruction &) {}

void decodePrefetch(Decoding &d) {
  Space space = d.takeSpace();
  d.takeOneOf({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
  d.expectOperands(1, 1);
  d.address(d.operand(0), space);
  d.out.run = nothing;
}

void zeroPolicy(Warp &warp, const Instruction &one) {
  forLanes(warp.exec,
           [&](unsigned lane) { warp.setValue(one.slots[0], lane, 0); });
}

/// Policies are only ever used as hints.
void decodePolicy(Decoding &d) {
  if (!d.take("fractional"))
    return d.fail("'createpolicy' other than .fractional is not modelled");
  for (const char *part : {"L2::evict_first", "L2::evict_last",
                           "L2::evict_normal", "L2::evict_unchanged"})
    d.take(part);
  d.takeType();
  d.result(0, Type::B64);
  d.out.run = zeroPolicy;
}

} // namespace

void weir::ptx::addMemory(OpcodeTable &table) {
  table["ld"] = table["ldu"] = decodeLoad;
  table["st"] = decodeStore;
  table["prefetch"] = table["prefetchu"] = decodePrefetch;
  table["createpolicy"] = decodePolicy;
}
