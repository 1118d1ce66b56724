// How far from its own index an equation reads: bounds of subscripts, from
// their form and the predicates around.
#include "frontends/weir/Groups.h"
#include "frontends/weir/Limits.h"

using namespace llvm;

namespace weir::frontend {
namespace {

using cascade::BinaryFn;
using cascade::Predicate;

/// What the indices mean inside binders, substitutions and predicates; a chain
/// to the outermost.
struct Context {
  const Context *outer = nullptr;
  Rank *rank = nullptr;  ///< bound anew here; null for a predicate
  Term *value = nullptr; ///< its replacement, or the predicate
  const Context *valueContext = nullptr; ///< where a replacement stands
  bool isPrefix = false;                 ///< the index runs up to the outer one
  bool exclusive = false, reverse = false;
};

/// `low <= subscript - index <= high`, where known.
struct Offset {
  std::optional<int64_t> low, high;
};

constexpr unsigned maxSteps = 16;
constexpr unsigned maxWork = 2000;

Offset shifted(Offset offset, int64_t by) {
  if (offset.low)
    *offset.low += by;
  if (offset.high)
    *offset.high += by;
  return offset;
}

std::optional<int64_t> both(std::optional<int64_t> a, std::optional<int64_t> b,
                            bool greatest) {
  if (!a || !b)
    return std::nullopt;
  return greatest ? std::max(*a, *b) : std::min(*a, *b);
}

std::optional<int64_t> either(std::optional<int64_t> a,
                              std::optional<int64_t> b, bool greatest) {
  if (!a || !b)
    return a ? a : b;
  return greatest ? std::max(*a, *b) : std::min(*a, *b);
}

bool sameFamily(const Rank *a, const Rank *b) {
  while (a->like)
    a = a->like;
  while (b->like)
    b = b->like;
  return a == b;
}

bool isNonNegative(const Term *term);

/// True for what is at least 1 wherever a division by it is present.
bool isPositive(const Term *term) {
  if (term->kind == TermKind::Int)
    return term->integer >= 1;
  if (term->kind == TermKind::Extent)
    return true;
  bool isProduct =
      term->kind == TermKind::Binary && term->binary == BinaryFn::Mul;
  bool isPower =
      term->kind == TermKind::Binary && term->binary == BinaryFn::Pow;
  if (isProduct || isPower)
    return isPositive(term->args[0]) && (isPower || isPositive(term->args[1]));
  return term->kind == TermKind::Read && term->tensor->argument &&
         term->tensor->argument->isConst;
}

bool isNonNegative(const Term *term) {
  switch (term->kind) {
  case TermKind::Int:
    return term->integer >= 0;
  case TermKind::Index:
  case TermKind::Extent:
    return true;
  case TermKind::Binary:
    if (term->binary == BinaryFn::Mod || term->binary == BinaryFn::FloorDiv)
      return isPositive(term->args[1]) &&
             (term->binary == BinaryFn::Mod || isNonNegative(term->args[0]));
    return (term->binary == BinaryFn::Add || term->binary == BinaryFn::Mul) &&
           isNonNegative(term->args[0]) && isNonNegative(term->args[1]);
  default:
    return false;
  }
}

/// True for structurally equal terms of extents, literals and const scalars.
bool sameValue(const Term *a, const Term *b) {
  if (a == b)
    return true;
  if (a->kind != b->kind || a->args.size() != b->args.size() ||
      a->ranks != b->ranks || a->tensor != b->tensor ||
      a->integer != b->integer)
    return false;
  if (a->kind == TermKind::Binary && a->binary != b->binary)
    return false;
  bool simple = a->kind == TermKind::Int || a->kind == TermKind::Extent ||
                a->kind == TermKind::Read || a->kind == TermKind::Binary;
  for (auto [left, right] : zip(a->args, b->args))
    simple = simple && sameValue(left, right);
  return simple;
}

class OffsetFinder {
public:
  OffsetFinder(const Rank *index) : index(index) {}

