// The frame of a call: extents, arguments and scratch, in slots of eight bytes.
#include "codegen/abi/Frame.h"

using namespace mlir;

namespace weir::abi {

Frame::Frame(cascade::KernelOp kernel) {
  for (auto rank : kernel.getBody().getOps<cascade::RankOp>())
    extents[rank.getNameAttr()] = reserve(1);
  addArguments(kernel, [&](const Argument &argument) {
    return reserve(1 + argument.ranks.size());
  });
}

Frame::Frame(cascade::KernelOp part, Frame &whole)
    : whole(&whole), extents(whole.extents) {
  addArguments(part, [&](const Argument &argument) {
    for (const Argument &known : whole.arguments)
      if (known.name == argument.name &&
          known.direction == argument.direction)
        return known.slot;
    return whole.passedSlot(argument);
  });
}

/// The slot of a tensor that passes between parts: `argument` of one of them.
int64_t Frame::passedSlot(const Argument &argument) {
  for (const Argument &known : passed)
    if (known.name == argument.name)
      return known.slot;
  passed.push_back(argument);
  return passed.back().slot = reserve(1 + argument.ranks.size());
}

void Frame::addArguments(cascade::KernelOp kernel,
                         llvm::function_ref<int64_t(const Argument &)> slotOf) {
  auto append = [&](Operation *op, StringRef name, Direction direction,
                    Type tensor, Type storage) {
    auto ranks = cast<cascade::TensorType>(tensor).getRanks();
    arguments.push_back({op, name, direction, ranks, storage, 0});
    arguments.back().slot = slotOf(arguments.back());
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
