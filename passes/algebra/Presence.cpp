// What must hold for a term to be present.
#include "passes/algebra/Presence.h"

#include "passes/algebra/Bodies.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {
namespace {

class Collector {
public:
  explicit Collector(Terms &terms) : terms(terms) {}
  Conditions conditions;

  void require(Expr e) {
    if (!seen.insert(e).second)
      return;
    switch (e->op) {
    case OpKind::Read:
      return requireRead(e);
    case OpKind::Where:
      require(e->operands[0]);
      return hold(e->operands[1]);
    case OpKind::Compare: // truth values are never absent
    case OpKind::Present:
    case OpKind::Real: case OpKind::Integer: case OpKind::Truth:
    case OpKind::Index: case OpKind::Bound: case OpKind::Extent: case OpKind::Given:
      return;
    case OpKind::Binary:
      if (e->is(BinaryFn::Max) || e->is(BinaryFn::Min) || e->is(BinaryFn::FloorDiv) || e->is(BinaryFn::Mod))
        return requireWhole(e);
      break;
    case OpKind::Else: case OpKind::Select: case OpKind::Round: case OpKind::Absent:
      return requireWhole(e);
    case OpKind::Unary: case OpKind::Cast:
      break;
    }
    for (Expr operand : e->operands)
      require(operand);
  }

private:
  /// Some operand decides: present at all if every operand is, otherwise tested as it stands.
  void requireWhole(Expr e) {
    Collector parts(terms);
    if (e->op != OpKind::Absent)
      for (Expr operand : e->operands)
        parts.require(operand);
    bool partial = e->op == OpKind::Absent || e->op == OpKind::Round || e->is(BinaryFn::FloorDiv) || e->is(BinaryFn::Mod);
    if (partial || !parts.conditions.empty())
      hold(terms.present(e, IntegerType::get(e->type.getContext(), 1)));
  }

  void hold(Expr predicate) {
    if (predicate->is(BinaryFn::And)) {
      hold(predicate->operands[0]);
      hold(predicate->operands[1]);
    } else {
      conditions.insert(Atom{predicate});
    }
  }

  void requireRead(Expr read) {
    Operation *op = read->tensor.getDefiningOp();
    auto einsum = dyn_cast_or_null<EinsumOp>(op);
    bool isMap = einsum && einsum.getCombiner() == Combiner::None;
    auto prefix = dyn_cast_or_null<PrefixOp>(op); // the present points up to here, none at all included
    bool isTotal = isa_and_nonnull<InputOp, ParamOp>(op) ||
                   (prefix && llvm::is_contained({Combiner::Sum, Combiner::Prod}, prefix.getCombiner())) ||
                   (einsum && llvm::is_contained({Combiner::Sum, Combiner::Prod, Combiner::Count},
                                                 einsum.getCombiner()));
    if (read->type.isInteger(1))
      return;
    if (!isInRange(read->tensor, read->operands) || !(isMap || isTotal))
      return hold(terms.present(read, IntegerType::get(read->type.getContext(), 1)));
    if (isMap)
      require(readBody(terms, einsum.getBody().front(), read->operands,
                       [](ReadOp, ArrayRef<Expr>) { return nullptr; }));
  }

  Terms &terms;
  std::set<Expr> seen;
};

} // namespace

Conditions presenceOf(Terms &terms, Expr expr) {
  Collector collector(terms);
  collector.require(expr);
  return std::move(collector.conditions);
}

Expr restrict(Terms &terms, Expr expr, const Conditions &conditions) {
  Conditions implied = presenceOf(terms, expr);
  Expr all = nullptr;
  for (Atom condition : conditions)
    if (!implied.contains(condition))
      all = all ? terms.binary(BinaryFn::And, all, condition.expr) : condition.expr;
  return all ? terms.where(expr, all) : expr;
}

} // namespace weir::algebra
