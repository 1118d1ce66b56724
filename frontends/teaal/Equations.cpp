// Equations: maps, reductions, prefixes and the value of a place among the greatest.
#include "frontends/teaal/Lower.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace weir::teaal {

using namespace cascade;

SmallVector<StringAttr> Lowering::leftRanks(const Equation &equation) const {
  SmallVector<StringAttr> ranks;
  for (const Name &rank : tensors.find(equation.tensor.text)->second.declaration->ranks)
    ranks.push_back(StringAttr::get(builder.getContext(), variableOf(rank.text)));
  return ranks;
}

void Lowering::emitBody(Operation *op, Region &region, ArrayRef<StringAttr> ranks,
                        llvm::function_ref<Value(Scope &)> value) {
  Block &block = region.emplaceBlock();
  Scope scope{OpBuilder::atBlockEnd(&block), {}};
  for (StringAttr rank : ranks)
    scope.variables[rank.getValue()] = block.addArgument(builder.getI64Type(), op->getLoc());
  Value result = value(scope);
  if (result)
    YieldOp::create(scope.builder, op->getLoc(), result);
}

/// Variables of the right side that the left lacks, with how each is reduced.
bool Lowering::collectReduced(const Equation &equation, std::vector<Reduced> &reduced) {
  auto left = leftRanks(equation);
  Variables variables;
  bounded.clear();
  forEach(*equation.value, [&](const Expr &expr) {
    if (expr.kind == Expr::Symbol && !isRank(expr.name.text) && !lookup(expr.name.text))
      variables.insert(expr.name.text);
    for (auto [position, subscript] : llvm::enumerate(expr.subscripts))
      if (subscript.bound)
        bounded[subscript.position->name.text] = variableOf(lookup(expr.name.text)->declaration->ranks[position].text);
  });
  for (StringRef variable : variables)
    if (!llvm::is_contained(left, name(variable)))
      reduced.push_back({name(variable), Combiner::Sum});
  for (const Action &action : equation.actions) {
    StringRef text = action.combiner.text;
    auto combiner = llvm::StringSwitch<std::optional<Combiner>>(text)
                        .Cases({"sum", "add"}, Combiner::Sum).Cases({"prod", "mul"}, Combiner::Prod)
                        .Case("max", Combiner::Max).Case("min", Combiner::Min).Default(std::nullopt);
    unsigned place = 0;
    if (!combiner && (!text.consume_front("kth") || text.getAsInteger(10, place) || place == 0)) {
      SmallVector<StringRef> known{"sum", "prod", "max", "min"};
      diagnostics.error("unknown-action", action.combiner.range,
                        "no reduction '" + action.combiner.text + "' (there are sum, prod, max, min, and kth2 for the second greatest)" +
                            frontend::suggestion(action.combiner.text, known));
      return false;
    }
    for (const Name &variable : action.variables) {
      auto it = llvm::find_if(reduced, [&](const Reduced &r) { return r.rank == name(variable.text); });
      if (it == reduced.end()) {
        diagnostics.error("not-reduced", variable.range,
                          "'" + variable.text + "' is no variable that the right side has and the left lacks");
        return false;
      }
      Reduced changed{it->rank, combiner.value_or(Combiner::Max), place};
      reduced.erase(it); // in the order of the actions, after the sums
      reduced.push_back(changed);
    }
  }
  return true;
}

/// The bound of a sum along a left-hand variable that is read nowhere else: a prefix.
const Subscript *Lowering::prefixBound(const Equation &equation) {
  const Subscript *found = nullptr;
  unsigned bounds = 0;
  forEach(*equation.value, [&](const Expr &expr) {
    for (const Subscript &subscript : expr.subscripts)
      if (subscript.bound) {
        found = &subscript;
        ++bounds;
      }
  });
  if (bounds != 1 || found->bound->kind != Expr::Symbol ||
      bounded[found->position->name.text] != found->bound->name.text)
    return nullptr;
  unsigned uses = 0;
  forEach(*equation.value, [&](const Expr &expr) {
    uses += expr.kind == Expr::Symbol && expr.name.text == found->bound->name.text;
  });
  return uses == 1 ? found : nullptr; // the bound itself
}

Value Lowering::emitPrefix(const Equation &equation, const Subscript &bound) {
  auto ranks = leftRanks(equation);
  bool exclusive = !bound.relation.ends_with("=");
  bool reverse = bound.relation.starts_with(">");
  auto op = PrefixOp::create(builder, locate(equation.tensor.range), typeOf(ranks), name(equation.tensor.text), Combiner::Sum,
                             name(bound.bound->name.text), exclusive, reverse);
  emitBody(op, op.getBody(), ranks, [&](Scope &scope) {
    scope.variables[bound.position->name.text] = scope.variables[bound.bound->name.text];
    return emitReal(*equation.value, scope);
  });
  return op.getResult();
}

