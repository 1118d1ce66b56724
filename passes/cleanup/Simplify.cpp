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
    Expr value = withKnownNumbers(terms, readEquation(terms, equation, [](ReadOp, ArrayRef<Expr>) { return nullptr; }));
    size_t results = equation.getTensorType().getRanks().size();
    auto ranks = equation.getBodyRanks();
    Region fresh;
    writeBody(fresh, equation.getLoc(), ArrayRef(ranks).take_front(results), ArrayRef(ranks).drop_front(results), value, TensorMap());
    equation.getEquationBody().takeBody(fresh);
  }

  /// Integers in place of pinned extents and of parameters that are known when code is made.
  Expr withKnownNumbers(Terms &terms, Expr value) {
    llvm::DenseMap<Expr, Expr> known;
    algebra::walk(value, [&](Expr e) {
      if (e->op == OpKind::Extent) {
        RankOp rank = getOperation().getRankDeclaration(e->rank);
        if (rank && rank.getSize())
          known[e] = terms.integer(*rank.getSize(), e->type);
      } else if (auto number = e->op == OpKind::Read ? knownValue(e->tensor) : std::nullopt) {
        known[e] = terms.integer(*number, e->type);
      }
    });
    return known.empty() ? value : terms.substitute(value, known);
  }

  /// The value of a constant parameter that is an integer and needs no rounding to be stored.
  static std::optional<int64_t> knownValue(Value tensor) {
    auto param = tensor.getDefiningOp<ParamOp>();
    if (!param || !param.getConstant() || param.getInit().empty())
      return std::nullopt;
    Type storage = cast<cascade::TensorType>(tensor.getType()).getElementType();
    auto number = param.getInit().front().getTerminator()->getOperand(0).getDefiningOp<ConstOp>();
    auto value = number ? dyn_cast<IntegerAttr>(number.getValue()) : IntegerAttr();
    if (!value || !storage.isInteger(32) || !llvm::isInt<32>(value.getInt()))
      return std::nullopt;
    return value.getInt();
  }
};

} // namespace
} // namespace weir
