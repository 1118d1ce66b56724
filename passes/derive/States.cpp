// States of a fold: sharing, references, shifts and their closure.
#include "passes/derive/FoldPlan.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

/// More states than this for one reduction are not worth a pass.
static constexpr size_t maxDimension = 8;

Expr stateValue(Terms &terms, unsigned state, Type type) {
  return givenSymbol(terms, Symbol::State, state, type);
}

/// The number of points that `owner` combines, as a state.
unsigned FoldPlan::countState(const Reduction &owner) {
  unsigned index;
  auto refusal = addState(owner, Combiner::Sum, constantSum(1), terms.real(1, owner.summand->type), index, true);
  assert(!refusal && "a count reads no reference");
  (void)refusal;
  return index;
}

Expr FoldPlan::runningValue(Reduction &reduction) {
  Type type = reduction.summand->type;
  if (isState(reduction))
    return stateValue(terms, *reduction.only, type);
  if (!reduction.running) {
    reduction.running = reduction.finish;
    if (reduction.op.getCombiner() == Combiner::Mean) // the points so far, not the extent
      reduction.running = terms.substitute(
          reduction.finish, {{meanFactor(reduction), stateValue(terms, countState(reduction), type)}});
  }
  return reduction.running;
}

std::optional<Refusal> FoldPlan::addState(const Reduction &owner, Combiner combiner, const Sum &form, Expr body,
                                          unsigned &index, bool isAuxiliary) {
  for (auto [i, known] : llvm::enumerate(states))
    if (known.combiner == combiner && known.conditions == owner.conditions && known.body->type == body->type &&
        nearlyEqual(known.form, form)) {
      index = i;
      return std::nullopt;
    }
  EinsumOp op = owner.op;
  State state{op, op.getName().str(), combiner, form, owner.conditions, restrict(terms, body, owner.conditions), {}, {}, {}};
  state.ranks = freeRanks(state.body, op.getTensorType().getRanks());
  std::optional<Refusal> refusal;
  walk(state.body, [&](Expr e) {
    if (!isReference(e) || llvm::is_contained(state.references, e->tensor))
      return;
    state.references.push_back(e->tensor);
    bool isOwnPoint = llvm::all_of(llvm::zip(e->operands, cast<cascade::TensorType>(e->tensor.getType()).getRanks()),
                                   [](auto pair) {
                                     return std::get<0>(pair)->op == OpKind::Index &&
                                            std::get<0>(pair)->rank == std::get<1>(pair);
                                   });
    if (!isOwnPoint)
      refusal = Refusal{"REFERENCE_INDEX", "follows " + print(e) + ", which is not at its own point", "", e->loc};
  });
  if (refusal)
    return refusal;
  for (Value reference : state.references)
    (void)runningValue(*reductionOf(reference));
  if (!state.references.empty()) {
    if (auto unsupported = checkSupport(owner, state))
      return unsupported;
    if (auto open = makeShift(owner, state))
      return open;
    if (auto unsafe = checkRange(owner, state))
      return unsafe;
  }
  unsigned siblings = llvm::count_if(states, [&](const State &s) { return s.owner == state.owner; });
  if (siblings >= maxDimension)
    return Refusal{"MODULE_RANK", "needs more than " + std::to_string(maxDimension) + " states", "", op.getLoc()};
  bool isFirst = llvm::none_of(states, [&](const State &s) { return s.owner == op && !s.isAuxiliary; });
  state.isAuxiliary = isAuxiliary;
  if (isAuxiliary || !isFirst)
    state.name += "_" + std::to_string(siblings + isFirst);
  states.push_back(std::move(state));
  index = states.size() - 1;
  return std::nullopt;
}

/// A running reference must have seen every point that is combined relative to it.
std::optional<Refusal> FoldPlan::checkSupport(const Reduction &owner, const State &state) {
  for (Value tensor : state.references)
    for (Atom condition : reductionOf(tensor)->conditions)
      if (condition.expr->isStream && !owner.conditions.contains(condition))
        return Refusal{"SUPPORT",
                       "takes points at which its reference '" + reductionOf(tensor)->op.getName().str() +
                           "' has none: " + print(condition.expr),
                       "restrict both by the same predicate", owner.op->getLoc()};
  return std::nullopt;
}

std::pair<Product, double> extractScale(Sum &form, llvm::function_ref<bool(Expr)> isOuter) {
  std::pair<Product, double> scale{{}, form.begin()->second};
  if (form.size() == 1)
    for (const auto &[atom, power] : form.begin()->first.factors)
      if (isOuter(atom.expr))
        scale.first.factors[atom] = power;
  Product inverse;
  addTo(inverse.factors, scale.first.factors, -1);
  form = multiply(form, Sum{{inverse, 1 / scale.second}});
  return scale;
}

