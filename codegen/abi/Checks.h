// Checks of a call's tensors: the part of the entry points that can fail.
#ifndef WEIR_CODEGEN_ABI_CHECKS_H
#define WEIR_CODEGEN_ABI_CHECKS_H

#include "codegen/abi/Frame.h"
#include "codegen/abi/Message.h"
#include "codegen/abi/Scalar.h"

namespace weir::abi {

/// The numbers of <weir/runtime.h>.
enum class Status : int32_t {
  BadAbi = 1,
  BadType,
  BadRank,
  BadExtent,
  BadStride,
  BadData,
  BadIndex,
  BadWorkspace,
  Unsupported,
  NoDevice,
  DeviceError
};

/// Emits a function that returns a status as soon as a condition does not hold.
class Checks : public ScalarEmitter {
public:
  Checks(Emitter &emit, cascade::KernelOp kernel, const Frame &frame,
         Value address)
      : ScalarEmitter(emit), kernel(kernel), frame(frame), address(address) {}

  Value message, messageSize; ///< where messages go

  /// Returns `status` with a message unless the condition holds.
  void require(Value condition, Status status,
               llvm::ArrayRef<MessagePart> parts);
  /// Returns a status unless it is 0.
  void propagate(Value status);

  /// Types, ranks, extents, strides and constraints of the descriptors at
  /// `tensors`; fills in the frame's extents and strides.
  mlir::LogicalResult emitShapes(Value tensors);
  /// Data pointers of the descriptors; fills in the frame's.
  void emitData(Value tensors);
  /// Values of parameters, defaults where the caller gave none.
  mlir::LogicalResult emitParams(Value tensors);
  /// Declared ranges of the inputs' elements.
  void emitRanges();

private:
  Scalar read(cascade::ReadOp op, llvm::ArrayRef<Scalar> indices) override;
  Value extent(mlir::StringAttr rank) override;

  Value descriptor(Value tensors, size_t argument);
  mlir::LogicalResult emitExtent(cascade::RankOp rank, Value tensors);
  mlir::FailureOr<Value> emitRegionExtent(cascade::RankOp rank, Value tensors);
  Value emitInputExtent(cascade::RankOp rank, Value tensors);
  void emitDescriptor(const Argument &argument, Value tensor);
  Value isEmpty(const Argument &argument, Value tensor);
  void emitAgreement(const Argument &argument, Value tensor);
  void emitRange(const Argument &argument, cascade::InputOp input);
  Value elementCount(const Argument &argument);

  cascade::KernelOp kernel;
  const Frame &frame;
  Value address; ///< of the frame
  llvm::DenseMap<mlir::StringAttr, Value> extents;
  llvm::DenseSet<mlir::StringAttr> underway;
};

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_CHECKS_H
