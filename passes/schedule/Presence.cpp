// Which values can be absent: a conservative static analysis.
#include "passes/schedule/Presence.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {
namespace {

/// The rank whose extent `name` shares: the one it is `like`, else itself.
StringAttr extentOwner(KernelOp kernel, StringAttr name) {
  RankOp rank = kernel.getRankDeclaration(name);
  return rank && rank.getFamilyAttr() ? rank.getFamilyAttr() : name;
}

/// The rank that an index runs over, or null for a computed one.
StringAttr rankOfIndex(Value index) {
  auto argument = dyn_cast<BlockArgument>(index);
  auto equation = argument ? dyn_cast<Equation>(argument.getOwner()->getParentOp()) : Equation();
  if (!equation || argument.getOwner()->getParent() != &equation.getEquationBody())
    return {};
  auto ranks = equation.getBodyRanks();
  return argument.getArgNumber() < ranks.size() ? ranks[argument.getArgNumber()] : StringAttr();
}

/// True if a reduction over no present points has a value.
bool isDefinedOverNone(Combiner combiner) {
  return llvm::is_contained({Combiner::Sum, Combiner::Prod, Combiner::Any, Combiner::All, Combiner::Count}, combiner);
}

bool yieldsAbsent(Region &body) {
  return mayBeAbsent(body.front().getTerminator()->getOperand(0));
}

} // namespace

bool isInRange(ReadOp read) {
  auto type = cast<cascade::TensorType>(read.getTensor().getType());
  auto kernel = read->getParentOfType<KernelOp>();
  return llvm::all_of(llvm::zip(read.getIndices(), type.getRanks()), [&](auto pair) {
    StringAttr rank = rankOfIndex(std::get<0>(pair));
    return rank && extentOwner(kernel, rank) == extentOwner(kernel, std::get<1>(pair));
  });
}

bool mayBeAbsent(Value scalar) {
  Operation *op = scalar.getDefiningOp();
  if (!op || scalar.getType().isInteger(1))
    return false;
  if (auto read = dyn_cast<ReadOp>(op))
    return !isInRange(read) || mayHaveAbsentPoints(read.getTensor());
  if (auto fallback = dyn_cast<ElseOp>(op))
    return mayBeAbsent(fallback.getValue()) && mayBeAbsent(fallback.getFallback());
  if (auto binary = dyn_cast<BinaryOp>(op)) {
    bool left = mayBeAbsent(binary.getLhs()), right = mayBeAbsent(binary.getRhs());
    if (binary.getFn() == BinaryFn::Max || binary.getFn() == BinaryFn::Min)
      return left && right;
    bool isPartial = scalar.getType().isInteger(64) &&
                     llvm::is_contained({BinaryFn::FloorDiv, BinaryFn::Mod, BinaryFn::Pow}, binary.getFn());
    return left || right || isPartial;
  }
  if (isa<WhereOp, AbsentOp, RoundOp>(op))
    return true;
  if (isa<CastOp>(op) && scalar.getType().isInteger(64) && !op->getOperand(0).getType().isInteger())
    return true;
  return llvm::any_of(op->getOperands(), [](Value operand) { return mayBeAbsent(operand); });
}

bool mayHaveAbsentPoints(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op || isa<RecurrenceOp, TopKOp>(op))
    return true;
  if (isa<InputOp, ParamOp>(op))
    return false;
  if (auto fold = dyn_cast<FoldOp>(op)) {
    auto results = cast<ResultsOp>(fold.getBody().front().getTerminator());
    return mayHaveAbsentPoints(results.getTensors()[cast<OpResult>(tensor).getResultNumber()]);
  }
  if (auto state = dyn_cast<StateOp>(op))
    return state.getPartial() || !isDefinedOverNone(state.getCombiner());
  if (auto prefix = dyn_cast<PrefixOp>(op))
    return !isDefinedOverNone(prefix.getCombiner());
  if (auto einsum = dyn_cast<EinsumOp>(op); einsum && einsum.getCombiner() != Combiner::None)
    return !isDefinedOverNone(einsum.getCombiner());
  return yieldsAbsent(cast<Equation>(op).getEquationBody());
}

} // namespace weir
