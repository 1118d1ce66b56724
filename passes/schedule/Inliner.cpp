// From equations to expressions: maps are inlined, presence becomes a condition.
#include "passes/schedule/Inliner.h"

#include "dialect/cascade/Names.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {
namespace {

/// The rank that an index runs over, or null for a computed one.
StringAttr rankOfIndex(Value index) {
  auto argument = dyn_cast<BlockArgument>(index);
  auto equation = argument ? dyn_cast<Equation>(argument.getOwner()->getParentOp()) : Equation();
  if (!equation || argument.getOwner()->getParent() != &equation.getEquationBody())
    return {};
  auto ranks = equation.getBodyRanks();
  return argument.getArgNumber() < ranks.size() ? ranks[argument.getArgNumber()] : StringAttr();
}

/// True if each index of a read is one of a rank with the same extent.
bool isInRange(ReadOp read) {
  auto type = cast<cascade::TensorType>(read.getTensor().getType());
  auto kernel = read->getParentOfType<KernelOp>();
  return llvm::all_of(llvm::zip(read.getIndices(), type.getRanks()), [&](auto pair) {
    StringAttr rank = rankOfIndex(std::get<0>(pair));
    return rank && kernel.getExtentOwner(rank) == kernel.getExtentOwner(std::get<1>(pair));
  });
}

/// True if a state is absent over no present points.
bool mayBeAbsent(StateOp state) {
  bool isDefinedOverNone =
      llvm::is_contained({Combiner::Sum, Combiner::Prod, Combiner::Any, Combiner::All, Combiner::Count}, state.getCombiner());
  return state.getPartial() || !isDefinedOverNone;
}

} // namespace

LogicalResult Inliner::refuse(Operation *op, StringRef why) {
  where = op;
  reason = why.str();
  return failure();
}

FailureOr<Scalar> Inliner::region(Region &region, ArrayRef<Scalar> arguments, unsigned result) {
  Scalars known;
  for (auto [argument, scalar] : llvm::zip(region.getArguments(), arguments))
    known[argument] = scalar;
  for (Operation &op : region.front().without_terminator()) {
    auto scalar = evaluate(&op, known);
    if (failed(scalar))
      return failure();
    known[op.getResult(0)] = *scalar;
  }
  return known.lookup(region.front().getTerminator()->getOperand(result));
}

//===-- Scalar operations ---------------------------------------------------===//

Scalar Inliner::binary(BinaryOp op, Scalar lhs, Scalar rhs) {
  BinaryFn fn = op.getFn();
  const Node *value = ex.binary(fn, lhs.value, rhs.value);
  if (fn == BinaryFn::Max || fn == BinaryFn::Min) {
    if (rhs.present)
      value = ex.select(rhs.present, value, lhs.value);
    if (lhs.present)
      value = ex.select(lhs.present, value, rhs.value);
    return {value, ex.either(lhs.present, rhs.present)};
  }
  const Node *present = ex.both(lhs.present, rhs.present);
  bool isInteger = op.getType().isInteger(64);
  if (isInteger && (fn == BinaryFn::FloorDiv || fn == BinaryFn::Mod)) {
    bool isNonzero = rhs.value->kind == Node::Kind::Extent ||
                     (rhs.value->kind == Node::Kind::Constant && rhs.value != ex.integer(0));
    if (!isNonzero) {
      const Node *valid = ex.compare(Predicate::Ne, rhs.value, ex.integer(0));
      value = ex.binary(fn, lhs.value, ex.select(valid, rhs.value, ex.integer(1)));
      present = ex.both(present, valid);
    }
  }
  return {value, present};
}

