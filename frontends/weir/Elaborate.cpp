// Expressions without calls: names, operators, subscripts.
#include "frontends/weir/Elaborate.h"

#include "frontends/weir/Limits.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;

namespace weir::frontend {

bool isBuiltin(StringRef name); // ElaborateCall.cpp

using ast::Expr;
using ast::ExprKind;
using cascade::BinaryFn;
using cascade::Predicate;
using cascade::UnaryFn;

//===-- Errors
//--------------------------------------------------------------===//

Diagnostic &Elaborator::error(StringRef id, SMRange range,
                              const Twine &message) {
  if (!build.site.isValid())
    return diagnostics.error(id, range, message);
  Diagnostic &diagnostic = diagnostics.error(id, build.site, message);
  std::string name = inlining.empty()
                         ? "a function"
                         : "'" + inlining.back()->name.text.str() + "'";
  diagnostic.notes.push_back({range, "in this expression of " + name});
  return diagnostic;
}

void Elaborator::unknownRank(const ast::Name &name, Scope *scope) {
  SmallVector<StringRef> known;
  if (scope && scope->function) {
    append_range(known, scope->ranks.keys());
  } else {
    for (Rank &rank : program.ranks)
      known.push_back(rank.name);
  }
  error("unknown-rank", name.range,
        "unknown rank '" + name.text + "'" + suggestion(name.text, known));
}

void Elaborator::unknownName(const Expr &e, Scope &scope, StringRef what) {
  SmallVector<StringRef> known;
  if (scope.function) {
    append_range(known, scope.values.keys());
    append_range(known, scope.ranks.keys());
  } else {
    for (Rank &rank : program.ranks)
      known.push_back(rank.name);
    for (Tensor &tensor : program.tensors)
      known.push_back(tensor.name);
  }
  Diagnostic &diagnostic =
      error("unknown-name", e.mark,
            what + " '" + e.text + "'" + suggestion(e.text, known));
  if (scope.function && program.tensorNames.contains(e.text))
    diagnostic.notes.push_back({scope.function->name.range,
                                "a function sees its parameters only; pass '" +
                                    e.text.str() + "' as an argument"});
}

//===-- Names
//---------------------------------------------------------------===//

bool Elaborator::resolveRank(const ast::Name &name, Scope &scope,
                             SmallVectorImpl<Rank *> &ranks) {
  if (scope.function) {
    auto it = scope.ranks.find(name.text);
    if (it == scope.ranks.end()) {
      unknownRank(name, &scope);
      return false;
    }
    append_range(ranks, it->second);
    return true;
  }
  Rank *rank = program.rankNames.lookup(name.text);
  if (!rank) {
    unknownRank(name);
    return false;
  }
  rank->used = true;
  ranks.push_back(rank);
  return true;
}

/// A bare tensor name is the tensor at its own ranks.
Term *Elaborator::readBare(SMRange range, Tensor &tensor) {
  if (tensor.state == Tensor::Visiting && !tensor.ranksKnown) {
    error("inferred-cycle", range,
          "the ranks of '" + tensor.name +
              "' depend on themselves; write them on its left side");
    tensor.state = Tensor::Broken;
    return nullptr;
  }
  if (!tensor.ranksKnown && !elaborateEquation(tensor))
    return nullptr;
  SmallVector<Term *> subscripts;
  for (Rank *rank : tensor.ranks)
    subscripts.push_back(build.index(range, rank));
  return build.read(range, &tensor, subscripts);
}

Term *Elaborator::elaborateReference(const Expr &e, Scope &scope) {
  if (Term *value = scope.values.lookup(e.text))
    return value;
  auto bound = scope.ranks.find(e.text);
  if (bound != scope.ranks.end()) {
    if (bound->second.size() == 1)
      return build.index(e.range, bound->second.front());
    error("several-ranks", e.range,
          "'" + e.text + "' stands for " + Twine(bound->second.size()) +
              " ranks here and has no single index");
    return nullptr;
  }
  Rank *rank = scope.function ? nullptr : program.rankNames.lookup(e.text);
  Tensor *tensor =
      scope.function ? nullptr : program.tensorNames.lookup(e.text);
  if (rank && tensor) {
    Diagnostic &diagnostic =
        error("ambiguous-name", e.range,
              "'" + e.text +
                  "' is a rank and a tensor; "
                  "give the tensor its subscripts, or rename one of them");
    diagnostic.notes.push_back({tensor->range, "the tensor"});
    return nullptr;
  }
  if (rank)
    return build.index(e.range, rank);
  if (tensor)
    return readBare(e.range, *tensor);
  unknownName(e, scope, "unknown name");
  return nullptr;
}

Term *Elaborator::elaborateExtentOf(const Expr &e, Scope &scope) {
  SmallVector<Rank *> ranks;
  if (!resolveRank({e.text, e.range}, scope, ranks))
    return nullptr;
  Term *product = nullptr;
  for (Rank *rank : ranks) {
    Term *extent = build.extent(e.range, rank);
    product = product ? build.binary(e.range, BinaryFn::Mul, product, extent)
                      : extent;
  }
  return product;
}

Term *Elaborator::elaborateConstant(const Expr &e) {
  if (e.text == "absent") {
    error(
        "misplaced-absent", e.range,
        "'absent' stands after 'from' only; use 'where' to make points absent");
    return nullptr;
  }
  bool isBool = e.text == "true" || e.text == "false";
  Term *term = build.make(isBool ? TermKind::Bool : TermKind::Real, e.range);
  term->integer = e.text == "true";
  term->real = e.text == "pi" ? 3.14159265358979323846
                              : std::numeric_limits<double>::infinity();
  return term;
}

//===-- Operators
//-----------------------------------------------------------===//

Term *Elaborator::elaborate(const Expr &e, Scope &scope) {
  if (program.terms.size() > limits::operations.most) {
    error("operation-limit", e.range,
          "the kernel has more than " + Twine(limits::operations.most) +
              " operations once its functions are inlined");
    return nullptr;
  }
  llvm::SaveAndRestore level(depth, depth + 1);
  if (depth > limits::depth.most) {
    error("nesting-limit", e.range,
          "the expression is deeper than " + Twine(limits::depth.most) +
              " operations once functions are inlined");
    return nullptr;
  }
  switch (e.kind) {
  case ExprKind::Integer:
    return build.integer(e.range, e.integer);
  case ExprKind::Real: {
    Term *term = build.make(TermKind::Real, e.range);
    term->real = e.real;
    return term;
  }
  case ExprKind::Constant:
    return elaborateConstant(e);
  case ExprKind::Reference:
    return elaborateReference(e, scope);
  case ExprKind::Extent:
    return elaborateExtentOf(e, scope);
  case ExprKind::Compare:
    return elaborateCompare(e, scope);
  case ExprKind::In:
    return elaborateMembership(e, scope);
  case ExprKind::Subscript:
    return elaborateSubscript(e, scope);
  case ExprKind::Call:
    return elaborateCall(e, scope);
  default:
    return elaborateOperator(e, scope);
  }
}

static BinaryFn binaryOf(StringRef symbol) {
  return StringSwitch<BinaryFn>(symbol)
      .Case("+", BinaryFn::Add)
      .Case("-", BinaryFn::Sub)
      .Case("*", BinaryFn::Mul)
      .Case("/", BinaryFn::Div)
      .Case("//", BinaryFn::FloorDiv)
      .Case("%", BinaryFn::Mod)
      .Case("^", BinaryFn::Pow)
      .Case("and", BinaryFn::And)
      .Default(BinaryFn::Or);
}

/// The negative of a literal is a literal.
static Term *negated(TermBuilder &build, SMRange range, Term *operand) {
  if (operand->kind == TermKind::Int)
    return build.integer(range, -operand->integer);
  if (operand->kind != TermKind::Real)
    return build.unary(range, UnaryFn::Neg, operand);
  Term *term = build.make(TermKind::Real, range);
  term->real = -operand->real;
  return term;
}

Term *Elaborator::elaborateOperator(const Expr &e, Scope &scope) {
  SmallVector<Term *, 3> args;
  if (!elaborateArguments(e, scope, args))
    return nullptr;
  switch (e.kind) {
  case ExprKind::Unary:
    return e.text == "not" ? build.unary(e.range, UnaryFn::Not, args[0])
                           : negated(build, e.range, args[0]);
  case ExprKind::Binary:
    return build.binary(e.range, binaryOf(e.text), args[0], args[1]);
  case ExprKind::If:
    return build.make(TermKind::Select, e.range, args);
  case ExprKind::Else:
    return build.make(TermKind::Else, e.range, args);
  default:
    return build.make(TermKind::Where, e.range, args);
  }
}

Term *Elaborator::elaborateCompare(const Expr &e, Scope &scope) {
  SmallVector<Term *, 3> args;
  if (!elaborateArguments(e, scope, args))
    return nullptr;
  Term *chain = nullptr;
  for (auto [i, symbol] : enumerate(e.operators)) {
    auto predicate = StringSwitch<Predicate>(symbol)
                         .Case("==", Predicate::Eq)
                         .Case("!=", Predicate::Ne)
                         .Case("<", Predicate::Lt)
                         .Case("<=", Predicate::Le)
                         .Case(">", Predicate::Gt)
                         .Default(Predicate::Ge);
    Term *link = build.compare(e.range, predicate, args[i], args[i + 1]);
    chain = chain ? build.binary(e.range, BinaryFn::And, chain, link) : link;
  }
  return chain;
}

/// Another rank over the same indices, for a binding that must not capture
/// `rank`.
Rank *Elaborator::aliasOf(Rank &rank) {
  for (unsigned i = 1;; ++i) {
    std::string name = (rank.name + "." + Twine(i)).str();
    if (program.rankNames.contains(name))
      continue;
    ast::Name alias{program.storage.emplace_back(name), rank.range};
    Rank *added = addRank(alias);
    added->like = &rank;
    added->declared = added->used = true;
    return added;
  }
}

/// The rank that `:` binds: the tensor's own, unless it would capture an index
/// of `element`.
Rank *Elaborator::boundRank(Rank &rank, Term *element, ArrayRef<Rank *> taken) {
  bool captures =
      is_contained(element->free, &rank) || is_contained(taken, &rank);
  return captures ? aliasOf(rank) : &rank;
}

/// `x in I[m, :]` is `any[j](I[m, j] == x)`; `x in lo..hi` is `lo <= x and x <
/// hi`.
Term *Elaborator::elaborateMembership(const Expr &e, Scope &scope) {
  Term *element = elaborate(*e.args[0], scope);
  if (!element)
    return nullptr;
  if (e.args.size() == 3) {
    Term *lower = elaborate(*e.args[1], scope),
         *upper = elaborate(*e.args[2], scope);
    if (!lower || !upper)
      return nullptr;
    return build.binary(e.range, BinaryFn::And,
                        build.compare(e.range, Predicate::Le, lower, element),
                        build.compare(e.range, Predicate::Lt, element, upper));
  }
  const Expr &set = *e.args[1];
  auto isAll = [](const ast::Item &item) {
    return item.kind == ast::Item::All;
  };
  Tensor *tensor =
      scope.function ? nullptr : program.tensorNames.lookup(set.text);
  if (set.kind != ExprKind::Subscript || !tensor || none_of(set.items, isAll)) {
    if (set.kind == ExprKind::Subscript && !tensor)
      return unknownName(set, scope, "unknown tensor"), nullptr;
    error("membership", set.range,
          "'in' takes a tensor with ':' among its subscripts, as in 'n in I[m, "
          ":]', "
          "or a range, as in 'n in 0..4'");
    return nullptr;
  }
  if (!tensor->ranksKnown && !elaborateEquation(*tensor))
    return nullptr;
  if (set.items.size() != tensor->ranks.size())
    return error("subscript-count", set.range,
                 "'" + set.text + "' has " +
                     counted(tensor->ranks.size(), "rank") + " and is given " +
                     counted(set.items.size(), "subscript")),
           nullptr;
  SmallVector<Term *> subscripts;
  SmallVector<Rank *> taken, bound;
  for (const ast::Item &item : set.items) {
    Term *subscript = isAll(item) ? nullptr : elaborate(*item.value, scope);
    if (!isAll(item) && !subscript)
      return nullptr;
    subscripts.push_back(subscript);
    if (subscript)
      append_range(taken, subscript->free);
  }
  for (auto [rank, subscript] : zip(tensor->ranks, subscripts)) {
    if (subscript)
      continue;
    bound.push_back(boundRank(*rank, element, taken));
    subscript = build.index(set.range, bound.back());
  }
  Term *member = build.read(set.range, tensor, subscripts);
  return build.reduce(e.range, cascade::Combiner::Any,
                      build.compare(e.range, Predicate::Eq, member, element),
                      bound);
}

//===-- Subscripts
//----------------------------------------------------------===//

/// `base` with the indices of `ranks` replaced by `values`.
Term *Elaborator::substitute(SMRange range, Term *base, ArrayRef<Rank *> ranks,
                             ArrayRef<Term *> values) {
  auto replacement = [&](Term *subscript) -> Term * {
    if (subscript->kind == TermKind::Index) {
      const auto *it = find(ranks, subscript->ranks.front());
      return it == ranks.end() ? subscript : values[it - ranks.begin()];
    }
    bool touched = any_of(
        subscript->free, [&](Rank *rank) { return is_contained(ranks, rank); });
    return touched ? nullptr : subscript;
  };
  if (base->kind == TermKind::Read) {
    SmallVector<Term *> subscripts;
    for (Term *argument : base->args)
      subscripts.push_back(replacement(argument));
    if (!is_contained(subscripts, nullptr))
      return build.read(range, base->tensor, subscripts);
  }
  SmallVector<Term *> args = {base};
  append_range(args, values);
  return build.make(TermKind::At, range, args, ranks);
}

/// `x[d: d + 1]`: an expression with some of its indices replaced.
Term *Elaborator::elaborateAt(const Expr &e, Term *base, Scope &scope) {
  SmallVector<Rank *> ranks;
  SmallVector<Term *> values;
  for (const ast::Item &item : e.items) {
    if (item.kind != ast::Item::Named) {
      error("mixed-subscripts", item.range,
            "subscripts either all name their rank or none does");
      return nullptr;
    }
    SmallVector<Rank *> resolved;
    if (!resolveRank(item.name, scope, resolved))
      return nullptr;
    Term *value = elaborate(*item.value, scope);
    if (!value)
      return nullptr;
    if (resolved.size() != 1 || is_contained(ranks, resolved.front())) {
      error("several-ranks", item.range,
            "'" + item.name.text + "' must stand for one rank, once");
      return nullptr;
    }
    if (!is_contained(base->free, resolved.front())) {
      error("rank-not-free", item.range,
            "'" + e.text + "' does not vary along '" + item.name.text + "'");
      return nullptr;
    }
    ranks.push_back(resolved.front());
    values.push_back(value);
  }
  return substitute(e.range, base, ranks, values);
}

Term *Elaborator::elaborateSubscript(const Expr &e, Scope &scope) {
  Term *value = scope.values.lookup(e.text);
  Tensor *tensor =
      scope.function ? nullptr : program.tensorNames.lookup(e.text);
  bool isFunction =
      !value && !tensor && (isBuiltin(e.text) || library.find(e.text));
  if (isFunction || e.filter || !e.into.text.empty() || !e.options.empty()) {
    error("syntax", e.range,
          "'" + e.text + "[…]' lacks its arguments, as in '" + e.text +
              "[n](x)'");
    return nullptr;
  }
  if (!value && !tensor)
    return unknownName(e, scope, "unknown tensor"), nullptr;
  bool isNamed = !e.items.empty() && e.items.front().kind == ast::Item::Named;
  if (isNamed) {
    Term *base = value ? value : readBare(e.range, *tensor);
    return base ? elaborateAt(e, base, scope) : nullptr;
  }
  if (value) {
    error("subscript-of-expression", e.range,
          "'" + e.text +
              "' is a parameter, whose ranks the function does not know; "
              "name the rank, as in '" +
              e.text + "[n: n + 1]'");
    return nullptr;
  }
  SmallVector<Term *> subscripts;
  for (const ast::Item &item : e.items) {
    if (item.kind == ast::Item::All)
      return error("misplaced-colon", item.range,
                   "':' stands in the tensor after 'in' only"),
             nullptr;
    if (item.kind == ast::Item::Named)
      return error("mixed-subscripts", item.range,
                   "subscripts either all name their rank or none does"),
             nullptr;
    Term *subscript = elaborate(*item.value, scope);
    if (!subscript)
      return nullptr;
    if (subscript->reduces)
      return error("reduction-in-subscript", item.range,
                   "a subscript holds no reduction; give it an equation of its "
                   "own"),
             nullptr;
    subscripts.push_back(subscript);
  }
  if (!tensor->ranksKnown && !readBare(e.range, *tensor))
    return nullptr;
  if (subscripts.size() != tensor->ranks.size()) {
    Diagnostic &diagnostic =
        error("subscript-count", e.range,
              "'" + e.text + "' has " + counted(tensor->ranks.size(), "rank") +
                  " and is given " + counted(subscripts.size(), "subscript"));
    diagnostic.notes.push_back({tensor->range, "declared here"});
    return nullptr;
  }
  return build.read(e.range, tensor, subscripts);
}

} // namespace weir::frontend
