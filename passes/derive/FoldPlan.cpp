// Reading reductions into a fold's plan.
#include "passes/derive/FoldPlan.h"

#include "passes/algebra/Bodies.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

Expr givenSymbol(Terms &terms, Symbol symbol, unsigned number, Type type) {
  return terms.given(static_cast<int64_t>(symbol) + 8 * static_cast<int64_t>(number), type);
}

std::pair<Symbol, unsigned> symbolOf(Expr given) {
  assert(given->op == OpKind::Given);
  return {static_cast<Symbol>(given->code % 8), static_cast<unsigned>(given->code / 8)};
}

FoldPlan::FoldPlan(ArrayRef<StringAttr> ranks)
    : ranks(ranks), expander(terms, [this](Expr expr) { return isReference(expr); }) {}

Expr extentOver(Terms &terms, ArrayRef<StringAttr> ranks) {
  Type i64 = IntegerType::get(ranks.front().getContext(), 64);
  Expr product = terms.extent(ranks.front(), i64);
  for (StringAttr rank : ranks.drop_front())
    product = terms.binary(BinaryFn::Mul, product, terms.extent(rank, i64));
  return product;
}

bool FoldPlan::isReference(Expr expr) {
  return expr->op == OpKind::Read && reductionIndex.contains(expr->tensor);
}

Reduction *FoldPlan::reductionOf(Value tensor) {
  auto it = reductionIndex.find(tensor);
  return it == reductionIndex.end() ? nullptr : &reductions[it->second];
}

/// True if `tensor` is computed, through whatever operations, from a reduction of the plan.
bool FoldPlan::dependsOnPlan(Value tensor) {
  if (reductionIndex.contains(tensor))
    return true;
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return false;
  if (auto it = depends.find(tensor); it != depends.end())
    return it->second;
  bool found = false;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (isa<cascade::TensorType>(operand.getType()) && !op->isProperAncestor(operand.getParentBlock()->getParentOp()) &&
          operand.getParentBlock()->getParentOp() != op)
        found |= dependsOnPlan(operand);
  });
  return depends[tensor] = found;
}

/// A read inside a summand: references stay, maps of references are inlined, streams stay.
Expr FoldPlan::inlined(ReadOp read, ArrayRef<Expr> indices, std::optional<Refusal> &refusal) {
  Value tensor = read.getTensor();
  auto name = [&] { return "'" + tensor.getDefiningOp()->getAttrOfType<StringAttr>("name").str() + "'"; };
  if (reductionIndex.contains(tensor)) {
    if (llvm::any_of(indices, [](Expr index) { return index->isStream; }))
      refusal = Refusal{"NOT_SEPARABLE", "reads " + name() + " at an index of a rank being reduced", "", read.getLoc()};
    return terms.read(tensor, indices);
  }
  if (!dependsOnPlan(tensor))
    return nullptr;
  auto map = tensor.getDefiningOp<EinsumOp>();
  if (map && map.getCombiner() == Combiner::None)
    return readMap(terms, map, indices, [&](ReadOp inner, ArrayRef<Expr> at) { return inlined(inner, at, refusal); });
  Operation *op = tensor.getDefiningOp();
  std::string what = op->hasAttr("name") ? name() : "'" + op->getName().getStringRef().str() + "'";
  refusal = Refusal{"BARRIER", "reads " + what + ", which needs a result of this pass in full", "", read.getLoc()};
  return nullptr;
}

std::optional<Refusal> FoldPlan::read(EinsumOp op, Reduction &into) {
  std::optional<Refusal> refusal;
  terms.location = op.getLoc();
  into.op = op;
  into.summand = readEquation(terms, op, [&](ReadOp read, ArrayRef<Expr> at) { return inlined(read, at, refusal); });
  if (refusal)
    return refusal;
  into.dependsOnPlan = expander.hasReference(into.summand);
  for (Atom condition : presenceOf(terms, into.summand)) {
    bool ofReference = expander.hasReference(condition.expr);
    if (ofReference && !condition.expr->isStream) {
      into.whole.insert(condition);
      continue;
    }
    if (ofReference)
      return Refusal{"NOT_SEPARABLE", "presence depends on a result of this pass: " + print(condition.expr),
                     "", condition.expr->loc};
    into.conditions.insert(condition);
  }
  return std::nullopt;
}