/// The shift: exponents give one factor; each shifted variable X - r becomes
/// (X - r') + (r' - r), whose further terms are states of their own.
std::optional<Refusal> FoldPlan::makeShift(const Reduction &owner, State &state) {
  if (state.form.empty())
    return Refusal{"NOT_SEPARABLE", "its terms cancel", "leave it out", EinsumOp(owner.op).getLoc()};
  Type type = state.body->type;
  llvm::DenseMap<Expr, Expr> toOld, toNew;
  llvm::DenseMap<Value, Expr> moves;
  walk(state.body, [&](Expr e) {
    if (!isReference(e))
      return;
    unsigned number = llvm::find(state.references, e->tensor) - state.references.begin();
    toOld[e] = givenSymbol(terms, Symbol::Old, number, e->type);
    toNew[e] = givenSymbol(terms, Symbol::New, number, e->type);
    moves[e->tensor] = terms.binary(BinaryFn::Sub, toOld[e], toNew[e]);
  });

  Sum exponent, moved;
  for (const auto &[monomial, scale] : state.form.begin()->first.exponent) {
    Expr part = expander.write(Product{monomial, {}}, type);
    if (!expander.hasReference(part))
      continue;
    addTo(exponent, expander.expand(terms.substitute(part, toNew)), scale);
    addTo(exponent, expander.expand(terms.substitute(part, toOld)), -scale);
  }
  for (const auto &[product, coefficient] : state.form) {
    Sum expansion{{Product{{}, product.exponent}, coefficient}};
    for (const auto &[atom, power] : product.factors) {
      auto it = shifted.find(atom.expr);
      Sum factor = atomSum(atom.expr, it == shifted.end() ? power : 1);
      if (it != shifted.end())
        addTo(factor, atomSum(moves.at(it->second)));
      for (int i = 0; i < (it == shifted.end() ? 1 : power); ++i)
        expansion = multiply(expansion, factor);
    }
    addTo(moved, expansion);
  }

  std::map<Monomial, Sum> byMove;
  for (const auto &[product, coefficient] : moved) {
    Monomial move;
    Product rest = product;
    for (const auto &[tensor, difference] : moves)
      if (auto node = rest.factors.extract(Atom{difference}))
        move.insert(std::move(node));
    byMove[move][rest] = coefficient;
  }
  Expr result = givenSymbol(terms, Symbol::Self, 0, type);
  for (auto &[move, form] : byMove) {
    if (move.empty())
      continue;
    auto [scale, coefficient] = extractScale(form, [&](Expr e) { return !e->isStream && !expander.hasReference(e); });
    unsigned index;
    if (auto refusal = addState(owner, Combiner::Sum, form, expander.write(form, type), index, true))
      return refusal;
    if (!llvm::is_contained(state.basis, index))
      state.basis.push_back(index);
    unsigned number = llvm::find(state.basis, index) - state.basis.begin();
    addTo(scale.factors, move);
    Sum value = multiply(Sum{{scale, coefficient}}, atomSum(givenSymbol(terms, Symbol::Basis, number, type)));
    result = terms.binary(BinaryFn::Add, result, expander.write(value, type));
  }
  if (!exponent.empty())
    result = terms.binary(BinaryFn::Mul, result, terms.unary(UnaryFn::Exp, expander.write(exponent, type)));
  state.shift = result;
  if (!shiftHolds(state)) {
    assert(false && "a shift that does not hold");
    return Refusal{"CHECK_FAILED", "the shift that was found does not hold numerically", "", owner.op->getLoc()};
  }
  return std::nullopt;
}

static bool dependsOn(Expr expr, Value tensor) {
  bool found = false;
  walk(expr, [&](Expr e) { found |= e->op == OpKind::Read && e->tensor == tensor; });
  return found;
}

/// An exponent is bounded above if it is a positive multiple of X - max X (or of min X - X)
/// and what is constant over the rank; otherwise that is said. A running sum or mean is no bound
/// at all: on the way to its final value exponents may be out of range that end within.
std::optional<Refusal> FoldPlan::checkRange(const Reduction &owner, const State &state) {
  for (const auto &[product, coefficient] : state.form) {
    Polynomial rest = product.exponent;
    for (Value tensor : state.references) {
      Reduction &reduction = *reductionOf(tensor);
      auto it = llvm::find_if(rest, [&](const auto &term) {
        return term.first.size() == 1 && isReference(term.first.begin()->first.expr) &&
               term.first.begin()->first.expr->tensor == tensor && term.first.begin()->second == 1;
      });
      bool isBound = reduction.centre && reduction.op.getCombiner() != Combiner::Mean &&
                     reduction.op.getCombiner() != Combiner::Sum;
      if (it == rest.end() || !isBound || (it->second < 0) != reduction.isUpperBound)
        continue;
      double scale = it->second;
      rest.erase(it);
      addTo(rest, *reduction.centre, scale);
    }
    bool isOpen = llvm::any_of(rest, [](const auto &term) {
      return llvm::any_of(term.first, [](const auto &p) { return p.first.expr->isStream; });
    });
    if (!isOpen)
      continue;
    std::string exponent = "exp(" + print(expander.write(fromPolynomial(product.exponent), state.body->type)) + ")";
    for (Value tensor : state.references) {
      Combiner combiner = reductionOf(tensor)->op.getCombiner();
      bool isInExponent = llvm::any_of(product.exponent, [&](const auto &term) {
        return llvm::any_of(term.first, [&](const auto &p) { return dependsOn(p.first.expr, tensor); });
      });
      if (isInExponent && combiner != Combiner::Max && combiner != Combiner::Min)
        return Refusal{"RANGE", "relative to the running '" + reductionOf(tensor)->op.getName().str() + "', " + exponent + " could leave its range on the way",
                       "subtract the maximum instead", EinsumOp(owner.op).getLoc()};
    }
    std::string note = "not proven that " + exponent + " stays in range";
    if (!llvm::is_contained(notes, note))
      notes.push_back(note);
  }
  return std::nullopt;
}

} // namespace weir::derive
