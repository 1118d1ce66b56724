// Folds: one pass over a rank, part by part; states follow their references.
#include "codegen/abi/Storage.h"
#include "codegen/loops/Body.h"

using namespace mlir;

namespace weir::loops {

/// Points of a fold between two moves of the states.
static constexpr int64_t partSize = 64;

static Type yieldedType(cascade::StateOp op) {
  return op.getBody().front().getTerminator()->getOperand(0).getType();
}

/// The running state of a reduction from what a place holds, and back: the
/// value, with the presence bit of an extremum.
static Values stateOf(cascade::Combiner combiner, Scalar held) {
  bool hasBit =
      combiner == cascade::Combiner::Max || combiner == cascade::Combiner::Min;
  return hasBit ? Values{held.value, held.present} : Values{held.value};
}

/// Before its first point.
void Body::startState(cascade::StateOp op) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  forEachPoint(op.getTensorType().getRanks(), [&] {
    Reduction reduction(emit, op.getCombiner(), yieldedType(op));
    storePoint(place, {reduction.start()[0], emit.truth(false)});
  });
}

/// Keeps the value before the part for the shifts of other states.
void Body::rememberFormer(Value tensor) {
  if (!kernel.plan.hasFormer(tensor))
    return;
  auto ranks = cast<cascade::TensorType>(tensor.getType()).getRanks();
  forEachPoint(ranks, [&] {
    storePoint(kernel.plan.formerPlaceOf(tensor),
               loadPoint(kernel.plan.placeOf(tensor)));
  });
}

/// Moves a state to its references' new values, where it has seen a point.
void Body::emitShift(cascade::StateOp op) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  Type type = op.getTensorType().getScalarType();
  Scalar self = loadPoint(place);
  emit.when(presenceOf(emit, self), [&] {
    auto arguments = boundIndices(op.getTensorType().getRanks());
    auto take = [&](Value tensor, const Place &from) {
      Type scalar = cast<cascade::TensorType>(tensor.getType()).getScalarType();
      arguments.push_back(
          {abi::convertScalar(emit, loadPoint(from).value, scalar), {}});
    };
    arguments.push_back({abi::convertScalar(emit, self.value, type), {}});
    for (Value other : op.getBasis())
      take(other, kernel.plan.formerPlaceOf(other));
    for (Value ref : op.getRefs()) {
      take(ref, kernel.plan.formerPlaceOf(ref));
      take(ref, kernel.plan.placeOf(ref));
    }
    Scalar moved = emitRegion(op.getShift(), arguments).front();
    if (moved.present) {
      Reduction reduction(emit, op.getCombiner(), yieldedType(op));
      Value empty =
          abi::convertScalar(emit, reduction.start()[0], moved.value.getType());
      moved.value = emit.select(moved.present, moved.value, empty);
    }
    storePoint(place, moved);
  });
}

/// Combines a state with the points [from, to), numbered with the last of the
/// fold's ranks fastest.
void Body::emitState(cascade::StateOp op, ArrayRef<Value> extents, Value from,
                     Value to) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  auto ranks = op.getTensorType().getRanks();
  auto over = op->getParentOfType<cascade::FoldOp>().getOverRanks();
  forEachPoint(ranks, [&] {
    if (!op.getRefs().empty())
      emitShift(op);
    Value first = from, last = to;
    if (over.size() == 1) {
      auto range = rangeOf(kernel.plan.guardsOf(op)[0], over[0], ranks, {}, {});
      first = emit.greatest(from, range.first);
      last = emit.least(to, range.second);
    }
    Scalar held = loadPoint(place);
    Reduction reduction(emit, op.getCombiner(), yieldedType(op));
    Values state = stateOf(op.getCombiner(), held);
    Value seen = presenceOf(emit, held);
    state.push_back(seen);
    Values next = emit.carry(first, last, state, [&](Value i, ValueRange carried) {
      Scalar point =
          evaluate(op.getBody(), ranks, emit.delinearise(i, extents));
      Values stepped = reduction.step(carried.drop_back(), point, i);
      stepped.push_back(emit.either(carried.back(), presenceOf(emit, point)));
      return stepped;
    });
    storePoint(place, {next[0], next.back()});
  });
}

void Body::emitReference(cascade::ReferenceOp op) {
  auto ranks = op.getTensorType().getRanks();
  forEachPoint(ranks, [&] {
    storePoint(kernel.plan.placeOf(op.getResult()),
               evaluate(op.getBody(), ranks, {}));
  });
}

void Body::emitFold(cascade::FoldOp op) {
  auto equations = llvm::to_vector(op.getBody().getOps<cascade::Equation>());
  // References have a value before the first part too: nothing is shifted from
  // it.
  for (cascade::Equation equation : equations) {
    if (auto state = dyn_cast<cascade::StateOp>(*equation))
      startState(state);
    else
      emitReference(cast<cascade::ReferenceOp>(*equation));
  }
  Values extents;
  Value size = emit.integer(1);
  for (StringAttr rank : op.getOverRanks()) {
    extents.push_back(extent(rank));
    size = emit.mul(size, extents.back());
  }
  emit.loop(emit.integer(0), size, emit.integer(partSize), [&](Value from) {
    Value to = emit.least(emit.add(from, emit.integer(partSize)), size);
    for (cascade::Equation equation : equations) {
      rememberFormer(equation->getResult(0));
      if (auto state = dyn_cast<cascade::StateOp>(*equation))
        emitState(state, extents, from, to);
      else
        emitReference(cast<cascade::ReferenceOp>(*equation));
    }
  });
}

} // namespace weir::loops
