// Makes the equations of a reordered reduction: its state, the scan that carries it, what reads it.
#include "passes/derive/Reorder.h"

#include "passes/algebra/Bodies.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

/// A chain's factors by where they go.
struct Reorderer::Parts {
  Expr state = nullptr;               ///< What is accumulated.
  SmallVector<Expr> above, below;     ///< What is applied to the state.
  SmallVector<StringAttr> kept;       ///< Chain's ranks that the state has and its reader sums over.
  SmallVector<StringAttr> inside;     ///< Chain's ranks that only the state knows.
  SmallVector<StringAttr> outside;    ///< Those that only its reader knows.
  Conditions ofState, ofReader;
};

static bool dependsOnRank(ArrayRef<Expr> exprs, StringAttr rank) {
  bool found = false;
  for (Expr expr : exprs)
    walk(expr, [&](Expr e) { found |= e->op == OpKind::Bound && e->rank == rank; });
  return found;
}

Reorderer::Parts Reorderer::split(Reordering &plan, const Chain &chain) {
  Parts parts;
  SmallVector<Expr> inState, atReader;
  auto isOfStream = [&](Expr e) { return plan.reader->sideOf(e) & Stream; };
  for (Expr factor : chain.factors)
    (isOfStream(factor) ? inState : parts.above).push_back(factor);
  Type type = typeOf(plan);
  for (Expr factor : inState)
    parts.state = parts.state ? terms.binary(BinaryFn::Mul, parts.state, factor) : factor;
  if (!parts.state)
    parts.state = terms.real(1, type);
  for (Expr divisor : chain.divisors)
    if (isOfStream(divisor)) {
      inState.push_back(divisor);
      parts.state = terms.binary(BinaryFn::Div, parts.state, divisor);
    } else {
      parts.below.push_back(divisor);
    }
  parts.state = terms.cast(parts.state, type);
  parts.ofState = plan.ofStream;
  parts.ofReader = plan.ofQuery;
  for (Atom condition : chain.conditions)
    (isOfStream(condition.expr) ? parts.ofState : parts.ofReader).insert(condition);
  for (Atom condition : parts.ofState)
    inState.push_back(condition.expr);
  for (const Decay &decay : chain.decays)
    for (const auto &[factors, coefficient] : decay.exponent.getParts())
      for (SmallVector<Expr> *both : {&inState, &atReader}) // a weight moves the state, rank by rank
        both->append(factors.begin(), factors.end());
  atReader.append(parts.above);
  atReader.append(parts.below);
  for (Atom condition : parts.ofReader)
    atReader.push_back(condition.expr);
  for (StringAttr rank : chain.ranks) {
    bool isInState = dependsOnRank(inState, rank), isAtReader = dependsOnRank(atReader, rank);
    (isInState && isAtReader ? parts.kept : isInState ? parts.inside : parts.outside).push_back(rank);
  }
  return parts;
}

/// The ranks that a state may have, in order: the reduction's, with `inner` after the query's place.
SmallVector<StringAttr> Reorderer::orderOf(Reordering &plan, ArrayRef<StringAttr> inner) {
  SmallVector<StringAttr> order;
  for (StringAttr rank : plan.op.getTensorType().getRanks()) {
    if (rank != plan.query) {
      order.push_back(rank);
      continue;
    }
    if (plan.bound)
      order.push_back(scanRank(plan));
    order.append(inner.begin(), inner.end());
  }
  return order;
}

Value Reorderer::buildEinsum(Reordering &plan, StringRef name, cascade::TensorType type, Expr body,
                             ArrayRef<StringAttr> reduced) {
  OpBuilder builder(plan.op);
  auto combiner = reduced.empty() ? Combiner::None : Combiner::Sum;
  auto op = EinsumOp::create(builder, plan.op.getLoc(), type, builder.getStringAttr(name),
                             CombinerAttr::get(builder.getContext(), combiner),
                             builder.getArrayAttr(SmallVector<Attribute>(reduced.begin(), reduced.end())));
  writeBody(op.getBody(), op.getLoc(), type.getRanks(), reduced, body, TensorMap());
  return op.getResult();
}