  Offset find(const Term *term, const Context *context, unsigned steps = 0) {
    if (steps > maxSteps || ++work > maxWork)
      return {};
    switch (term->kind) {
    case TermKind::Int: // the index itself is not negative
      return {std::nullopt, term->integer};
    case TermKind::Extent:
      return sameFamily(term->ranks[0], index) ? Offset{1, std::nullopt}
                                               : Offset{};
    case TermKind::Index:
      return ofIndex(term->ranks[0], context, steps);
    case TermKind::Binary:
      return ofBinary(term, context, steps);
    case TermKind::Where:
    case TermKind::Cast:
      return find(term->args[0], context, steps + 1);
    case TermKind::Select:
    case TermKind::Else: {
      Offset a = find(term->args[term->args.size() - 2], context, steps + 1);
      Offset b = find(term->args.back(), context, steps + 1);
      return {both(a.low, b.low, false), both(a.high, b.high, true)};
    }
    default:
      return {};
    }
  }

private:
  Offset ofIndex(const Rank *rank, const Context *context, unsigned steps) {
    Offset known;
    for (const Context *at = context; at; at = at->outer) {
      if (!at->rank) {
        assume(rank, at->value, at->outer, known, steps);
        continue;
      }
      if (at->rank != rank)
        continue;
      if (at->isPrefix) {
        Offset outer = ofIndex(rank, at->outer, steps + 1);
        if (at->reverse)
          return {outer.low ? std::optional(*outer.low + at->exclusive)
                            : std::nullopt,
                  known.high};
        return {known.low, outer.high
                               ? std::optional(*outer.high - at->exclusive)
                               : std::nullopt};
      }
      return at->value ? find(at->value, at->valueContext, steps + 1) : known;
    }
    return rank == index ? Offset{0, 0} : known;
  }

  /// Takes what a predicate says of the index of `rank`.
  void assume(const Rank *rank, const Term *predicate, const Context *context,
              Offset &known, unsigned steps) {
    if (predicate->kind == TermKind::Binary &&
        predicate->binary == BinaryFn::And)
      for (const Term *part : predicate->args)
        assume(rank, part, context, known, steps);
    if (predicate->kind != TermKind::Compare ||
        predicate->predicate == Predicate::Ne)
      return;
    for (bool swapped : {false, true}) {
      const Term *subject = predicate->args[swapped],
                 *limit = predicate->args[!swapped];
      if (subject->kind != TermKind::Index || subject->ranks[0] != rank)
        continue;
      if (limit->kind == TermKind::Index && limit->ranks[0] == rank)
        continue;
      Predicate p = predicate->predicate;
      bool less = p == Predicate::Lt || p == Predicate::Le,
           greater = p == Predicate::Gt || p == Predicate::Ge;
      int64_t strict = p == Predicate::Lt || p == Predicate::Gt;
      if (swapped)
        std::swap(less, greater);
      Offset bound = find(limit, context, steps + 2);
      if (!greater && bound.high)
        known.high = either(known.high, *bound.high - strict, false);
      if (!less && bound.low)
        known.low = either(known.low, *bound.low + strict, true);
    }
  }

  Offset ofBinary(const Term *term, const Context *context, unsigned steps) {
    const Term *lhs = term->args[0], *rhs = term->args[1];
    Offset a = find(lhs, context, steps + 1);
    switch (term->binary) {
    case BinaryFn::Add:
    case BinaryFn::Sub: {
      bool adds = term->binary == BinaryFn::Add;
      if (rhs->kind == TermKind::Int)
        return shifted(a, adds ? rhs->integer : -rhs->integer);
      if (adds && lhs->kind == TermKind::Int)
        return shifted(find(rhs, context, steps + 1), lhs->integer);
      if (isNonNegative(rhs))
        return adds ? Offset{a.low, std::nullopt}
                    : Offset{std::nullopt, a.high};
      return {};
    }
    case BinaryFn::Mul: { // x // c * c
      bool floors = lhs->kind == TermKind::Binary &&
                    lhs->binary == BinaryFn::FloorDiv && isPositive(rhs) &&
                    sameValue(lhs->args[1], rhs);
      return floors ? Offset{std::nullopt,
                             find(lhs->args[0], context, steps + 2).high}
                    : Offset{};
    }
    case BinaryFn::FloorDiv:
      if (isPositive(rhs) && a.high)
        return {std::nullopt, std::max<int64_t>(*a.high, -1)};
      return {};
    case BinaryFn::Mod:
      return isPositive(rhs) && isNonNegative(lhs)
                 ? Offset{std::nullopt, a.high}
                 : Offset{};
    case BinaryFn::Max:
    case BinaryFn::Min: {
      Offset b = find(rhs, context, steps + 1);
      bool isMax = term->binary == BinaryFn::Max;
      return isMax ? Offset{either(a.low, b.low, true),
                            both(a.high, b.high, true)}
                   : Offset{both(a.low, b.low, false),
                            either(a.high, b.high, false)};
    }
    default:
      return {};
    }
  }

