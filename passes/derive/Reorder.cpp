// Which reductions can take their sums in another order, and whether that is less work.
#include "passes/derive/Reorder.h"

#include "passes/algebra/Bodies.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

/// A reordering must save this factor of the work to be worth it.
static constexpr double worthwhile = 2;

/// Presence of the summand: of the stream, of the query, and one bound between the two.
std::optional<Refusal> Reorderer::sortConditions(Reordering &plan, const Conditions &conditions) {
  for (Atom condition : conditions) {
    unsigned side = plan.reader->sideOf(condition.expr);
    if (side != Both) {
      (side == Stream ? plan.ofStream : plan.ofQuery).insert(condition);
      continue;
    }
    auto bound = plan.reader->boundOf(condition.expr);
    if (!bound)
      return Refusal{"NOT_SEPARABLE", "presence depends on " + print(condition.expr), "", plan.op.getLoc()};
    if (plan.bound)
      plan.secondBound = condition.expr;
    else
      plan.bound = bound;
  }
  return std::nullopt;
}

/// A scan along the query's own rank can weigh; any other only adds up.
std::optional<Refusal> Reorderer::checkScan(Reordering &plan) {
  if (!plan.bound)
    return std::nullopt;
  if (plan.secondBound)
    return Refusal{"DIRECTION", "bounded on both sides: " + print(plan.secondBound) + " and more; what leaves a sum would have to be subtracted",
                   "drop one of the bounds, or let a decay forget", plan.op.getLoc()};
  auto offset = plan.bound->offset.constant();
  bool isNear = offset && (*offset == 0 || *offset == (plan.bound->isBelow ? -1 : 1));
  plan.isAligned = isNear && work.haveSameExtent(plan.stream, plan.query);
  for (Chain &chain : plan.chains)
    for (Decay &decay : chain.decays) {
      if (!plan.isAligned)
        return Refusal{"RANGE", "weighs '" + plan.stream.str() + "' by '" + plan.query.str() + "', which has another extent or is not next to it", "", plan.op.getLoc()};
      Weights weights = weightsOf(plan);
      std::string why = weights.whyInRange(decay, plan.ofStream);
      if (why.empty())
        return Refusal{"RANGE", "as a scan, exp(" + print(decay.exponent.write(terms, typeOf(plan))) + ") could leave the range of its type where the sum does not",
                       "subtract the running maximum of the exponent", plan.op.getLoc()};
      if (!llvm::is_contained(plan.whyInRange, why))
        plan.whyInRange.push_back(why);
    }
  return std::nullopt;
}

/// Exact terms of different signs may cancel once they are summed apart; what is the result of
/// a sum is rounded anyway, by as much.
std::optional<Refusal> Reorderer::checkCancellation(Reordering &plan) {
  unsigned exact = llvm::count_if(plan.chains, [](const Chain &chain) { return !chain.hasContraction; });
  if (plan.chains.size() < 2 || exact < 2)
    return std::nullopt;
  Expander expander(terms, [](Expr) { return false; });
  bool positive = true, negative = true;
  for (const Chain &chain : plan.chains) {
    Product product;
    for (Expr factor : chain.factors)
      addTo(product.factors, Monomial{{Atom{factor}, 1.0}});
    for (Expr divisor : chain.divisors)
      addTo(product.factors, Monomial{{Atom{divisor}, -1.0}});
    Signs signs = expander.signs(product);
    if (chain.scale < 0)
      std::swap(signs.negative, signs.positive);
    positive &= !signs.negative;
    negative &= !signs.positive;
  }
  if (positive || negative)
    return std::nullopt;
  return Refusal{"CANCELLATION", "the terms of " + print(plan.summand) + " may cancel once they are summed apart", "", plan.op.getLoc()};
}

/// All exponentials of a chain as one.
static void mergeDecays(Chain &chain) {
  SmallVector<Decay> merged;
  for (Decay &decay : chain.decays) {
    auto *same = llvm::find_if(merged, [&](Decay &m) { return m.base == decay.base && m.fn == decay.fn; });
    if (same == merged.end())
      merged.push_back(decay);
    else
      same->exponent.add(decay.exponent);
  }
  chain.decays = std::move(merged);
}

std::optional<Refusal> Reorderer::plan(Reordering &plan) {
  plan.reader = std::make_shared<ChainReader>(terms, kernel, plan.stream, plan.query);
  if (auto refusal = sortConditions(plan, presenceOf(terms, plan.summand)))
    return refusal;
  if (plan.op.getCombiner() == Combiner::Max) {
    plan.exponent = Linear::of(terms, plan.summand);
    for (const auto &[factors, coefficient] : plan.exponent.getParts())
      if (plan.reader->sideOf(factors) == Both)
        return Refusal{"NOT_SEPARABLE", print(plan.summand), "", plan.op.getLoc()};
    return checkScan(plan);
  }
  llvm::SetVector<StringAttr> taken;
  taken.insert_range(plan.op.getTensorType().getRanks());
  auto reduced = llvm::to_vector(plan.op.getReduced().getAsRange<StringAttr>());
  taken.insert_range(reduced);
  if (auto refusal = plan.reader->open(plan.summand, taken, plan.chains))
    return refusal;
  for (Chain &chain : plan.chains) {
    llvm::copy_if(reduced, std::back_inserter(chain.ranks), [&](StringAttr rank) { return rank != plan.stream; });
    mergeDecays(chain);
    if (!chain.decays.empty() && !plan.bound)
      return Refusal{"NOT_SEPARABLE", print(plan.summand), "", plan.op.getLoc()};
  }
  if (auto refusal = checkCancellation(plan))
    return refusal;
  return checkScan(plan);
}