FailureOr<Scalar> Inliner::evaluate(Operation *op, Scalars &known) {
  auto at = [&](Value value) { return known.lookup(value); };
  return llvm::TypeSwitch<Operation *, FailureOr<Scalar>>(op)
      .Case([&](ConstOp c) { return Scalar{ex.constant(c.getValue())}; })
      .Case([&](ExtentOp e) { return Scalar{ex.extent(e.getRankAttr())}; })
      .Case([&](AbsentOp a) { return Scalar{ex.zero(a.getType()), ex.truth(false)}; })
      .Case([&](ReadOp read) {
        return element(read.getTensor(), llvm::map_to_vector(read.getIndices(), at), isInRange(read));
      })
      .Case([&](UnaryOp unary) {
        Scalar x = at(unary.getOperand());
        return Scalar{ex.apply(unary.getFnAttr(), {x.value}, unary.getType()), x.present};
      })
      .Case([&](BinaryOp b) { return binary(b, at(b.getLhs()), at(b.getRhs())); })
      .Case([&](CompareOp compare) {
        Scalar lhs = at(compare.getLhs()), rhs = at(compare.getRhs());
        const Node *holds = ex.compare(compare.getPredicate(), lhs.value, rhs.value);
        return Scalar{ex.both(ex.both(lhs.present, rhs.present), holds)};
      })
      .Case([&](SelectOp select) {
        Scalar c = at(select.getCondition()), a = at(select.getOnTrue()), b = at(select.getOnFalse());
        const Node *present = nullptr;
        if (a.present || b.present)
          present = ex.select(c.value, a.present ? a.present : ex.truth(true),
                              b.present ? b.present : ex.truth(true));
        return Scalar{ex.select(c.value, a.value, b.value), present};
      })
      .Case([&](WhereOp restricted) {
        Scalar x = at(restricted.getValue()), p = at(restricted.getPredicate());
        if (x.value->type.isInteger(1))
          return Scalar{ex.both(x.value, p.value)};
        return Scalar{x.value, ex.both(x.present, p.value)};
      })
      .Case([&](ElseOp fallback) {
        Scalar a = at(fallback.getValue()), b = at(fallback.getFallback());
        if (!a.present)
          return a;
        return Scalar{ex.select(a.present, a.value, b.value), ex.either(a.present, b.present)};
      })
      .Case([&](PresentOp present) {
        Scalar x = at(present.getValue());
        return Scalar{x.present ? x.present : ex.truth(true)};
      })
      .Case([&](CastOp cast) {
        Scalar x = at(cast.getValue());
        const Node *present = x.present;
        if (isa<FloatType>(x.value->type) && isa<IntegerType>(cast.getType()))
          present = ex.both(present, ex.compare(Predicate::Eq, x.value, x.value));
        return Scalar{ex.convert(x.value, cast.getType(), cast.getViaAttr()), present};
      })
      .Case([&](RoundOp round) {
        Scalar x = at(round.getValue());
        const Node *isNumber = ex.compare(Predicate::Eq, x.value, x.value);
        return Scalar{ex.apply(round.getModeAttr(), {x.value}, round.getType()), ex.both(x.present, isNumber)};
      })
      .Default([&](Operation *other) -> FailureOr<Scalar> {
        return refuse(other, "an operation that is no scalar expression");
      });
}

//===-- Elements of tensors -------------------------------------------------===//

const Node *Inliner::presenceOf(Value state, ArrayRef<const Node *> subscripts) {
  return ex.load(state, Operands(subscripts), IntegerType::get(ex.context, 1));
}

FailureOr<Scalar> Inliner::element(Value tensor, ArrayRef<Scalar> subscripts, bool isInRange) {
  auto type = cast<cascade::TensorType>(tensor.getType());
  const Node *present = nullptr;
  Operands indices;
  for (const Scalar &subscript : subscripts) {
    present = ex.both(present, subscript.present);
    indices.push_back(subscript.value);
  }
  if (!isInRange)
    present = ex.both(present, rangeCondition(tensor, indices));
  bool isFinal = tensor.getDefiningOp<FoldOp>() != nullptr;
  if (isFinal)
    tensor = definingTensor(tensor);
  Operation *op = tensor.getDefiningOp();
  if (isa_and_present<InputOp, ParamOp>(op))
    return Scalar{ex.load(tensor, indices, type.getScalarType()), present};
  if (isa_and_present<StateOp, ReferenceOp>(op)) {
    if (auto state = dyn_cast<StateOp>(op); isFinal && state && mayBeAbsent(state))
      present = ex.both(present, presenceOf(tensor, indices));
    return Scalar{ex.load(tensor, indices, type.getScalarType()), present};
  }
  auto einsum = dyn_cast_if_present<EinsumOp>(op);
  if (!einsum)
    return refuse(op, "only maps and contractions are computed within a tile");
  auto value = einsum.getCombiner() == Combiner::None ? region(einsum.getBody(), subscripts)
                                                      : contraction(einsum, subscripts);
  if (failed(value))
    return failure();
  return Scalar{value->value, ex.both(present, value->present)};
}

