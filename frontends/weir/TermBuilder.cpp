// Construction of terms with their free ranks.
#include "frontends/weir/Elaborate.h"

using namespace llvm;

namespace weir::frontend {

static void addFree(Term &term, Rank *rank) {
  if (!is_contained(term.free, rank))
    term.free.push_back(rank);
}

/// Collects the free ranks of a term from its arguments, in order of
/// appearance.
static void collectFree(Term &term) {
  if (term.kind == TermKind::Index)
    addFree(term, term.ranks.front());
  bool isAt = term.kind == TermKind::At;
  bool isReduce = term.kind == TermKind::Reduce;
  bool isTopK = term.kind == TermKind::TopK;
  for (auto [position, argument] : enumerate(term.args))
    for (Rank *rank : argument->free) {
      bool replaced = isAt && position == 0 && is_contained(term.ranks, rank);
      bool selected = isTopK && rank == term.ranks[0];
      bool reduced = isReduce && is_contained(term.ranks, rank);
      if (!replaced && !selected && !reduced)
        addFree(term, rank);
    }
  if (isTopK)
    addFree(term, term.ranks[1]);
  if (term.kind == TermKind::Prefix || term.kind == TermKind::RankOf)
    addFree(term, term.ranks[0]);
}

Term *TermBuilder::make(TermKind kind, SMRange range, ArrayRef<Term *> args,
                        ArrayRef<Rank *> ranks) {
  Term &term = program.terms.emplace_back(kind);
  term.range = range;
  term.site = site;
  term.args.append(args.begin(), args.end());
  term.ranks.append(ranks.begin(), ranks.end());
  term.reduces = kind == TermKind::Reduce || kind == TermKind::Prefix ||
                 kind == TermKind::TopK || kind == TermKind::RankOf;
  for (Term *argument : args) {
    term.reduces |= argument->reduces;
    term.depth = std::max(term.depth, argument->depth + 1);
  }
  for (Rank *rank : ranks)
    rank->used = true;
  collectFree(term);
  return &term;
}

Term *TermBuilder::integer(SMRange range, int64_t value) {
  Term *term = make(TermKind::Int, range);
  term->integer = value;
  return term;
}

Term *TermBuilder::index(SMRange range, Rank *rank) {
  return make(TermKind::Index, range, {}, rank);
}

Term *TermBuilder::extent(SMRange range, Rank *rank) {
  return make(TermKind::Extent, range, {}, rank);
}

Term *TermBuilder::binary(SMRange range, cascade::BinaryFn fn, Term *lhs,
                          Term *rhs) {
  Term *term = make(TermKind::Binary, range, {lhs, rhs});
  term->binary = fn;
  return term;
}

Term *TermBuilder::unary(SMRange range, cascade::UnaryFn fn, Term *operand) {
  Term *term = make(TermKind::Unary, range, operand);
  term->unary = fn;
  return term;
}

Term *TermBuilder::compare(SMRange range, cascade::Predicate predicate,
                           Term *lhs, Term *rhs) {
  Term *term = make(TermKind::Compare, range, {lhs, rhs});
  term->predicate = predicate;
  return term;
}

Term *TermBuilder::reduce(SMRange range, cascade::Combiner combiner, Term *body,
                          ArrayRef<Rank *> ranks) {
  Term *term = make(TermKind::Reduce, range, body, ranks);
  term->combiner = combiner;
  return term;
}

Term *TermBuilder::read(SMRange range, Tensor *tensor,
                        ArrayRef<Term *> subscripts) {
  tensor->used = true;
  Term *term = make(TermKind::Read, range, subscripts);
  term->tensor = tensor;
  return term;
}

} // namespace weir::frontend
