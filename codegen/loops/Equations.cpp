// Equations without a choice of order: maps, reductions, prefix forms, outputs.
#include "codegen/abi/Storage.h"
#include "codegen/loops/Body.h"

using namespace mlir;

namespace weir::loops {

static Type yieldedType(Region &region) {
  return region.front().getTerminator()->getOperand(0).getType();
}

/// Nested loops over the ranks that are reduced, of which `indices` are entered already; they carry the state.
Values Body::reduce(Reduction &reduction, cascade::EinsumOp op, const std::optional<Plan::Buckets> &buckets,
                    Values indices, Values state) {
  auto ranks = op.getTensorType().getRanks();
  auto reduced = llvm::to_vector(op.getReduced().getAsRange<StringAttr>());
  if (indices.size() == reduced.size())
    return reduction.step(state, evaluate(op.getBody(), ranks, indices), indices.back());
  auto inner = [&](Value i, ValueRange carried) {
    Values deeper = indices;
    deeper.push_back(i);
    return reduce(reduction, op, buckets, deeper, Values(carried));
  };
  StringAttr rank = reduced[indices.size()];
  if (buckets && rank == buckets->rank)
    return followBucket(op, *buckets, state, inner);
  const algebra::Guard &guard = kernel.plan.guardsOf(op)[indices.size()];
  auto [from, to] = rangeOf(guard, rank, ranks, ArrayRef(reduced).take_front(indices.size()), indices);
  return emit.carry(from, to, state, inner);
}

void Body::emitEinsum(cascade::EinsumOp op) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  auto ranks = op.getTensorType().getRanks();
  if (op.getCombiner() == cascade::Combiner::None)
    return forEachPoint(ranks, [&] { storePoint(place, evaluate(op.getBody(), ranks, {})); });
  auto buckets = kernel.plan.bucketsOf(op);
  if (buckets && bound.contains(buckets->guard->pinned)) // a loop shared with others: lists for one index are no gain
    buckets.reset();
  auto reducePoints = [&] {
    if (buckets)
      fillBuckets(op, *buckets);
    forEachPoint(ranks, [&] {
      Reduction reduction(emit, op.getCombiner(), yieldedType(op.getBody()));
      storePoint(place, reduction.finish(reduce(reduction, op, buckets, {}, reduction.start())));
    });
  };
  forEachPoint(buckets ? ArrayRef<StringAttr>(buckets->key) : ArrayRef<StringAttr>(), reducePoints);
}

void Body::emitPrefix(cascade::PrefixOp op) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  auto ranks = op.getTensorType().getRanks();
  StringAttr along = op.getAlongAttr();
  Ranks others;
  llvm::copy_if(ranks, std::back_inserter(others),
                [&](StringAttr rank) { return rank != along; });
  forEachPoint(others, [&] {
    Reduction reduction(emit, op.getCombiner(), yieldedType(op.getBody()));
    Value size = extent(along);
    emit.carry(
        emit.integer(0), size, reduction.start(),
        [&](Value i, ValueRange carried) {
          bound[along] = op.getReverse()
                             ? emit.sub(emit.sub(size, emit.integer(1)), i)
                             : i;
          Values next = reduction.step(
              carried, evaluate(op.getBody(), ranks, {}), bound[along]);
          storePoint(place, reduction.finish(op.getExclusive() ? Values(carried)
                                                               : next));
          return next;
        });
    bound.erase(along);
  });
}

/// What is stored at absent points: a constant, 0 if none is given.
static Value emitFill(abi::Emitter &emit, Attribute fill, Type type) {
  if (auto real = dyn_cast_or_null<FloatAttr>(fill))
    return abi::convertScalar(
        emit, emit.real(emit.f64(), real.getValueAsDouble()), type);
  auto integer = dyn_cast_or_null<IntegerAttr>(fill);
  Value value = emit.integer(integer ? integer.getValue().getSExtValue() : 0);
  return abi::convertScalar(emit, value, type);
}

void Body::emitOutput(cascade::OutputOp op) {
  const abi::Argument &argument = kernel.frame.getArgument(op);
  auto type = cast<cascade::TensorType>(op.getTensor().getType());
  forEachPoint(type.getRanks(), [&] {
    Values indices = llvm::map_to_vector(
        type.getRanks(), [&](StringAttr rank) { return bound.lookup(rank); });
    Scalar point = readAt(definingTensor(op.getTensor()), indices, {});
    Value value = point.value;
    if (point.present) {
      Value fill = emitFill(emit, op.getFillAttr(), value.getType());
      value = emit.select(point.present, value, fill);
    }
    Value offset = emit.integer(0);
    for (auto [i, index] : llvm::enumerate(indices))
      offset = emit.add(
          offset, emit.mul(index, slot(argument.strideSlot(i), emit.i64())));
    abi::storeElement(emit, argument.storage,
                      slot(argument.slot, emit.pointer()), offset, value,
                      /*packed=*/true);
  });
}

} // namespace weir::loops