/// True if it hangs on whether a state has seen a point: a flag beside the state, which only its fold's outputs read.
static bool readsPresenceOfState(const Node *node) {
  bool isFlag = node->kind == Node::Kind::Load && node->type.isInteger(1) &&
                isa_and_present<StateOp>(node->tensor.getDefiningOp());
  return isFlag || llvm::any_of(node->operands, readsPresenceOfState);
}

/// A sum over one rank of a product, or its mean where all points are present. An absent point adds nothing: conditions
/// on the summed rank zero one of the factors, the others the sum.
FailureOr<Scalar> Inliner::contraction(EinsumOp op, ArrayRef<Scalar> subscripts) {
  bool isMean = op.getCombiner() == Combiner::Mean;
  if ((op.getCombiner() != Combiner::Sum && !isMean) || op.getReduced().size() != 1)
    return refuse(op, "a reduction that is no contraction");
  auto rank = cast<StringAttr>(op.getReduced()[0]);
  for (const Scalar &subscript : subscripts)
    if (subscript.value->dependsOn(rank))
      return refuse(op, "a contraction that is read along the rank it contracts");
  SmallVector<Scalar> arguments(subscripts);
  arguments.push_back({ex.index(rank)});
  auto body = region(op.getBody(), arguments);
  if (failed(body))
    return failure();
  Operands factors = factorsOf(body->value);
  const Node *outside = nullptr;
  for (const Node *condition : conjunctsOf(body->present)) {
    if (!condition->dependsOn(rank)) {
      outside = ex.both(outside, condition);
      continue;
    }
    if (isMean)
      return refuse(op, "a mean of some points");
    if (readsPresenceOfState(condition))
      return refuse(op, "a contraction where a state is present");
    auto *host = llvm::find_if(factors, [&](const Node *factor) {
      return llvm::all_of(condition->ranks, [&](StringAttr r) { return factor->dependsOn(r); });
    });
    if (host == factors.end())
      return refuse(op, "a condition that no single factor of the contraction can carry");
    *host = ex.select(condition, *host, ex.zero((*host)->type));
  }
  const Node *sum = ex.contract(rank, factors, op.getTensorType().getScalarType());
  sources.try_emplace(sum, op);
  if (isMean)
    return Scalar{ex.binary(BinaryFn::Div, sum, ex.convert(ex.extent(rank), sum->type)),
                  ex.both(outside, ex.compare(Predicate::Gt, ex.extent(rank), ex.integer(0)))};
  return Scalar{outside ? ex.select(outside, sum, ex.zero(sum->type)) : sum};
}

//===-- Ranges --------------------------------------------------------------===//

const Node *Inliner::rangeCondition(Value tensor, ArrayRef<const Node *> subscripts) {
  const Node *condition = nullptr;
  for (auto [index, rank] : llvm::zip(subscripts, cast<cascade::TensorType>(tensor.getType()).getRanks())) {
    if (isProvedBelow(index, rank))
      continue;
    condition = ex.both(condition, ex.compare(Predicate::Ge, index, ex.integer(0)));
    condition = ex.both(condition, ex.compare(Predicate::Lt, index, ex.extent(rank)));
  }
  return condition;
}

bool Inliner::isSingle(StringAttr rank) {
  RankOp declaration = kernel.getRankDeclaration(rank);
  if (!declaration || declaration.getSize())
    return !declaration || declaration.getSize() == 1;
  auto extent = declaration.getExtent().empty() ? FailureOr<Scalar>() : region(declaration.getExtent(), {});
  return succeeded(extent) && extent->value == ex.integer(1);
}

