// The loop over tiles that folds the states of a nest, and its finish.
#include "passes/schedule/FoldEmitter.h"

using namespace mlir;
using namespace weir::cascade;
using Relation = weir::cascade::Predicate;

namespace weir::schedule {

bool isExtremum(Combiner combiner) { return combiner == Combiner::Max || combiner == Combiner::Min; }

TypedAttr neutral(Combiner combiner, Type type) {
  double value = 0;
  if (isExtremum(combiner))
    value = combiner == Combiner::Max ? -std::numeric_limits<double>::infinity()
                                      : std::numeric_limits<double>::infinity();
  return FloatAttr::get(type, value);
}

namespace {

const Node *runningOf(Expressions &ex, StateOp state) {
  auto type = state.getTensorType();
  return ex.load(state.getResult(), ex.indicesOf(type), type.getScalarType());
}

/// True if `inner` holds nowhere that `outer` does not.
bool implies(const Predicate &inner, const Predicate &outer) {
  return llvm::all_of(outer.linear, [&](const Linear &c) { return llvm::is_contained(inner.linear, c); }) &&
         llvm::all_of(outer.conditions, [&](const Node *c) { return llvm::is_contained(inner.conditions, c); });
}

} // namespace

//===-- What can be emitted -------------------------------------------------===//

std::optional<Refusal> FoldEmitter::check() {
  llvm::DenseMap<Value, StatePlan *> plans;
  for (StatePlan &state : nest.states) {
    plans[state.op.getResult()] = &state;
    auto refuse = [&](const Twine &why) { return Refusal{state.op.getLoc(), why.str()}; };
    Combiner combiner = state.op.getCombiner();
    if (!isa<FloatType>(state.op.getTensorType().getScalarType()) ||
        !(isExtremum(combiner) || combiner == Combiner::Sum))
      return refuse("a state that is no sum or extremum of reals");
    if (isExtremum(combiner) && !state.op.getRefs().empty())
      return refuse("an extremum with references");
    for (Value ref : state.op.getRefs()) {
      StatePlan *plan = plans.lookup(ref);
      if (!plan || !isExtremum(plan->op.getCombiner()))
        return refuse("a reference that is no extremum");
      if (!implies(state.predicate, plan->predicate))
        return refuse("a reference that is absent where the state is not");
    }
    Operands all = state.predicate.conditions;
    all.push_back(state.value);
    for (const Node *node : all)
      if (auto why = emit.whyNot(node, nest.row, nest.column))
        return refuse(*why);
    if (state.extraFactor)
      if (auto why = emit.whyNot(state.extraFactor, {}, {}, /*isStaged=*/true))
        return refuse(*why);
  }
  for (OutputPlan &output : nest.outputs)
    if (auto why = whyNotFinished(output)) {
      Refusal refusal{output.op.getLoc(), *why};
      refusal.blame = sourcesOf(inliner, findUnsided(output.value, nest.row, extraOf(output)));
      refusal.blame.append(finishedBy(nest.fold));
      return refusal;
    }
  return {};
}

/// The rank of an output beside those of the fold's points; null if there is none.
StringAttr FoldEmitter::extraOf(OutputPlan &output) {
  for (StringAttr rank : cast<cascade::TensorType>(output.op.getTensor().getType()).getRanks())
    if (rank != nest.row && !llvm::is_contained(nest.grid, rank) && !(nest.split && rank == nest.split->whole))
      return rank;
  return {};
}

/// Why the finish cannot compute an output, or null.
std::optional<std::string> FoldEmitter::whyNotFinished(OutputPlan &output) {
  auto type = cast<cascade::TensorType>(output.op.getTensor().getType());
  StringAttr extra = extraOf(output);
  SmallVector<StringAttr> expected(nest.grid);
  expected.push_back(nest.row);
  if (nest.split) {
    llvm::erase(expected, nest.split->outer);
    llvm::erase(expected, nest.split->inner);
    expected.push_back(nest.split->whole);
  }
  if (extra)
    expected.push_back(extra);
  bool hasAll = llvm::all_of(expected, [&](StringAttr rank) { return type.indexOf(rank) >= 0; });
  if (!hasAll || type.getRank() != static_cast<int64_t>(expected.size()))
    return "an output over other points than the fold's";
  if (extra && type.getRanks().back() != extra)
    return "an output whose last rank is one of the fold's points";
  return emit.whyNot(output.value, nest.row, extra);
}

//===-- The fold ------------------------------------------------------------===//

void FoldEmitter::run() {
  bool descending = llvm::any_of(nest.states, [](StatePlan &state) {
    return llvm::any_of(state.predicate.linear, [](const Linear &c) { return c.column < 0 && c.row > 0; });
  });
  SmallVector<StringAttr> grid(nest.grid);
  if (emit.getShape().splits > 1)
    grid.push_back(part = emit.addRank("part", emit.getShape().splits));
  emit.openParallel(nest.row, grid, descending);
  openCarries();
  bool isRange = llvm::all_of(nest.states, [](StatePlan &state) { return state.predicate.conditions.empty(); });
  overOuter(nest.outer, [&] {
    if (isRange || !emit.getShape().judges)
      foldByRange();
    else
      foldByVerdict();
  });
  if (part) {
    storeParts();
    emit.closeParallel();
    TileShape shape = emit.getShape();
    shape.block = shape.block / shape.rows * shape.mergeRows;
    shape.rows = shape.mergeRows;
    shape.columns = shape.mergeColumns;
    emit.setShape(shape);
    emit.openParallel(nest.row, nest.grid, descending);
    mergeParts();
  }
  finish();
  emit.closeParallel();
}

/// Loops over the ranks around the columns, within their bounds.
void FoldEmitter::overOuter(ArrayRef<Nest::Outer> outer, llvm::function_ref<void()> body) {
  if (outer.empty())
    return body();
  const auto &[rank, bounds] = outer.front();
  auto bound = [&](bool isUpper) {
    AffineExpressions affine = emit.affine();
    SmallVector<AffineExpr> all{isUpper ? affine.of(emit.extent(rank)) : getAffineConstantExpr(0, ex.context)};
    for (const Linear &c : bounds)
      if ((c.column < 0) == isUpper)
        all.push_back(isUpper ? affine.of(c.rest) + 1 : -affine.of(c.rest));
    auto kind = all.size() == 1 ? tile::Bound::Only : isUpper ? tile::Bound::Min : tile::Bound::Max;
    return emit.index(kind, affine, all, (rank.getValue() + (isUpper ? "_end" : "_begin")).str());
  };
  emit.forPoints(rank, bound(false), bound(true), [&] { overOuter(outer.drop_front(), body); });
}

void FoldEmitter::openCarries() {
  for (StatePlan &state : nest.states) {
    Type type = state.op.getTensorType().getScalarType();
    Carried &c = carried[state.op.getResult()];
    c.running = runningOf(ex, state.op);
    c.ref = emit.carry(state.extra, type, neutral(state.op.getCombiner(), type), state.op.getName());
    emit.bindCarry(state.op.getResult(), c.ref);
    if (state.isPresent)
      continue;
    auto *known = llvm::find_if(presences, [&](auto &other) { return other.first == state.predicate; });
    if (known == presences.end()) {
      Value flags = emit.carry({}, type, FloatAttr::get(type, 0.0), (state.op.getName() + "_present").str());
      known = (presences.push_back({state.predicate, flags}), presences.end() - 1);
    }
    c.present = known->second;
  }
}

void FoldEmitter::step() {
  keeps.clear();
  for (auto &[state, c] : carried)
    c.old = c.current = {};
  for (StatePlan &state : nest.states)
    openKeep(state);
  Operands roots;
  for (StatePlan &state : nest.states)
    roots.push_back(isExtremum(state.op.getCombiner()) ? state.value : kept(state));
  emit.share(roots);
  for (StatePlan &state : nest.states)
    if (isExtremum(state.op.getCombiner()))
      takeExtremum(state);
  shiftStates();
  for (StatePlan &state : nest.states) {
    if (!isExtremum(state.op.getCombiner()))
      takeSum(state);
  }
  for (auto &[predicate, flags] : presences)
    notePresence(predicate, flags);
}

/// Names the condition under which points of a state are present. What is contracted
/// needs one that varies over rows and columns.
void FoldEmitter::openKeep(StatePlan &state) {
  if (llvm::any_of(keeps, [&](auto &known) { return known.first == state.predicate; }))
    return;
  bool byRow = llvm::any_of(nest.states, [&](StatePlan &other) {
    return other.extra && other.predicate == state.predicate;
  });
  const Node *all = ex.name("keep " + std::to_string(keeps.size()), emit.builder().getI1Type());
  const Node *condition = nullptr;
  for (const Node *other : state.predicate.conditions)
    condition = ex.both(condition, other);
  Value holds = condition ? emit.value(condition) : Value();
  emit.bind(all, emit.mask(state.predicate.linear, holds, nest.column, byRow));
  keeps.push_back({state.predicate, all});
}

const Node *FoldEmitter::keep(const Predicate &predicate) {
  return llvm::find_if(keeps, [&](auto &known) { return known.first == predicate; })->second;
}

/// The value of a state where its points are present, else 0.
const Node *FoldEmitter::kept(StatePlan &state) {
  const Node *value = ex.convert(state.value, state.op.getTensorType().getScalarType());
  return ex.select(keep(state.predicate), value, ex.zero(value->type));
}

void FoldEmitter::takeExtremum(StatePlan &state) {
  OpBuilder &b = emit.builder();
  Carried &c = carried[state.op.getResult()];
  Type type = state.op.getTensorType().getScalarType();
  bool isMax = state.op.getCombiner() == Combiner::Max;
  Value mask = emit.value(keep(state.predicate)), value = emit.value(state.value);
  auto isNarrow = [&] {
    return tile::columnsOf(value.getType()) == 1 || tile::rowsOf(value.getType()) < tile::rowsOf(mask.getType());
  };
  if (isNarrow()) {
    const Node *none = ex.constant(neutral(state.op.getCombiner(), type));
    value = emit.value(ex.select(keep(state.predicate), ex.convert(state.value, type), none)); // as wide as the mask
  }
  Value top = value; // what is no wider now is the neutral value itself
  if (!isNarrow()) {
    Type rowType = tile::shapedType(tile::rowsOf(value.getType()), 1, type);
    auto kind = isMax ? tile::Reduction::Max : tile::Reduction::Min;
    auto reduced = tile::ReduceOp::create(b, emit.loc(), rowType, kind, value, mask);
    TileEmitter::setName(reduced, "top");
    top = reduced;
  }
  const Node *old = ex.name("old " + state.op.getName().str(), type), *found = ex.name("top", type);
  c.old = tile::LoadOp::create(b, emit.loc(), tile::shapeOfIndices(emit.rowIndex(), type), c.ref,
                               ValueRange(emit.rowIndex()));
  TileEmitter::setName(c.old.getDefiningOp(), "old");
  emit.bind(old, c.old);
  emit.bind(found, top);
  const Node *next = ex.binary(isMax ? BinaryFn::Max : BinaryFn::Min, old, found);
  c.current = emit.value(next);
  TileEmitter::setName(c.current.getDefiningOp(), "new");
  bool isReference = llvm::any_of(nest.states, [&](StatePlan &other) {
    return llvm::is_contained(other.op.getRefs(), state.op.getResult());
  });
  if (!isReference) {
    tile::StoreOp::create(b, emit.loc(), c.current, c.ref, b.getMultiDimIdentityMap(1), ValueRange(emit.rowIndex()));
    return;
  }
  // Until something finite was seen, states stand relative to 0.
  const Node *isUnset = ex.compare(Relation::Eq, next, ex.constant(neutral(state.op.getCombiner(), type)));
  Value reference = emit.value(ex.select(isUnset, ex.zero(type), next));
  TileEmitter::setName(reference.getDefiningOp(), "ref");
  emit.bind(c.running, reference);
}

void FoldEmitter::takeSum(StatePlan &state) {
  OpBuilder &b = emit.builder();
  Carried &c = carried[state.op.getResult()];
  Value p = emit.value(kept(state));
  if (Operation *op = p.getDefiningOp(); op && !op->hasAttr("asm_name"))
    TileEmitter::setName(op, "p");
  if (state.extra) {
    bool isMasked = !(state.predicate == Predicate());
    Value mask = isMasked ? emit.value(keep(state.predicate)) : Value();
    return emit.accumulate(c.ref, p, state.extraFactor, state.extra, mask);
  }
  Type type = state.op.getTensorType().getScalarType();
  auto sum = tile::ReduceOp::create(b, emit.loc(), tile::shapedType(tile::rowsOf(p.getType()), 1, type),
                                    tile::Reduction::Sum, p, Value());
  TileEmitter::setName(sum, "sum");
  const Node *self = ex.name("self", type), *added = ex.name("sum", type);
  emit.bind(self, c.ref);
  emit.bind(added, sum);
  emit.update(c.ref, ex.binary(BinaryFn::Add, self, added));
}

/// A state moved from the old values of its references to the new ones. Where a
/// reference was unset the state is neutral, and stays so.
const Node *FoldEmitter::shifted(StatePlan &state) {
  Type type = state.op.getTensorType().getScalarType();
  auto before = [&](StateOp other) {
    const Node *value = ex.name("state " + other.getName().str(), type);
    emit.bind(value, carried[other.getResult()].ref);
    return value;
  };
  return moved(
      state, before, [&](StateOp ref) { return ex.name("old " + ref.getName().str(), type); },
      [&](StateOp ref) { return carried[ref.getResult()].running; });
}

const Node *FoldEmitter::moved(StatePlan &state, OfState before, OfState oldReference, OfState newReference) {
  StateOp op = state.op;
  Type type = op.getTensorType().getScalarType();
  SmallVector<Scalar> arguments;
  for (const Node *index : ex.indicesOf(op.getTensorType()))
    arguments.push_back({index});
  arguments.push_back({before(op)});
  for (Value other : op.getBasis())
    arguments.push_back({before(other.getDefiningOp<StateOp>())});
  for (Value ref : op.getRefs()) {
    auto plan = ref.getDefiningOp<StateOp>();
    const Node *old = oldReference(plan), *now = newReference(plan);
    const Node *unset = ex.compare(Relation::Eq, old, ex.constant(neutral(plan.getCombiner(), type)));
    arguments.push_back({ex.select(unset, now, old)});
    arguments.push_back({now});
  }
  return splitIndex(ex, nest.split, inliner.region(op.getShift(), arguments)->value);
}

/// Moves all states that have references, if one of these has moved. A shift reads
/// what other states were before: all move together, and one that is made from
/// others before they do.
void FoldEmitter::shiftStates() {
  SmallVector<StatePlan *> ordered;
  llvm::SetVector<Value> refs;
  for (StatePlan &state : nest.states) {
    if (state.op.getRefs().empty())
      continue;
    refs.insert(state.op.getRefs().begin(), state.op.getRefs().end());
    auto *at = llvm::find_if(ordered, [&](StatePlan *other) {
      return llvm::is_contained(state.op.getBasis(), other->op.getResult());
    });
    ordered.insert(at, &state);
  }
  if (ordered.empty())
    return;
  const Node *moved = nullptr;
  for (Value ref : refs) {
    Carried &c = carried[ref];
    std::string name = ref.getDefiningOp<StateOp>().getName().str();
    const Node *old = ex.name("old " + name, tile::elementOf(c.old.getType()));
    const Node *now = ex.name("new " + name, old->type);
    emit.bind(now, c.current);
    const Node *changed = ex.compare(Relation::Ne, old, now);
    moved = moved ? ex.binary(BinaryFn::Or, moved, changed) : changed;
  }
  Value condition = emit.value(moved);
  TileEmitter::setName(condition.getDefiningOp(), "moved");
  emit.when(condition, Value(), [&] { moveStates(ordered, refs.getArrayRef()); });
}

void FoldEmitter::moveStates(ArrayRef<StatePlan *> states, ArrayRef<Value> refs) {
  OpBuilder &b = emit.builder();
  Operands all = llvm::map_to_vector<4>(states, [&](StatePlan *state) { return shifted(*state); });
  emit.share(all);
  for (auto [state, node] : llvm::zip(states, all))
    emit.update(carried[state->op.getResult()].ref, node);
  for (Value ref : refs) {
    Carried &c = carried[ref];
    tile::StoreOp::create(b, emit.loc(), c.current, c.ref, b.getMultiDimIdentityMap(1), ValueRange(emit.rowIndex()));
  }
}

/// Sets the flags of the rows in which a point satisfies the predicate.
void FoldEmitter::notePresence(const Predicate &predicate, Value flags) {
  OpBuilder &b = emit.builder();
  Type type = tile::storageTypeOf(flags);
  Value mask = emit.value(keep(predicate));
  auto any = tile::ReduceOp::create(b, emit.loc(), tile::shapedType(tile::rowsOf(mask.getType()), 1, b.getI1Type()),
                                    tile::Reduction::Any, mask, Value());
  TileEmitter::setName(any, "any");
  const Node *self = ex.name("self present", type), *found = ex.name("any", b.getI1Type());
  emit.bind(self, flags);
  emit.bind(found, any);
  emit.update(flags, ex.select(found, ex.constant(FloatAttr::get(type, 1.0)), self));
}

//===-- The finish ----------------------------------------------------------===//

void FoldEmitter::finish() {
  SmallVector<OutputPlan *> ofRows;
  llvm::MapVector<StringAttr, SmallVector<OutputPlan *>> ofExtra;
  for (OutputPlan &output : nest.outputs) {
    if (StringAttr extra = extraOf(output))
      ofExtra[extra].push_back(&output);
    else
      ofRows.push_back(&output);
  }
  if (!ofRows.empty())
    emit.subtile({}, {}, [&] { storeOutputs(ofRows, {}); });
  for (auto &[extra, outputs] : ofExtra) {
    // Once a block of rows: not worth code for full tiles apart.
    emit.forColumns(extra, emit.constantIndex(0, "first"), emit.extent(extra), {}, [&, extra = extra, &outputs = outputs] {
      emit.subtile(extra, {}, [&] { storeOutputs(outputs, extra); });
    });
  }
}

void FoldEmitter::storeOutputs(ArrayRef<OutputPlan *> outputs, StringAttr extra) {
  for (StatePlan &state : nest.states) {
    const Node *present = inliner.presenceOf(state.op.getResult(), ex.indicesOf(state.op.getTensorType()));
    Carried &c = carried[state.op.getResult()];
    if (!c.present)
      continue;
    bool isAsked = llvm::any_of(outputs, [&](OutputPlan *output) {
      auto uses = [&](auto &&self, const Node *node) -> bool {
        return node == present || llvm::any_of(node->operands, [&](const Node *o) { return self(self, o); });
      };
      return uses(uses, output->value);
    });
    if (!isAsked)
      continue;
    OpBuilder &b = emit.builder();
    Type type = state.op.getTensorType().getScalarType();
    if (isMerged) {
      emit.bind(present, emit.value(ex.compare(Relation::Ne, presentInParts(c.present), ex.zero(type))));
      continue;
    }
    const Node *flag = ex.name("present " + state.op.getName().str(), type);
    auto loaded = tile::LoadOp::create(b, emit.loc(), tile::shapeOfIndices(emit.rowIndex(), type), c.present,
                                       ValueRange(emit.rowIndex()));
    emit.bind(flag, loaded);
    emit.bind(present, emit.value(ex.compare(Relation::Ne, flag, ex.zero(type))));
  }
  Operands roots;
  for (OutputPlan *output : outputs)
    roots.push_back(output->value);
  emit.share(roots);
  for (OutputPlan *output : outputs)
    emit.storeOutput(*output, extra);
}

} // namespace weir::schedule
