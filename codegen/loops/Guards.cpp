// Which points a reduction visits: bounds of its ranks, and buckets of points by the index that they decide.
#include "codegen/loops/Body.h"
#include "codegen/loops/Loops.h"
#include "codegen/loops/RankLists.h"

#include "passes/Explain.h"
#include "passes/algebra/Bodies.h"
#include "passes/algebra/Guards.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace weir::loops {

using algebra::Expr;
using algebra::OpKind;
using cascade::Combiner;
using cascade::Equation;

/// What an equation's loops compute, inlined maps included.
static Expr readSummand(algebra::Terms &terms, Equation op, llvm::function_ref<bool(Value)> isInlined) {
  auto hook = [&](auto &&self, cascade::ReadOp read, ArrayRef<Expr> at) -> Expr {
    if (!isInlined(read.getTensor()))
      return nullptr;
    auto map = definingTensor(read.getTensor()).getDefiningOp<Equation>();
    return algebra::readBody(terms, map.getEquationBody().front(), at, [&](cascade::ReadOp inner, ArrayRef<Expr> inside) {
      return self(self, inner, inside);
    });
  };
  return algebra::readEquation(terms, op, [&](cascade::ReadOp read, ArrayRef<Expr> at) { return hook(hook, read, at); });
}

/// Without these a summand changes nothing.
static algebra::Conditions conditionsOf(algebra::Terms &terms, Combiner combiner, Expr summand) {
  algebra::Conditions conditions = algebra::presenceOf(terms, summand);
  if (combiner == Combiner::Any || combiner == Combiner::Count) {
    Type i1 = summand->type;
    conditions.merge(algebra::presenceOf(terms, terms.where(terms.truth(true, i1), summand)));
  }
  return conditions;
}

SmallVector<algebra::Guard> Plan::solve(Equation op, Combiner combiner, ArrayRef<StringAttr> reduced) {
  Expr summand = readSummand(terms, op, [&](Value tensor) { return isInlined(tensor); });
  llvm::DenseSet<Expr> read; // what the loops read anyway
  algebra::walk(summand, [&](Expr e) {
    if (e->op == OpKind::Read)
      read.insert(e);
  });
  algebra::Conditions conditions = conditionsOf(terms, combiner, summand);
  llvm::DenseSet<StringAttr> entered;
  auto isKnown = [&](Expr bound) {
    bool known = true;
    algebra::walk(bound, [&](Expr e) {
      if (e->op == OpKind::Bound)
        known &= entered.contains(e->rank);
      else if (e->op == OpKind::Read)
        known &= read.contains(e) || isa<cascade::InputOp, cascade::ParamOp>(definingTensor(e->tensor).getDefiningOp());
    });
    return known;
  };
  SmallVector<algebra::Guard> guards;
  for (StringAttr rank : reduced) {
    Expr index = terms.bound(rank, IntegerType::get(op->getContext(), 64));
    algebra::Guard &guard = guards.emplace_back(algebra::solveGuards(terms, conditions, index, isKnown));
    entered = {rank};
    if (guard.key && ((!guard.lower.empty() && !guard.upper.empty()) || !isKnown(guard.key)))
      guard.key = nullptr;
    entered = {reduced.begin(), reduced.begin() + guards.size()};
  }
  return guards;
}

void Plan::solveGuards() {
  kernel.walk([&](Equation op) {
    if (isInlined(op->getResult(0)))
      return;
    auto state = dyn_cast<cascade::StateOp>(*op);
    auto einsum = dyn_cast<cascade::EinsumOp>(*op);
    if (einsum && einsum.getCombiner() != Combiner::None)
      guards[op] = solve(op, einsum.getCombiner(), llvm::to_vector(einsum.getReduced().getAsRange<StringAttr>()));
    else if (state)
      guards[op] = solve(op, state.getCombiner(), state->getParentOfType<cascade::FoldOp>().getOverRanks());
  });
}

/// Where points lie in buckets, those of all indices of the pinned rank are found at once: loops run over others.
std::optional<Plan::Buckets> Plan::bucketsOf(cascade::EinsumOp op) const {
  if (recurrenceOf(op.getResult()))
    return std::nullopt;
  auto ranks = op.getTensorType().getRanks();
  for (auto [guard, rank] : llvm::zip(guardsOf(op), op.getReduced().getAsRange<StringAttr>())) {
    if (!guard.key)
      continue;
    auto before = ranks.take_front(op.getTensorType().indexOf(guard.pinned));
    return Buckets{&guard, rank, algebra::freeRanks(guard.key, ranks),
                   Ranks(before.empty() ? ranks.drop_front() : before)};
  }
  return std::nullopt;
}

