// One emitted function of a kernel: its indices, places and loops.
#include "codegen/loops/Body.h"

#include "codegen/abi/Storage.h"
#include "passes/algebra/Bodies.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::loops {

Body::Body(Kernel &kernel, abi::Emitter &emit, Value frame, Value worker)
    : ScalarEmitter(emit), kernel(kernel), frame(frame), worker(worker),
      entry(emit.builder.getInsertionBlock()) {}

//===-- What does not change within the function
//-----------------------------===//

/// Emits before all loops, behind what was emitted there already.
Value Body::atEntry(llvm::function_ref<Value()> build) {
  OpBuilder::InsertionGuard guard(emit.builder);
  if (lastAtEntry)
    emit.builder.setInsertionPointAfter(lastAtEntry);
  else
    emit.builder.setInsertionPointToStart(entry);
  Value value = build();
  lastAtEntry = value.getDefiningOp();
  return value;
}

Value Body::slot(int64_t number, Type type) {
  Value &value = slots[number];
  if (!value)
    value =
        atEntry([&] { return abi::Frame::load(emit, frame, number, type); });
  return value;
}

Value Body::extent(StringAttr rank) {
  return slot(kernel.frame.extentSlot(rank), emit.i64());
}

//===-- Places
//---------------------------------------------------------------===//

Value Body::placeBytes(abi::Emitter &emit, const Place &place, Type cell,
                       llvm::function_ref<Value(StringAttr)> extent) {
  Value bytes = emit.integer(abi::byteWidth(cell));
  for (StringAttr rank : place.kept)
    bytes = emit.mul(bytes, extent(rank));
  bytes = emit.mul(bytes, emit.integer(place.window));
  return emit.both(emit.add(bytes, emit.integer(63)), emit.integer(-64));
}

/// Where a place begins: its worker's part of it, if it is private.
Value Body::placeBase(const Place &place, int64_t slotNumber, Type cell) {
  Value &base = bases[slotNumber];
  if (base)
    return base;
  Value start = slot(slotNumber, emit.pointer());
  if (!place.isPrivate)
    return base = start;
  for (StringAttr rank : place.kept)
    extent(rank);
  return base = atEntry([&] {
           Value bytes = placeBytes(emit, place, cell, [&](StringAttr rank) {
             return extent(rank);
           });
           return emit.at(emit.i8(), start, emit.mul(bytes, worker));
         });
}

Value Body::offsetIn(const Place &place,
                     llvm::function_ref<Value(StringAttr)> index) {
  for (StringAttr rank : place.kept)
    extent(rank);
  Values &steps = strides[&place]; // the last: of the window
  if (steps.empty()) {
    steps.resize(place.kept.size() + 1);
    Value step = atEntry([&] { return emit.integer(1); });
    for (size_t i = place.kept.size(); i-- > 0;) {
      steps[i] = step;
      step = atEntry([&] { return emit.mul(step, extent(place.kept[i])); });
    }
    steps.back() = step;
  }
  Value offset = emit.integer(0);
  if (place.rolling) {
    Value last = emit.integer(place.window - 1);
    offset = emit.mul(emit.both(index(place.rolling), last), steps.back());
  }
  for (auto [rank, step] : llvm::zip(place.kept, steps))
    offset = emit.add(offset, emit.mul(index(rank), step));
  return offset;
}

Value Body::offsetAt(Value tensor, const Place &place,
                     ArrayRef<Value> indices) {
  auto type = cast<cascade::TensorType>(tensor.getType());
  return offsetIn(place,
                  [&](StringAttr rank) { return indices[type.indexOf(rank)]; });
}

void Body::storePoint(const Place &place, Scalar point) {
  Value offset =
      offsetIn(place, [&](StringAttr rank) { return bound.lookup(rank); });
  Value data = placeBase(place, place.data, place.cell);
  abi::storeElement(emit, place.cell, data, offset, point.value,
                    /*packed=*/false);
  if (!place.hasPlane)
    return;
  Value plane = placeBase(place, place.plane, emit.i1());
  abi::storeElement(emit, emit.i1(), plane, offset, presenceOf(emit, point),
                    false);
}

Scalar Body::loadPoint(const Place &place) {
  Value offset =
      offsetIn(place, [&](StringAttr rank) { return bound.lookup(rank); });
  Value data = placeBase(place, place.data, place.cell);
  Scalar point{abi::loadElement(emit, place.cell, data, offset, false), {}};
  if (place.hasPlane)
    point.present = abi::loadElement(emit, emit.i1(),
                                     placeBase(place, place.plane, emit.i1()),
                                     offset, false);
  return point;
}

//===-- Loops
//----------------------------------------------------------------===//

void Body::forEachIndex(StringAttr rank, bool descending,
                        llvm::function_ref<void()> body) {
  Value size = extent(rank);
  emit.loop(size, [&](Value i) {
    Value last = emit.sub(size, emit.integer(1));
    bound[rank] = descending ? emit.sub(last, i) : i;
    body();
  });
  bound.erase(rank);
}

/// Loops over those of the ranks that are not bound yet.
void Body::forEachPoint(ArrayRef<StringAttr> ranks,
                        llvm::function_ref<void()> body) {
  const auto *next = llvm::find_if(
      ranks, [&](StringAttr rank) { return !bound.contains(rank); });
  if (next == ranks.end())
    return body();
  forEachIndex(*next, false, [&] { forEachPoint(ranks, body); });
}

SmallVector<Scalar> Body::boundIndices(ArrayRef<StringAttr> ranks) {
  return llvm::map_to_vector(
      ranks, [&](StringAttr rank) { return Scalar{bound.lookup(rank), {}}; });
}

/// The value of a region at the bound indices of `ranks`, then at `more`.
Scalar Body::evaluate(Region &region, ArrayRef<StringAttr> ranks, Values more) {
  auto arguments = boundIndices(ranks);
  for (Value value : more)
    arguments.push_back({value, {}});
  return emitRegion(region, arguments).front();
}

Scalar Body::evaluate(algebra::Expr term, ArrayRef<StringAttr> ranks, ArrayRef<StringAttr> reduced, Values more) {
  OpBuilder unattached(kernel.op.getContext());
  Ranks all(ranks);
  llvm::append_range(all, reduced);
  OwningOpRef<cascade::EinsumOp> map = cascade::EinsumOp::create(
      unattached, emit.loc, cascade::TensorType::get(all, term->type), unattached.getStringAttr(""),
      cascade::CombinerAttr::get(kernel.op.getContext(), cascade::Combiner::None), unattached.getArrayAttr({}));
  algebra::writeBody(map->getBody(), emit.loc, ranks, reduced, term, algebra::TensorMap());
  return evaluate(map->getBody(), ranks, more);
}

void Body::emitItem(Operation *item) {
  llvm::TypeSwitch<Operation *>(item)
      .Case([&](cascade::EinsumOp op) { emitEinsum(op); })
      .Case([&](cascade::PrefixOp op) { emitPrefix(op); })
      .Case([&](cascade::TopKOp op) { emitTopK(op); })
      .Case([&](cascade::RankOfOp op) { emitRankOf(op); })
      .Case([&](cascade::FoldOp op) { emitFold(op); })
      .Case([&](cascade::OutputOp op) { emitOutput(op); });
}

} // namespace weir::loops
