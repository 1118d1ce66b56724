// The functions that <weir/runtime.h> promises of a kernel: checks, workspace,
// run, description.
#include "codegen/abi/EntryPoints.h"

#include "codegen/abi/Checks.h"
#include "codegen/abi/Info.h"
#include "codegen/abi/Message.h"
#include "codegen/abi/Storage.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::abi {

std::string layoutName(cascade::KernelOp kernel) {
  return (kernel.getSymName() + ".layout").str();
}
std::string runName(cascade::KernelOp kernel) {
  return (kernel.getSymName() + ".run").str();
}
std::string limitsName(cascade::KernelOp kernel) {
  return (kernel.getSymName() + ".limits").str();
}
std::string launchName(cascade::KernelOp kernel) {
  return (kernel.getSymName() + ".launch").str();
}
static std::string shapesName(cascade::KernelOp kernel) {
  return (kernel.getSymName() + ".shapes").str();
}

/// i32 <kernel>.shapes(ptr tensors, ptr frame, ptr message, i64 size): all that
/// can be said without data.
static LogicalResult emitShapesFunction(Emitter &emit, ModuleOp module,
                                        cascade::KernelOp kernel,
                                        const Frame &frame, Memory memory) {
  auto function = makeFunction(
      emit, module, shapesName(kernel), emit.i32(),
      {emit.pointer(), emit.pointer(), emit.pointer(), emit.i64()}, false);
  Checks checks(emit, kernel, frame, function.getArgument(1));
  checks.message = function.getArgument(2);
  checks.messageSize = function.getArgument(3);
  if (failed(checks.emitShapes(function.getArgument(0))))
    return failure();
  if (memory == Memory::Device)
    checks.propagate(
        emit.call(limitsName(kernel), emit.i32(),
                  {function.getArgument(1), checks.message, checks.messageSize}));
  LLVM::ReturnOp::create(emit.builder, emit.loc, emit.integer(emit.i32(), 0));
  return success();
}

static void emitCheck(Emitter &emit, ModuleOp module, cascade::KernelOp kernel,
                      const Frame &frame) {
  auto function = makeFunction(
      emit, module, (kernel.getSymName() + "_check").str(), emit.i32(),
      {emit.pointer(), emit.pointer(), emit.i64()}, true);
  Value slots = emit.allocate(emit.i64(), frame.getSize());
  Value status = emit.call(shapesName(kernel), emit.i32(),
                           {function.getArgument(0), slots,
                            function.getArgument(1), function.getArgument(2)});
  LLVM::ReturnOp::create(emit.builder, emit.loc, status);
}

static void emitWorkspace(Emitter &emit, ModuleOp module,
                          cascade::KernelOp kernel, const Frame &frame,
                          Memory memory) {
  auto function =
      makeFunction(emit, module, (kernel.getSymName() + "_workspace").str(),
                   emit.i64(), {emit.pointer(), emit.i64()}, true);
  Value slots = emit.allocate(emit.i64(), frame.getSize());
  Value status =
      emit.call(shapesName(kernel), emit.i32(),
                {function.getArgument(0), slots, emit.null(), emit.integer(0)});
  Value isOk = emit.equal(status, emit.integer(emit.i32(), 0));
  Value workers = emit.greatest(function.getArgument(1), emit.integer(1));
  auto bytes = emit.choose(
      isOk, emit.i64(),
      [&]() -> SmallVector<Value> {
        if (memory == Memory::Device)
          return {emit.integer(0)};
        return {emit.call(layoutName(kernel), emit.i64(),
                          {slots, emit.null(), workers})};
      },
      [&]() -> SmallVector<Value> {
        Value wide =
            arith::ExtSIOp::create(emit.builder, emit.loc, emit.i64(), status);
        return {emit.sub(emit.integer(0), wide)};
      });
  LLVM::ReturnOp::create(emit.builder, emit.loc, bytes);
}

/// ptr <kernel>_variant(): the target, for programs that ask an object with several.
static void emitVariant(Emitter &emit, ModuleOp module, cascade::KernelOp kernel, StringRef target) {
  makeFunction(emit, module, (kernel.getSymName() + "_variant").str(), emit.pointer(), {}, true);
  LLVM::ReturnOp::create(emit.builder, emit.loc, emitString(emit, target));
}

Value emitWorkers(Emitter &emit, Value context) {
  Value parallel =
      emit.load(emit.i64(), emit.at(context, ContextLayout::parallel));
  Value workers =
      emit.load(emit.i64(), emit.at(context, ContextLayout::workers));
  Value isAlone = emit.equal(parallel, emit.integer(0));
  return emit.select(isAlone, emit.integer(1),
                     emit.greatest(workers, emit.integer(1)));
}

