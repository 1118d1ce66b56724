// A kernel that is computed in parts, one after the other.
#include "codegen/abi/Parts.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Storage.h"

using namespace mlir;

namespace weir::abi {
namespace {

/// What is said to be needed where the sum of the sizes would wrap around.
constexpr int64_t tooMuch = INT64_MAX - 63;

/// Bytes and strides of one tensor that passes between parts. `isHuge` becomes true
/// where the number of bytes is no number.
Value layOutPassed(Emitter &emit, const Frame &frame, Value slots,
                   const Argument &tensor, Value &isHuge) {
  Value size = emit.integer(1), estimate = emit.real(emit.f64(), 64);
  for (size_t i = tensor.ranks.size(); i-- > 0;) {
    Value extent = Frame::load(
        emit, slots, frame.extentSlot(tensor.ranks[i]), emit.i64());
    Frame::store(emit, slots, tensor.strideSlot(i), size);
    size = emit.mul(size, extent);
    Value real =
        arith::SIToFPOp::create(emit.builder, emit.loc, emit.f64(), extent);
    estimate = emit.mul(estimate, real);
  }
  isHuge = emit.either(isHuge, emit.compare(arith::CmpFPredicate::OGT, estimate,
                                            emit.real(emit.f64(), 0x1p62)));
  Value bytes = emit.mul(size, emit.integer(byteWidth(tensor.storage)));
  return emit.both(emit.add(bytes, emit.integer(63)), emit.integer(~63));
}

void emitLayout(Emitter &emit, ModuleOp module, cascade::KernelOp whole,
                const Frame &frame, ArrayRef<cascade::KernelOp> parts) {
  auto function =
      makeFunction(emit, module, layoutName(whole), emit.i64(),
                   {emit.pointer(), emit.pointer(), emit.i64()}, false);
  Value slots = function.getArgument(0), workspace = function.getArgument(1);
  Value passed = emit.integer(0), scratch = emit.integer(0);
  Value isHuge = emit.truth(false);
  for (const Argument &tensor : frame.getPassed()) {
    Frame::store(emit, slots, tensor.slot,
                 emit.at(emit.i8(), workspace, passed));
    passed = emit.add(passed, layOutPassed(emit, frame, slots, tensor, isHuge));
  }
  Value rest = emit.at(emit.i8(), workspace, passed);
  for (cascade::KernelOp part : parts) {
    Value own = emit.call(layoutName(part), emit.i64(),
                          {slots, rest, function.getArgument(2)});
    scratch = emit.greatest(scratch, own);
  }
  Value total = emit.add(passed, scratch);
  isHuge = emit.either(isHuge, emit.less(total, scratch));
  LLVM::ReturnOp::create(
      emit.builder, emit.loc,
      emit.select(isHuge, emit.integer(tooMuch), total));
}

void emitRun(Emitter &emit, ModuleOp module, cascade::KernelOp whole,
             ArrayRef<cascade::KernelOp> parts) {
  Type none = LLVM::LLVMVoidType::get(module.getContext());
  auto function = makeFunction(emit, module, runName(whole), none,
                               {emit.pointer(), emit.pointer()}, false);
  for (cascade::KernelOp part : parts)
    emit.call(runName(part), none, function.getArguments());
  LLVM::ReturnOp::create(emit.builder, emit.loc, ValueRange());
}

} // namespace

void emitParts(ModuleOp module, cascade::KernelOp whole, const Frame &frame,
               ArrayRef<cascade::KernelOp> parts) {
  Emitter emit(OpBuilder(module.getContext()), whole.getLoc());
  emitLayout(emit, module, whole, frame, parts);
  emitRun(emit, module, whole, parts);
}

} // namespace weir::abi
