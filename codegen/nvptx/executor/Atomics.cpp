// Atomic operations: atom and red.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <algorithm>
#include <atomic>

using namespace weir::ptx;

namespace {

enum class Update : uint32_t {
  Add,
  Min,
  Max,
  And,
  Or,
  Xor,
  Exch,
  Cas,
  Inc,
  Dec
};

template <typename T> T updatedInteger(Update update, T old, T b, T c) {
  using U = std::make_unsigned_t<T>;
  switch (update) {
  case Update::Add:
    return static_cast<T>(U(old) + U(b));
  case Update::Min:
    return std::min(old, b);
  case Update::Max:
    return std::max(old, b);
  case Update::And:
    return old & b;
  case Update::Or:
    return old | b;
  case Update::Xor:
    return old ^ b;
  case Update::Exch:
    return b;
  case Update::Cas:
    return old == b ? c : old;
  case Update::Inc:
    return old >= b ? T(0) : old + 1;
  case Update::Dec:
    return old == 0 || old > b ? b : old - 1;
  }
  return old;
}

template <typename Format>
uint64_t addHalves(uint64_t old, uint64_t b, unsigned bytes) {
  uint64_t out = 0;
  for (unsigned shift = 0; shift < 8 * bytes; shift += 16) {
    double sum = oddFma(Format::load(static_cast<uint16_t>(old >> shift)), 1,
                        Format::load(static_cast<uint16_t>(b >> shift)));
    out |= uint64_t(Format::store(sum)) << shift;
  }
  return out;
}

uint64_t updated(const Instruction &one, uint64_t old, uint64_t b, uint64_t c) {
  auto update = Update(one.data[0]);
  if (update == Update::Exch || update == Update::Cas)
    return updatedInteger<uint64_t>(update, old, b, c);
  switch (one.type) {
  case Type::F32:
    return std::bit_cast<uint32_t>(std::bit_cast<float>(uint32_t(old)) +
                                   std::bit_cast<float>(uint32_t(b)));
  case Type::F64:
    return std::bit_cast<uint64_t>(std::bit_cast<double>(old) +
                                   std::bit_cast<double>(b));
  case Type::F16:
  case Type::F16x2:
    return addHalves<Half>(old, b, one.size);
  case Type::BF16:
  case Type::BF16x2:
    return addHalves<Bfloat>(old, b, one.size);
  case Type::S32:
    return static_cast<uint32_t>(
        updatedInteger<int32_t>(update, int32_t(old), int32_t(b), int32_t(c)));
  case Type::S64:
    return static_cast<uint64_t>(
        updatedInteger<int64_t>(update, int64_t(old), int64_t(b), int64_t(c)));
  case Type::U64:
  case Type::B64:
    return updatedInteger<uint64_t>(update, old, b, c);
  default:
    return updatedInteger<uint32_t>(update, uint32_t(old), uint32_t(b),
                                    uint32_t(c));
  }
}

/// Blocks on other host threads may be at the same address.
template <typename T>
uint64_t exchange(std::byte *data, const Instruction &one, uint64_t b,
                  uint64_t c) {
  std::atomic_ref<T> memory(*reinterpret_cast<T *>(data));
  T old = memory.load();
  while (!memory.compare_exchange_weak(old,
                                       static_cast<T>(updated(one, old, b, c))))
    ;
  return old;
}

void atomic(Warp &warp, const Instruction &one) {
  uint64_t addresses[32];
  unsigned address = one.results;
  warp.addresses(one, address, addresses);
  uint32_t lanes = warp.exec;
  forLanes(lanes, [&](unsigned lane) {
    uint64_t b = warp.value(one.slots[address + 1], lane);
    uint64_t c = one.sources > 2 ? warp.value(one.slots[address + 2], lane) : 0;
    std::byte *data = warp.access(one, lane, one.space, addresses[lane],
                                  one.size, Warp::Kind::Update);
    uint64_t old = 0;
    if (data)
      old = one.size == 8   ? exchange<uint64_t>(data, one, b, c)
            : one.size == 4 ? exchange<uint32_t>(data, one, b, c)
                            : exchange<uint16_t>(data, one, b, c);
    if (one.results)
      warp.setValue(one.slots[0], lane, old);
  });
  warp.countTraffic(one, one.space, addresses, lanes, one.size);
}

bool isModelled(Update update, Type type) {
  switch (update) {
  case Update::Add:
    return type != Type::B32 && type != Type::B64 && type != Type::TF32 &&
           bytesOf(type) >= 2;
  case Update::Inc:
  case Update::Dec:
    return type == Type::U32;
  case Update::Min:
  case Update::Max:
    return isInteger(type) && bytesOf(type) >= 4;
  case Update::And:
  case Update::Or:
  case Update::Xor:
    return isBits(type) && bytesOf(type) >= 4;
  default:
    return isBits(type) && bytesOf(type) >= 2;
  }
}

Type bitsLike(Type type) {
  return bytesOf(type) == 8   ? Type::B64
         : bytesOf(type) == 4 ? Type::B32
                              : Type::B16;
}

void decodeAtomic(Decoding &d) {
  unsigned order = d.takeOneOf({"relaxed", "acquire", "release", "acq_rel"});
  d.takeOneOf({"cta", "cluster", "gpu", "sys"});
  Space space = d.takeSpace();
  unsigned update = d.takeOneOf(
      {"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"});
  d.take("noftz");
  if (update == 10)
    return d.fail("this operation of '" + std::string(d.statement.opcode) +
                  "' is not modelled");
  Type type = d.takeType();
  bool returns = d.statement.opcode == "atom",
       compares = Update(update) == Update::Cas;
  if (!isModelled(Update(update), type))
    return d.fail("this type of '" + std::string(d.statement.opcode) +
                  "' is not modelled");
  size_t next = 0;
  if (returns)
    d.result(next++, bitsLike(type));
  d.address(d.operand(next++), space);
  d.source(next++, bitsLike(type));
  if (compares)
    d.source(next++, bitsLike(type));
  d.expectOperands(next, next);
  Instruction &out = d.out;
  out.space = space;
  out.type = type;
  out.size = bytesOf(type);
  out.data[0] = update;
  out.strong = true;
  out.acquire = order == 1 || order == 3;
  out.release = order == 2 || order == 3;
  out.traffic = Traffic::Atomic;
  out.run = atomic;
  d.function.noteAccess(space, out.size);
}

} // namespace

void weir::ptx::addAtomics(OpcodeTable &table) {
  table["atom"] = table["red"] = decodeAtomic;
}