/// True if the kernel requires `#multiple % #divisor == 0`.
bool Inliner::divides(StringAttr divisor, StringAttr multiple) {
  const Node *rest = ex.binary(BinaryFn::Mod, ex.extent(multiple), ex.extent(divisor));
  const Node *wanted = ex.compare(Predicate::Eq, rest, ex.integer(0));
  for (auto require : kernel.getBody().getOps<RequireOp>())
    if (auto condition = region(require.getCondition(), {}); succeeded(condition))
      if (llvm::is_contained(conjunctsOf(condition->value), wanted))
        return true;
  return false;
}

/// True for `i % #rank`, and for `i // e` where i counts to `#rank * e`.
bool Inliner::isPlaceOf(const Node *index, StringAttr rank) {
  if (isBinary(index, BinaryFn::Mod))
    return index->operands[1] == ex.extent(rank);
  if (!isBinary(index, BinaryFn::FloorDiv))
    return false;
  const Node *whole = index->operands[0], *part = index->operands[1];
  if (isBinary(whole, BinaryFn::FloorDiv)) // of a number of several places, the later ones were taken off
    return isPlaceOf(ex.binary(BinaryFn::FloorDiv, whole->operands[0], ex.binary(BinaryFn::Mul, part, whole->operands[1])), rank);
  if (whole->kind != Node::Kind::Index)
    return false;
  RankOp declaration = kernel.getRankDeclaration(cast<StringAttr>(whole->attr));
  if (!declaration || declaration.getExtent().empty())
    return false;
  auto size = region(declaration.getExtent(), {});
  return succeeded(size) && size->value == ex.binary(BinaryFn::Mul, ex.extent(rank), part);
}

/// True for an element of an input whose values are declared, and checked, to be indices of `rank`.
bool Inliner::isDeclaredBelow(const Node *index, StringAttr rank) {
  auto input = index->kind == Node::Kind::Load ? index->tensor.getDefiningOp<InputOp>() : InputOp();
  if (!input || input.getRange().empty())
    return false;
  auto least = region(input.getRange(), {}, 0), end = region(input.getRange(), {}, 1);
  return succeeded(least) && succeeded(end) && least->value == ex.integer(0) && end->value->kind == Node::Kind::Extent &&
         kernel.getExtentOwner(cast<StringAttr>(end->value->attr)) == kernel.getExtentOwner(rank);
}

bool Inliner::isProvedBelow(const Node *index, StringAttr rank) {
  if (index->kind == Node::Kind::Index)
    return kernel.getExtentOwner(cast<StringAttr>(index->attr)) == kernel.getExtentOwner(rank);
  if (isPlaceOf(index, rank) || isDeclaredBelow(index, rank))
    return true;
  if (isBinary(index, BinaryFn::Add)) { // i * #m + m, where j // #m is an index i for an index j of `rank`
    const Node *first = index->operands[0], *member = index->operands[1];
    if (member->kind == Node::Kind::Index && isSingle(cast<StringAttr>(member->attr))) // which is 0
      return isProvedBelow(first, rank);
    bool isPart = member->kind == Node::Kind::Index && isBinary(first, BinaryFn::Mul) &&
                  first->operands[0]->kind == Node::Kind::Index &&
                  first->operands[1] == ex.extent(cast<StringAttr>(member->attr));
    return isPart && isProvedBelow(ex.binary(BinaryFn::FloorDiv, ex.index(rank), first->operands[1]),
                                   cast<StringAttr>(first->operands[0]->attr));
  }
  if (!isBinary(index, BinaryFn::FloorDiv) || index->operands[0]->kind != Node::Kind::Index)
    return false;
  auto whole = cast<StringAttr>(index->operands[0]->attr);
  const Node *group = index->operands[1];
  if (group->kind == Node::Kind::Extent) {
    RankOp declaration = kernel.getRankDeclaration(cast<StringAttr>(group->attr));
    if (!declaration || declaration.getExtent().empty())
      return false;
    auto derived = region(declaration.getExtent(), {});
    if (failed(derived))
      return false;
    group = derived->value;
  }
  const Node *expected = ex.binary(BinaryFn::FloorDiv, ex.extent(whole), ex.extent(rank));
  return group == expected && divides(rank, whole);
}

} // namespace weir::schedule
