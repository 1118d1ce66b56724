// The frame of a call: extents, arguments and scratch, in slots of eight bytes.
#ifndef WEIR_CODEGEN_ABI_FRAME_H
#define WEIR_CODEGEN_ABI_FRAME_H

#include "codegen/abi/Emitter.h"
#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/MapVector.h"

namespace weir::abi {

enum class Direction { Input = 0, Param = 1, Output = 2 };

/// One argument of a compiled kernel, in the order of the ABI.
struct Argument {
  mlir::Operation *op; ///< a cascade.input, .param or .output
  llvm::StringRef name;
  Direction direction;
  llvm::ArrayRef<mlir::StringAttr> ranks;
  Type storage;
  int64_t slot; ///< the data pointer, or a parameter's value; strides follow

  int64_t strideSlot(int64_t dimension) const { return slot + 1 + dimension; }
};

/// Assigns slots. A call keeps a frame on its stack; functions that a target
/// outlines get its address and load what they need. The entry points of the
/// ABI fill in what is declared here; a target reserves slots for its own.
class Frame {
public:
  explicit Frame(cascade::KernelOp kernel);
  /// The frame of one part of a kernel, in that of the whole: slots of arguments of
  /// the same name are shared, and so are extents. The whole holds what only its
  /// parts have: tensors that pass between them.
  Frame(cascade::KernelOp part, Frame &whole);

  llvm::ArrayRef<Argument> getArguments() const { return arguments; }
  /// The tensors that pass between parts.
  llvm::ArrayRef<Argument> getPassed() const { return passed; }
  const Argument &getArgument(mlir::Operation *op) const;
  int64_t extentSlot(mlir::StringAttr rank) const {
    return extents.lookup(rank);
  }
  int64_t reserve(int64_t count) {
    return whole ? whole->reserve(count) : std::exchange(size, size + count);
  }
  int64_t getSize() const { return size; }

  static Value load(Emitter &emit, Value frame, int64_t slot, Type type);
  static void store(Emitter &emit, Value frame, int64_t slot, Value value);

private:
  void addArguments(
      cascade::KernelOp kernel,
      llvm::function_ref<int64_t(const Argument &)> slotOf);
  int64_t passedSlot(const Argument &argument);

  Frame *whole = nullptr;
  llvm::DenseMap<mlir::StringAttr, int64_t> extents;
  llvm::SmallVector<Argument> arguments, passed;
  int64_t size = 0;
};

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_FRAME_H