/// Lower bounds, the index and upper bounds as a chain.
static std::string printRange(const algebra::Guard &guard, StringRef rank) {
  std::string text = rank.str();
  if (guard.lower == guard.upper && guard.lower.size() == 1)
    return text + " = " + algebra::print(guard.lower.front());
  for (Expr bound : guard.lower)
    text = algebra::print(bound) + " <= " + text;
  for (Expr bound : guard.upper)
    text += " <= " + algebra::print(bound);
  return text;
}

void explainGuards(cascade::KernelOp kernel) {
  abi::Frame frame(kernel);
  Plan plan(kernel, frame);
  if (!plan.isValid())
    return;
  auto report = [&](Equation op, StringAttr rank, std::string where) {
    std::string name = op.getEquationName().str();
    explain({"guard", "'" + name + "' visits " + where, "", "", op.getLoc(), {rank.str()}, {name}});
  };
  kernel.walk([&](Equation op) {
    auto einsum = dyn_cast<cascade::EinsumOp>(*op);
    auto state = dyn_cast<cascade::StateOp>(*op);
    bool reduces = state || (einsum && einsum.getCombiner() != Combiner::None);
    if (!reduces)
      return;
    auto reduced = op.getBodyRanks();
    reduced.erase(reduced.begin(), reduced.begin() + op.getTensorType().getRank());
    auto buckets = einsum ? plan.bucketsOf(einsum) : std::nullopt;
    for (auto [guard, rank] : llvm::zip(plan.guardsOf(op), reduced))
      if (!buckets || buckets->rank != rank) {
        if (guard.isBounded())
          report(op, rank, printRange(guard, rank));
      } else
        report(op, rank, "those '" + rank.str() + "' of '" + guard.pinned.str() + "' where " + algebra::print(guard.key) +
                             " = " + guard.pinned.str() + ", from a list");
  });
}

//===-- Emission ----------------------------------------------------------===//

std::pair<Value, Value> Body::rangeOf(const algebra::Guard &guard, StringAttr rank, ArrayRef<StringAttr> ranks,
                                      ArrayRef<StringAttr> reduced, Values indices) {
  Value from = emit.integer(0), size = extent(rank), to = size;
  auto valueOf = [&](Expr bound, Value ifAbsent) {
    Scalar value = evaluate(bound, ranks, reduced, indices);
    return value.present ? emit.select(value.present, value.value, ifAbsent) : value.value;
  };
  for (Expr bound : guard.lower) // absent: no point fulfils the condition
    from = emit.greatest(from, valueOf(bound, size));
  for (Expr bound : guard.upper)
    to = emit.least(to, emit.add(emit.least(valueOf(bound, emit.integer(-1)), size), emit.integer(1)));
  return {from, to};
}

/// Puts each point before those that are in its list already, the last point first: lists are in order.
void Body::fillBuckets(cascade::EinsumOp op, const Plan::Buckets &buckets) {
  auto places = kernel.plan.scratchOf(op);
  Value heads = placeBase(places[0], places[0].data, emit.i64()), next = placeBase(places[1], places[1].data, emit.i64());
  Value count = extent(buckets.guard->pinned), size = extent(buckets.rank);
  emit.loop(count, [&](Value i) { emit.store(emit.integer(-1), emit.at(emit.i64(), heads, i)); });
  emit.loop(size, [&](Value i) {
    Value point = emit.sub(emit.sub(size, emit.integer(1)), i);
    Scalar key = evaluate(buckets.guard->key, op.getTensorType().getRanks(), buckets.rank, {point});
    emit.when(emit.both(presenceOf(emit, key), emit.inRange(key.value, count)), [&] {
      Value head = emit.at(emit.i64(), heads, key.value);
      emit.store(emit.load(emit.i64(), head), emit.at(emit.i64(), next, point));
      emit.store(point, head);
    });
  });
}

/// Visits the points of the bucket at hand.
Values Body::followBucket(cascade::EinsumOp op, const Plan::Buckets &buckets, Values state, abi::Emitter::CarryBody body) {
  auto places = kernel.plan.scratchOf(op);
  Value heads = placeBase(places[0], places[0].data, emit.i64()), next = placeBase(places[1], places[1].data, emit.i64());
  Value first = emit.load(emit.i64(), emit.at(emit.i64(), heads, bound.lookup(buckets.guard->pinned)));
  return emit.follow(first, state, [&](Value point, ValueRange carried) -> Values {
    Values result = body(point, carried);
    result.insert(result.begin(), emit.load(emit.i64(), emit.at(emit.i64(), next, point)));
    return result;
  });
}

} // namespace weir::loops
