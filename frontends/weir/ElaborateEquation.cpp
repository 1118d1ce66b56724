// Equations: their order, ranks, start values; what is used by nothing.
#include "frontends/weir/Elaborate.h"

#include "frontends/weir/Limits.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;

namespace weir::frontend {

using ast::Expr;

/// Calls `visit` with each name that an expression refers to.
static void forEachName(const Expr &e, function_ref<void(StringRef)> visit) {
  if (e.kind == ast::ExprKind::Reference || e.kind == ast::ExprKind::Subscript)
    visit(e.text);
  for (const Expr *argument : e.args)
    forEachName(*argument, visit);
  for (const ast::Item &item : e.items)
    if (item.value)
      forEachName(*item.value, visit);
  if (e.filter)
    forEachName(*e.filter, visit);
}

/// Equations stand in any order: each is elaborated after those that it names.
void Elaborator::elaborateEquations() {
  std::vector<Tensor *> equations = program.equations();
  for (auto [i, tensor] : enumerate(equations))
    tensor->number = i;
  std::vector<SmallVector<unsigned>> named(equations.size());
  for (auto [i, tensor] : enumerate(equations)) {
    auto add = [&, i = i](StringRef name) {
      Tensor *other = program.tensorNames.lookup(name);
      if (other && other->role == Tensor::Equation)
        named[i].push_back(other->number);
    };
    if (tensor->equation->value)
      forEachName(*tensor->equation->value, add);
    if (tensor->equation->where)
      forEachName(*tensor->equation->where, add);
  }
  auto successors = [&](unsigned i) -> ArrayRef<unsigned> { return named[i]; };
  for (const auto &component : components(equations.size(), successors))
    for (unsigned member : component)
      elaborateEquation(*equations[member]);
}

bool Elaborator::elaborateEquation(Tensor &tensor) {
  if (tensor.state != Tensor::Pending)
    return tensor.state == Tensor::Done && tensor.ranksKnown;
  if (nesting >= limits::inference.most) {
    error("inference-limit", tensor.range,
          "ranks are inferred through more than " + Twine(limits::inference.most) +
              " equations that depend on each other; write those of '" +
              tensor.name + "' on its left side");
    tensor.state = Tensor::Broken;
    return false;
  }
  llvm::SaveAndRestore level(nesting, nesting + 1);
  tensor.state = Tensor::Visiting;
  Term *value = elaborate(*tensor.equation->value, kernelScope);
  if (value && tensor.equation->where) {
    Term *predicate = elaborate(*tensor.equation->where, kernelScope);
    value = predicate
                ? build.make(TermKind::Where, tensor.equation->where->range,
                             {value, predicate})
                : nullptr;
  }
  if (!value || tensor.state == Tensor::Broken) {
    tensor.state = Tensor::Broken;
    return false;
  }
  if (value->depth > limits::depth.most) {
    error("nesting-limit", tensor.range,
          "'" + tensor.name + "' is deeper than " + Twine(limits::depth.most) +
              " operations");
    tensor.state = Tensor::Broken;
    return false;
  }
  if (!tensor.ranksKnown) {
    tensor.ranks.assign(value->free.begin(), value->free.end());
    tensor.ranksKnown = true;
  }
  tensor.value = value;
  checkFreeRanks(tensor, value);
  tensor.state = elaborateStarts(tensor) ? Tensor::Done : Tensor::Broken;
  return tensor.state == Tensor::Done;
}

/// `from` clauses. One without a rank belongs to the iterative rank, found
/// later.
bool Elaborator::elaborateStarts(Tensor &tensor) {
  for (const ast::FromClause &from : tensor.equation->from) {
    Rank *rank = nullptr;
    if (!from.rank.text.empty()) {
      rank = program.rankNames.lookup(from.rank.text);
      if (!rank)
        return unknownRank(from.rank), false;
    }
    bool isAbsent = from.value->kind == ast::ExprKind::Constant &&
                    from.value->text == "absent";
    Term *value = isAbsent ? build.make(TermKind::Absent, from.value->range)
                           : elaborate(*from.value, kernelScope);
    if (!value)
      return false;
    checkFreeRanks(tensor, value);
    tensor.starts.push_back({rank, value, from.range});
  }
  return true;
}

void Elaborator::checkFreeRanks(const Tensor &tensor, const Term *root) {
  for (Rank *rank : root->free) {
    if (is_contained(tensor.ranks, rank))
      continue;
    const Term *term = root;
    auto carries = [&](const Term *part) {
      return is_contained(part->free, rank);
    };
    for (auto it = find_if(term->args, carries); it != term->args.end();
         it = find_if(term->args, carries))
      term = *it;
    Diagnostic &diagnostic = error(
        "free-rank", term->place(),
        "rank '" + rank->name + "' is free here and not on the left side of '" +
            tensor.name + "'; reduce it, or write it on the left");
    diagnostic.notes.push_back({tensor.range, "the left side"});
  }
}

void warnUnused(const Program &program, Diagnostics &diagnostics) {
  for (const Tensor &tensor : program.tensors)
    if (!tensor.used) {
      StringRef what = tensor.role == Tensor::Equation ? ""
                       : tensor.role == Tensor::Input  ? "input "
                                                       : "scalar ";
      diagnostics.warning("unused", tensor.range,
                          what + "'" + tensor.name + "' is not used");
    }
  for (const Rank &rank : program.ranks)
    if (rank.declared && !rank.used)
      diagnostics.warning("unused", rank.range,
                          "rank '" + rank.name + "' is not used");
}

} // namespace weir::frontend
