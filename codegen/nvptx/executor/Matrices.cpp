// Matrix instructions: ldmatrix, stmatrix, movmatrix, mma.sync.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <algorithm>

using namespace weir::ptx;

namespace {

constexpr unsigned rowBytes = 16, rows = 8;

/// All 32 lanes must take part.
bool isWhole(Warp &warp, const Instruction &one) {
  if (warp.exec == allLanes)
    return true;
  warp.fault(ErrorKind::BarrierMismatch, one, std::countr_zero(warp.exec),
             "an instruction of the whole warp, and " +
                 std::to_string(32 - std::popcount(warp.exec)) +
                 " of its lanes have exited or do not exist");
  return false;
}

/// Addresses of the rows are those of the first eight lanes for each matrix.
uint32_t addressLanes(Warp &warp, const Instruction &one,
                      uint64_t (&addresses)[32], unsigned slot) {
  uint32_t lanes = one.count == 4 ? allLanes : (1u << (rows * one.count)) - 1;
  warp.checkWritten(one, slot - one.results, lanes);
  warp.addresses(one, slot, addresses);
  return lanes;
}

/// Lane l holds two neighbours of a row in its 32 bits: elements (l / 4,
/// 2 (l % 4) + i); transposed, of a column.
uint16_t &elementOf(uint16_t (&matrix)[rows][8], unsigned lane, unsigned i,
                    bool transposed) {
  unsigned major = lane / 4, minor = 2 * (lane % 4) + i;
  return transposed ? matrix[minor][major] : matrix[major][minor];
}

void ldmatrix(Warp &warp, const Instruction &one) {
  if (!isWhole(warp, one))
    return;
  uint64_t addresses[32];
  uint32_t lanes = addressLanes(warp, one, addresses, one.results);
  for (unsigned number = 0; number < one.count; ++number) {
    uint16_t matrix[rows][8] = {};
    for (unsigned row = 0; row < rows; ++row) {
      unsigned lane = rows * number + row;
      if (auto *data = warp.access(one, lane, one.space, addresses[lane],
                                   rowBytes, Warp::Kind::Read))
        std::memcpy(matrix[row], data, rowBytes);
    }
    uint32_t *result = warp.lanes<uint32_t>(one.slots[number]);
    for (unsigned lane = 0; lane < 32; ++lane)
      result[lane] = elementOf(matrix, lane, 0, one.data[0]) |
                     uint32_t(elementOf(matrix, lane, 1, one.data[0])) << 16;
  }
  warp.countTraffic(one, one.space, addresses, lanes, rowBytes);
}

void stmatrix(Warp &warp, const Instruction &one) {
  if (!isWhole(warp, one))
    return;
  uint64_t addresses[32];
  uint32_t lanes = addressLanes(warp, one, addresses, 0);
  for (unsigned number = 0; number < one.count; ++number) {
    uint16_t matrix[rows][8];
    warp.checkWritten(one, 1 + number, allLanes);
    const uint32_t *source = warp.lanes<uint32_t>(one.slots[1 + number]);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < 2; ++i)
        elementOf(matrix, lane, i, one.data[0]) =
            static_cast<uint16_t>(source[lane] >> (16 * i));
    for (unsigned row = 0; row < rows; ++row) {
      unsigned lane = rows * number + row;
      if (auto *data = warp.access(one, lane, one.space, addresses[lane],
                                   rowBytes, Warp::Kind::Write, matrix[row]))
        std::memcpy(data, matrix[row], rowBytes);
    }
  }
  warp.countTraffic(one, one.space, addresses, lanes, rowBytes);
}

void movmatrix(Warp &warp, const Instruction &one) {
  if (!isWhole(warp, one))
    return;
  uint16_t matrix[rows][8];
  const uint32_t *source = warp.lanes<uint32_t>(one.slots[1]);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 2; ++i)
      elementOf(matrix, lane, i, false) =
          static_cast<uint16_t>(source[lane] >> (16 * i));
  uint32_t *result = warp.lanes<uint32_t>(one.slots[0]);
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = elementOf(matrix, lane, 0, true) |
                   uint32_t(elementOf(matrix, lane, 1, true)) << 16;
}

