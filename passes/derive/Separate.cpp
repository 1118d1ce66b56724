// Separation: a summand as functions of references times functions of streams.
#include "passes/derive/FoldPlan.h"

#include <cmath>

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {
namespace {

Refusal notSeparable(Expr expr) {
  return {"NOT_SEPARABLE", print(expr), "write it as sums of products and exponentials of sums, or accept a second pass",
          expr->loc};
}

template <typename Groups> bool sameCoefficients(const Groups &groups) {
  return llvm::all_of(groups, [&](const auto &g) { return g.coefficient == groups.front().coefficient; });
}

} // namespace

/// No factor and no monomial of an exponent may mix streams and references.
std::optional<Refusal> FoldPlan::checkPure(const Sum &form) {
  auto isMixed = [&](Expr e) { return e->isStream && !shifted.contains(e) && expander.hasReference(e); };
  for (const auto &[product, coefficient] : form) {
    for (const auto &[atom, power] : product.factors)
      if (isMixed(atom.expr))
        return notSeparable(atom.expr);
    for (const auto &[monomial, scale] : product.exponent) {
      bool stream = false, reference = false;
      for (const auto &[atom, power] : monomial) {
        stream |= atom.expr->isStream;
        reference |= expander.hasReference(atom.expr);
      }
      if (stream && reference)
        return notSeparable(expander.write(Sum{{Product{monomial, {}}, scale}}, monomial.begin()->first.expr->type));
    }
  }
  return std::nullopt;
}

/// Of the references in an exponent, those to follow: where the stream in it is a multiple of
/// one whose bound is known, that bound alone. The others need not run.
Polynomial FoldPlan::followed(const Product &stream, const Polynomial &references, const Conditions &conditions) {
  if (references.empty() || stream.exponent.empty())
    return references;
  for (Reduction &bound : reductions) {
    bool isBound = bound.op.getCombiner() == Combiner::Max || bound.op.getCombiner() == Combiner::Min;
    if (!bound.centre || bound.centre->empty() || !isBound || !reductionIndex.contains(bound.op.getResult()) ||
        !llvm::all_of(bound.conditions, [&](Atom a) { return !a.expr->isStream || conditions.contains(a); }))
      continue;
    auto term = stream.exponent.find(bound.centre->begin()->first);
    if (term == stream.exponent.end())
      continue;
    double scale = term->second / bound.centre->begin()->second;
    Polynomial rest = stream.exponent;
    addTo(rest, *bound.centre, -scale);
    if (rest.empty() && (scale > 0) == bound.isUpperBound)
      return {{{{Atom{atOwnPoint(bound)}, 1.0}}, -scale}};
  }
  return references;
}

/// The value of a reduction at the point of its reader.
Expr FoldPlan::atOwnPoint(Reduction &reduction) {
  Type i64 = IntegerType::get(reduction.summand->type.getContext(), 64);
  SmallVector<Expr> at;
  for (StringAttr name : reduction.op.getTensorType().getRanks())
    at.push_back(terms.index(name, i64));
  return terms.read(reduction.op.getResult(), at);
}

/// Products with the same dependence on references, together.
std::vector<FoldPlan::Group> FoldPlan::group(const Sum &form, const Conditions &conditions) {
  std::map<std::pair<Product, Polynomial>, Sum> byReference;
  for (const auto &[product, coefficient] : form) {
    Product reference, rest;
    rest.exponent = product.exponent;
    for (const auto &[atom, power] : product.factors) {
      bool isPure = expander.hasReference(atom.expr) && !atom.expr->isStream;
      (isPure ? reference : rest).factors[atom] = power;
    }
    for (const auto &[monomial, scale] : product.exponent)
      if (llvm::any_of(monomial, [&](const auto &p) { return expander.hasReference(p.first.expr); })) {
        reference.exponent[monomial] = scale;
        rest.exponent.erase(monomial);
      }
    Polynomial moving = followed(rest, reference.exponent, conditions);
    addTo(reference.exponent, moving, -1);
    addTo(rest.exponent, moving);
    byReference[{reference, moving}][rest] = coefficient;
  }
  std::vector<Group> groups;
  for (auto &[key, sum] : byReference)
    groups.push_back({key.first, key.second, sum});
  return groups;
}

/// How often `divisor` divides `monomial`.
static int divisions(const Monomial &monomial, const Monomial &divisor) {
  double times = 4;
  for (const auto &[atom, power] : divisor) {
    auto it = monomial.find(atom);
    times = std::min(times, it == monomial.end() ? 0 : std::floor(it->second / power));
  }
  return times > 0 ? static_cast<int>(times) : 0;
}

/// The form in variables relative to references: X = (X - reference) + reference wherever
/// a reference that lies amid X stands as a factor.
Sum FoldPlan::recentred(const Sum &form) {
  Sum result = form;
  for (Reduction &reduction : reductions) {
    if (!reduction.centre || !reductionIndex.contains(reduction.op.getResult()))
      continue;
    Type type = reduction.summand->type;
    Expr reference = atOwnPoint(reduction);
    bool occurs = llvm::any_of(result, [&](const auto &term) {
      auto it = term.first.factors.find(Atom{reference});
      return it != term.first.factors.end() && it->second > 0;
    });
    auto lead = llvm::find_if(*reduction.centre, [](const auto &term) {
      return llvm::any_of(term.first, [](const auto &p) { return p.first.expr->isStream; });
    });
    if (!occurs || lead == reduction.centre->end())
      continue;
    Sum centre = fromPolynomial(*reduction.centre);
    Expr tilde = terms.binary(BinaryFn::Sub, expander.write(centre, type), reference);
    shifted[tilde] = reduction.op.getResult();
    Sum replacement = atomSum(tilde);
    addTo(replacement, atomSum(reference));
    addTo(replacement, centre, -1);
    addTo(replacement, {{Product{lead->first, {}}, lead->second}});
    replacement = multiply(constantSum(1 / lead->second), replacement);
    Sum next;
    for (const auto &[product, coefficient] : result) {
      int times = divisions(product.factors, lead->first);
      Product rest = product;
      addTo(rest.factors, lead->first, -times);
      Sum expansion{{rest, coefficient}};
      for (int i = 0; i < times; ++i)
        expansion = multiply(expansion, replacement);
      addTo(next, expansion);
    }
    result = std::move(next);
  }
  return result;
}

/// True if `expr` is of the size of a reference: one, or one with what stands for it where it is
/// absent or beyond a bound.
bool FoldPlan::isLocation(Expr expr) {
  if (isReference(expr))
    return true;
  bool isSame = llvm::is_contained({OpKind::Else, OpKind::Where, OpKind::Cast, OpKind::Select}, expr->op) ||
                expr->is(BinaryFn::Max) || expr->is(BinaryFn::Min) || expr->is(BinaryFn::Add) ||
                expr->is(BinaryFn::Sub) || expr->is(UnaryFn::Neg);
  return isSame && llvm::any_of(expr->operands, [&](Expr operand) { return isLocation(operand); });
}

/// Several deferred terms must not cancel: a location that stays a factor is refused
/// unless all terms have one sign.
std::optional<Refusal> FoldPlan::checkConditioned(Reduction &reduction, ArrayRef<Group> groups) {
  bool positive = true, negative = true, hasLocation = false;
  for (const Group &group : groups) {
    for (const auto &[atom, power] : group.coefficient.factors)
      hasLocation |= power > 0 && isLocation(atom.expr);
    for (const auto &[product, coefficient] : group.form) {
      Signs signs = expander.signs(multiply(product, group.coefficient));
      if (coefficient < 0)
        std::swap(signs.negative, signs.positive);
      positive &= !signs.negative;
      negative &= !signs.positive;
    }
  }
  if (!hasLocation || positive || negative)
    return std::nullopt;
  return Refusal{"CANCELLATION", "the terms of " + print(reduction.summand) + " may cancel once they are summed apart",
                 "", reduction.op.getLoc()};
}

/// The summand as it was written, its coefficient left out; null if that is not the group's form.
Expr FoldPlan::withoutCoefficient(const Reduction &reduction, const Group &group) {
  llvm::DenseMap<Expr, Expr> one;
  if (!group.coefficient.exponent.empty())
    return nullptr;
  for (const auto &[atom, power] : group.coefficient.factors)
    one[atom.expr] = terms.real(1, atom.expr->type);
  Expr body = terms.substitute(reduction.summand, one);
  bool isRestricted = llvm::any_of(presenceOf(terms, body), [&](Atom condition) {
    Expr e = condition.expr;
    return expander.hasReference(e) && !(e->op == OpKind::Present && isReference(e->operands[0]));
  });
  return !isRestricted && nearlyEqual(expander.expand(body), group.form) ? body : nullptr;
}

std::optional<Refusal> FoldPlan::separate(Reduction &reduction) {
  Sum form = expander.expand(reduction.summand);
  if (expander.overflowed) {
    expander.overflowed = false;
    return Refusal{"MODULE_RANK", "its normal form has more than " + std::to_string(Expander::maxTerms) + " terms", "",
                   reduction.op.getLoc()};
  }
  if (auto refusal = checkPure(form))
    return refusal;
  Combiner combiner = reduction.op.getCombiner();
  if (combiner == Combiner::Max || combiner == Combiner::Min)
    return separateBound(reduction, form);
  std::vector<Group> groups = group(form, reduction.conditions);
  Expr asWritten = groups.size() == 1 ? withoutCoefficient(reduction, groups.front()) : nullptr;
  if (!sameCoefficients(groups)) {
    form = recentred(form);
    groups = group(form, reduction.conditions);
    if (auto refusal = checkConditioned(reduction, groups))
      return refusal;
  }
  if (auto refusal = finishFrom(reduction, groups, asWritten))
    return refusal;
  findCentre(reduction, form, groups);
  return std::nullopt;
}

/// A maximum (or minimum): what references add is added at the end; a factor of known sign multiplied.
std::optional<Refusal> FoldPlan::separateBound(Reduction &reduction, const Sum &form) {
  Combiner combiner = reduction.op.getCombiner();
  Type type = reduction.summand->type;
  Sum offset, stream;
  bool isAdditive = true;
  for (const auto &[product, coefficient] : form) {
    Expr whole = expander.write(product, type);
    isAdditive &= !(expander.hasReference(whole) && whole->isStream);
    (expander.hasReference(whole) ? offset : stream)[product] = coefficient;
  }
  unsigned index;
  if (isAdditive) {
    Expr body = offset.empty() ? reduction.summand : expander.write(stream, type);
    if (auto refusal = addState(reduction, combiner, stream, body, index))
      return refusal;
    Sum finish = atomSum(stateValue(terms, index, type));
    addTo(finish, offset);
    reduction.finish = expander.write(finish, type);
    if (offset.empty()) {
      reduction.centre = asPolynomial(stream);
      reduction.isUpperBound = combiner == Combiner::Max;
    }
  } else {
    std::vector<Group> groups = group(form, reduction.conditions);
    Signs signs = expander.signs(groups.front().coefficient);
    if (groups.size() != 1)
      return notSeparable(reduction.summand);
    if (signs.negative && signs.positive) {
      std::string factor = print(expander.write(groups.front().coefficient, type));
      return Refusal{"NONINVERTIBLE",
                     "the " + stringifyCombiner(combiner).str() + " of multiples of " + factor +
                         ", which may be of either sign, is no multiple of an extremum",
                     "make " + factor + " positive, or multiply after the reduction", reduction.op.getLoc()};
    }
    if (signs.negative)
      combiner = combiner == Combiner::Max ? Combiner::Min : Combiner::Max;
    Expr asWritten = withoutCoefficient(reduction, groups.front());
    Expr body = asWritten ? asWritten : expander.write(groups.front().form, type);
    if (auto refusal = addState(reduction, combiner, groups.front().form, body, index))
      return refusal;
    Sum finish{{groups.front().coefficient, 1.0}};
    reduction.finish = expander.write(multiply(finish, atomSum(stateValue(terms, index, type))), type);
  }
  if (reduction.finish->op == OpKind::Given)
    reduction.only = index;
  return std::nullopt;
}

/// Reads in the finish the earlier reductions that states are, which may cancel with the
/// coefficients: `Z * log(Z) / Z`. Only where a state of its own tells the empty fibre.
void FoldPlan::readKnownStates(Reduction &reduction) {
  llvm::DenseMap<Expr, Expr> reads;
  bool hasOwn = false;
  walk(reduction.finish, [&](Expr e) {
    if (e->op != OpKind::Given)
      return;
    unsigned index = symbolOf(e).second;
    hasOwn |= states[index].owner == reduction.op && states[index].partial;
    for (Reduction &known : reductions) {
      if (&known == &reduction || known.only != index || !isState(known))
        continue;
      reads.try_emplace(e, atOwnPoint(known));
    }
  });
  if (hasOwn && !reads.empty())
    reduction.finish =
        expander.write(expander.expand(terms.substitute(reduction.finish, reads)), reduction.summand->type);
}

/// Makes a state of each group, and the finish from all.
std::optional<Refusal> FoldPlan::finishFrom(Reduction &reduction, ArrayRef<Group> groups, Expr asWritten) {
  bool isMean = reduction.op.getCombiner() == Combiner::Mean;
  Type type = reduction.summand->type;
  Sum finish;
  bool deferred = isMean;
  SmallVector<unsigned> used;
  for (const Group &group : groups) {
    Sum form = group.form;
    std::pair<Product, double> scale{{}, 1.0};
    if (!asWritten)
      scale = extractScale(form, [&](Expr e) { return !e->isStream && !expander.hasReference(e); });
    Expr body = asWritten ? asWritten : expander.write(form, type);
    unsigned &index = used.emplace_back();
    if (auto refusal = addState(reduction, Combiner::Sum, form, body, index))
      return refusal;
    scale.first = multiply(scale.first, group.coefficient);
    deferred |= scale.first != Product();
    addTo(finish, multiply(Sum{{scale.first, scale.second}}, atomSum(stateValue(terms, index, type))));
  }
  if (deferred)
    for (unsigned index : used)
      states[index].partial |= states[index].owner == reduction.op || groups.size() == 1;
  reduction.zeroWhereEmpty = deferred && !isMean;
  if (isMean)
    finish = multiply(finish, atomSum(meanFactor(reduction), -1));
  reduction.finish = expander.write(finish, type);
  if (isMean && !reduction.conditions.empty())
    reduction.finish = whereNotEmpty(reduction);
  if (reduction.finish->op == OpKind::Given)
    reduction.only = used.front();
  return std::nullopt;
}

/// The mean of what no point changes is that, over a present point: its states have cancelled, but not what they tell.
Expr FoldPlan::whereNotEmpty(Reduction &reduction) {
  Expr finish = reduction.finish;
  bool readsStates = false;
  walk(finish, [&](Expr e) { readsStates |= e->op == OpKind::Given; });
  if (readsStates)
    return finish;
  unsigned count = countState(reduction);
  states[count].partial = true;
  Expr value = stateValue(terms, count, finish->type);
  return terms.where(finish, terms.present(value, IntegerType::get(finish->type.getContext(), 1)));
}

/// The number of present points: the product of the extents where none is absent, else a state.
Expr FoldPlan::meanFactor(Reduction &reduction) {
  Type type = reduction.summand->type;
  if (!reduction.conditions.empty())
    return stateValue(terms, countState(reduction), type);
  Node cast;
  cast.op = OpKind::Cast;
  cast.type = type;
  return terms.withOperands(cast, {extentOver(terms, ranks)});
}

/// A mean, plain or weighted by what is never negative, lies amid its values.
void FoldPlan::findCentre(Reduction &reduction, const Sum &form, ArrayRef<Group> groups) {
  auto isPlain = [&](const Polynomial &polynomial) {
    return llvm::all_of(polynomial, [&](const auto &term) {
      return llvm::none_of(term.first, [&](const auto &p) { return expander.hasReference(p.first.expr); });
    });
  };
  if (reduction.op.getCombiner() == Combiner::Mean) {
    if (auto centre = asPolynomial(form); centre && isPlain(*centre))
      reduction.centre = centre;
    return;
  }
  if (groups.size() != 1 || groups.front().coefficient.factors.size() != 1 ||
      !groups.front().coefficient.exponent.empty())
    return;
  auto [total, power] = *groups.front().coefficient.factors.begin();
  Reduction *weights = total.expr->op == OpKind::Read ? reductionOf(total.expr->tensor) : nullptr;
  if (power != -1 || !weights || !weights->only || weights->conditions != reduction.conditions)
    return;
  const State &state = states[*weights->only];
  auto weight = onlyProduct(state.form);
  if (state.combiner != Combiner::Sum || !weight || weight->second <= 0 || !expander.signs(weight->first).neverNegative())
    return;
  Product inverse;
  addTo(inverse.factors, weight->first.factors, -1);
  addTo(inverse.exponent, weight->first.exponent, -1);
  auto values = asPolynomial(multiply(groups.front().form, Sum{{inverse, 1 / weight->second}}));
  if (values && isPlain(*values))
    reduction.centre = values;
}

} // namespace weir::derive
