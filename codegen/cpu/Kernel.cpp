// The lowering of a kernel: parallel loops, loops over tiles, block tiles.
#include "codegen/cpu/Lowering.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Storage.h"
#include "codegen/cpu/Pointwise.h"
#include "codegen/cpu/View.h"

using namespace mlir;

namespace weir::cpu {

LogicalResult lowerKernel(tile::KernelOp kernel, abi::Frame &frame,
                          const CpuTarget &target, ModuleOp module) {
  return KernelLowering(kernel, frame, target, module).run();
}

LogicalResult KernelLowering::run() {
  if (failed(layout.verify()))
    return failure();
  layout.emitFunction(module, target);
  Scope scope(OpBuilder(module.getContext()), kernel.getLoc(), target);
  auto function =
      abi::makeFunction(scope, module, (kernel.getSymName() + ".run").str(),
                        LLVM::LLVMVoidType::get(module.getContext()),
                        {scope.pointer(), scope.pointer()}, false);
  scope.context = function.getArgument(0);
  scope.frame = function.getArgument(1);
  for (Operation &op : kernel.getBody().getOps())
    if (failed(emitTop(scope, op)))
      return failure();
  LLVM::ReturnOp::create(scope.builder, scope.loc, ValueRange());
  return success();
}

LogicalResult KernelLowering::emitTop(Scope &scope, Operation &op) {
  if (isa<tile::IndexOp>(op))
    return success(); // the layout has it
  if (auto stage = dyn_cast<tile::StageOp>(op))
    return emitParallelStage(scope, stage);
  if (auto parallel = dyn_cast<tile::ParallelOp>(op))
    return emitParallel(scope, parallel);
  if (auto carry = dyn_cast<tile::CarryOp>(op)) {
    if (carry.getInit()) {
      layout.load(scope, carry.getResult());
      emitCarry(scope, carry);
    }
    return success();
  }
  return op.emitOpError("cannot stand directly in a kernel");
}

LogicalResult KernelLowering::outline(
    StringRef name, Location loc,
    llvm::function_ref<LogicalResult(Scope &, Value)> body) {
  Scope scope(OpBuilder(module.getContext()), loc, target);
  auto function = abi::makeFunction(
      scope, module, name, LLVM::LLVMVoidType::get(module.getContext()),
      {scope.pointer(), scope.i64(), scope.i64()}, false);
  scope.frame = function.getArgument(0);
  scope.worker = function.getArgument(2);
  scope.scratch = layout.scratchOf(scope);
  if (failed(body(scope, function.getArgument(1))))
    return failure();
  LLVM::ReturnOp::create(scope.builder, scope.loc, ValueRange());
  return success();
}

static Value product(Scope &scope, ArrayRef<Value> counts) {
  Value result = scope.integer(1);
  for (Value count : counts)
    result = scope.mul(result, count);
  return result;
}

static SmallVector<Value> countsOf(Scope &scope, tile::ParallelOp op) {
  SmallVector<Value> counts;
  for (auto [end, step] : llvm::zip(op.getEnds(), op.getSteps()))
    counts.push_back(scope.floorDivide(
        scope.add(scope.get(end), scope.integer(step - 1)), step));
  return counts;
}

LogicalResult KernelLowering::emitParallel(Scope &scope, tile::ParallelOp op) {
  std::string name = (kernel.getSymName() + ".loop" + Twine(outlined++)).str();
  auto body = [&](Scope &inner, Value index) {
    layout.load(inner, op.getBody());
    for (Value end : op.getEnds())
      layout.load(inner, end);
    SmallVector<Value> counts = countsOf(inner, op),
                       indices = inner.delinearise(index, counts);
    for (auto [i, argument] : llvm::enumerate(op.getBody().getArguments())) {
      Value place = indices[i];
      if (op.getDescending()[i])
        place = inner.sub(inner.sub(counts[i], inner.integer(1)), place);
      inner.scalars[argument] =
          inner.mul(place, inner.integer(op.getSteps()[i]));
    }
    return emitBlock(inner, op.getBody().front(), Fullness::Unknown);
  };
  if (failed(outline(name, op.getLoc(), body)))
    return failure();
  for (Value end : op.getEnds())
    layout.load(scope, end);
  abi::emitParallel(scope, scope.context, scope.frame,
                    product(scope, countsOf(scope, op)), name);
  return success();
}

/// The numbers of leading indices and of panels (of rows, where not panelled).
static SmallVector<Value> partsOf(Scope &scope, tile::StageOp op,
                                  const Ref &ref) {
  SmallVector<Value> counts;
  unsigned leading = op.getTiles().size() - (ref.isPanel() ? 2 : 1);
  for (unsigned i = 0; i < leading; ++i) {
    auto [from, to] = scope.range(op.getDomain(), i);
    counts.push_back(scope.greatest(scope.sub(to, from), scope.integer(0)));
  }
  if (ref.isPanel()) {
    auto [from, to] = scope.range(op.getDomain(), leading);
    Value extent = scope.greatest(scope.sub(to, from), scope.integer(0));
    counts.push_back(scope.floorDivide(
        scope.add(extent, scope.integer(ref.width - 1)), ref.width));
  }
  return counts;
}

/// Fills part `index` of a staged block.
static LogicalResult emitPart(Scope &scope, tile::StageOp op, const Ref &ref,
                              Value index) {
  SmallVector<Value> counts = partsOf(scope, op, ref),
                     parts = scope.delinearise(index, counts);
  unsigned leading = op.getTiles().size() - (ref.isPanel() ? 2 : 1);
  for (unsigned i = 0; i < leading; ++i)
    parts[i] = scope.add(parts[i], scope.range(op.getDomain(), i).first);
  if (ref.isPanel())
    return emitPanel(scope, op, ref, ArrayRef(parts).drop_back(), parts.back());
  return emitRow(scope, op, ref, parts);
}

LogicalResult KernelLowering::emitParallelStage(Scope &scope,
                                                tile::StageOp op) {
  std::string name = (kernel.getSymName() + ".stage" + Twine(outlined++)).str();
  auto body = [&](Scope &inner, Value index) {
    layout.load(inner, op.getBody());
    layout.load(inner, op.getResult());
    return emitPart(inner, op, inner.refs[op.getResult()], index);
  };
  if (failed(outline(name, op.getLoc(), body)))
    return failure();
  layout.load(scope, op.getResult());
  Value parts = product(scope, partsOf(scope, op, scope.refs[op.getResult()]));
  Value isFilled = layout.isFilled(scope, op);
  abi::emitParallel(scope, scope.context, scope.frame,
                    scope.select(isFilled, parts, scope.integer(0)), name);
  return success();
}

//===-- Inside a parallel loop --------------------------------------------===//

LogicalResult KernelLowering::emitBlock(Scope &scope, Block &block, Fullness fullness) {
  for (Operation &op : block)
    if (failed(emitOp(scope, op, fullness)))
      return failure();
  return success();
}

LogicalResult KernelLowering::emitOp(Scope &scope, Operation &op, Fullness fullness) {
  if (auto index = dyn_cast<tile::IndexOp>(op)) {
    scope.scalars[index] = scope.expand(index);
    return success();
  }
  if (auto stage = dyn_cast<tile::StageOp>(op))
    return emitStage(scope, stage);
  if (auto carry = dyn_cast<tile::CarryOp>(op)) {
    scope.refs[carry] = layout.blockOf(scope, carry);
    emitCarry(scope, carry);
    return success();
  }
  if (auto loop = dyn_cast<tile::ForOp>(op))
    return emitFor(scope, loop, fullness);
  if (auto when = dyn_cast<tile::WhenOp>(op))
    return emitWhen(scope, when, fullness);
  if (isa<tile::LoadOp, tile::MapOp>(op))
    return emitScalar(scope, op);
  if (auto subtile = dyn_cast<tile::SubtileOp>(op))
    return emitSubtile(scope, subtile, fullness);
  return op.emitOpError("cannot stand in a loop over tiles");
}

/// Work that one condition guards, and code apart for full tiles if another tells.
LogicalResult KernelLowering::emitWhen(Scope &scope, tile::WhenOp op, Fullness fullness) {
  LogicalResult result = success();
  auto body = [&](Fullness fullness) {
    if (failed(emitBlock(scope, op.getBody().front(), fullness)))
      result = failure();
    return SmallVector<Value>();
  };
  scope.when(scope.get(op.getCondition()), [&] {
    if (op.getFull())
      scope.choose(
          scope.get(op.getFull()), TypeRange(), [&] { return body(Fullness::Full); },
          [&] { return body(Fullness::Partial); });
    else
      body(fullness);
  });
  return result;
}

LogicalResult KernelLowering::emitStage(Scope &scope, tile::StageOp op) {
  const Ref &ref = scope.refs[op.getResult()] = layout.blockOf(scope, op);
  LogicalResult result = success();
  Value parts = product(scope, partsOf(scope, op, ref));
  if (viewOf(op))
    parts = scope.select(layout.isFilled(scope, op), parts, scope.integer(0));
  scope.loop(parts, [&](Value part) { result = emitPart(scope, op, Ref(ref), part); });
  return result;
}

void KernelLowering::emitCarry(Scope &scope, tile::CarryOp op) {
  if (!op.getInit())
    return;
  Ref ref = scope.refs[op.getResult()];
  auto constant = arith::ConstantOp::create(scope.builder, scope.loc,
                                            cast<TypedAttr>(*op.getInit()));
  Value elements = scope.integer(1);
  tile::Domain domain = op.getDomain();
  if (ref.isPanel()) {
    Value room = scope.room(domain, ref.lane);
    Value panels = scope.floorDivide(
        scope.add(room, scope.integer(ref.width - 1)), ref.width);
    elements = scope.mul(panels, ref.panelStride);
  } else {
    // The first stride covers everything below the first rank.
    Value room = scope.room(domain, 0);
    Operation *parent = op->getParentOp();
    if (!domain[0].tile && !isa<tile::KernelOp>(parent))
      room = scope.roundUp(room, 24);
    elements = scope.mul(room, ref.strides[0]);
  }
  int64_t lanes = isa<FloatType>(ref.storage) ? scope.target.getLevel().lanes(ref.storage) : 1;
  Value whole = scope.mul(scope.floorDivide(elements, lanes), scope.integer(lanes));
  auto fill = [&](Value from, Value to, int64_t count) {
    Value value = count > 1 ? scope.splat(constant, count) : constant;
    scope.loop(from, to, scope.integer(count), [&](Value i) {
      LLVM::StoreOp::create(scope.builder, scope.loc, value, scope.offset(ref.storage, ref.base, i),
                            abi::byteWidth(ref.storage));
    });
  };
  fill(scope.integer(0), whole, lanes);
  if (lanes > 1)
    fill(whole, elements, 1);
}

/// The values `from + i * step` below `to`; back to front if `isDescending`.
static void emitRange(Scope &scope, Value from, Value to, int64_t step,
                      bool isDescending, llvm::function_ref<void(Value)> body) {
  Value gap = scope.greatest(scope.sub(to, from), scope.integer(0));
  Value count =
      scope.floorDivide(scope.add(gap, scope.integer(step - 1)), step);
  scope.loop(count, [&](Value i) {
    Value place =
        isDescending ? scope.sub(scope.sub(count, scope.integer(1)), i) : i;
    body(scope.add(from, scope.mul(place, scope.integer(step))));
  });
}

/// Which tiles are full is told for each group of rows in them, so that they need no loop
/// of their own.
LogicalResult KernelLowering::emitFor(Scope &scope, tile::ForOp op, Fullness fullness) {
  LogicalResult result = success();
  bool isDescending = op.getOrder() == tile::Order::Descending;
  emitRange(scope, scope.get(op.getLower()), scope.get(op.getUpper()), op.getStep(), isDescending,
            [&](Value index) {
              scope.scalars[op.getBody().getArgument(0)] = index;
              result = emitBlock(scope, op.getBody().front(), fullness);
            });
  return result;
}

} // namespace weir::cpu