void decodeMemoryForm(Decoding &d, bool loads) {
  if (!d.take("sync") || !d.take("aligned") || !d.take("m8n8"))
    return d.fail("'" + std::string(d.statement.opcode) +
                  "' other than .sync.aligned.m8n8 is not modelled");
  unsigned which = d.takeOneOf({"x1", "x2", "x4"});
  if (which > 2)
    return d.fail("'" + std::string(d.statement.opcode) +
                  "' without .x1, .x2 or .x4");
  d.out.count = 1 << which;
  d.out.data[0] = d.take("trans");
  d.take("shared");
  d.take("shared::cta");
  if (d.takeType() != Type::B16)
    return d.fail("'" + std::string(d.statement.opcode) +
                  "' of this type is not modelled");
  d.expectOperands(2, 2);
  const Operand &registers = d.operand(loads ? 0 : 1);
  Space space = Space::Shared;
  if (!loads)
    d.address(d.operand(0), space);
  for (const Operand &part : registers.parts)
    loads ? d.result(part, Type::B32) : d.source(part, Type::B32);
  if (registers.parts.size() != d.out.count)
    d.fail("a list of " + std::to_string(d.out.count) + " registers is wanted");
  if (loads)
    d.address(d.operand(1), space);
  d.out.space = space;
  d.out.size = rowBytes;
  d.out.traffic = loads ? Traffic::Ldmatrix : Traffic::Stmatrix;
  d.out.reads = Reads::Own;
  d.out.flow = Flow::Collective;
  d.out.run = loads ? ldmatrix : stmatrix;
}

void decodeMovmatrix(Decoding &d) {
  if (!d.take("sync") || !d.take("aligned") || !d.take("m8n8") ||
      !d.take("trans"))
    return d.fail(
        "'movmatrix' other than .sync.aligned.m8n8.trans is not modelled");
  d.takeType();
  d.expectOperands(2, 2);
  d.result(0, Type::B32);
  d.source(1, Type::B32);
  d.out.flow = Flow::Collective;
  d.out.run = movmatrix;
}

/// mma.m16n8kK. A register of a fragment holds e elements, 32 bits in all. With
/// g = lane / 4 and t = lane % 4, element i of register r is
///   A: row g + 8 (r % 2), k = e t + 4 e (r / 2) + i
///   B: k = e t + 4 e r + i, column g
///   C, D in 32 bits: row g + 8 (r / 2), column 2 t + r % 2
///   C, D in f16: row g + 8 r, column 2 t + i
enum Field { depthField, aField, bField, accumulateField };

constexpr unsigned height = 16, width = 8, mostDepth = 32;

double elementAt(uint32_t word, unsigned i, Type type) {
  switch (type) {
  case Type::F16:
    return halfToFloat(static_cast<uint16_t>(word >> (16 * i)));
  case Type::BF16:
    return bfloatToFloat(static_cast<uint16_t>(word >> (16 * i)));
  case Type::TF32:
    return std::bit_cast<float>(word &
                                0xffff'e000); // the multiplier has no more bits
  case Type::S8:
    return static_cast<int8_t>(word >> (8 * i));
  default:
    return static_cast<uint8_t>(word >> (8 * i));
  }
}

unsigned elementsPerRegister(Type type) {
  return type == Type::TF32 ? 1 : bytesOf(type) == 2 ? 2 : 4;
}

template <typename Accumulator> using Tile = Accumulator[height][width];

/// Products are exact and sums are kept in double, or exactly for integers: the
/// manual leaves the order of the sum and its precision open.
template <typename Accumulator>
void multiply(Warp &warp, const Instruction &one, const Slot *aSlots,
              const Slot *bSlots, Tile<Accumulator> &tile) {
  unsigned depth = one.data[depthField];
  Type aType = Type(one.data[aField]), bType = Type(one.data[bField]);
  unsigned e = elementsPerRegister(aType);
  Accumulator a[height][mostDepth], b[mostDepth][width];
  for (unsigned r = 0; r < depth / (4 * e); ++r) {
    const uint32_t *low = warp.lanes<uint32_t>(aSlots[2 * r]),
                   *high = warp.lanes<uint32_t>(aSlots[2 * r + 1]);
    const uint32_t *right = warp.lanes<uint32_t>(bSlots[r]);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < e; ++i) {
        unsigned g = lane / 4, k = e * (lane % 4) + 4 * e * r + i;
        a[g][k] = static_cast<Accumulator>(elementAt(low[lane], i, aType));
        a[g + 8][k] = static_cast<Accumulator>(elementAt(high[lane], i, aType));
        b[k][g] = static_cast<Accumulator>(elementAt(right[lane], i, bType));
      }
  }
  for (unsigned row = 0; row < height; ++row)
    for (unsigned k = 0; k < depth; ++k)
      for (unsigned column = 0; column < width; ++column)
        tile[row][column] += a[row][k] * b[k][column];
}

/// Calls a function with each register's lane and its place in the tile.
template <typename F> void eachPlace(F &&function) {
  for (unsigned r = 0; r < 4; ++r)
    for (unsigned lane = 0; lane < 32; ++lane)
      function(r, lane, lane / 4 + 8 * (r / 2), 2 * (lane % 4) + r % 2);
}

