// Moves of registers, packing and unpacking, addresses: mov, cvta, isspacep.
#include "codegen/nvptx/executor/Decoding.h"
#include "codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;

namespace {

template <typename T> void copy(Warp &warp, const Instruction &one) {
  T *result = warp.lanes<T>(one.slots[0]);
  const T *a = warp.lanes<T>(one.slots[1]);
  eachLane(warp.exec, [=](unsigned lane) { result[lane] = a[lane]; });
}

void copyPredicate(Warp &warp, const Instruction &one) {
  uint32_t &result = warp.predicate(one.slots[0]);
  result = (result & ~warp.exec) | (warp.condition(one, 1) & warp.exec);
}

/// One register ← parts, the first one lowest.
void pack(Warp &warp, const Instruction &one) {
  forLanes(warp.exec, [&](unsigned lane) {
    uint64_t bits = 0;
    for (unsigned i = one.sources; i-- > 0;)
      bits = bits << (8 * one.slots[1 + i].bytes) |
             warp.value(one.slots[1 + i], lane);
    warp.setValue(one.slots[0], lane, bits);
  });
}

void unpack(Warp &warp, const Instruction &one) {
  forLanes(warp.exec, [&](unsigned lane) {
    uint64_t bits = warp.value(one.slots[one.results], lane);
    for (unsigned i = 0; i < one.results; ++i) {
      warp.setValue(one.slots[i], lane, bits);
      bits >>= 8 * one.slots[i].bytes;
    }
  });
}

Type partOf(Type type, size_t parts) {
  unsigned bytes = bytesOf(type) / parts;
  return bytes == 4 ? Type::B32 : bytes == 2 ? Type::B16 : Type::B8;
}

void decodeMov(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(2, 2);
  const Operand &to = d.operand(0), &from = d.operand(1);
  d.out.reads = Reads::Copied;
  bool packs = from.kind == Operand::Kind::List,
       unpacks = to.kind == Operand::Kind::List;
  if (packs && unpacks)
    return d.fail("'mov' from a list to a list");
  size_t parts = packs ? from.parts.size() : to.parts.size();
  if ((packs || unpacks) && parts != 2 && parts != 4)
    return d.fail("'mov' with a list of other than 2 or 4 registers");
  if (packs) {
    d.result(to, type);
    for (const Operand &part : from.parts)
      d.source(part, partOf(type, from.parts.size()));
    d.out.run = pack;
    return;
  }
  if (unpacks) {
    for (const Operand &part : to.parts)
      d.result(part, partOf(type, to.parts.size()));
    d.source(from, type);
    d.out.run = unpack;
    return;
  }
  d.result(to, type);
  d.source(from, type);
  switch (bytesOf(type)) {
  case 0:
    d.out.run = copyPredicate;
    break;
  case 1:
    d.out.run = copy<uint8_t>;
    break;
  case 2:
    d.out.run = copy<uint16_t>;
    break;
  case 4:
    d.out.run = copy<uint32_t>;
    break;
  default:
    d.out.run = copy<uint64_t>;
    break;
  }
}

/// data[0..1]: what is added to an address.
void shiftAddress(Warp &warp, const Instruction &one) {
  uint64_t *result = warp.lanes<uint64_t>(one.slots[0]);
  const uint64_t *a = warp.lanes<uint64_t>(one.slots[1]);
  uint64_t distance = uint64_t(one.data[1]) << 32 | one.data[0];
  eachLane(warp.exec,
           [=](unsigned lane) { result[lane] = a[lane] + distance; });
}

void decodeCvta(Decoding &d) {
  bool fromGeneric = d.take("to");
  Space space = d.takeSpace();
  Type type = d.takeType();
  if (bytesOf(type) != 8 || space == Space::Generic)
    return d.fail("'cvta' of this kind is not modelled");
  d.expectOperands(2, 2);
  d.result(0, type);
  d.source(1, type);
  uint64_t distance = fromGeneric ? -windowOf(space) : windowOf(space);
  d.out.data[0] = static_cast<uint32_t>(distance);
  d.out.data[1] = static_cast<uint32_t>(distance >> 32);
  d.out.run = shiftAddress;
}

void isspacep(Warp &warp, const Instruction &one) {
  uint32_t out = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    out |= uint32_t(spaceAt(warp.value(one.slots[1], lane)) == one.space)
           << lane;
  });
  uint32_t &result = warp.predicate(one.slots[0]);
  result = (result & ~warp.exec) | out;
}

void decodeIsspacep(Decoding &d) {
  d.out.space = d.takeSpace();
  d.expectOperands(2, 2);
  d.result(0, Type::Pred);
  d.source(1, Type::U64);
  d.out.run = isspacep;
}

} // namespace

void weir::ptx::addMoves(OpcodeTable &table) {
  table["mov"] = decodeMov;
  table["cvta"] = decodeCvta;
  table["isspacep"] = decodeIsspacep;
}
