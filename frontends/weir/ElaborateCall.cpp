// Calls: built-in maps, casts, reductions, prefix forms, selections; inlining
// of functions.
#include "frontends/weir/Elaborate.h"

#include "frontends/weir/Limits.h"

#include "llvm/ADT/ScopeExit.h"

using namespace llvm;

namespace weir::frontend {

using ast::Expr;
using cascade::BinaryFn;
using cascade::Combiner;
using cascade::Predicate;
using cascade::Rounding;
using cascade::UnaryFn;

static std::optional<UnaryFn> unaryNamed(StringRef name) {
  if (name == "neg" || name == "not")
    return std::nullopt;
  return cascade::symbolizeUnaryFn(name);
}

static std::optional<Rounding> roundingNamed(StringRef name) {
  if (name == "round")
    return Rounding::Nearest;
  return name == "nearest" ? std::nullopt : cascade::symbolizeRounding(name);
}

static std::optional<Combiner> reductionNamed(StringRef name) {
  return name == "map" ? std::nullopt : cascade::symbolizeCombiner(name);
}

static std::optional<Combiner> prefixNamed(StringRef name) {
  if (!name.consume_front("cum"))
    return std::nullopt;
  auto combiner = reductionNamed(name);
  bool known = combiner && is_contained({Combiner::Sum, Combiner::Prod,
                                         Combiner::Max, Combiner::Min},
                                        *combiner);
  return known ? combiner : std::nullopt;
}

static bool isSelection(StringRef name) {
  return name == "topk" || name == "sort" || name == "rank_of";
}

bool isBuiltin(StringRef name) {
  return unaryNamed(name) || roundingNamed(name) || reductionNamed(name) ||
         prefixNamed(name) || isSelection(name) || name == "clamp" ||
         name == "present" || parseElementType(name);
}

bool Elaborator::elaborateArguments(const Expr &e, Scope &scope,
                                    SmallVectorImpl<Term *> &args) {
  for (Expr *argument : e.args)
    args.push_back(elaborate(*argument, scope));
  return !is_contained(args, nullptr);
}

bool Elaborator::expectArguments(const Expr &e, size_t least, size_t most) {
  if (e.args.size() >= least && e.args.size() <= most)
    return true;
  error("argument-count", e.range,
        "'" + e.text + "' takes " + Twine(least) +
            (most > least ? " or more" : "") +
            (most == 1 ? " argument" : " arguments") + " and is given " +
            Twine(e.args.size()));
  return false;
}

Term *Elaborator::elaborateCall(const Expr &e, Scope &scope) {
  StringRef name = e.text;
  bool hasRanks = !e.items.empty();
  auto combiner = reductionNamed(name);
  bool isBinary = name == "max" || name == "min";
  if (combiner && (hasRanks || !isBinary))
    return elaborateReduction(e, *combiner, scope);
  if (auto prefix = prefixNamed(name))
    return elaboratePrefix(e, *prefix, scope);
  if (isSelection(name))
    return elaborateSelection(e, scope);
  bool isMap = isBuiltin(name) || program.typeNames.contains(name);
  if (isMap && hasRanks) {
    error("unexpected-ranks", e.range,
          "'" + name + "' is a map and takes no ranks in brackets");
    return nullptr;
  }
  if (!isMap) {
    if (const ast::Function *function = library.find(name))
      return inlineFunction(e, *function, scope);
    SmallVector<StringRef> known = {
        "sum",     "prod",    "max",      "min",     "mean", "count",
        "any",     "all",     "argmax",   "argmin",  "exp",  "log",
        "sqrt",    "rsqrt",   "tanh",     "sigmoid", "relu", "silu",
        "gelu",    "abs",     "sign",     "floor",   "ceil", "round",
        "clamp",   "cumsum",  "cumprod",  "cummax",  "topk", "sort",
        "rank_of", "present", "softplus", "expm1",   "log1p"};
    append_range(known, library.names());
    error("unknown-function", e.mark,
          "unknown function '" + name + "'" + suggestion(name, known));
    return nullptr;
  }
  SmallVector<Term *, 3> args;
  return elaborateArguments(e, scope, args) ? elaborateMap(e, args) : nullptr;
}

Term *Elaborator::elaborateMap(const Expr &e, ArrayRef<Term *> args) {
  StringRef name = e.text;
  if (name == "max" || name == "min") {
    if (args.size() == 1)
      return error("argument-count", e.range,
                   "'" + name +
                       "' of one value reduces, and needs ranks, as in '" +
                       name + "[n](x)'"),
             nullptr;
    if (!expectArguments(e, 2, 64))
      return nullptr;
    Term *result = args[0];
    for (Term *argument : args.drop_front())
      result =
          build.binary(e.range, name == "max" ? BinaryFn::Max : BinaryFn::Min,
                       result, argument);
    return result;
  }
  if (name == "clamp")
    return expectArguments(e, 3, 3) ? elaborateClamp(e, args) : nullptr;
  if (!expectArguments(e, 1, 1))
    return nullptr;
  if (name == "present")
    return build.make(TermKind::Present, e.range, args);
  if (auto rounding = roundingNamed(name)) {
    Term *term = build.make(TermKind::Round, e.range, args);
    term->rounding = *rounding;
    return term;
  }
  if (auto fn = unaryNamed(name))
    return build.unary(e.range, *fn, args[0]);
  auto parameter = program.typeNames.find(name);
  Term *term = build.make(TermKind::Cast, e.range, args);
  term->type = parameter == program.typeNames.end() ? *parseElementType(name)
                                                    : parameter->second;
  return term;
}

/// A clamp is absent with any of its operands, which `max` and `min` are not.
Term *Elaborator::elaborateClamp(const Expr &e, ArrayRef<Term *> args) {
  Term *value = args[0];
  for (auto [limit, predicate] :
       {std::pair(args[1], Predicate::Lt), {args[2], Predicate::Gt}}) {
    Term *beyond = build.compare(e.range, predicate, value, limit);
    value = build.make(TermKind::Select, e.range, {beyond, limit, value});
  }
  for (Term *limit : args.drop_front()) {
    bool literal =
        limit->kind == TermKind::Int || limit->kind == TermKind::Real;
    if (!literal)
      value =
          build.make(TermKind::Where, e.range,
                     {value, build.make(TermKind::Present, e.range, limit)});
  }
  return value;
}

//===-- Reductions and their kin
//--------------------------------------------===//

bool Elaborator::bracketRanks(const Expr &e, Scope &scope,
                              SmallVectorImpl<Rank *> &ranks) {
  for (const ast::Item &item : e.items) {
    if (item.kind != ast::Item::Index ||
        item.value->kind != ast::ExprKind::Reference) {
      error("expected-rank", item.range,
            "'" + e.text + "' takes the names of ranks in brackets");
      return false;
    }
    if (!resolveRank({item.value->text, item.value->range}, scope, ranks))
      return false;
  }
  for (auto [i, rank] : enumerate(ranks))
    if (is_contained(ArrayRef(ranks).take_front(i), rank)) {
      error("repeated-rank", e.range,
            "'" + e.text + "' takes rank '" + rank->name + "' twice");
      return false;
    }
  return true;
}

Term *Elaborator::elaborateReduction(const Expr &e, Combiner combiner,
                                     Scope &scope) {
  if (e.items.empty()) {
    error("missing-ranks", e.mark,
          "'" + e.text + "' needs the ranks that it reduces, as in '" + e.text +
              "[n](x)'");
    return nullptr;
  }
  SmallVector<Rank *> ranks;
  if (!expectArguments(e, 1, 1) || !bracketRanks(e, scope, ranks))
    return nullptr;
  bool selects = combiner == Combiner::ArgMax || combiner == Combiner::ArgMin;
  if (selects && ranks.size() != 1) {
    error("several-ranks", e.range,
          "'" + e.text + "' gives the index along one rank, not along " +
              Twine(ranks.size()));
    return nullptr;
  }
  Term *body = elaborate(*e.args[0], scope);
  Term *filter = e.filter && body ? elaborate(*e.filter, scope) : nullptr;
  if (!body || (e.filter && !filter))
    return nullptr;
  // A truth value is never absent: a filter joins the condition instead.
  if (filter && combiner == Combiner::All)
    body = build.binary(e.range, BinaryFn::Or,
                        build.unary(e.range, UnaryFn::Not, filter), body);
  else if (filter && (combiner == Combiner::Any || combiner == Combiner::Count))
    body = build.binary(e.range, BinaryFn::And, filter, body);
  else if (filter)
    body = build.make(TermKind::Where, e.range, {body, filter});
  return build.reduce(e.range, combiner, body, ranks);
}

Term *Elaborator::elaboratePrefix(const Expr &e, Combiner combiner,
                                  Scope &scope) {
  SmallVector<Rank *> ranks;
  if (!expectArguments(e, 1, 1) || !bracketRanks(e, scope, ranks))
    return nullptr;
  if (ranks.size() != 1) {
    error("several-ranks", e.range,
          "'" + e.text + "' runs along one rank, as in '" + e.text + "[t](x)'");
    return nullptr;
  }
  Term *body = elaborate(*e.args[0], scope);
  Term *filter = e.filter && body ? elaborate(*e.filter, scope) : nullptr;
  if (!body || (e.filter && !filter))
    return nullptr;
  if (filter)
    body = build.make(TermKind::Where, e.range, {body, filter});
  Term *term = build.make(TermKind::Prefix, e.range, body, ranks);
  term->combiner = combiner;
  for (const ast::Name &option : e.options)
    (option.text == "exclusive" ? term->exclusive : term->reverse) = true;
  return term;
}

Term *Elaborator::elaborateSelection(const Expr &e, Scope &scope) {
  SmallVector<Rank *> ranks;
  if (!expectArguments(e, 1, 1) || !bracketRanks(e, scope, ranks))
    return nullptr;
  bool hasInto = !e.into.text.empty();
  bool needsInto = e.text != "rank_of";
  if (ranks.size() != 1 || hasInto != needsInto) {
    error("selection-ranks", e.range,
          needsInto ? "'" + e.text +
                          "' takes the rank to select from and the rank to "
                          "fill, as in '" +
                          e.text + "[n -> j](x)'"
                    : Twine("'rank_of' takes one rank, as in 'rank_of[n](x)'"));
    return nullptr;
  }
  if (hasInto && !resolveRank(e.into, scope, ranks))
    return nullptr;
  Term *body = elaborate(*e.args[0], scope);
  Term *filter = e.filter && body ? elaborate(*e.filter, scope) : nullptr;
  if (!body || (e.filter && !filter))
    return nullptr;
  if (hasInto && (ranks.size() != 2 || is_contained(body->free, ranks[1]))) {
    error("selection-ranks", e.into.range,
          "rank '" + e.into.text +
              "' is filled by the selection and cannot stand in what it "
              "selects from");
    return nullptr;
  }
  if (filter)
    body = build.make(TermKind::Where, e.range, {body, filter});
  if (e.text == "sort" && ranks[1]->like != ranks[0]) {
    Term *equal =
        build.compare(e.range, Predicate::Eq, build.extent(e.range, ranks[1]),
                      build.extent(e.range, ranks[0]));
    program.constraints.push_back(
        {equal,
         program.storage.emplace_back(
             ("#" + ranks[1]->name + " == #" + ranks[0]->name).str()),
         e.range});
  }
  return build.make(needsInto ? TermKind::TopK : TermKind::RankOf, e.range,
                    body, ranks);
}

//===-- Functions
//-----------------------------------------------------------===//

Term *Elaborator::inlineFunction(const Expr &e, const ast::Function &function,
                                 Scope &scope) {
  if (!function.value)
    return nullptr; // the parser has reported it
  if (is_contained(inlining, &function)) {
    error("recursion", e.mark,
          "function '" + function.name.text + "' calls itself");
    return nullptr;
  }
  if (!expectArguments(e, function.parameters.size(),
                       function.parameters.size()))
    return nullptr;
  if (e.filter || !e.into.text.empty() || !e.options.empty()) {
    error("expected-rank", e.range,
          "'" + e.text + "' takes the names of ranks in brackets");
    return nullptr;
  }
  SmallVector<Rank *> ranks;
  if (!bracketRanks(e, scope, ranks))
    return nullptr;
  bool takesSeveral = function.ranks.size() == 1 && !ranks.empty();
  if (!takesSeveral && ranks.size() != function.ranks.size()) {
    Diagnostic &diagnostic = error(
        "rank-count", e.range,
        "'" + e.text + "' takes " + counted(function.ranks.size(), "rank") +
            " in brackets and is given " + Twine(ranks.size()));
    diagnostic.notes.push_back(
        {function.name.range, "declared here: " + function.signature.str()});
    return nullptr;
  }
  Scope inner;
  inner.function = &function;
  for (auto [i, parameter] : enumerate(function.ranks))
    append_range(inner.ranks[parameter.text],
                 takesSeveral ? ArrayRef(ranks) : ArrayRef(ranks).slice(i, 1));
  for (auto [parameter, argument] : zip(function.parameters, e.args)) {
    Term *value = elaborate(*argument, scope);
    if (!value)
      return nullptr;
    inner.values[parameter.text] = value;
  }
  SMRange outer = build.site;
  if (!outer.isValid())
    build.site = e.range;
  inlining.push_back(&function);
  llvm::scope_exit restore([&] {
    build.site = outer;
    inlining.pop_back();
  });
  for (const ast::Let &let : function.lets) {
    Term *value = elaborate(*let.value, inner);
    if (!value)
      return nullptr;
    inner.values[let.name.text] = value;
  }
  Term *value = elaborate(*function.value, inner);
  if (value && value->depth > limits::depth.most) {
    error("nesting-limit", e.range,
          "the expression is deeper than " + Twine(limits::depth.most) +
              " operations once '" + e.text + "' is inlined");
    return nullptr;
  }
  return value;
}

} // namespace weir::frontend
