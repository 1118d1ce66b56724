// A fold whose columns several blocks share: each keeps the states of its part, and outputs are made of them together.
#include "passes/schedule/FoldEmitter.h"

using namespace mlir;
using namespace weir::cascade;
using Relation = weir::cascade::Predicate;

namespace weir::schedule {

/// Stores what the block's states are, a part of their values.
void FoldEmitter::storeParts() {
  auto scratch = [&](Value ref, StringRef name, ArrayRef<StringAttr> ranks, Type type) {
    SmallVector<StringAttr> all{part};
    llvm::append_range(all, ranks);
    parts[ref] = emit.addScratch((name + ".parts").str(), all, type);
  };
  auto store = [&](Value value, Value ref, Operands at) {
    at.insert(at.begin(), ex.index(part));
    emit.store(value, parts.lookup(ref), at);
  };
  auto storeState = [&](StatePlan &state) {
    Carried &c = carried[state.op.getResult()];
    store(emit.value(c.running), c.ref, ex.indicesOf(state.op.getTensorType()));
  };
  SmallVector<StringAttr> points(nest.grid);
  points.push_back(nest.row);
  for (StatePlan &state : nest.states)
    scratch(carried[state.op.getResult()].ref, state.op.getName(), state.op.getTensorType().getRanks(),
            state.op.getTensorType().getScalarType());
  for (auto [i, presence] : llvm::enumerate(presences))
    scratch(presence.second, "present" + std::to_string(i), points, tile::storageTypeOf(presence.second));

  emit.subtile({}, {}, [&] {
    for (StatePlan &state : nest.states)
      if (!state.extra)
        storeState(state);
    for (auto &[predicate, flags] : presences) {
      auto loaded = tile::LoadOp::create(emit.builder(), emit.loc(),
                                         tile::shapeOfIndices(emit.rowIndex(), tile::storageTypeOf(flags)), flags,
                                         ValueRange(emit.rowIndex()));
      store(loaded, flags, llvm::map_to_vector<4>(points, [&](StringAttr rank) { return ex.index(rank); }));
    }
  });
  for (StatePlan &state : nest.states)
    if (state.extra)
      emit.forColumns(state.extra, emit.constantIndex(0, "first"), emit.extent(state.extra), {},
                      [&] { emit.subtile(state.extra, {}, [&] { storeState(state); }); });
}

const Node *FoldEmitter::partOf(StateOp state, int64_t number) {
  Operands at = ex.indicesOf(state.getTensorType());
  at.insert(at.begin(), ex.integer(number));
  return ex.load(parts.lookup(carried[state.getResult()].ref), at, state.getTensorType().getScalarType());
}

/// The merge of a fold: states of disjoint parts, moved to common references by their shifts, are combined.
const Node *FoldEmitter::merged(StatePlan &state) {
  Combiner combiner = state.op.getCombiner();
  auto function = combiner == Combiner::Sum ? BinaryFn::Add : combiner == Combiner::Max ? BinaryFn::Max : BinaryFn::Min;
  const Node *all = nullptr;
  for (int64_t number = 0; number < emit.getShape().splits; ++number) {
    auto ofPart = [&](StateOp other) { return partOf(other, number); };
    auto reference = [&](StateOp ref) {
      StatePlan &plan = *llvm::find_if(nest.states, [&](StatePlan &other) { return other.op == ref; });
      const Node *value = merged(plan);
      const Node *isUnset = ex.compare(Relation::Eq, value, ex.constant(neutral(ref.getCombiner(), value->type)));
      return ex.select(isUnset, ex.zero(value->type), value);
    };
    const Node *next = state.op.getRefs().empty() ? ofPart(state.op) : moved(state, ofPart, ofPart, reference);
    all = all ? ex.binary(function, all, next) : next;
  }
  return all;
}

const Node *FoldEmitter::presentInParts(Value flags) {
  const Node *any = nullptr;
  for (int64_t number = 0; number < emit.getShape().splits; ++number) {
    Operands at{ex.integer(number)};
    for (StringAttr rank : nest.grid)
      at.push_back(ex.index(rank));
    at.push_back(ex.index(nest.row));
    const Node *next = ex.load(parts.lookup(flags), at, tile::storageTypeOf(flags));
    any = any ? ex.binary(BinaryFn::Max, any, next) : next;
  }
  return any;
}

void FoldEmitter::mergeParts() {
  isMerged = true;
  for (StatePlan &state : nest.states) {
    const Node *together = merged(state);
    for (OutputPlan &output : nest.outputs)
      output.value = ex.replace(output.value, carried[state.op.getResult()].running, together);
  }
}

} // namespace weir::schedule