/// One reduction by one combiner of the equation's value, or of what is left of it in `part`.
Value Lowering::emitReduction(const Equation &equation, StringRef label, ArrayRef<StringAttr> ranks,
                              ArrayRef<Reduced> reduced, Value part) {
  SmallVector<Attribute> names;
  SmallVector<StringAttr> all(ranks);
  for (const Reduced &each : reduced) {
    names.push_back(each.rank);
    all.push_back(each.rank);
  }
  Combiner combiner = reduced.empty() ? Combiner::None : reduced.front().combiner;
  Location loc = locate(equation.tensor.range);
  auto op = EinsumOp::create(builder, loc, typeOf(ranks), name(label), combiner, builder.getArrayAttr(names));
  emitBody(op, op.getBody(), all, [&](Scope &scope) -> Value {
    if (part) {
      SmallVector<Value> at;
      for (StringAttr rank : cast<cascade::TensorType>(part.getType()).getRanks())
        at.push_back(scope.variables.lookup(rank.getValue()));
      return ReadOp::create(scope.builder, loc, part, at);
    }
    Value value = emitReal(*equation.value, scope);
    Value inside = value ? emitBounds(*equation.value, scope, {}) : Value();
    return inside ? WhereOp::create(scope.builder, loc, value, inside).getResult() : value;
  });
  return op.getResult();
}

/// The `greatest`-th value along a rank: the value at the last of so many positions.
Value Lowering::emitGreatest(const Equation &equation, const Reduced &reduced, ArrayRef<StringAttr> ranks) {
  Location loc = locate(equation.tensor.range);
  SmallVector<StringAttr> all(ranks);
  all.push_back(reduced.rank);
  Value scores = emitReduction(equation, (equation.tensor.text + ".1").str(), all, {}, {});
  StringAttr place = name(equation.tensor.text + ".place");
  OpBuilder atRanks(kernel.getContext());
  atRanks.setInsertionPointToStart(&kernel.getBody().front());
  RankOp::create(atRanks, loc, place, StringAttr(), builder.getI64IntegerAttr(reduced.greatest));
  SmallVector<StringAttr> placed(ranks);
  placed.push_back(place);
  auto readAt = [&](Value tensor, Scope &scope, Value last) -> Value {
    SmallVector<Value> at;
    for (StringAttr rank : ranks)
      at.push_back(scope.variables.lookup(rank.getValue()));
    at.push_back(last);
    return ReadOp::create(scope.builder, loc, tensor, at);
  };
  auto topk = TopKOp::create(builder, loc, cascade::TensorType::get(placed, builder.getI64Type()),
                             name(equation.tensor.text + ".2"), reduced.rank, place);
  emitBody(topk, topk.getBody(), all,
           [&](Scope &scope) { return readAt(scores, scope, scope.variables.lookup(reduced.rank.getValue())); });
  auto value = EinsumOp::create(builder, loc, typeOf(ranks), name(equation.tensor.text), Combiner::None, builder.getArrayAttr({}));
  emitBody(value, value.getBody(), ranks, [&](Scope &scope) {
    return readAt(scores, scope, readAt(topk.getResult(), scope, whole(reduced.greatest - 1, scope)));
  });
  return value.getResult();
}

Value Lowering::emitEquation(const Equation &equation) {
  std::vector<Reduced> reduced;
  if (!collectReduced(equation, reduced))
    return {};
  if (const Subscript *bound = prefixBound(equation); bound && reduced.size() == 1)
    return emitPrefix(equation, *bound);
  for (auto &[variable, like] : bounded)
    if (!kernel.getRankDeclaration(name(variable))) {
      OpBuilder atRanks(kernel.getContext());
      atRanks.setInsertionPointAfter(kernel.getRankDeclaration(name(like)));
      RankOp::create(atRanks, locate(equation.tensor.range), name(variable), name(like), IntegerAttr());
    }
  auto ranks = leftRanks(equation);
  bool selects = llvm::any_of(reduced, [](const Reduced &r) { return r.greatest != 0; });
  if (selects && reduced.size() > 1) {
    diagnostics.error("several-reductions", equation.tensor.range, "a place among the greatest is taken along one rank alone");
    return {};
  }
  unsigned errors = diagnostics.errorCount();
  Value value;
  if (selects) {
    value = emitGreatest(equation, reduced.front(), ranks);
  } else {
    // The sums first; each other combiner reduces what they leave.
    ArrayRef<Reduced> left = reduced;
    unsigned parts = 0;
    do {
      ArrayRef<Reduced> now = left.take_while([&](const Reduced &r) { return r.combiner == left.front().combiner; });
      left = left.drop_front(now.size());
      SmallVector<StringAttr> outer(ranks);
      for (const Reduced &later : left)
        outer.push_back(later.rank);
      std::string label = equation.tensor.text.str() + (left.empty() ? "" : "." + std::to_string(++parts));
      value = emitReduction(equation, label, outer, now, value);
    } while (!left.empty());
  }
  return diagnostics.errorCount() == errors ? value : Value();
}

} // namespace weir::teaal
