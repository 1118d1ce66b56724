// A reduction over one rank as a sum of chains: products whose factors know the stream or the query.
#include "passes/derive/Chain.h"

#include "passes/algebra/Bodies.h"

#include <cmath>

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

/// A sum of more chains than this is left as it is.
static constexpr size_t maxChains = 8;

static Refusal notSeparable(Expr expr) {
  return {"NOT_SEPARABLE", print(expr), "write it as sums of products of one-sided factors",
          expr->loc ? Location(expr->loc) : UnknownLoc::get(expr->type.getContext())};
}

unsigned ChainReader::sideOf(Expr expr) {
  if (auto it = sides.find(expr); it != sides.end())
    return it->second;
  unsigned side = expr->op == OpKind::Bound && expr->rank == stream  ? Stream
                  : expr->op == OpKind::Index && expr->rank == query ? Query
                                                                     : Neither;
  for (Expr operand : expr->operands)
    side |= sideOf(operand);
  return sides[expr] = side;
}

unsigned ChainReader::sideOf(ArrayRef<Expr> exprs) {
  unsigned side = Neither;
  for (Expr expr : exprs)
    side |= sideOf(expr);
  return side;
}

std::optional<Refusal> ChainReader::open(Expr expr, Taken taken, std::vector<Chain> &chains) {
  return openBoth(expr, taken, chains);
}

std::optional<Refusal> ChainReader::openBoth(Expr e, Taken &taken, std::vector<Chain> &chains) {
  if (sideOf(e) != Both) {
    chains.emplace_back().factors.push_back(e);
    return std::nullopt;
  }
  switch (e->op) {
  case OpKind::Where: // presence is kept beside
    return openBoth(e->operands[0], taken, chains);
  case OpKind::Cast:
    if (!e->via && isa<FloatType>(e->type) && isa<FloatType>(e->operands[0]->type))
      return openBoth(e->operands[0], taken, chains);
    return notSeparable(e);
  case OpKind::Read: {
    auto op = e->tensor.getDefiningOp<EinsumOp>();
    if (op && op.getCombiner() == Combiner::None)
      return openBoth(readBody(terms, op.getBody().front(), e->operands,
                               [](ReadOp, ArrayRef<Expr>) { return nullptr; }), taken, chains);
    if (op && op.getCombiner() == Combiner::Sum)
      return openSum(op, e, taken, chains);
    return notSeparable(e);
  }
  case OpKind::Unary:
    if (e->is(UnaryFn::Exp) || e->is(UnaryFn::Exp2))
      return openDecay(e, {nullptr, static_cast<UnaryFn>(e->code), {}}, e->operands[0], chains);
    if (e->is(UnaryFn::Neg)) {
      size_t first = chains.size();
      auto refusal = openBoth(e->operands[0], taken, chains);
      for (Chain &chain : MutableArrayRef(chains).drop_front(first))
        chain.scale = -chain.scale;
      return refusal;
    }
    return notSeparable(e);
  case OpKind::Binary:
    return openBinary(e, taken, chains);
  default:
    return notSeparable(e);
  }
}

std::optional<Refusal> ChainReader::openBinary(Expr e, Taken &taken, std::vector<Chain> &chains) {
  Expr lhs = e->operands[0], rhs = e->operands[1];
  size_t first = chains.size();
  switch (static_cast<BinaryFn>(e->code)) {
  case BinaryFn::Add:
  case BinaryFn::Sub: {
    Taken ofLhs = taken, ofRhs = taken; // the terms are summed apart and may share names
    if (auto refusal = openBoth(lhs, ofLhs, chains))
      return refusal;
    size_t second = chains.size();
    if (auto refusal = openBoth(rhs, ofRhs, chains))
      return refusal;
    for (Chain &chain : MutableArrayRef(chains).drop_front(second))
      chain.scale *= e->is(BinaryFn::Sub) ? -1 : 1;
    taken.insert(ofLhs.begin(), ofLhs.end());
    taken.insert(ofRhs.begin(), ofRhs.end());
    return chains.size() - first > maxChains ? std::optional(notSeparable(e)) : std::nullopt;
  }
  case BinaryFn::Mul:
    return multiply({lhs, rhs}, e, taken, chains);
  case BinaryFn::Div:
    if (sideOf(rhs) == Both)
      return notSeparable(rhs);
    if (auto refusal = openBoth(lhs, taken, chains))
      return refusal;
    for (Chain &chain : MutableArrayRef(chains).drop_front(first))
      chain.divisors.push_back(rhs);
    return std::nullopt;
  case BinaryFn::Pow:
    if (rhs->op == OpKind::Real && rhs->real >= 1 && rhs->real <= 4 && rhs->real == std::floor(rhs->real))
      return multiply(SmallVector<Expr>(static_cast<size_t>(rhs->real), lhs), e, taken, chains);
    if (sideOf(lhs) == Neither)
      return openDecay(e, {lhs, UnaryFn::Exp, {}}, rhs, chains);
    return notSeparable(e);
  default:
    return notSeparable(e);
  }
}