float cleanNan(float value) {
  return value == value ? value : std::bit_cast<float>(0x7fff'ffffu);
}

/// Slots: D, A, B, C.
template <Type accumulate> void mma(Warp &warp, const Instruction &one) {
  if (!isWhole(warp, one))
    return;
  constexpr unsigned outs = accumulate == Type::F16 ? 2 : 4;
  unsigned aCount =
      one.data[depthField] / (2 * elementsPerRegister(Type(one.data[aField])));
  const Slot *a = one.slots + outs, *b = a + aCount, *c = b + aCount / 2;
  using Accumulator =
      std::conditional_t<accumulate == Type::S32, int64_t, double>;
  Tile<Accumulator> tile = {};
  multiply<Accumulator>(warp, one, a, b, tile);
  eachPlace([&](unsigned r, unsigned lane, unsigned row, unsigned column) {
    Accumulator sum = tile[row][column];
    if constexpr (accumulate == Type::F32) {
      warp.lanes<float>(one.slots[r])[lane] =
          cleanNan(static_cast<float>(sum + warp.lanes<float>(c[r])[lane]));
    } else if constexpr (accumulate == Type::S32) {
      int64_t whole = sum + warp.lanes<int32_t>(c[r])[lane];
      if (one.strong) // .satfinite
        whole =
            std::min<int64_t>(std::max<int64_t>(whole, INT32_MIN), INT32_MAX);
      warp.lanes<int32_t>(one.slots[r])[lane] = static_cast<int32_t>(whole);
    } else {
      uint16_t *to = warp.lanes<uint16_t>(one.slots[r / 2]) + 2 * lane + r % 2;
      *to = toHalf(
          sum + halfToFloat(warp.lanes<uint16_t>(c[r / 2])[2 * lane + r % 2]));
    }
  });
}

/// The depths that compute capability 8.0 has for a type of A and B.
bool isDepth(Type type, unsigned depth) {
  switch (type) {
  case Type::F16:
  case Type::BF16:
    return depth == 8 || depth == 16;
  case Type::TF32:
    return depth == 4 || depth == 8;
  case Type::S8:
  case Type::U8:
    return depth == 16 || depth == 32;
  default:
    return false;
  }
}

void decodeMma(Decoding &d) {
  static constexpr unsigned depths[] = {4, 8, 16, 32, 0};
  unsigned depth =
      depths[d.takeOneOf({"m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32"})];
  bool good =
      d.take("sync") && d.take("aligned") && d.take("row") && d.take("col");
  bool saturates = d.take("satfinite");
  Type to = d.takeType(), a = d.takeType(), b = d.takeType(),
       from = d.takeType();
  bool integers = bytesOf(a) == 1;
  if (d.failed())
    return;
  good &=
      isDepth(a, depth) && to == from &&
      elementsPerRegister(a) == elementsPerRegister(b) &&
      (integers ? isDepth(b, depth) && to == Type::S32
                : a == b && !saturates &&
                      (to == Type::F32 || (to == Type::F16 && a == Type::F16)));
  if (!good)
    return d.fail("'mma' of this shape or these types is not modelled");
  unsigned aCount = depth / (2 * elementsPerRegister(a)),
           outs = to == Type::F16 ? 2 : 4;
  const unsigned counts[] = {outs, aCount, aCount / 2, outs};
  d.expectOperands(4, 4);
  for (unsigned i = 0; i < 4 && !d.failed(); ++i) {
    const Operand &list = d.operand(i);
    if (list.parts.size() != counts[i])
      return d.fail("operand " + std::to_string(i + 1) + " of this 'mma' has " +
                    std::to_string(counts[i]) + " registers");
    Type type = (i == 0 || i == 3) && to == Type::F32 ? Type::F32 : Type::B32;
    for (const Operand &part : list.parts)
      i == 0 ? d.result(part, type) : d.source(part, type);
  }
  d.out.data = {depth, static_cast<uint32_t>(a), static_cast<uint32_t>(b), 0};
  d.out.strong = saturates;
  d.out.flow = Flow::Collective;
  d.out.run = to == Type::F32   ? mma<Type::F32>
              : to == Type::F16 ? mma<Type::F16>
                                : mma<Type::S32>;
}

} // namespace

void weir::ptx::addMatrices(OpcodeTable &table) {
  table["ldmatrix"] = [](Decoding &d) { decodeMemoryForm(d, true); };
  table["stmatrix"] = [](Decoding &d) { decodeMemoryForm(d, false); };
  table["movmatrix"] = decodeMovmatrix;
  table["mma"] = decodeMma;
}
