// The pass that writes equations' bodies anew, without repeated, neutral or constant operations.
#include "passes/Passes.h"
#include "passes/algebra/Bodies.h"
#include "passes/derive/BuildFold.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_SIMPLIFY
#include "passes/Passes.h.inc"

namespace {

struct SimplifyPass : impl::SimplifyBase<SimplifyPass> {
  void runOnOperation() override {
    getOperation().walk([&](Equation equation) { rewrite(equation); });
    numErased += derive::eraseDeadEquations(getOperation());
  }

private:
  void rewrite(Equation equation) {
    Terms terms;
    Expr value = withPinnedExtents(terms, readEquation(terms, equation, [](ReadOp, ArrayRef<Expr>) { return nullptr; }));
    size_t results = equation.getTensorType().getRanks().size();
    auto ranks = equation.getBodyRanks();
    Region fresh;
    writeBody(fresh, equation.getLoc(), ArrayRef(ranks).take_front(results), ArrayRef(ranks).drop_front(results), value, TensorMap());
    equation.getEquationBody().takeBody(fresh);
  }

  Expr withPinnedExtents(Terms &terms, Expr value) {
    llvm::DenseMap<Expr, Expr> sizes;
    algebra::walk(value, [&](Expr e) {
      if (e->op != OpKind::Extent)
        return;
      RankOp rank = getOperation().getRankDeclaration(e->rank);
      if (rank && rank.getSize())
        sizes[e] = terms.integer(*rank.getSize(), e->type);
    });
    return sizes.empty() ? value : terms.substitute(value, sizes);
  }
};

} // namespace
} // namespace weir
