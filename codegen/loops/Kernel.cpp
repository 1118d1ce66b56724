// A kernel's functions: scratch, stages, the parallel loops over their points.
#include "codegen/loops/Loops.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/loops/Body.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace weir::loops {
namespace {

Type noType(abi::Emitter &emit) {
  return LLVM::LLVMVoidType::get(emit.builder.getContext());
}

std::string stageName(Kernel &kernel, size_t number) {
  return (kernel.op.getSymName() + ".stage" + Twine(number)).str();
}

/// Slots that hold the shape of the parallel loop that runs: a stage's points
/// are taken in blocks.
struct LoopSlots {
  int64_t points, block;
};

/// i64 <kernel>.layout(ptr frame, ptr workspace, i64 workers).
void emitLayout(Kernel &kernel, abi::Emitter &emit) {
  auto function =
      makeFunction(emit, kernel.module, abi::layoutName(kernel.op), emit.i64(),
                   {emit.pointer(), emit.pointer(), emit.i64()}, false);
  Value frame = function.getArgument(0), workers = function.getArgument(2);
  Body body(kernel, emit, frame, workers);
  auto extent = [&](StringAttr rank) { return body.extent(rank); };
  Value total = emit.integer(0), estimate = emit.real(emit.f64(), 0);
  auto append = [&](const Place &place, int64_t slot, Type cell) {
    abi::Frame::store(emit, frame, slot,
                      emit.at(emit.i8(), function.getArgument(1), total));
    Value bytes = Body::placeBytes(emit, place, cell, extent);
    Value size = emit.real(emit.f64(), 64);
    auto toReal = [&](Value integer) {
      return arith::SIToFPOp::create(emit.builder, emit.loc, emit.f64(),
                                     integer);
    };
    for (StringAttr rank : place.kept)
      size = emit.mul(size, toReal(extent(rank)));
    size = emit.mul(size, emit.real(emit.f64(), place.window));
    if (place.isPrivate) {
      bytes = emit.mul(bytes, workers);
      size = emit.mul(size, toReal(workers));
    }
    total = emit.add(total, bytes);
    estimate = emit.add(estimate, size);
  };
  kernel.plan.forEachPlace([&](const Place &place) {
    append(place, place.data, place.cell);
    if (place.hasPlane)
      append(place, place.plane, emit.i1());
  });
  // More than there can be, instead of a number that wrapped around.
  Value isHuge = emit.compare(arith::CmpFPredicate::OGT, estimate,
                              emit.real(emit.f64(), 0x1p62));
  LLVM::ReturnOp::create(
      emit.builder, emit.loc,
      emit.select(isHuge, emit.integer(INT64_MAX - 63), total));
}

/// void <kernel>.stage<n>(ptr frame, i64 index, i64 worker): one block of
/// points.
void emitStage(Kernel &kernel, abi::Emitter &emit, size_t number,
               LoopSlots slots) {
  const Stage &stage = kernel.plan.stages[number];
  auto function =
      makeFunction(emit, kernel.module, stageName(kernel, number), noType(emit),
                   {emit.pointer(), emit.i64(), emit.i64()}, false);
  Value frame = function.getArgument(0);
  Body body(kernel, emit, frame, function.getArgument(2));
  Value points = abi::Frame::load(emit, frame, slots.points, emit.i64());
  Value block = abi::Frame::load(emit, frame, slots.block, emit.i64());
  Value from = emit.mul(function.getArgument(1), block);
  Value to = emit.least(emit.add(from, block), points);
  emit.loop(from, to, emit.integer(1), [&](Value point) {
    Value rest = point;
    for (StringAttr rank : llvm::reverse(stage.outer)) {
      Value size = body.extent(rank), quotient = emit.divide(rest, size);
      body.bind(rank, emit.sub(rest, emit.mul(quotient, size)));
      rest = quotient;
    }
    body.emitNests(stage.nests);
  });
  LLVM::ReturnOp::create(emit.builder, emit.loc, ValueRange());
}

/// void <kernel>.run(ptr context, ptr frame): one stage after the other.
void emitRun(Kernel &kernel, abi::Emitter &emit, LoopSlots slots) {
  constexpr int64_t blocksPerWorker = 8;
  auto function =
      makeFunction(emit, kernel.module, abi::runName(kernel.op), noType(emit),
                   {emit.pointer(), emit.pointer()}, false);
  Value context = function.getArgument(0), frame = function.getArgument(1);
  Value parts =
      emit.mul(abi::emitWorkers(emit, context), emit.integer(blocksPerWorker));
  for (auto [number, stage] : llvm::enumerate(kernel.plan.stages)) {
    Value points = emit.integer(1), one = emit.integer(1);
    for (StringAttr rank : stage.outer)
      points = emit.mul(points, abi::Frame::load(emit, frame,
                                                 kernel.frame.extentSlot(rank),
                                                 emit.i64()));
    auto ceiling = [&](Value a, Value b) {
      return emit.divide(emit.sub(emit.add(a, b), one), b);
    };
    Value block = emit.greatest(ceiling(points, parts), one);
    abi::Frame::store(emit, frame, slots.points, points);
    abi::Frame::store(emit, frame, slots.block, block);
    emitParallel(emit, context, frame, ceiling(points, block),
                 stageName(kernel, number));
  }
  LLVM::ReturnOp::create(emit.builder, emit.loc, ValueRange());
}

} // namespace

LogicalResult lowerKernel(cascade::KernelOp op, abi::Frame &frame,
                          ModuleOp module) {
  Plan plan(op, frame);
  if (!plan.isValid())
    return failure();
  LoopSlots slots{frame.reserve(1), frame.reserve(1)};
  Kernel kernel{op, module, frame, plan};
  abi::Emitter emit(OpBuilder(op.getContext()), op.getLoc());
  emitLayout(kernel, emit);
  for (size_t i = 0; i < plan.stages.size(); ++i)
    emitStage(kernel, emit, i, slots);
  emitRun(kernel, emit, slots);
  return success();
}

} // namespace weir::loops
