// Verifiers of the cascade dialect; the numbers are those of the operations' descriptions.
#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace weir::cascade {
namespace {

bool isReal(Type type) { return type.isF32() || type.isF64(); }
bool isNumber(Type type) { return isReal(type) || type.isInteger(64); }

/// A region of indices that ends with one scalar: what every equation needs.
LogicalResult verifyBody(Equation op) {
  Region &body = op.getEquationBody();
  if (body.getNumArguments() != op.getBodyRanks().size())
    return op->emitOpError() << "has " << body.getNumArguments() << " indices for "
                             << op.getBodyRanks().size() << " ranks";
  for (BlockArgument argument : body.getArguments())
    if (!argument.getType().isInteger(64))
      return op->emitOpError("has an index that is not an i64");
  auto yield = dyn_cast<YieldOp>(body.front().getTerminator());
  if (!yield || yield.getNumOperands() != 1)
    return op->emitOpError("must yield one scalar");
  return success();
}

Type yieldedType(Equation op) {
  return op.getEquationBody().front().getTerminator()->getOperand(0).getType();
}

LogicalResult verifyCarries(Equation op, StringRef rank) {
  auto name = StringAttr::get(op->getContext(), rank);
  if (op.getTensorType().indexOf(name) < 0)
    return op->emitOpError() << "has no rank '" << rank << "'";
  return success();
}

template <typename OpType> LogicalResult verifyReduction(OpType op) {
  Combiner combiner = op.getCombiner();
  bool reduces = !op.getReduced().empty();
  if ((combiner == Combiner::None) == reduces)
    return op.emitOpError() << "combines by '" << stringifyCombiner(combiner) << "' over "
                            << op.getReduced().size() << " ranks";
  bool isTruth = combiner == Combiner::Any || combiner == Combiner::All || combiner == Combiner::Count;
  Type type = yieldedType(op);
  if (combiner != Combiner::None && (isTruth ? !type.isInteger(1) : !isNumber(type)))
    return op.emitOpError() << "cannot combine " << type << " by '" << stringifyCombiner(combiner)
                            << "'";
  bool selects = combiner == Combiner::ArgMax || combiner == Combiner::ArgMin;
  if (selects && op.getReduced().size() != 1)
    return op.emitOpError() << "takes '" << stringifyCombiner(combiner) << "' over one rank";
  return success();
}

} // namespace

LogicalResult EinsumOp::verify() {
  if (failed(verifyBody(*this))) // einsum_c1, einsum_c3
    return failure();
  return verifyReduction(*this); // einsum_c2, einsum_c4, einsum_c5
}

LogicalResult PrefixOp::verify() {
  if (failed(verifyBody(*this)))
    return failure();
  bool known = llvm::is_contained({Combiner::Sum, Combiner::Prod, Combiner::Max, Combiner::Min}, getCombiner());
  if (!known) // prefix_c2
    return emitOpError() << "has no prefix by '" << stringifyCombiner(getCombiner()) << "'";
  return verifyCarries(*this, getAlong()); // prefix_c4
}

LogicalResult TopKOp::verify() {
  if (failed(verifyBody(*this)))
    return failure();
  return verifyCarries(*this, getInto()); // topk_c4
}

LogicalResult RankOfOp::verify() {
  if (failed(verifyBody(*this)))
    return failure();
  return verifyCarries(*this, getAlong()); // rank_of_c4
}

LogicalResult ReferenceOp::verify() { return verifyBody(*this); }

LogicalResult StateOp::verify() {
  if (failed(verifyBody(*this)) || failed(verifyReduction(*this)))
    return failure();
  auto fold = cast<FoldOp>((*this)->getParentOp());
  if (getReduced() != fold.getOver()) // state_c2
    return emitOpError() << "must reduce what its fold goes over, " << fold.getOver();
  if (getRefs().empty() != getShift().empty()) // state_c6
    return emitOpError("needs a shift if and only if it has references");
  return success();
}

LogicalResult FoldOp::verify() {
  llvm::SetVector<Attribute> distinct(getOver().begin(), getOver().end());
  if (distinct.empty() || distinct.size() != getOver().size()) // fold_c1
    return emitOpError() << "goes over " << getOver() << ", not over one rank or more, each once";
  auto results = cast<ResultsOp>(getBody().front().getTerminator());
  if (results.getTensors().getTypes() != getResultTypes())
    return emitOpError("ends with other tensors than its results");
  for (Value tensor : results.getTensors())
    if (!tensor.getDefiningOp<StateOp>())
      return emitOpError("has a result that is not one of its states");
  return success();
}

LogicalResult RecurrenceOp::verify() {
  if (getIterative().size() != getDescending().size()) // recurrence_c1
    return emitOpError() << "has " << getDescending().size() << " directions for "
                         << getIterative().size() << " ranks";
  auto results = dyn_cast<ResultsOp>(getBody().front().getTerminator());
  if (!results || results.getTensors().getTypes() != getResultTypes() ||
      TypeRange(getBody().getArgumentTypes()) != getResultTypes()) // recurrence_c2
    return emitOpError("has arguments, tensors and results of different types");
  return success();
}

LogicalResult StartOp::verify() {
  auto type = cast<TensorType>(getTensor().getType());
  if (static_cast<int64_t>(getBody().getNumArguments()) != type.getRank()) // start_c1
    return emitOpError() << "has " << getBody().getNumArguments() << " indices for "
                         << type.getRank() << " ranks";
  return success();
}

LogicalResult ReadOp::verify() {
  auto type = cast<TensorType>(getTensor().getType());
  if (type.getRank() != static_cast<int64_t>(getIndices().size())) // read_c1
    return emitOpError() << "reads a tensor of " << type.getRank() << " ranks at "
                         << getIndices().size() << " indices";
  return success();
}

LogicalResult UnaryOp::verify() { // unary_c1
  Type type = getResult().getType();
  switch (getFn()) {
  case UnaryFn::Not:
    return type.isInteger(1) ? success() : emitOpError("takes a truth value");
  case UnaryFn::ISqrt:
  case UnaryFn::ILog2:
    return type.isInteger(64) ? success() : emitOpError("takes an integer");
  case UnaryFn::Neg:
  case UnaryFn::Abs:
  case UnaryFn::Sign:
  case UnaryFn::Relu:
    return isNumber(type) ? success() : emitOpError("takes a number");
  default:
    return isReal(type) ? success() : emitOpError("takes a real number");
  }
}

LogicalResult BinaryOp::verify() { // binary_c1
  Type type = getResult().getType();
  switch (getFn()) {
  case BinaryFn::And:
  case BinaryFn::Or:
    return type.isInteger(1) ? success() : emitOpError("takes truth values");
  case BinaryFn::Div:
    return isReal(type) ? success() : emitOpError("takes real numbers");
  default:
    return isNumber(type) ? success() : emitOpError("takes numbers");
  }
}

LogicalResult CompareOp::verify() { // compare_c1
  bool ordered = getPredicate() != Predicate::Eq && getPredicate() != Predicate::Ne;
  if (ordered && getLhs().getType().isInteger(1))
    return emitOpError("cannot order truth values");
  return success();
}

} // namespace weir::cascade