/// Ranks of `exprs` as they are summed or kept, the stream and the query left out.
static void collectRanks(ArrayRef<Expr> exprs, Reordering &plan, llvm::SetVector<StringAttr> &ranks) {
  for (Expr expr : exprs)
    walk(expr, [&](Expr e) {
      if ((e->op == OpKind::Index && e->rank != plan.query) || (e->op == OpKind::Bound && e->rank != plan.stream))
        ranks.insert(e->rank);
    });
}

void Reorderer::countWork(Reordering &plan) {
  auto own = plan.op.getTensorType().getRanks();
  double half = plan.bound ? 0.5 : 1;
  plan.before = half * work.pointsOf(own);
  for (auto rank : plan.op.getReduced().getAsRange<StringAttr>())
    plan.before *= work.extentOf(rank);
  for (Operation *contraction : plan.reader->getContractions()) {
    auto op = cast<EinsumOp>(contraction);
    double points = half * work.pointsOf(op.getTensorType().getRanks());
    for (auto rank : op.getReduced().getAsRange<StringAttr>())
      points *= work.extentOf(rank);
    unsigned readers = 0;
    for (Operation *user : op.getResult().getUsers())
      readers += !user->getParentOp()->use_empty();
    plan.before += points / std::max(readers, 1u);
  }
  for (const Chain &chain : plan.chains) {
    llvm::SetVector<StringAttr> state, outer;
    for (Expr factor : chain.factors)
      if (plan.reader->sideOf(factor) & Stream)
        collectRanks(factor, plan, state);
    for (const Decay &decay : chain.decays)
      for (const auto &[factors, coefficient] : decay.exponent.getParts())
        collectRanks(factors, plan, state);
    plan.after += work.extentOf(scanRank(plan)) * work.pointsOf(state.getArrayRef()) * (plan.bound ? 2 : 1);
    outer.insert_range(own);
    outer.insert_range(chain.ranks);
    plan.after += work.pointsOf(outer.getArrayRef());
  }
  if (plan.op.getCombiner() == Combiner::Max)
    plan.after = 2 * work.pointsOf(own);
}

/// True if the extents that decide are known: nothing in a kernel's text tells which of the ranks
/// of a product chain is long.
bool Reorderer::isClear(Reordering &plan) {
  auto isKnown = [&](StringAttr rank) { return work.isKnown(rank); };
  return isKnown(plan.stream) && isKnown(plan.query) &&
         llvm::all_of(plan.chains, [&](const Chain &chain) { return llvm::all_of(chain.ranks, isKnown); });
}

std::optional<Reordering> Reorderer::find(EinsumOp op, std::optional<Refusal> &refusal) {
  std::optional<Reordering> best;
  bool isSum = op.getCombiner() == Combiner::Sum;
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  if (!(isSum || op.getCombiner() == Combiner::Max) || !isa<FloatType>(yield.getValues()[0].getType()) || op.use_empty())
    return best;
  Expr summand = readEquation(terms, op, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  for (auto stream : op.getReduced().getAsRange<StringAttr>())
    for (StringAttr query : op.getTensorType().getRanks()) {
      if (!isSum && op.getReduced().size() != 1)
        continue;
      Reordering trial{op, stream, query, summand, {}, nullptr, false, {}, {}, {}, {}, nullptr, {}, "", 0, 0};
      Work assumed = work;
      if (auto refused = plan(trial)) {
        if (refused->reason != "NOT_SEPARABLE" && (trial.bound || !refusal))
          refusal = refused;
        continue;
      }
      bool isScan = trial.bound.has_value();
      for (const auto &[rank, like] : trial.reader->getFreshRanks())
        work.addRank(rank, like);
      // A factor alone is a matter of deferral.
      if (!isScan && (!isSum || trial.reader->getContractions().empty() || !isClear(trial)))
        continue;
      if (isScan) {
        work.setPositions(stream);
        work.setPositions(query);
      }
      countWork(trial);
      trial.assumed = assumptions(trial);
      if (trial.before >= worthwhile * trial.after && (!best || trial.after < best->after))
        best = std::move(trial);
      work = std::move(assumed);
    }
  return best;
}

std::string Reorderer::assumptions(Reordering &plan) {
  llvm::SetVector<StringAttr> ranks, all;
  ranks.insert(plan.query);
  ranks.insert(plan.stream);
  all.insert_range(plan.op.getTensorType().getRanks());
  for (const Chain &chain : plan.chains)
    all.insert_range(chain.ranks);
  for (StringAttr rank : all) // what both sides have, as a batch, makes no difference
    if (work.isFeatures(rank))
      ranks.insert(rank);
  return work.assumptions(ranks.getArrayRef());
}

std::string Reorderer::describe(Reordering &plan) {
  std::string text = "'" + plan.op.getName().str() + "'";
  if (plan.bound)
    text += " as a scan along '" + scanRank(plan).str() + "'";
  else
    text += " sums over '" + plan.stream.str() + "' first";
  text += llvm::formatv(", {0:F1} times less work", plan.before / plan.after).str();
  if (!plan.assumed.empty())
    text += " at " + plan.assumed;
  for (const std::string &why : plan.whyInRange)
    text += "; " + why;
  return text;
}

} // namespace weir::derive
