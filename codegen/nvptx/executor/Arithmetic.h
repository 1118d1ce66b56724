// Arithmetic whose opcode serves integers, reals and halves alike.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_ARITHMETIC_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_ARITHMETIC_H

#include "codegen/nvptx/executor/Decoding.h"
#include "codegen/nvptx/executor/Numbers.h"

namespace weir::ptx {

enum class Operation : uint8_t {
  Add,
  Sub,
  Mul,
  Fma,
  Div,
  Rem,
  Abs,
  Neg,
  Min,
  Max
};

/// Choose the handler after all modifiers have been taken, and read the
/// operands.
void decodeInteger(Decoding &d, Operation operation, Type type);
void decodeReal(Decoding &d, Operation operation, Type type);
void decodeHalf(Decoding &d, Operation operation, Type type);

/// .rn .rz .rm .rp, and whether there was one.
Rounding takeRounding(Decoding &d, bool *found = nullptr);

/// What .ftz, .sat, .relu and .NaN ask for, in data[0].
enum FloatFlag : uint32_t {
  flushFlag = 1,
  saturateFlag = 2,
  reluFlag = 4,
  nanFlag = 8
};
uint32_t takeFloatFlags(Decoding &d);

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_ARITHMETIC_H