/// Lays out the workspace and checks that the caller's will do.
static void emitScratch(Emitter &emit, Checks &checks, cascade::KernelOp kernel,
                        Value context, Value slots) {
  Value workspace =
      emit.load(emit.pointer(), emit.at(context, ContextLayout::workspace));
  Value size =
      emit.load(emit.i64(), emit.at(context, ContextLayout::workspaceSize));
  Value needed = emit.call(layoutName(kernel), emit.i64(),
                           {slots, workspace, emitWorkers(emit, context)});
  Value bits =
      LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), workspace);
  Value zero = emit.integer(0), isNone = emit.equal(needed, zero);
  Value isLarge = emit.compare(arith::CmpIPredicate::sge, size, needed);
  Value isPlaced =
      emit.both(emit.compare(arith::CmpIPredicate::ne, bits, zero),
                emit.equal(emit.both(bits, emit.integer(63)), zero));
  checks.require(emit.either(isNone, emit.both(isLarge, isPlaced)),
                 Status::BadWorkspace,
                 {"the workspace must have ", needed, " bytes, aligned to 64"});
}

static LogicalResult emitRun(Emitter &emit, ModuleOp module,
                             cascade::KernelOp kernel, const Frame &frame,
                             Memory memory) {
  // A context, tensors, and a stream where the data is a device's.
  SmallVector<Type> operands(memory == Memory::Device ? 3 : 2, emit.pointer());
  auto function = makeFunction(emit, module, kernel.getSymName(), emit.i32(),
                               operands, true);
  Value context = function.getArgument(0), tensors = function.getArgument(1);
  Value slots = emit.allocate(emit.i64(), frame.getSize());
  Checks checks(emit, kernel, frame, slots);
  // A context of another version may have no message where this one has it.
  checks.message = emit.null();
  checks.messageSize = emit.integer(0);
  Value version =
      emit.load(emit.i32(), emit.at(context, ContextLayout::abiVersion));
  checks.require(emit.equal(version, emit.integer(emit.i32(), 1)),
                 Status::BadAbi, {});
  checks.message = emit.at(context, ContextLayout::message);
  checks.messageSize = emit.integer(ContextLayout::messageSize);
  checks.propagate(
      emit.call(shapesName(kernel), emit.i32(),
                {tensors, slots, checks.message, checks.messageSize}));
  checks.emitData(tensors);
  if (failed(checks.emitParams(tensors)))
    return failure();
  if (memory == Memory::Device) {
    Value status = emit.call(launchName(kernel), emit.i32(),
                             {slots, function.getArgument(2), checks.message,
                              checks.messageSize});
    LLVM::ReturnOp::create(emit.builder, emit.loc, status);
    return success();
  }
  checks.emitRanges();
  emitScratch(emit, checks, kernel, context, slots);
  emit.call(runName(kernel), LLVM::LLVMVoidType::get(module.getContext()),
            {context, slots});
  LLVM::ReturnOp::create(emit.builder, emit.loc, emit.integer(emit.i32(), 0));
  return success();
}

void emitParallel(Emitter &emit, Value context, Value frame, Value count,
                  StringRef body) {
  Type none = LLVM::LLVMVoidType::get(emit.builder.getContext());
  Value parallel =
      emit.load(emit.pointer(), emit.at(context, ContextLayout::parallel));
  Value bits =
      LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), parallel);
  Value isAlone = emit.either(emit.equal(bits, emit.integer(0)),
                              emit.less(count, emit.integer(2)));
  auto alone = [&]() -> SmallVector<Value> {
    emit.loop(count, [&](Value i) {
      emit.call(body, none, {frame, i, emit.integer(0)});
    });
    return {};
  };
  emit.choose(isAlone, TypeRange(), alone, [&]() -> SmallVector<Value> {
    Value pool =
        emit.load(emit.pointer(), emit.at(context, ContextLayout::pool));
    auto symbol = SymbolRefAttr::get(emit.builder.getContext(), body);
    Value function = LLVM::AddressOfOp::create(emit.builder, emit.loc,
                                               emit.pointer(), symbol);
    auto type = LLVM::LLVMFunctionType::get(
        none, {emit.pointer(), emit.i64(), emit.pointer(), emit.pointer()});
    LLVM::CallOp::create(emit.builder, emit.loc, type,
                         ValueRange{parallel, pool, count, function, frame});
    return {};
  });
}

LogicalResult emitEntryPoints(ModuleOp module, cascade::KernelOp kernel,
                              const Frame &frame, StringRef target,
                              Memory memory) {
  Emitter emit(OpBuilder(module.getContext()), kernel.getLoc());
  if (failed(emitShapesFunction(emit, module, kernel, frame, memory)))
    return failure();
  emitCheck(emit, module, kernel, frame);
  emitWorkspace(emit, module, kernel, frame, memory);
  emitVariant(emit, module, kernel, target);
  if (failed(emitRun(emit, module, kernel, frame, memory)))
    return failure();
  emitInfo(emit, module, kernel, frame, target, memory == Memory::Device);
  return success();
}

} // namespace weir::abi
