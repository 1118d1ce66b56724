// Predicates as linear constraints on the row and the column of a tile.
#include "passes/schedule/Constraint.h"

#include "passes/schedule/IndexExpression.h"

using namespace mlir;
using weir::cascade::BinaryFn;
using weir::cascade::PredicateAttr;
using weir::cascade::UnaryFn;
using Relation = weir::cascade::Predicate;

namespace weir::schedule {
namespace {

struct Splitter {
  Expressions &ex;
  StringAttr row, column;
  bool isAffineOnly = true; ///< what is read from a tensor is no rest of a constraint

  const Node *sum(const Node *a, const Node *b) { return ex.binary(BinaryFn::Add, a, b); }

  std::optional<Linear> scale(Linear x, int64_t factor) {
    const Node *rest = factor == 1 ? x.rest : ex.binary(BinaryFn::Mul, x.rest, ex.integer(factor));
    return Linear{x.column * factor, x.row * factor, rest};
  }

  std::optional<Linear> add(std::optional<Linear> a, std::optional<Linear> b) {
    if (!a || !b)
      return {};
    return Linear{a->column + b->column, a->row + b->row, sum(a->rest, b->rest)};
  }

  /// An integer expression as a linear form.
  std::optional<Linear> linear(const Node *node) {
    bool isFree = !(row && node->dependsOn(row)) && !(column && node->dependsOn(column));
    if (isFree)
      return Linear{0, 0, node};
    if (node->kind == Node::Kind::Index)
      return node->attr == column ? Linear{1, 0, ex.integer(0)} : Linear{0, 1, ex.integer(0)};
    if (isBinary(node, BinaryFn::Add))
      return add(linear(node->operands[0]), linear(node->operands[1]));
    if (isBinary(node, BinaryFn::Sub))
      return add(linear(node->operands[0]), negated(linear(node->operands[1])));
    if (isBinary(node, BinaryFn::Mul))
      for (unsigned side : {0u, 1u})
        if (node->operands[side]->kind == Node::Kind::Constant)
          if (auto other = linear(node->operands[1 - side]))
            return scale(*other, cast<IntegerAttr>(node->operands[side]->attr).getInt());
    return {};
  }

  std::optional<Linear> negated(std::optional<Linear> x) {
    return x ? scale(*x, -1) : std::nullopt;
  }

  /// What a floor division of the column by a positive number divides, and the number; otherwise the node, and 1.
  std::pair<const Node *, int64_t> divided(const Node *node) {
    const Node *by = isBinary(node, BinaryFn::FloorDiv) ? node->operands[1] : nullptr;
    if (!by || by->kind != Node::Kind::Constant || !column || !node->dependsOn(column))
      return {node, 1};
    int64_t divisor = cast<IntegerAttr>(by->attr).getInt();
    return divisor > 0 ? std::pair(node->operands[0], divisor) : std::pair(node, int64_t(1));
  }

  /// The most or the least that `factor * node` can be, as a linear form.
  std::optional<Linear> estimate(const Node *node, int64_t factor, bool isMost) {
    if (auto exact = linear(node))
      return scale(*exact, factor);
    if (node->kind != Node::Kind::Apply || node->operands.size() != 2)
      return {};
    const Node *a = node->operands[0], *b = node->operands[1];
    if (isBinary(node, BinaryFn::Add) || isBinary(node, BinaryFn::Sub))
      return add(estimate(a, factor, isMost), estimate(b, isBinary(node, BinaryFn::Add) ? factor : -factor, isMost));
    if (isBinary(node, BinaryFn::Mul) && a->kind == Node::Kind::Constant)
      std::swap(a, b);
    if (b->kind != Node::Kind::Constant)
      return {};
    int64_t number = cast<IntegerAttr>(b->attr).getInt();
    if (isBinary(node, BinaryFn::Mul))
      return estimate(a, factor * number, isMost);
    if (!isBinary(node, BinaryFn::FloorDiv) || number <= 0 || factor % number != 0)
      return {};
    // a - number + 1 <= number * (a // number) <= a
    int64_t times = factor / number;
    auto result = estimate(a, times, isMost);
    if (result && isMost == (times < 0))
      result->rest = sum(result->rest, ex.integer(-times * (number - 1)));
    return result;
  }

  /// lhs - rhs - gap >= 0. A minimum is at least what each of its operands is, and a maximum at most; a magnitude
  /// is the maximum of two numbers.
  bool atLeast(Predicate &to, const Node *lhs, const Node *rhs, int64_t gap) {
    if (isBinary(lhs, BinaryFn::Min))
      return atLeast(to, lhs->operands[0], rhs, gap) && atLeast(to, lhs->operands[1], rhs, gap);
    if (isBinary(rhs, BinaryFn::Max))
      return atLeast(to, lhs, rhs->operands[0], gap) && atLeast(to, lhs, rhs->operands[1], gap);
    if (isUnary(rhs, UnaryFn::Abs))
      return atLeast(to, lhs, rhs->operands[0], gap) && atLeast(to, sum(lhs, rhs->operands[0]), ex.integer(0), gap);
    bool isLeft = column && lhs->dependsOn(column);
    auto [x, factor] = divided(isLeft ? lhs : rhs);
    const Node *other = isLeft ? rhs : lhs;
    // x // b >= y is x >= b * y, and x // b <= y is x <= b * y + b - 1.
    auto bound = estimate(other, factor, /*isMost=*/!isLeft);
    auto constraint = isLeft ? add(linear(x), negated(bound)) : add(bound, negated(linear(x)));
    if (!constraint || std::abs(constraint->column) != 1 || (isAffineOnly && !isAffine(constraint->rest)))
      return false;
    if (int64_t offset = (isLeft ? 0 : factor - 1) - factor * gap)
      constraint->rest = sum(constraint->rest, ex.integer(offset));
    bool isExact = linear(other).has_value();
    (isExact ? to.linear : to.implied).push_back(*constraint);
    return isExact;
  }

