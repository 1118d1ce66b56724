// What predicates are over boxes of rows and columns, told by intervals.
#include "passes/schedule/Coverage.h"

using namespace mlir;
using weir::cascade::BinaryFn;
using weir::cascade::PredicateAttr;
using weir::cascade::UnaryFn;
using weir::cascade::UnaryFnAttr;
using Relation = weir::cascade::Predicate;

namespace weir::schedule {

/// True if an element of a tensor is read at a place that depends on `rank`.
static bool readsAlong(const Node *node, StringAttr rank) {
  if (!node->dependsOn(rank))
    return false;
  return node->kind == Node::Kind::Load ||
         llvm::any_of(node->operands, [&](const Node *operand) { return readsAlong(operand, rank); });
}

/// True if a value is the same in all of the box.
bool Coverage::isConstant(const Node *node) const {
  return !node->dependsOn(rows.rank) && !node->dependsOn(columns.rank);
}

/// The only side of the box along which a value varies, if it is read along it.
const Span *Coverage::sideOf(const Node *node) const {
  bool byRow = node->dependsOn(rows.rank);
  if (byRow == node->dependsOn(columns.rank))
    return nullptr;
  const Span &side = byRow ? rows : columns;
  return readsAlong(node, side.rank) && context.isComputable(node) ? &side : nullptr;
}

const Node *Coverage::inverse(const Node *condition) {
  for (bool value : {false, true})
    if (condition == ex.truth(value))
      return ex.truth(!value);
  return ex.apply(UnaryFnAttr::get(ex.context, UnaryFn::Not), {condition}, condition->type);
}

//===-- Conditions ----------------------------------------------------------===//

Verdict Coverage::judge(const Predicate &predicate) {
  Verdict verdict{ex.truth(true), ex.truth(true)};
  auto meet = [&](Verdict next) {
    verdict = {ex.both(verdict.some, next.some), ex.both(verdict.all, next.all)};
  };
  for (const Linear &form : predicate.linear) {
    auto bounds = intervalOf(form);
    const Node *zero = ex.integer(0);
    meet(bounds ? Verdict{isAtMost(zero, bounds->greatest), isAtMost(zero, bounds->least)}
                : Verdict{ex.truth(true), ex.truth(false)});
  }
  for (const Node *condition : predicate.conditions)
    meet(judge(condition));
  return verdict;
}

Verdict Coverage::judge(const Node *condition) {
  if (isConstant(condition) && context.isComputable(condition))
    return {condition, condition};
  for (BinaryFn fn : {BinaryFn::And, BinaryFn::Or})
    if (isBinary(condition, fn)) {
      Verdict a = judge(condition->operands[0]), b = judge(condition->operands[1]);
      return {ex.binary(fn, a.some, b.some), ex.binary(fn, a.all, b.all)};
    }
  if (isUnary(condition, UnaryFn::Not)) {
    Verdict other = judge(condition->operands[0]);
    return {inverse(other.all), inverse(other.some)};
  }
  // One side alone: its truth is tabulated, 1 where it holds.
  if (sideOf(condition)) {
    auto truth = intervalOfRun(ex.select(condition, ex.integer(1), ex.integer(0)));
    return {isAtMost(ex.integer(1), truth->greatest), isAtMost(ex.integer(1), truth->least)};
  }
  auto relation = dyn_cast_if_present<PredicateAttr>(condition->attr);
  if (condition->kind == Node::Kind::Apply && relation && condition->operands[0]->type.isInteger(64))
    return judgeComparison(relation.getValue(), condition->operands[0], condition->operands[1]);
  return {ex.truth(true), ex.truth(false)};
}

Verdict Coverage::judgeComparison(Relation relation, const Node *lhs, const Node *rhs) {
  if (relation == Relation::Ge || relation == Relation::Gt)
    return judgeComparison(relation == Relation::Ge ? Relation::Le : Relation::Lt, rhs, lhs);
  if (relation == Relation::Ne) {
    Verdict same = judgeComparison(Relation::Eq, lhs, rhs);
    return {inverse(same.all), inverse(same.some)};
  }
  // Where both vary with the same index their difference is bounded more closely.
  bool areTied = llvm::any_of(ArrayRef{rows.rank, columns.rank},
                              [&](StringAttr rank) { return lhs->dependsOn(rank) && rhs->dependsOn(rank); });
  if (areTied && linearForm(ex, sub(lhs, rhs), rows.rank, columns.rank)) {
    lhs = sub(lhs, rhs);
    rhs = ex.integer(0);
  }
  auto a = interval(lhs), b = interval(rhs);
  if (!a || !b)
    return {ex.truth(true), ex.truth(false)};
  if (relation == Relation::Eq)
    return {ex.both(isAtMost(a->least, b->greatest), isAtMost(b->least, a->greatest)),
            ex.both(isAtMost(a->greatest, b->least), isAtMost(b->greatest, a->least))};
  return {ex.compare(relation, a->least, b->greatest), ex.compare(relation, a->greatest, b->least)};
}

//===-- Integers ------------------------------------------------------------===//

std::optional<Coverage::Interval> Coverage::interval(const Node *node) {
  if (isConstant(node))
    return context.isComputable(node) ? std::optional(Interval{node, node}) : std::nullopt;
  if (auto form = linearForm(ex, node, rows.rank, columns.rank))
    return intervalOf(*form);
  if (sideOf(node))
    return intervalOfRun(node);
  return intervalOfFunction(node);
}

/// A linear form is least and greatest at corners of the box.
std::optional<Coverage::Interval> Coverage::intervalOf(const Linear &form) {
  if (!context.isComputable(form.rest))
    return {};
  Interval bounds{form.rest, form.rest};
  for (auto [side, factor] : {std::pair(&rows, form.row), std::pair(&columns, form.column)}) {
    if (factor == 0)
      continue;
    const Node *ends[] = {side->first, add(side->first, ex.integer(side->count - 1))};
    auto move = [&](const Node *&bound, const Node *end) {
      const Node *by = ex.binary(BinaryFn::Mul, end, ex.integer(std::abs(factor)));
      bound = factor > 0 ? add(bound, by) : sub(bound, by);
    };
    move(bounds.least, ends[factor < 0]);
    move(bounds.greatest, ends[factor > 0]);
  }
  return bounds;
}

std::optional<Coverage::Interval> Coverage::intervalOfRun(const Node *node) {
  const Span *side = sideOf(node);
  return Interval{context.boundOfRun(node, *side, tile::Bound::Min),
                  context.boundOfRun(node, *side, tile::Bound::Max)};
}

std::optional<Coverage::Interval> Coverage::intervalOfFunction(const Node *node) {
  if (node->kind == Node::Kind::Select) {
    auto a = interval(node->operands[1]), b = interval(node->operands[2]);
    return a && b ? std::optional(Interval{min(a->least, b->least), max(a->greatest, b->greatest)}) : std::nullopt;
  }
  if (node->kind != Node::Kind::Apply || !node->type.isInteger(64))
    return {};
  SmallVector<Interval> of;
  for (const Node *operand : node->operands) {
    auto bounds = operand->type.isInteger(64) ? interval(operand) : std::nullopt;
    if (!bounds)
      return {};
    of.push_back(*bounds);
  }
  auto negated = [&](Interval x) {
    return Interval{sub(ex.integer(0), x.greatest), sub(ex.integer(0), x.least)};
  };
  auto pointwise = [&](BinaryFn fn, Interval a, Interval b) {
    return Interval{ex.binary(fn, a.least, b.least), ex.binary(fn, a.greatest, b.greatest)};
  };
  if (isUnary(node, UnaryFn::Neg))
    return negated(of[0]);
  if (isUnary(node, UnaryFn::Abs)) {
    Interval other = negated(of[0]);
    return Interval{max(max(of[0].least, other.least), ex.integer(0)), max(of[0].greatest, other.greatest)};
  }
  for (BinaryFn fn : {BinaryFn::Add, BinaryFn::Min, BinaryFn::Max})
    if (isBinary(node, fn))
      return pointwise(fn, of[0], of[1]);
  if (isBinary(node, BinaryFn::Sub))
    return pointwise(BinaryFn::Add, of[0], negated(of[1]));
  if (isBinary(node, BinaryFn::Mul))
    for (unsigned side : {0u, 1u})
      if (const Node *factor = node->operands[side]; isConstant(factor)) {
        const Node *low = ex.binary(BinaryFn::Mul, of[1 - side].least, factor);
        const Node *high = ex.binary(BinaryFn::Mul, of[1 - side].greatest, factor);
        return Interval{min(low, high), max(low, high)};
      }
  return intervalOfQuotient(node, of[0]);
}

/// Quotients and remainders by what is the same in all of the box.
std::optional<Coverage::Interval> Coverage::intervalOfQuotient(const Node *node, Interval dividend) {
  bool isRest = isBinary(node, BinaryFn::Mod);
  if (!(isRest || isBinary(node, BinaryFn::FloorDiv)) || !isConstant(node->operands[1]))
    return {};
  const Node *divisor = node->operands[1];
  const Node *low = ex.binary(BinaryFn::FloorDiv, dividend.least, divisor);
  const Node *high = ex.binary(BinaryFn::FloorDiv, dividend.greatest, divisor);
  if (!isRest)
    return Interval{min(low, high), max(low, high)};
  // Within one period remainders ascend; beyond it they take all values.
  const Node *isOne = ex.compare(Relation::Eq, low, high);
  auto rest = [&](const Node *x) { return ex.binary(BinaryFn::Mod, x, divisor); };
  const Node *one = ex.integer(1), *zero = ex.integer(0);
  return Interval{ex.select(isOne, rest(dividend.least), min(zero, add(divisor, one))),
                  ex.select(isOne, rest(dividend.greatest), max(zero, sub(divisor, one)))};
}

} // namespace weir::schedule