/// Puts the conditions that all points share on the finish. Those that a reference which a
/// state follows be present hold wherever the state has a point.
void FoldPlan::restrictFinish(Reduction &reduction) {
  std::erase_if(reduction.whole, [&](Atom condition) {
    Expr e = condition.expr;
    return e->op == OpKind::Present && isReference(e->operands[0]) && llvm::any_of(states, [&](const State &state) {
             return state.owner == reduction.op && llvm::is_contained(state.references, e->operands[0]->tensor);
           });
  });
  Expr restricted = restrict(terms, reduction.finish, reduction.whole);
  if (restricted == reduction.finish)
    return;
  reduction.finish = restricted;
  reduction.only.reset();
  reduction.zeroWhereEmpty = reduction.op.getCombiner() == Combiner::Sum;
}

std::optional<Refusal> FoldPlan::add(EinsumOp op) {
  Reduction reduction;
  if (auto refusal = read(op, reduction))
    return refusal;
  auto statesBefore = states;
  auto reductionsBefore = reductions;
  auto notesBefore = notes;
  reductions.push_back(std::move(reduction));
  auto refusal = separate(reductions.back());
  if (!refusal && isBetterStaged(reductions.back()))
    refusal = Refusal{"STAGED", "the normalised operand is a map of an input and is kept, not refolded for every result",
                      "", op.getLoc()};
  if (!refusal && !holds(reductions.back())) {
    assert(false && "a separation that does not hold");
    refusal = Refusal{"CHECK_FAILED", "the separation that was found does not hold numerically", "", op.getLoc()};
  }
  if (refusal) {
    states = std::move(statesBefore);
    reductions = std::move(reductionsBefore);
    notes = std::move(notesBefore);
    return refusal;
  }
  readKnownStates(reductions.back());
  restrictFinish(reductions.back());
  reductionIndex[op.getResult()] = reductions.size() - 1;
  return std::nullopt;
}

/// True if every tensor that `tensor` is made of is an input, by maps alone.
static bool isMapOfInputs(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (isa_and_nonnull<InputOp, ParamOp>(op))
    return true;
  auto map = dyn_cast_or_null<EinsumOp>(op);
  if (!map || map.getCombiner() != Combiner::None)
    return false;
  bool all = true;
  map.getBody().walk([&](ReadOp read) { all &= isMapOfInputs(read.getTensor()); });
  return all;
}

/// True if `tensor` is read, through maps, by a reduction over one of `ranks`.
static bool isReducedLater(Value tensor, const llvm::SetVector<Attribute> &ranks) {
  for (Operation *user : tensor.getUsers()) {
    auto reader = user->getParentOfType<Equation>();
    if (!reader)
      continue;
    auto reduced = reader->getAttrOfType<ArrayAttr>("reduced");
    if (reduced && llvm::any_of(reduced, [&](Attribute rank) { return ranks.contains(rank); }))
      return true;
    if (reduced && reduced.empty() && isReducedLater(reader->getResult(0), ranks))
      return true;
  }
  return false;
}

/// A statistic of an operand (its mean, its norm) that normalises it before a contraction whose
/// result is in turn a stream: normalising the operand once is cheaper than a fold for each result.
bool FoldPlan::isBetterStaged(Reduction &reduction) {
  bool isRunning = llvm::any_of(states, [&](const State &s) {
    return s.owner == reduction.op && !s.references.empty();
  });
  llvm::SetVector<Attribute> own; // ranks that its references lack: each would be a fold of its own
  own.insert_range(reduction.op.getTensorType().getRanks());
  walk(reduction.summand, [&](Expr e) {
    if (isReference(e))
      for (StringAttr name : cast<cascade::TensorType>(e->tensor.getType()).getRanks())
        own.remove(name);
  });
  if (!isRunning || !isReducedLater(reduction.op.getResult(), own))
    return false;
  bool all = true;
  walk(reduction.summand, [&](Expr e) {
    auto isMixed = [&](Expr x) { return x->isStream && expander.hasReference(x); };
    if (isMixed(e) && llvm::none_of(e->operands, isMixed))
      walk(e, [&](Expr read) {
        if (read->op == OpKind::Read && read->isStream)
          all &= isMapOfInputs(read->tensor);
      });
  });
  return all;
}

} // namespace weir::derive
