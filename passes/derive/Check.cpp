// Random evaluation of what the algebra found: separations and shifts.
#include "passes/derive/FoldPlan.h"
#include "passes/algebra/Evaluate.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

static constexpr uint64_t numPoints = 4;

/// The summand is the finish of its states' bodies, at one point.
bool FoldPlan::holds(const Reduction &reduction) {
  for (uint64_t seed = 1; seed <= numPoints; ++seed) {
    auto leaf = [&](Expr e) {
      return e->op == OpKind::Extent && llvm::is_contained(ranks, e->rank) ? 1.0 : sample(seed, e->id);
    };
    auto finishLeaf = [&](Expr e) {
      return e->op == OpKind::Given ? evaluate(states[symbolOf(e).second].body, leaf) : leaf(e);
    };
    if (!agree(evaluate(reduction.summand, leaf), evaluate(reduction.finish, finishLeaf)))
      return false;
  }
  return true;
}

/// The shift takes a body at old references to the body at new ones.
bool FoldPlan::shiftHolds(const State &state) {
  for (uint64_t seed = 1; seed <= numPoints; ++seed) {
    auto reference = [&](Value tensor, bool isNew) {
      unsigned number = llvm::find(state.references, tensor) - state.references.begin();
      return sample(seed + (isNew ? 100 : 200), number);
    };
    auto leaf = [&](bool isNew) {
      return [&, isNew](Expr e) { return isReference(e) ? reference(e->tensor, isNew) : sample(seed, e->id); };
    };
    auto shiftLeaf = [&](Expr e) -> double {
      if (e->op != OpKind::Given)
        return sample(seed, e->id);
      auto [symbol, number] = symbolOf(e);
      if (symbol == Symbol::Self)
        return evaluate(state.body, leaf(false));
      if (symbol == Symbol::Basis)
        return evaluate(states[state.basis[number]].body, leaf(false));
      return reference(state.references[number], symbol == Symbol::New);
    };
    if (!agree(evaluate(state.body, leaf(true)), evaluate(state.shift, shiftLeaf)))
      return false;
  }
  return true;
}

} // namespace weir::derive