  bool comparison(Predicate &to, const Node *node) {
    auto relation = dyn_cast_if_present<PredicateAttr>(node->attr);
    if (node->kind != Node::Kind::Apply || !relation || !node->operands[0]->type.isInteger(64))
      return false;
    const Node *lhs = node->operands[0], *rhs = node->operands[1];
    switch (relation.getValue()) {
    case Relation::Le:
      return atLeast(to, rhs, lhs, 0);
    case Relation::Lt:
      return atLeast(to, rhs, lhs, 1);
    case Relation::Ge:
      return atLeast(to, lhs, rhs, 0);
    case Relation::Gt:
      return atLeast(to, lhs, rhs, 1);
    case Relation::Eq: { // each of them may imply a bound
      bool isLower = atLeast(to, lhs, rhs, 0), isUpper = atLeast(to, rhs, lhs, 0);
      return isLower && isUpper;
    }
    case Relation::Ne:
      return false;
    }
    return false;
  }

  void split(Predicate &to, const Node *condition) {
    if (isBinary(condition, BinaryFn::And)) {
      split(to, condition->operands[0]);
      split(to, condition->operands[1]);
    } else if (size_t before = to.linear.size(); !comparison(to, condition)) {
      to.linear.resize(before);
      to.conditions.push_back(condition);
    }
  }
};

} // namespace

std::optional<Linear> linearForm(Expressions &ex, const Node *node, StringAttr row, StringAttr column) {
  return Splitter{ex, row, column}.linear(node);
}

Predicate splitPredicate(Expressions &ex, const Node *condition, StringAttr row, StringAttr column) {
  Predicate predicate;
  if (condition)
    Splitter{ex, row, column}.split(predicate, condition);
  return predicate;
}

SmallVector<Linear> takeBounds(Expressions &ex, const Node *&condition, StringAttr rank, ArrayRef<StringAttr> varying) {
  Operands conjuncts = conjunctsOf(condition);
  SmallVector<Linear> bounds;
  condition = nullptr;
  for (const Node *conjunct : conjuncts) {
    Predicate split = splitPredicate(ex, conjunct, {}, rank);
    bool isBound = split.conditions.empty() && llvm::all_of(split.linear, [&](const Linear &c) {
      return isAffine(c.rest) && llvm::none_of(varying, [&](StringAttr other) { return c.rest->dependsOn(other); });
    });
    if (isBound)
      bounds.append(split.linear);
    else
      condition = ex.both(condition, conjunct);
  }
  return bounds;
}

/// That some column satisfies a conjunction.
static const Node *existsInAll(Expressions &ex, const Predicate &predicate, StringAttr row, StringAttr column) {
  const Node *zero = ex.integer(0);
  Operands lower{zero}, upper{ex.binary(BinaryFn::Sub, ex.extent(column), ex.integer(1))};
  const Node *holds = nullptr;
  for (const Node *condition : predicate.conditions) {
    if (condition->dependsOn(column))
      return nullptr;
    holds = ex.both(holds, condition);
  }
  for (const Linear &c : predicate.linear) {
    const Node *rest = c.rest;
    if (c.row)
      rest = ex.binary(BinaryFn::Add, rest, ex.binary(BinaryFn::Mul, ex.index(row), ex.integer(c.row)));
    if (c.column == -1)
      upper.push_back(rest);
    else
      lower.push_back(ex.binary(BinaryFn::Sub, zero, rest));
  }
  for (const Node *l : lower)
    for (const Node *u : upper)
      holds = ex.both(holds, ex.compare(Relation::Le, l, u));
  return holds;
}

const Node *existsColumn(Expressions &ex, const Predicate &predicate, StringAttr row, StringAttr column) {
  Splitter splitter{ex, row, column, /*isAffineOnly=*/false};
  Predicate whole{predicate.linear, {}, {}};
  for (const Node *condition : predicate.conditions)
    splitter.split(whole, condition);
  auto *choice = llvm::find_if(whole.conditions, [&](const Node *condition) {
    return isBinary(condition, BinaryFn::Or) && condition->dependsOn(column);
  });
  if (choice == whole.conditions.end())
    return existsInAll(ex, whole, row, column);
  // A column satisfies a disjunction if it satisfies one side.
  Operands sides = (*choice)->operands;
  whole.conditions.erase(choice);
  const Node *holds = ex.truth(false);
  for (const Node *side : sides) {
    Predicate part = whole;
    part.conditions.push_back(side);
    const Node *exists = existsColumn(ex, part, row, column);
    if (!exists)
      return nullptr;
    holds = ex.binary(BinaryFn::Or, holds, exists);
  }
  return holds;
}

} // namespace weir::schedule
