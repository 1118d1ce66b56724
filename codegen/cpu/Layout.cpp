// Where a kernel's block tiles lie: slots of the frame, bytes of the workspace.
#include "codegen/cpu/Layout.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Storage.h"
#include "codegen/cpu/View.h"

using namespace mlir;

namespace weir::cpu {

// Rows of a block without a tile are rounded up to whole groups of any size in
// use.
static constexpr int64_t rowGroup = 24;

//===-- Blocks ------------------------------------------------------------===//

tile::Domain domainOf(Operation *block) {
  if (auto stage = dyn_cast<tile::StageOp>(block))
    return stage.getDomain();
  return cast<tile::CarryOp>(block).getDomain();
}

/// A thread's state of two ranks lies in panels as wide as what is added to it
/// or, where nothing is, as what reads it.
static int64_t widthOfCarry(tile::CarryOp carry) {
  if (carry.getTiles().size() != 2 || isa<tile::KernelOp>(carry->getParentOp()))
    return 0;
  int64_t width = 0;
  for (Operation *user : carry.getResult().getUsers()) {
    auto accumulate = dyn_cast<tile::AccumulateOp>(user);
    if (accumulate && accumulate.getRef() == carry.getResult())
      return widthOf(accumulate.getRhs().getDefiningOp());
    if (auto subtile = user->getParentOfType<tile::SubtileOp>())
      width = std::max(width, subtile.getColumns());
  }
  return std::max<int64_t>(width, 1);
}

int64_t widthOf(Operation *block) {
  if (auto carry = dyn_cast<tile::CarryOp>(block))
    return widthOfCarry(carry);
  auto panel =
      dyn_cast<tile::PanelAttr>(cast<tile::StageOp>(block).getEncoding());
  return panel ? panel.getWidth() : 0;
}

int64_t runOf(Operation *block) {
  auto stage = dyn_cast<tile::StageOp>(block);
  auto runs = stage ? dyn_cast<tile::RunsAttr>(stage.getEncoding())
                    : tile::RunsAttr();
  return runs ? runs.getWidth() : 1;
}

/// Ranks of a block that lie in panels and along them.
static std::pair<unsigned, unsigned> panelRanks(Operation *block) {
  unsigned ranks = domainOf(block).size();
  return isa<tile::CarryOp>(block) ? std::pair(ranks - 1, ranks - 2)
                                   : std::pair(ranks - 2, ranks - 1);
}

static Type storageOf(Operation *block) {
  return tile::storageTypeOf(block->getResult(0));
}

//===-- Slots -------------------------------------------------------------===//

Layout::Layout(tile::KernelOp kernel, abi::Frame &frame)
    : kernel(kernel), frame(frame) {
  scratchBase = frame.reserve(1);
  scratchSize = frame.reserve(1);
  kernel.getBody().walk([&](Operation *op) {
    bool isTop = op->getParentOp() == kernel;
    if (isa<tile::StageOp, tile::CarryOp>(op))
      reserve(op, !isTop);
    else if (isa<tile::IndexOp>(op) && isTop)
      indices[op] = frame.reserve(1);
  });
}

void Layout::reserve(Operation *op, bool isPrivate) {
  BlockSlots slots;
  slots.isPrivate = isPrivate;
  slots.base = frame.reserve(1);
  auto [lane, depth] = panelRanks(op);
  bool isPanel = widthOf(op) != 0;
  for (unsigned i = 0; i < domainOf(op).size(); ++i)
    slots.strides.push_back(
        isPanel && (i == lane || i == depth) ? -1 : frame.reserve(1));
  if (isPanel) {
    slots.panelStride = frame.reserve(1);
    slots.depthStride = frame.reserve(1);
  }
  blocks[op] = slots;
}

LogicalResult Layout::verify() {
  for (auto &[op, slots] : blocks) {
    tile::Domain domain = domainOf(op);
    Type storage = storageOf(op);
    bool isStrided = isa<tile::CarryOp>(op) && widthOf(op) == 0;
    if (!isStrided && storage != tile::computeTypeOf(storage))
      return op->emitOpError("holds ")
             << storage << " where only types that are computed with can be";
    for (size_t i = 0; i < domain.size(); ++i)
      if (!domain[i].tile &&
          domain[i].end.getParentRegion() != &kernel.getBody())
        return op->emitOpError(
                   "needs room that depends on a loop's index; give rank ")
               << i << " a tile";
  }
  return success();
}

/// Lays out one block: fills in the slots of its strides; returns its bytes.
Value Layout::layOut(Scope &scope, Operation *op) {
  const BlockSlots &slots = blocks[op];
  tile::Domain domain = domainOf(op);
  int64_t width = widthOf(op);
  auto [lane, depth] = panelRanks(op);
  Value size = scope.integer(1);
  auto roundedRoom = [&](size_t i) {
    Value room = scope.room(domain, i);
    if (int64_t run = runOf(op); run > 1 && i + 1 == domain.size())
      return scope.floorDivide(scope.add(room, scope.integer(run - 1)), run);
    return isa<tile::CarryOp>(op) && slots.isPrivate && !domain[i].tile
               ? scope.roundUp(room, rowGroup)
               : room;
  };
  if (width) {
    Value depthStride = scope.integer(width);
    Value panelStride = scope.mul(roundedRoom(depth), depthStride);
    Value panels = scope.floorDivide(
        scope.add(scope.room(domain, lane), scope.integer(width - 1)), width);
    setSlot(scope, slots.depthStride, depthStride);
    setSlot(scope, slots.panelStride, panelStride);
    size = scope.mul(panelStride, panels);
  }
  for (size_t i = domain.size(); i-- > 0;) {
    if (slots.strides[i] < 0)
      continue;
    setSlot(scope, slots.strides[i], size);
    size = scope.mul(size, roundedRoom(i));
  }
  return scope.roundUp(
      scope.mul(size, scope.integer(abi::byteWidth(storageOf(op)))), 64);
}

void Layout::emitFunction(ModuleOp module, const CpuTarget &target) {
  Scope scope(OpBuilder(module.getContext()), kernel.getLoc(), target);
  auto function = abi::makeFunction(
      scope, module, (kernel.getSymName() + ".layout").str(), scope.i64(),
      {scope.pointer(), scope.pointer(), scope.i64()}, false);
  scope.frame = function.getArgument(0);
  Value place = function.getArgument(1), used = scope.integer(0),
        scratch = scope.integer(0);
  for (unsigned i = 0; i < kernel.getRanks().size(); ++i)
    load(scope, kernel.getExtent(i));
  for (Operation &op : kernel.getBody().getOps()) {
    if (auto index = dyn_cast<tile::IndexOp>(op)) {
      for (Value operand : index.getIndices())
        load(scope, operand);
      Value value = scope.expand(index);
      scope.scalars[index] = value;
      setSlot(scope, indices[&op], value);
    } else if (isa<tile::StageOp, tile::CarryOp>(op)) {
      const BlockSlots &slots = blocks[&op];
      Value bytes = layOut(scope, &op);
      Value base = scope.at(scope.i8(), place, used);
      setSlot(scope, slots.base, base);
      auto stage = dyn_cast<tile::StageOp>(op);
      if (auto view = stage ? viewOf(stage) : std::nullopt) {
        load(scope, view->load.getRef());
        const Ref &tensor = scope.refs[view->load.getRef()];
        Value isView = isServed(scope, stage, *view);
        auto choose = [&](int64_t slot, Value value) {
          Value own = getSlot(scope, slot, value.getType());
          setSlot(scope, slot, scope.select(isView, value, own));
        };
        choose(slots.base, tensor.base);
        choose(slots.panelStride, scope.integer(widthOf(stage)));
        choose(slots.depthStride, tensor.strides[view->dimensions.back()]);
        for (auto [i, slot] : llvm::enumerate(slots.strides))
          if (slot >= 0)
            choose(slot, tensor.strides[view->dimensions[i]]);
        bytes = scope.select(isView, scope.integer(0), bytes);
      }
      used = scope.add(used, bytes);
    } else {
      Value own = scope.integer(0);
      op.walk([&](Operation *inner) {
        if (!isa<tile::StageOp, tile::CarryOp>(inner))
          return;
        setSlot(scope, blocks[inner].base, own);
        own = scope.add(own, layOut(scope, inner));
      });
      scratch = scope.greatest(scratch, own);
    }
  }
  setSlot(scope, scratchBase, scope.at(scope.i8(), place, used));
  setSlot(scope, scratchSize, scratch);
  Value total = scope.add(used, scope.mul(scratch, function.getArgument(2)));
  LLVM::ReturnOp::create(scope.builder, scope.loc, total);
}

//===-- Reading the slots -------------------------------------------------===//

Value Layout::isFilled(Scope &scope, tile::StageOp stage) {
  auto view = viewOf(stage);
  if (!view)
    return scope.truth(true);
  load(scope, view->load.getRef());
  return scope.invert(isServed(scope, stage, *view));
}

Value Layout::scratchOf(Scope &scope) {
  Value base = getSlot(scope, scratchBase, scope.pointer());
  Value size = getSlot(scope, scratchSize, scope.i64());
  return scope.at(scope.i8(), base, scope.mul(scope.worker, size));
}

Ref Layout::blockOf(Scope &scope, Operation *op) {
  const BlockSlots &slots = blocks[op];
  tile::Domain domain = domainOf(op);
  Ref ref;
  ref.storage = storageOf(op);
  ref.width = widthOf(op);
  std::tie(ref.lane, ref.depth) = panelRanks(op);
  if (slots.isPrivate)
    ref.base = scope.at(scope.i8(), scope.scratch,
                        getSlot(scope, slots.base, scope.i64()));
  else
    ref.base = getSlot(scope, slots.base, scope.pointer());
  for (size_t i = 0; i < domain.size(); ++i) {
    auto [origin, end] = scope.range(domain, i);
    ref.origins.push_back(domain[i].tile ? origin : Value());
    ref.ends.push_back(end);
    bool hasStride = slots.strides[i] >= 0;
    ref.strides.push_back(
        hasStride ? getSlot(scope, slots.strides[i], scope.i64()) : Value());
  }
  if (ref.isPanel()) {
    ref.panelStride = getSlot(scope, slots.panelStride, scope.i64());
    // Panels of a thread's own are dense; others may be a view of a tensor.
    auto stage = dyn_cast<tile::StageOp>(op);
    auto view = stage ? viewOf(stage) : std::nullopt;
    ref.depthStride = !view || slots.isPrivate
                          ? scope.integer(ref.width)
                          : getSlot(scope, slots.depthStride, scope.i64());
  }
  auto stage = dyn_cast<tile::StageOp>(op);
  if (auto view = stage ? viewOf(stage) : std::nullopt; view && slots.isPrivate)
    redirect(scope, stage, *view, ref);
  return ref;
}

void Layout::load(Scope &scope, Value value) {
  if (scope.scalars.contains(value) || scope.refs.contains(value))
    return;
  if (Operation *op = value.getDefiningOp()) {
    if (isa<tile::IndexOp>(op)) {
      scope.scalars[value] = getSlot(scope, indices[op], scope.i64());
      return;
    }
    tile::Domain domain = domainOf(op);
    for (Value end : domain.ends)
      load(scope, end);
    for (Value origin : domain.origins)
      load(scope, origin);
    scope.refs[value] = blockOf(scope, op);
    return;
  }
  unsigned number = cast<BlockArgument>(value).getArgNumber(),
           ranks = kernel.getRanks().size();
  if (number < ranks) {
    int64_t pinned = kernel.getPinned()[number];
    scope.scalars[value] =
        pinned >= 0 ? scope.integer(pinned)
                    : getSlot(scope,
                              frame.extentSlot(
                                  cast<StringAttr>(kernel.getRanks()[number])),
                              scope.i64());
    return;
  }
  const abi::Argument &argument = frame.getArguments()[number - ranks];
  auto attribute =
      cast<tile::ArgumentAttr>(kernel.getArguments()[number - ranks]);
  if (attribute.getDirection() == tile::Direction::Param) {
    Type type = tile::computeTypeOf(attribute.getElementType());
    scope.scalars[value] = getSlot(scope, argument.slot, type);
    return;
  }
  Ref ref;
  ref.storage = attribute.getElementType();
  ref.base = getSlot(scope, argument.slot, scope.pointer());
  for (auto [i, rank] :
       llvm::enumerate(attribute.getRanks().getAsRange<StringAttr>())) {
    unsigned position =
        llvm::find(kernel.getRanks(), rank) - kernel.getRanks().begin();
    load(scope, kernel.getExtent(position));
    ref.ends.push_back(scope.get(kernel.getExtent(position)));
    ref.origins.push_back(Value());
    ref.strides.push_back(getSlot(scope, argument.strideSlot(i), scope.i64()));
  }
  scope.refs[value] = ref;
}

void Layout::load(Scope &scope, Region &region) {
  region.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (operand.getParentRegion() == &kernel.getBody())
        load(scope, operand);
  });
}

} // namespace weir::cpu
