// Builds the code of one lane: 32-bit index arithmetic, instructions of the GPU.
#ifndef WEIR_CODEGEN_NVPTX_LANE_H
#define WEIR_CODEGEN_NVPTX_LANE_H

#include "codegen/abi/Emitter.h"
#include "dialect/tile/Tile.h"
#include "mlir/IR/AffineMap.h"

namespace weir::nvptx {

using mlir::Type;
using mlir::Value;

/// Emits scalar code as every lane runs it. Indices are `i32`, and are folded
/// where they are constant; reals are `f32`.
class Lane : public abi::Emitter {
public:
  using Emitter::Emitter;

  // Indices.
  Value number(int64_t value) { return integer(i32(), value); }
  Value plus(Value a, Value b);
  Value minus(Value a, Value b);
  Value times(Value a, Value b);
  Value quotient(Value a, Value b);  ///< rounded down
  Value remainder(Value a, Value b); ///< of `quotient`
  Value smaller(Value a, Value b);
  Value greater(Value a, Value b);
  Value flip(Value a, Value b); ///< exclusive or
  Value isLess(Value a, Value b);
  Value every(Value a, Value b); ///< of two conditions
  Value choice(Value condition, Value a, Value b);
  Value wide(Value index); ///< as i64
  /// The same index, of which LLVM knows nothing: so that addresses are computed where they are used, and not
  /// carried by loops, for which there are no registers.
  Value opaque(Value index);
  /// The same, for each call another one.
  Value renewed(Value index);
  std::optional<int64_t> constant(Value value);
  Value expand(mlir::AffineExpr expression, unsigned dimensions, llvm::ArrayRef<Value> operands);
  Value expand(tile::IndexOp op, llvm::function_ref<Value(Value)> valueOf);

  // Memory of the block. Addresses are i32.
  Type sharedPointer();
  Value shared(Value byte);

  // Instructions.
  Value intrinsic(llvm::StringRef name, Type result, mlir::ValueRange operands);
  /// The members of a result that is a structure of `count` members.
  llvm::SmallVector<Value> intrinsics(llvm::StringRef name, Type member, unsigned count, mlir::ValueRange operands);
  void instruct(llvm::StringRef name, mlir::ValueRange operands = {});
  Value specialRegister(llvm::StringRef name) { return intrinsic("llvm.nvvm.read.ptx.sreg." + name.str(), i32(), {}); }

  void barrier();
  /// What the assembler moves no access to memory across; it costs a slot, and no time.
  void fence() { instruct("llvm.nvvm.bar.warp.sync", number(-1)); }
  void commitCopies() { instruct("llvm.nvvm.cp.async.commit.group"); }
  /// Waits until at most `pending` groups of copies are under way.
  void waitForCopies(unsigned pending) { instruct("llvm.nvvm.cp.async.wait.group", number(pending)); }
  /// Copies 16 bytes; `bytes` of them (null: all), then zeros.
  void copyAsync(Value sharedByte, Value global, Value bytes);
  /// Four registers of 8 × 8 matrices.
  llvm::SmallVector<Value> loadMatrices(Value sharedByte, bool transposes);
  /// sums += left * right, by mma.sync m16n8k16.
  void multiply(Type element, llvm::ArrayRef<Value> left, llvm::ArrayRef<Value> right,
                llvm::MutableArrayRef<Value> sums);
  /// The same by mma.sync m16n8k8 on f32 rounded to tf32.
  void multiplyTf32(llvm::ArrayRef<Value> left, llvm::ArrayRef<Value> right, llvm::MutableArrayRef<Value> sums);
  /// An f32 with 10 bits behind the point, to nearest, as a register.
  Value roundToTf32(Value value) { return intrinsic("llvm.nvvm.f2tf32.rna", i32(), value); }
  /// Two reals as a register of two narrow ones.
  Value pack(Type element, Value low, Value high);
  /// The value of the lane whose number differs in these bits.
  Value exchange(Value value, unsigned bits);
  Value fromLane(Value value, Value lane);
  /// True in all lanes of the warp if it is in any.
  Value anyLane(Value condition);
  Value exp2(Value x);
  Value fma(Value a, Value b, Value c);
};

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_LANE_H
