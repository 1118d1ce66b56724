// Where tensors lie: shared or one a worker, without the ranks of loops that
// all users share.
#include "codegen/loops/RankLists.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::loops {

using cascade::Combiner;
using cascade::Equation;

/// The type in which an equation's points lie: that of its scalars, whatever
/// their storage outside; sums of folds are kept in double precision.
static Type cellOf(Equation op) {
  Type scalar = op.getTensorType().getScalarType();
  auto state = dyn_cast<cascade::StateOp>(*op);
  bool accumulates = state && (state.getCombiner() == Combiner::Sum ||
                               state.getCombiner() == Combiner::Prod);
  return accumulates && isa<FloatType>(scalar)
             ? Float64Type::get(op->getContext())
             : scalar;
}

/// Places whose tensor another state refers to keep the value before a part
/// too.
static bool isReference(Value tensor) {
  return llvm::any_of(tensor.getUsers(), [](Operation *user) {
    return isa<cascade::StateOp>(user);
  });
}

/// Scratch of one worker's, an element a point of a rank.
static Place scratchAlong(StringAttr rank, Type cell) {
  Place place{{rank}, cell};
  place.isPrivate = true;
  return place;
}

/// Scratch in which a selection sorts.
static SmallVector<Place> selectionPlaces(Equation op) {
  auto along = llvm::TypeSwitch<Operation *, StringAttr>(op)
                   .Case<cascade::TopKOp, cascade::RankOfOp>(
                       [](auto op) { return op.getAlongAttr(); })
                   .Default([](Operation *) { return StringAttr(); });
  if (!along)
    return {};
  Type key = op.getEquationBody().front().getTerminator()->getOperand(0).getType();
  Place indices = scratchAlong(along, IntegerType::get(op->getContext(), 64));
  return {scratchAlong(along, key), indices, indices};
}

/// Scratch of an equation itself.
SmallVector<Place> Plan::scratchFor(Equation op) const {
  auto einsum = dyn_cast<cascade::EinsumOp>(*op);
  if (!einsum || einsum.getCombiner() == Combiner::None)
    return selectionPlaces(op);
  auto buckets = bucketsOf(einsum);
  if (!buckets)
    return {};
  Type i64 = IntegerType::get(op->getContext(), 64);
  return {scratchAlong(buckets->guard->pinned, i64), scratchAlong(buckets->rank, i64)};
}

void Plan::assignPlaces(abi::Frame &frame) {
  llvm::DenseMap<Value, Stage *> home;
  llvm::DenseSet<Value> shared;
  for (Stage &stage : stages)
    for (Operation *item : stage.items)
      for (Equation op : equationsOf(item)) {
        Value tensor = op->getResult(0);
        home[tensor] = &stage;
        auto state = dyn_cast<cascade::StateOp>(*op);
        places[tensor] = {Ranks(op.getTensorType().getRanks()), cellOf(op),
                          presence.mayBeAbsent(tensor) ||
                              (state && !state.getRefs().empty())};
        scratch[op] = scratchFor(op);
      }
  for (Stage &stage : stages)
    for (Operation *item : stage.items)
      for (const Access &access : accessesOf(item)) {
        auto ranks = typeOf(access.tensor).getRanks();
        bool isLocal = home.lookup(access.tensor) == &stage;
        for (auto [rank, subscript] : llvm::zip(ranks, access.subscripts))
          isLocal &=
              rank == subscript || !llvm::is_contained(stage.outer, rank);
        if (!isLocal)
          shared.insert(access.tensor);
      }
  for (auto &[tensor, place] : places)
    if (!shared.contains(tensor)) {
      place.isPrivate = true;
      place.kept = without(place.kept, home[tensor]->outer);
    }
  for (const Stage &stage : stages)
    for (const Nest &nest : stage.nests)
      if (!nest.item)
        roll(stage, nest);
  auto reserve = [&](Place &place) {
    place.data = frame.reserve(1);
    place.plane = place.hasPlane ? frame.reserve(1) : -1;
  };
  for (auto &[tensor, place] : places) {
    reserve(place);
    if (isReference(tensor))
      reserve(formers[tensor] = place);
    for (Place &inner : scratch[tensor.getDefiningOp()])
      reserve(inner);
  }
}

ArrayRef<Place> Plan::scratchOf(Operation *op) const {
  return scratch.find(op)->second;
}

void Plan::forEachPlace(llvm::function_ref<void(const Place &)> visit) const {
  for (auto &[tensor, place] : places) {
    visit(place);
    if (formers.contains(tensor))
      visit(formers.find(tensor)->second);
    for (const Place &inner : scratch.find(tensor.getDefiningOp())->second)
      visit(inner);
  }
}

} // namespace weir::loops
