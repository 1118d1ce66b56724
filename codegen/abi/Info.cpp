// The constant that describes a kernel to its callers: weir_kernel_info.
#include "codegen/abi/Info.h"

#include "codegen/abi/Constants.h"
#include "codegen/abi/Message.h"
#include "codegen/abi/Storage.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::abi {

static constexpr int64_t maxRank = 8;

/// A weir_argument_info.
static Value emitArgument(Emitter &emit, cascade::KernelOp kernel,
                          const Argument &argument) {
  SmallVector<Value> names(maxRank, emit.null()),
      extents(maxRank, emit.integer(-1));
  for (auto [i, rank] : llvm::enumerate(argument.ranks)) {
    names[i] = emitString(emit, rank);
    if (auto size = kernel.getRankDeclaration(rank).getSize())
      extents[i] = emit.integer(*size);
  }
  auto param = dyn_cast<cascade::ParamOp>(argument.op);
  auto word = [&](int64_t value) { return emit.integer(emit.i32(), value); };
  return emitStruct(emit, {emitString(emit, argument.name),
                           word(static_cast<int>(argument.direction)),
                           word(typeCode(argument.storage)),
                           word(argument.ranks.size()),
                           word(param && !param.getInit().empty() ? 1 : 0),
                           emitArray(emit, emit.pointer(), names),
                           emitArray(emit, emit.i64(), extents)});
}

void emitInfo(Emitter &emit, ModuleOp module, cascade::KernelOp kernel,
              const Frame &frame, StringRef target, bool takesStream) {
  StringRef name = kernel.getSymName();
  auto arguments = emitGlobal(
      emit, module, (name + ".arguments").str(), LLVM::Linkage::Internal, [&] {
        auto values = llvm::map_to_vector(
            frame.getArguments(), [&](const Argument &argument) {
              return emitArgument(emit, kernel, argument);
            });
        return emitArray(emit, values.empty() ? emit.i8() : values[0].getType(),
                         values);
      });
  auto texts = llvm::to_vector(kernel.getBody().getOps<cascade::RequireOp>());
  auto constraints =
      emitGlobal(emit, module, (name + ".constraints").str(),
                 LLVM::Linkage::Internal, [&] {
                   auto values =
                       llvm::map_to_vector(texts, [&](cascade::RequireOp op) {
                         return emitString(emit, op.getText());
                       });
                   return emitArray(emit, emit.pointer(), values);
                 });
  emitGlobal(
      emit, module, (name + "_info").str(), LLVM::Linkage::External, [&] {
        auto word = [&](int64_t value) {
          return emit.integer(emit.i32(), value);
        };
        auto address = [&](const Twine &symbol) {
          return emitAddress(emit, symbol.str());
        };
        return emitStruct(
            emit,
            {word(1), word(0), emitString(emit, name), emitString(emit, target),
             word(frame.getArguments().size()), word(texts.size()),
             address(arguments.getSymName()), address(constraints.getSymName()),
             takesStream ? emit.null() : address(name),
             address(name + "_workspace"),
             address(name + "_check")});
      });
}

} // namespace weir::abi
