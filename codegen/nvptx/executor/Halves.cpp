// Arithmetic on f16 and bf16, alone and in pairs.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;

namespace {

bool isPair(Type type) { return type == Type::F16x2 || type == Type::BF16x2; }
bool isHalf(Type type) { return type == Type::F16 || type == Type::F16x2; }

float flushedHalf(float value) {
  return std::fabs(value) < 0x1p-14f ? std::copysign(0.0f, value) : value;
}

double extreme(float a, float b, bool wantsLess, bool keepsNan) {
  if (a != a || b != b)
    return keepsNan || (a != a && b != b)
               ? std::numeric_limits<double>::quiet_NaN()
           : a != a ? b
                    : a;
  if (a == b)
    return std::signbit(a) == wantsLess ? a : b;
  return (a < b) == wantsLess ? a : b;
}

double compute(Operation operation, uint32_t flags, float a, float b, float c) {
  switch (operation) {
  case Operation::Add:
    return oddFma(a, 1, b);
  case Operation::Sub:
    return oddFma(a, 1, -b);
  case Operation::Mul:
    return static_cast<double>(a) * b;
  case Operation::Fma:
    return oddFma(a, b, c);
  case Operation::Min:
    return extreme(a, b, true, flags & nanFlag);
  case Operation::Max:
    return extreme(a, b, false, flags & nanFlag);
  default:
    return 0;
  }
}

template <typename Format>
uint16_t element(const Instruction &one, const uint16_t (&bits)[3]) {
  uint32_t flags = one.data[0];
  Operation operation = Operation(one.data[1]);
  if (operation == Operation::Neg || operation == Operation::Abs)
    return operation == Operation::Neg ? bits[0] ^ 0x8000 : bits[0] & 0x7fff;
  float values[3];
  for (unsigned i = 0; i < 3; ++i) {
    values[i] = Format::load(bits[i]);
    if (flags & flushFlag)
      values[i] = flushedHalf(values[i]);
  }
  uint16_t out =
      Format::store(compute(operation, flags, values[0], values[1], values[2]));
  float result = Format::load(out);
  if ((flags & flushFlag) && result != 0 && flushedHalf(result) == 0)
    out &= 0x8000;
  if (flags & saturateFlag)
    out = Format::store(saturated(result));
  if ((flags & reluFlag) && result < 0)
    out = 0;
  return out;
}

/// data[0] flags, [1] operation.
template <typename Format, typename Register>
void halves(Warp &warp, const Instruction &one) {
  Register *result = warp.lanes<Register>(one.slots[0]);
  const Register *sources[3];
  for (unsigned i = 0; i < 3; ++i)
    sources[i] = warp.lanes<Register>(
        one.slots[1 + std::min<unsigned>(i, one.sources - 1)]);
  eachLane(warp.exec, [&](unsigned lane) {
    Register out = 0;
    for (unsigned shift = 0; shift < 8 * sizeof(Register); shift += 16) {
      uint16_t bits[3];
      for (unsigned i = 0; i < 3; ++i)
        bits[i] = static_cast<uint16_t>(sources[i][lane] >> shift);
      out |=
          static_cast<Register>(uint32_t(element<Format>(one, bits)) << shift);
    }
    result[lane] = out;
  });
}

} // namespace

void weir::ptx::decodeHalf(Decoding &d, Operation operation, Type type) {
  if (type == Type::TF32 || operation == Operation::Div ||
      operation == Operation::Rem)
    return d.fail("'" + std::string(d.statement.opcode) +
                  "' of this type is not modelled");
  d.take("rn");
  uint32_t flags = takeFloatFlags(d);
  if ((flags & flushFlag) && !isHalf(type))
    return d.unmodelled("ftz");
  unsigned sources =
      operation == Operation::Fma                                  ? 3
      : operation == Operation::Neg || operation == Operation::Abs ? 1
                                                                   : 2;
  d.expectOperands(sources + 1, sources + 1);
  Type bits = isPair(type) ? Type::B32 : Type::B16;
  d.result(0, bits);
  for (unsigned i = 1; i <= sources; ++i)
    d.source(i, bits);
  d.out.data = {flags, static_cast<uint32_t>(operation), 0, 0};
  if (isHalf(type))
    d.out.run = isPair(type) ? halves<Half, uint32_t> : halves<Half, uint16_t>;
  else
    d.out.run =
        isPair(type) ? halves<Bfloat, uint32_t> : halves<Bfloat, uint16_t>;
}
