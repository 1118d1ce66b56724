// Weights between query and stream as steps of a recurrence.
#include "passes/derive/Weights.h"

#include "passes/algebra/Bodies.h"

#include <limits>

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

Expr Weights::queryBefore() {
  BinaryFn fn = bound.isBelow ? BinaryFn::Sub : BinaryFn::Add;
  return terms.binary(fn, query, terms.integer(1, query->type));
}

Linear Weights::diagonal(const Linear &exponent) { return exponent.substituted(terms, {{stream, query}}); }

/// True if the query stands in one subscript of `read` alone, as it is.
bool Weights::isAtQuery(Expr read) {
  return llvm::all_of(read->operands,
                      [&](Expr index) { return index == query || !(reader.sideOf(index) & Query); });
}

/// For a prefix sum along the query in the scan's direction: what the query adds to it.
Expr Weights::summandOf(Expr read) {
  auto prefix = read->tensor.getDefiningOp<PrefixOp>();
  if (!prefix || prefix.getCombiner() != Combiner::Sum || prefix.getReverse() == bound.isBelow || !isAtQuery(read))
    return nullptr;
  auto along = llvm::find(prefix.getTensorType().getRanks(), prefix.getAlongAttr());
  size_t position = along - prefix.getTensorType().getRanks().begin();
  if (read->operands[position] != query || llvm::count(read->operands, query) != 1)
    return nullptr;
  SmallVector<Expr> at(read->operands);
  if (prefix.getExclusive())
    at[position] = queryBefore();
  Expr body = readBody(terms, prefix.getBody().front(), at, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  return presenceOf(terms, body).empty() ? body : terms.orElse(body, terms.real(0, body->type));
}

Linear Weights::stepOfFactor(Expr factor) {
  if (factor->op == OpKind::Read)
    if (Expr summand = summandOf(factor))
      return Linear::of(terms, summand);
  Linear difference = Linear::of(terms, factor);
  difference.add(Linear::of(terms, terms.substitute(factor, {{query, queryBefore()}})), -1);
  return difference;
}

Linear Weights::step(const Linear &exponent) {
  Linear result;
  for (const auto &[factors, coefficient] : exponent.getParts()) {
    std::vector<Expr> fixed, moving;
    for (Expr factor : factors)
      (reader.sideOf(factor) & Query ? moving : fixed).push_back(factor);
    if (moving.empty())
      continue;
    Linear rest;
    rest.add(fixed, coefficient);
    if (moving.size() == 1) {
      result.add(rest.times(stepOfFactor(moving.front())));
      continue;
    }
    Linear now;
    now.add(moving, 1);
    Linear difference = now;
    difference.add(now.substituted(terms, {{query, queryBefore()}}), -1);
    result.add(rest.times(difference));
  }
  return result;
}

Expr Weights::write(const Decay &decay, const Linear &exponent, Type type) {
  Expr value = exponent.write(terms, type);
  if (decay.base)
    return terms.binary(BinaryFn::Pow, decay.base, value);
  llvm::DenseMap<Expr, Expr> guarded;
  algebra::walk(value, [&](Expr e) {
    if (e->op != OpKind::Read || !maxima.contains(e->tensor) || !llvm::is_contained(e->operands, query))
      return;
    Node compare, select;
    compare.op = OpKind::Compare;
    compare.code = static_cast<int64_t>(cascade::Predicate::Eq);
    compare.type = IntegerType::get(type.getContext(), 1);
    select.op = OpKind::Select;
    select.type = e->type;
    Expr nothing = terms.real(-std::numeric_limits<double>::infinity(), e->type);
    guarded[e] = terms.withOperands(select, {terms.withOperands(compare, {e, nothing}), terms.real(0, e->type), e});
  });
  return terms.unary(decay.fn, terms.substitute(value, guarded));
}

std::string Weights::whyInRange(const Decay &decay, const Conditions &conditions) {
  bool isComposed = llvm::none_of(diagonal(decay.exponent).getParts(),
                                  [&](const auto &part) { return reader.sideOf(part.first) & Query; });
  if (isComposed)
    return "its weights compose, so what one of them loses the next would have lost";
  for (const auto &[factors, coefficient] : decay.exponent.getParts()) {
    if (decay.base || factors.size() != 1 || factors[0]->op != OpKind::Read || coefficient != -1)
      continue;
    auto it = maxima.find(factors[0]->tensor);
    if (it == maxima.end() || !isAtQuery(factors[0]))
      continue;
    const RunningBound &maximum = it->second;
    Linear rest = decay.exponent;
    rest.add(factors, 1);
    bool covers = llvm::all_of(maximum.conditions, [&](Atom condition) { return conditions.contains(condition); });
    bool isHere = bound.offset.empty(); // the newest point is among those that the maximum has seen
    if (isHere && rest == maximum.of && covers && maximum.bound.isBelow == bound.isBelow && maximum.bound.offset == bound.offset)
      return "it follows the running maximum of its exponents, so that no weight and no step exceeds 1";
  }
  return "";
}

} // namespace weir::derive