/// `expr` with the stream at the scan's index.
Expr Reorderer::atScan(Reordering &plan, Expr expr) {
  return terms.substitute(expr, {{streamOf(plan), terms.index(scanRank(plan), i64())}});
}

/// A recurrence along the scan: `next` gives a point from the point before.
Value Reorderer::buildScan(Reordering &plan, StringRef name, ArrayRef<StringAttr> ranks,
                           llvm::function_ref<Expr(Expr)> next, bool startsAbsent) {
  OpBuilder builder(plan.op);
  Location loc = plan.op.getLoc();
  auto type = cascade::TensorType::get(ranks, typeOf(plan));
  StringAttr along = scanRank(plan);
  auto scan = RecurrenceOp::create(builder, loc, TypeRange(Type(type)), builder.getArrayAttr({along}),
                                   builder.getDenseBoolArrayAttr({!plan.bound->isBelow}));
  Block *block = builder.createBlock(&scan.getBody(), {}, {type}, {loc});
  SmallVector<Expr> before;
  for (StringAttr rank : ranks)
    before.push_back(terms.index(rank, i64()));
  Expr &at = before[llvm::find(ranks, along) - ranks.begin()];
  at = terms.binary(plan.bound->isBelow ? BinaryFn::Sub : BinaryFn::Add, at, terms.integer(1, i64()));
  Expr body = next(terms.read(block->getArgument(0), before));
  auto op = EinsumOp::create(builder, loc, type, builder.getStringAttr(name),
                             CombinerAttr::get(builder.getContext(), Combiner::None), builder.getArrayAttr({}));
  writeBody(op.getBody(), loc, ranks, {}, body, TensorMap());
  if (startsAbsent) {
    auto start = StartOp::create(builder, loc, block->getArgument(0), along);
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Type> types(ranks.size(), builder.getI64Type());
    builder.createBlock(&start.getBody(), {}, types, SmallVector<Location>(ranks.size(), loc));
    Value nothing = AbsentOp::create(builder, loc, typeOf(plan));
    YieldOp::create(builder, loc, ValueRange(nothing));
  }
  ResultsOp::create(builder, loc, ValueRange(op.getResult()));
  return scan.getResult(0);
}

/// The scan's value for the query: up to the bound.
Expr Reorderer::readScan(Reordering &plan, Value scan) {
  Expr index = queryOf(plan);
  Type type = i64();
  Expr offset = plan.bound->offset.write(terms, type);
  index = terms.binary(BinaryFn::Add, index, offset);
  if (!plan.isAligned && plan.bound->isBelow)
    index = terms.binary(BinaryFn::Min, index,
                         terms.binary(BinaryFn::Sub, terms.extent(plan.stream, type), terms.integer(1, type)));
  else if (!plan.isAligned)
    index = terms.binary(BinaryFn::Max, index, terms.integer(0, type));
  SmallVector<Expr> at;
  StringAttr along = scanRank(plan);
  for (StringAttr rank : cast<cascade::TensorType>(scan.getType()).getRanks())
    at.push_back(rank == along ? index : terms.index(rank, type));
  return terms.read(scan, at);
}

