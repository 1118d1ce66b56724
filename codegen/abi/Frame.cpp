// The frame of a call: extents, arguments and scratch, in slots of eight bytes.
#include "codegen/abi/Frame.h"

using namespace mlir;

namespace weir::abi {

Frame::Frame(cascade::KernelOp kernel) {
  for (auto rank : kernel.getBody().getOps<cascade::RankOp>())
    extents[rank.getNameAttr()] = reserve(1);
  auto append = [&](Operation *op, StringRef name, Direction direction,
                    Type tensor, Type storage) {
    auto ranks = cast<cascade::TensorType>(tensor).getRanks();
    arguments.push_back(
        {op, name, direction, ranks, storage, reserve(1 + ranks.size())});
  };
  auto elementType = [](Type type) {
    return cast<cascade::TensorType>(type).getElementType();
  };
  for (auto op : kernel.getBody().getOps<cascade::InputOp>())
    append(op, op.getName(), Direction::Input, op.getType(),
           elementType(op.getType()));
  for (auto op : kernel.getBody().getOps<cascade::ParamOp>())
    append(op, op.getName(), Direction::Param, op.getType(),
           elementType(op.getType()));
  for (auto op : kernel.getBody().getOps<cascade::OutputOp>())
    append(op, op.getName(), Direction::Output, op.getTensor().getType(),
           op.getStorage());
}

const Argument &Frame::getArgument(Operation *op) const {
  return *llvm::find_if(
      arguments, [&](const Argument &argument) { return argument.op == op; });
}

Value Frame::load(Emitter &emit, Value frame, int64_t slot, Type type) {
  return emit.load(type, emit.at(frame, 8 * slot));
}

void Frame::store(Emitter &emit, Value frame, int64_t slot, Value value) {
  emit.store(value, emit.at(frame, 8 * slot));
}

} // namespace weir::abi