  const Rank *index;
  unsigned work = 0; ///< what is not found soon is unknown
};

Relation relationOf(Offset offset) {
  if (offset.high && *offset.high < 0)
    return Relation::Earlier;
  if (offset.low && *offset.low > 0)
    return Relation::Later;
  if (offset.high == 0)
    return offset.low == 0 ? Relation::Same : Relation::NotLater;
  return offset.low == 0 ? Relation::NotEarlier : Relation::Unknown;
}

class ReadCollector {
public:
  ReadCollector(Tensor &reader, function_ref<bool(const Tensor *)> isMember,
                std::vector<GroupRead> &reads)
      : reader(reader), isMember(isMember), reads(reads) {}

  /// False if there are more contexts than anyone writes.
  bool isComplete() const { return contexts.size() <= limits::reads.most; }

  void visit(Term *term, const Context *context) {
    if (!reaches(term) || !isComplete() ||
        !visited.insert({term, context}).second)
      return;
    switch (term->kind) {
    case TermKind::Read:
      record(term, context);
      break;
    case TermKind::Where: {
      visit(term->args[0], enter({context, nullptr, term->args[1]}));
      visit(term->args[1], context);
      return;
    }
    case TermKind::Reduce:
    case TermKind::TopK:
      return visitBound(term,
                        term->kind == TermKind::TopK
                            ? ArrayRef(term->ranks).take_front()
                            : ArrayRef(term->ranks),
                        context);
    case TermKind::RankOf:
      return visitBound(term, term->ranks, context);
    case TermKind::Prefix: {
      return visit(term->args[0],
                   enter({context, term->ranks[0], nullptr, nullptr, true,
                          term->exclusive, term->reverse}));
    }
    case TermKind::At:
      return visitAt(term, context);
    default:
      break;
    }
    for (Term *argument : term->args)
      visit(argument, context);
  }

private:
  const Context *enter(Context context) {
    contexts.push_back(context);
    return &contexts.back();
  }

  /// True if a member is read under `term`: shared terms are walked only where
  /// it matters.
  bool reaches(Term *term) {
    auto [it, added] = reaching.try_emplace(term, false);
    if (!added)
      return it->second;
    bool found = term->kind == TermKind::Read && isMember(term->tensor);
    for (Term *argument : term->args)
      found |= reaches(argument);
    return reaching[term] = found;
  }

  void visitBound(Term *term, ArrayRef<Rank *> ranks, const Context *context) {
    for (Rank *rank : ranks)
      context = enter({context, rank});
    // A filter of 'any' and 'count' stands in a conjunction.
    Term *body = term->args[0];
    bool joined =
        body->kind == TermKind::Binary && body->binary == BinaryFn::And;
    visit(body, joined ? enter({context, nullptr, body->args[0]}) : context);
  }

  void visitAt(Term *term, const Context *context) {
    const Context *inner = context;
    for (auto [rank, value] : zip(term->ranks, drop_begin(term->args))) {
      inner = enter({inner, rank, value, context});
      visit(value, context);
    }
    visit(term->args[0], inner);
  }

  void record(Term *term, const Context *context) {
    if (!isMember(term->tensor))
      return;
    GroupRead read{&reader, term->tensor, term->place(), {}};
    for (auto [rank, subscript] : zip(term->tensor->ranks, term->args)) {
      bool shares = is_contained(reader.ranks, rank);
      read.relations.push_back(
          shares ? relationOf(OffsetFinder(rank).find(subscript, context))
                 : Relation::Unknown);
    }
    reads.push_back(std::move(read));
  }

  Tensor &reader;
  function_ref<bool(const Tensor *)> isMember;
  std::vector<GroupRead> &reads;
  DenseMap<Term *, bool> reaching;
  std::deque<Context> contexts;
  DenseSet<std::pair<Term *, const Context *>> visited;
};

} // namespace

bool collectReads(Tensor &reader, function_ref<bool(const Tensor *)> isMember,
                  std::vector<GroupRead> &reads) {
  ReadCollector collector(reader, isMember, reads);
  collector.visit(reader.value, nullptr);
  for (const Tensor::Start &start : reader.starts)
    collector.visit(start.value, nullptr);
  return collector.isComplete();
}

} // namespace weir::frontend