/// One chain: its state over the stream, and the sum that reads it.
Value Reorderer::buildChain(Reordering &plan, const Chain &chain, StringRef name, bool isWhole) {
  Parts parts = split(plan, chain);
  Type type = typeOf(plan);
  std::string stateName = name.str() + ".state";
  llvm::DenseMap<Expr, Expr> asIndex, asBound;
  for (StringAttr rank : parts.kept) {
    asIndex[terms.bound(rank, i64())] = terms.index(rank, i64());
    asBound[terms.index(rank, i64())] = terms.bound(rank, i64());
  }
  Expr state = restrict(terms, parts.state, parts.ofState);
  auto order = orderOf(plan, parts.kept);
  Expr value = nullptr;
  if (!plan.bound) {
    Expr body = terms.substitute(state, asIndex);
    SmallVector<StringAttr> reduced{plan.stream};
    reduced.append(parts.inside);
    auto ranks = freeRanks(body, order);
    Value sum = buildEinsum(plan, stateName, cascade::TensorType::get(ranks, type), body, reduced);
    SmallVector<Expr> at;
    for (StringAttr rank : ranks)
      at.push_back(terms.index(rank, i64()));
    value = terms.read(sum, at);
  } else {
    Expr added = terms.substitute(atScan(plan, state), asIndex);
    if (!parts.inside.empty()) {
      auto ranks = freeRanks(added, order);
      Value sum = buildEinsum(plan, name.str() + ".added", cascade::TensorType::get(ranks, type), added, parts.inside);
      SmallVector<Expr> at;
      for (StringAttr rank : ranks)
        at.push_back(terms.index(rank, i64()));
      added = terms.read(sum, at);
    }
    Expr step = nullptr;
    Conditions stepConditions;
    for (const Decay &decay : chain.decays) {
      Weights weights = weightsOf(plan);
      Linear diagonal = weights.diagonal(decay.exponent);
      if (!diagonal.empty())
        added = terms.binary(BinaryFn::Mul, terms.substitute(weights.write(decay, diagonal, type), asIndex), added);
      Linear moved = weights.step(decay.exponent);
      Expr factor = moved.empty() ? nullptr : terms.substitute(weights.write(decay, moved, type), asIndex);
      if (factor)
        step = step ? terms.binary(BinaryFn::Mul, step, factor) : factor;
    }
    if (!presenceOf(terms, added).empty())
      added = terms.orElse(added, terms.real(0, type));
    if (step && !presenceOf(terms, step).empty())
      step = terms.orElse(step, terms.real(1, type)); // before the first point, where nothing is weighed
    llvm::SetVector<StringAttr> ranks;
    SmallVector<StringAttr> present = freeRanks(step ? terms.binary(BinaryFn::Mul, step, added) : added, order);
    for (StringAttr rank : order)
      if (rank == scanRank(plan) || llvm::is_contained(present, rank))
        ranks.insert(rank);
    Value scan = buildScan(plan, stateName, ranks.getArrayRef(), [&](Expr before) {
      Expr kept = step ? terms.binary(BinaryFn::Mul, step, before) : before;
      return terms.binary(BinaryFn::Add, kept, added);
    }, false);
    value = readScan(plan, scan);
    if (step && *plan.bound->offset.constant() != 0)
      value = terms.binary(BinaryFn::Mul, step, value);
  }
  value = terms.substitute(value, asBound);
  Expr factor = chain.scale != 1 ? terms.real(chain.scale, type) : nullptr;
  for (Expr above : parts.above)
    factor = factor ? terms.binary(BinaryFn::Mul, factor, above) : above;
  value = factor ? terms.binary(BinaryFn::Mul, factor, value) : value;
  for (Expr below : parts.below)
    value = terms.binary(BinaryFn::Div, value, below);
  value = terms.cast(restrict(terms, value, parts.ofReader), type);
  SmallVector<StringAttr> summed(parts.kept);
  summed.append(parts.outside);
  if (summed.empty() && !presenceOf(terms, value).empty())
    value = terms.orElse(value, terms.real(0, type));
  auto resultType = isWhole ? plan.op.getTensorType()
                            : cascade::TensorType::get(plan.op.getTensorType().getRanks(), type);
  return buildEinsum(plan, name, resultType, value, summed);
}

