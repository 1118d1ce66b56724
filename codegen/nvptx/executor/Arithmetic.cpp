// add, sub, mul, mad, fma, div, rem, abs, neg, min, max: by type to their
// families.
#include "codegen/nvptx/executor/Arithmetic.h"

using namespace weir::ptx;

Rounding weir::ptx::takeRounding(Decoding &d, bool *found) {
  static constexpr Rounding known[] = {
      Rounding::Nearest, Rounding::Zero,        Rounding::Down,
      Rounding::Up,      Rounding::NearestAway, Rounding::Nearest};
  unsigned which = d.takeOneOf({"rn", "rz", "rm", "rp", "rna"});
  if (found)
    *found = which < 5;
  return known[which];
}

uint32_t weir::ptx::takeFloatFlags(Decoding &d) {
  uint32_t flags = 0;
  flags |= d.take("ftz") ? flushFlag : 0;
  flags |= d.take("sat") ? saturateFlag : 0;
  flags |= d.take("relu") ? reluFlag : 0;
  flags |= d.take("NaN") ? nanFlag : 0;
  return flags;
}

template <Operation operation> static void decode(Decoding &d) {
  Type type = d.takeType();
  if (d.failed())
    return;
  if (isInteger(type) || isBits(type))
    decodeInteger(d, operation, type);
  else if (type == Type::F32 || type == Type::F64)
    decodeReal(d, operation, type);
  else
    decodeHalf(d, operation, type);
}

void weir::ptx::addArithmetic(OpcodeTable &table) {
  table["add"] = table["addc"] = decode<Operation::Add>;
  table["sub"] = table["subc"] = decode<Operation::Sub>;
  table["mul"] = decode<Operation::Mul>;
  table["fma"] = table["mad"] = decode<Operation::Fma>;
  table["div"] = decode<Operation::Div>;
  table["rem"] = decode<Operation::Rem>;
  table["abs"] = decode<Operation::Abs>;
  table["neg"] = decode<Operation::Neg>;
  table["min"] = decode<Operation::Min>;
  table["max"] = decode<Operation::Max>;
}