/// The product of what each factor opens into; a factor that stands twice is opened twice, for
/// its sums run independently.
std::optional<Refusal> ChainReader::multiply(ArrayRef<Expr> factors, Expr whole, Taken &taken,
                                             std::vector<Chain> &chains) {
  std::vector<Chain> product(1);
  for (Expr factor : factors) {
    std::vector<Chain> opened, next;
    if (auto refusal = openBoth(factor, taken, opened))
      return refusal;
    if (product.size() * opened.size() > maxChains)
      return notSeparable(whole);
    for (const Chain &a : product)
      for (const Chain &b : opened) {
        Chain &c = next.emplace_back(a);
        c.scale *= b.scale;
        c.factors.append(b.factors);
        c.divisors.append(b.divisors);
        c.ranks.append(b.ranks);
        c.decays.append(b.decays);
        c.conditions.insert(b.conditions.begin(), b.conditions.end());
        c.hasContraction |= b.hasContraction;
      }
    product = std::move(next);
  }
  llvm::append_range(chains, product);
  return std::nullopt;
}

/// A weight is separable if each part of its exponent has one side. Powers of what may be
/// negative split only for whole exponents.
std::optional<Refusal> ChainReader::openDecay(Expr whole, Decay decay, Expr exponent, std::vector<Chain> &chains) {
  decay.exponent = Linear::of(terms, exponent);
  for (const auto &[factors, coefficient] : decay.exponent.getParts()) {
    if (sideOf(factors) == Both)
      return notSeparable(whole);
    bool isWhole = coefficient == std::floor(coefficient) && llvm::all_of(factors, [](Expr factor) {
      return factor->op == OpKind::Cast && factor->operands[0]->type.isInteger(64);
    });
    if (decay.base && !isWhole)
      return notSeparable(whole);
  }
  chains.emplace_back().decays.push_back(std::move(decay));
  return std::nullopt;
}

/// A sum that is read inside another: its ranks join the chain's.
std::optional<Refusal> ChainReader::openSum(EinsumOp op, Expr read, Taken &taken, std::vector<Chain> &chains) {
  SmallVector<Expr> arguments(read->operands);
  SmallVector<StringAttr> ranks;
  for (auto rank : op.getReduced().getAsRange<StringAttr>()) {
    ranks.push_back(freshRank(rank, taken));
    arguments.push_back(terms.bound(ranks.back(), IntegerType::get(op.getContext(), 64)));
  }
  Expr body = readBody(terms, op.getBody().front(), arguments, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  Conditions conditions = presenceOf(terms, body);
  for (Atom condition : conditions)
    if (sideOf(condition.expr) == Both)
      return notSeparable(condition.expr);
  size_t first = chains.size();
  if (auto refusal = openBoth(body, taken, chains))
    return refusal;
  for (Chain &chain : MutableArrayRef(chains).drop_front(first)) {
    chain.ranks.append(ranks);
    chain.conditions.insert(conditions.begin(), conditions.end());
    chain.hasContraction = true;
  }
  contractions.insert(op);
  return std::nullopt;
}

/// `like`, or a rank over the same extent if its name is taken.
StringAttr ChainReader::freshRank(StringAttr like, Taken &taken) {
  StringAttr name = like;
  for (unsigned i = 1; taken.contains(name); ++i) {
    name = StringAttr::get(like.getContext(), like.getValue() + "_" + Twine(i));
    if (kernel.getRankDeclaration(name) && freshRanks.lookup(name) != like)
      taken.insert(name);
    else if (!taken.contains(name))
      freshRanks[name] = like;
  }
  taken.insert(name);
  return name;
}

std::optional<OneSided> ChainReader::boundOf(Expr e) {
  if (e->op != OpKind::Compare || !e->operands[0]->type.isInteger(64))
    return std::nullopt;
  Linear difference = Linear::of(terms, e->operands[0]);
  difference.add(Linear::of(terms, e->operands[1]), -1);
  double ofStream = 0, ofQuery = 0;
  Linear offset;
  for (const auto &[factors, coefficient] : difference.getParts()) {
    bool isSymbol = factors.size() == 1 && (factors[0]->op == OpKind::Bound || factors[0]->op == OpKind::Index);
    if (isSymbol && sideOf(factors[0]) == Stream)
      ofStream = coefficient;
    else if (isSymbol && sideOf(factors[0]) == Query)
      ofQuery = coefficient;
    else if (sideOf(factors) == Neither)
      offset.add(factors, coefficient);
    else
      return std::nullopt;
  }
  if (std::abs(ofStream) != 1 || ofQuery != -ofStream)
    return std::nullopt;
  auto predicate = static_cast<cascade::Predicate>(e->code);
  bool isLess = predicate == cascade::Predicate::Lt || predicate == cascade::Predicate::Le;
  bool isStrict = predicate == cascade::Predicate::Lt || predicate == cascade::Predicate::Gt;
  if (predicate == cascade::Predicate::Eq || predicate == cascade::Predicate::Ne)
    return std::nullopt;
  OneSided bound{isLess == (ofStream > 0), {}};
  bound.offset.add(offset, -ofStream);
  if (isStrict)
    bound.offset.add(std::vector<Expr>(), bound.isBelow ? -1 : 1);
  return bound;
}

} // namespace weir::derive