/// A maximum: the query's part is added to a running maximum, or moves it where that is exact.
Value Reorderer::buildMaximum(Reordering &plan) {
  EinsumOp op = plan.op;
  OpBuilder builder(op);
  Weights weights = weightsOf(plan);
  Linear ofQuery = plan.exponent.partsWith([&](Expr e) { return plan.reader->sideOf(e) & Query; });
  bool isHere = plan.isAligned && *plan.bound->offset.constant() == 0;
  Type type = typeOf(plan);
  auto own = op.getTensorType().getRanks();
  auto restricted = [&](const Linear &linear) {
    return restrict(terms, atScan(plan, linear.write(terms, type)), [&] {
      Conditions conditions;
      for (Atom condition : plan.ofStream)
        conditions.insert(Atom{atScan(plan, condition.expr)});
      return conditions;
    }());
  };
  if (isHere && !ofQuery.empty() && plan.ofQuery.empty()) {
    Expr step = weights.step(ofQuery).write(terms, type);
    if (presenceOf(terms, step).empty()) {
      Value scan = buildScan(plan, op.getName(), own, [&](Expr before) {
        return terms.binary(BinaryFn::Max, terms.binary(BinaryFn::Add, step, before),
                            restricted(weights.diagonal(plan.exponent)));
      }, true);
      maxima[scan] = {plan.exponent, *plan.bound, plan.ofStream};
      return scan;
    }
  }
  Linear ofStream = plan.exponent;
  ofStream.add(ofQuery, -1);
  Expr body = restricted(ofStream);
  SmallVector<StringAttr> ranks;
  auto present = freeRanks(body, orderOf(plan, {}));
  for (StringAttr rank : orderOf(plan, {}))
    if (rank == scanRank(plan) || llvm::is_contained(present, rank))
      ranks.push_back(rank);
  bool isWhole = isHere && ofQuery.empty() && plan.ofQuery.empty() && ArrayRef(ranks) == own;
  auto prefixType = isWhole ? op.getTensorType() : cascade::TensorType::get(ranks, type);
  UnitAttr set = builder.getUnitAttr();
  auto prefix = PrefixOp::create(builder, op.getLoc(), prefixType,
                                 builder.getStringAttr(isWhole ? op.getName().str() : op.getName().str() + ".state"),
                                 CombinerAttr::get(builder.getContext(), Combiner::Max), scanRank(plan), UnitAttr(),
                                 plan.bound->isBelow ? UnitAttr() : set);
  writeBody(prefix.getBody(), op.getLoc(), ranks, {}, body, TensorMap());
  if (isHere)
    maxima[prefix.getResult()] = {ofStream, *plan.bound, plan.ofStream};
  if (isWhole)
    return prefix.getResult();
  Expr value = readScan(plan, prefix.getResult());
  if (!ofQuery.empty())
    value = terms.binary(BinaryFn::Add, ofQuery.write(terms, type), value);
  return buildEinsum(plan, op.getName(), op.getTensorType(), restrict(terms, value, plan.ofQuery), {});
}

/// Second indices over one extent become ranks of the kernel.
void Reorderer::declareFreshRanks(Reordering &plan) {
  for (const auto &[name, like] : plan.reader->getFreshRanks()) {
    RankOp known = kernel.getRankDeclaration(like);
    if (!known || kernel.getRankDeclaration(name))
      continue;
    OpBuilder builder(known->getContext());
    builder.setInsertionPointAfter(known);
    StringAttr family = known.getFamilyAttr() ? known.getFamilyAttr() : like;
    RankOp::create(builder, known.getLoc(), name, family, known.getSizeAttr());
    work.addRank(name, like);
  }
}

void Reorderer::build(Reordering &plan) {
  declareFreshRanks(plan);
  terms.location = plan.op.getLoc();
  Value result;
  if (plan.op.getCombiner() == Combiner::Max) {
    result = buildMaximum(plan);
  } else if (plan.chains.size() == 1) {
    result = buildChain(plan, plan.chains.front(), plan.op.getName(), true);
  } else {
    Expr sum = nullptr;
    SmallVector<Expr> at;
    for (StringAttr rank : plan.op.getTensorType().getRanks())
      at.push_back(terms.index(rank, i64()));
    for (auto [i, chain] : llvm::enumerate(plan.chains)) {
      Value part = buildChain(plan, chain, plan.op.getName().str() + "." + std::to_string(i + 1), false);
      Expr value = terms.read(part, at);
      sum = sum ? terms.binary(BinaryFn::Add, sum, value) : value;
    }
    result = buildEinsum(plan, plan.op.getName(), plan.op.getTensorType(), sum, {});
  }
  plan.op.getResult().replaceAllUsesWith(result);
}

} // namespace weir::derive
