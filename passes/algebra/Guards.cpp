// Guards solved for an index: where the points lie that a condition leaves to a reduction.
#include "passes/algebra/Guards.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {
namespace {

bool dependsOn(Expr expr, Expr index) {
  bool found = false;
  walk(expr, [&](Expr e) { found |= e == index; });
  return found;
}

/// True if a term is at least 1 wherever dividing by it has a result. Where `isLimited`, it is no longer than a rank can
/// be, so that its product with another number of this size does not wrap around.
bool isPositive(Expr e, bool isLimited) {
  constexpr int64_t limit = int64_t(1) << 24;
  if (e->op == OpKind::Integer)
    return e->code > 0 && e->code <= limit;
  if (!isLimited && e->is(BinaryFn::Pow)) // negative powers are absent
    return isPositive(e->operands[0], isLimited);
  return e->op == OpKind::Extent; // 0 divides nothing
}

/// True if a term reads numbers that more than 32 bits hold: sums of them may wrap around.
bool isWide(Expr e) {
  bool found = false;
  walk(e, [&](Expr part) {
    if (part->op == OpKind::Read)
      found |= cast<cascade::TensorType>(part->tensor.getType()).getElementType().getIntOrFloatBitWidth() > 32;
  });
  return found;
}

class Solver {
public:
  Solver(Terms &terms, Expr index, llvm::function_ref<bool(Expr)> isKnown)
      : terms(terms), index(index), isKnown(isKnown) {}
  Guard guard;

  void solve(Expr condition) {
    if (condition->op != OpKind::Compare || condition->operands[0]->type != index->type)
      return;
    Expr lhs = condition->operands[0], rhs = condition->operands[1];
    auto relation = static_cast<Predicate>(condition->code);
    if (dependsOn(lhs, index) == dependsOn(rhs, index))
      return;
    if (dependsOn(rhs, index)) {
      std::swap(lhs, rhs);
      relation = mirrored(relation);
    }
    if (relation == Predicate::Eq && rhs->op == OpKind::Index && !dependsOn(lhs, rhs) && !guard.key) {
      guard.pinned = rhs->rank;
      guard.key = lhs;
    }
    if (isWide(rhs)) {
      if (lhs != index)
        return;
      rhs = withinReach(rhs);
    }
    isEqual = relation == Predicate::Eq;
    if (relation == Predicate::Le || relation == Predicate::Lt || relation == Predicate::Eq)
      atMost(lhs, relation == Predicate::Lt ? minus(rhs, integer(1)) : rhs);
    if (relation == Predicate::Ge || relation == Predicate::Gt || relation == Predicate::Eq)
      atLeast(lhs, relation == Predicate::Gt ? plus(rhs, integer(1)) : rhs);
  }

private:
  static Predicate mirrored(Predicate relation) {
    switch (relation) {
    case Predicate::Lt: return Predicate::Gt;
    case Predicate::Le: return Predicate::Ge;
    case Predicate::Gt: return Predicate::Lt;
    case Predicate::Ge: return Predicate::Le;
    default: return relation;
    }
  }

  Expr integer(int64_t value) { return terms.integer(value, index->type); }
  /// Sums of a term and an integer are one, so that bounds read well.
  Expr plus(Expr a, Expr b) {
    if (a->op == OpKind::Integer)
      std::swap(a, b);
    if (b->op != OpKind::Integer)
      return terms.binary(BinaryFn::Add, a, b);
    int64_t offset = b->code;
    bool adds = a->is(BinaryFn::Add), subtracts = a->is(BinaryFn::Sub);
    if ((adds || subtracts) && a->operands[1]->op == OpKind::Integer) {
      offset += adds ? a->operands[1]->code : -a->operands[1]->code;
      a = a->operands[0];
    }
    if (a->op == OpKind::Integer)
      return integer(a->code + offset);
    return offset < 0 ? terms.binary(BinaryFn::Sub, a, integer(-offset)) : terms.binary(BinaryFn::Add, a, integer(offset));
  }
  Expr minus(Expr a, Expr b) {
    return b->op == OpKind::Integer ? plus(a, integer(-b->code)) : terms.binary(BinaryFn::Sub, a, b);
  }
  Expr times(Expr a, Expr b) {
    if (a->op == OpKind::Integer && b->op == OpKind::Integer)
      return integer(a->code * b->code);
    return terms.binary(BinaryFn::Mul, a, b);
  }

  /// The same bound of an index for any number: one less or one more does not wrap around.
  Expr withinReach(Expr e) {
    constexpr int64_t reach = int64_t(1) << 60;
    return terms.binary(BinaryFn::Max, terms.binary(BinaryFn::Min, e, integer(reach)), integer(-reach));
  }

  /// y >= e and y <= e, where y depends on the index and e does not.
  void atLeast(Expr y, Expr e) { bound(y, e, /*isLower=*/true); }
  void atMost(Expr y, Expr e) { bound(y, e, /*isLower=*/false); }

  void bound(Expr y, Expr e, bool isLower) {
    if (y == index) {
      if (isKnown(e))
        (isLower ? guard.lower : guard.upper).push_back(e);
      return;
    }
    if (y->op != OpKind::Binary)
      return;
    Expr a = y->operands[0], b = y->operands[1];
    if (isWide(a) || isWide(b))
      return;
    switch (static_cast<BinaryFn>(y->code)) {
    case BinaryFn::Max: // each of them is at most e
    case BinaryFn::Min:
      if (y->is(BinaryFn::Min) == isLower)
        for (Expr operand : {a, b})
          if (dependsOn(operand, index))
            bound(operand, e, isLower);
      return;
    case BinaryFn::Add:
      if (!dependsOn(b, index))
        return bound(a, minus(e, b), isLower);
      return dependsOn(a, index) ? void() : bound(b, minus(e, a), isLower);
    case BinaryFn::Sub:
      if (!dependsOn(b, index))
        return bound(a, plus(e, b), isLower);
      return dependsOn(a, index) ? void() : bound(b, minus(a, e), !isLower);
    case BinaryFn::Mul: { // of a rank's index, not of any integer: what wraps around is no index
      if (a->op == OpKind::Integer)
        std::swap(a, b);
      if (b->op != OpKind::Integer || b->code <= 0)
        return;
      Expr quotient = terms.binary(BinaryFn::FloorDiv, isLower ? plus(e, integer(b->code - 1)) : e, b);
      return bound(a, quotient, isLower);
    }
    case BinaryFn::FloorDiv: {
      if (dependsOn(b, index) || !isPositive(b, /*isLimited=*/!isEqual))
        return;
      Expr first = times(b, e);
      return bound(a, isLower ? first : plus(first, minus(b, integer(1))), isLower);
    }
    default:
      return;
    }
  }

  Terms &terms;
  Expr index;
  llvm::function_ref<bool(Expr)> isKnown;
  bool isEqual = false; ///< of the comparison at hand
};

} // namespace

Guard solveGuards(Terms &terms, const Conditions &conditions, Expr index, llvm::function_ref<bool(Expr)> isKnown) {
  Solver solver(terms, index, isKnown);
  for (Atom condition : conditions)
    solver.solve(condition.expr);
  return std::move(solver.guard);
}

} // namespace weir::algebra
