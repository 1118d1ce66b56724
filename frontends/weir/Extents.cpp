// Extents: settings that pin them, lines and constraints that give them.
#include "frontends/weir/Elaborate.h"
#include "frontends/weir/Limits.h"

using namespace llvm;

namespace weir::frontend {

void Elaborator::pinExtents() {
  for (const auto &[name, text] : settings) {
    Rank *rank = program.rankNames.lookup(name);
    if (!rank)
      continue;
    knownSettings.push_back(name);
    int64_t size;
    if (StringRef(text).getAsInteger(10, size) || size < 0 ||
        uint64_t(size) > limits::extent.most) {
      error("bad-setting", rank->range,
            "rank '" + Twine(name) + "' is set to '" + text +
                "', which is no extent");
      continue;
    }
    Rank *root = rank;
    while (root->like)
      root = const_cast<Rank *>(root->like);
    root->size = size;
  }
}

/// Extents and constraints are made of extents, constants and a few functions.
bool Elaborator::checkExtent(Term *term, StringRef role, bool isConstraint) {
  using cascade::BinaryFn;
  using cascade::UnaryFn;
  Term *wrong = nullptr;
  forEachTerm(term, [&](Term *part) {
    bool legal = false;
    switch (part->kind) {
    case TermKind::Int:
    case TermKind::Extent:
      legal = true;
      break;
    case TermKind::Read:
      legal = part->tensor->argument && part->tensor->argument->isConst;
      break;
    case TermKind::Binary:
      legal = part->binary != BinaryFn::Div &&
              (isConstraint ||
               (part->binary != BinaryFn::And && part->binary != BinaryFn::Or));
      break;
    case TermKind::Unary:
      legal = is_contained({UnaryFn::Neg, UnaryFn::ISqrt, UnaryFn::ILog2},
                           part->unary) ||
              (isConstraint && part->unary == UnaryFn::Not);
      break;
    case TermKind::Compare:
    case TermKind::Bool:
    case TermKind::Select:
      legal = isConstraint;
      break;
    default:
      break;
    }
    wrong = legal ? wrong : part;
  });
  if (!wrong)
    return true;
  if (wrong->kind == TermKind::Index)
    error("not-an-extent", wrong->range,
          "index '" + wrong->ranks[0]->name + "' cannot stand in " + role +
              "; '#" + wrong->ranks[0]->name + "' is its extent");
  else if (wrong->kind == TermKind::Read)
    error("not-an-extent", wrong->range,
          "'" + wrong->tensor->name + "' cannot stand in " + role +
              ": it is not a 'const' scalar")
        .notes.push_back({wrong->tensor->range, "declared here"});
  else
    error("not-an-extent", wrong->range,
          role + " is made of extents, const scalars, integers and "
                 "'+ - * // % ^ min max isqrt ilog2'");
  return false;
}

void Elaborator::elaborateExtents() {
  for (Rank &rank : program.ranks) {
    if (!rank.line)
      continue;
    if (!rank.line->like.text.empty()) {
      Rank *other = program.rankNames.lookup(rank.line->like.text);
      if (!other)
        unknownRank(rank.line->like);
      else
        rank.like = other, other->used = true;
    }
    if (!rank.line->extent)
      continue;
    Term *extent = elaborate(*rank.line->extent, kernelScope);
    if (extent && checkExtent(extent, "an extent"))
      rank.extent = extent;
  }
  checkExtentCycles();
}

/// An extent, or a family, that leads back to itself.
void Elaborator::checkExtentCycles() {
  DenseMap<const Rank *, unsigned> numbers;
  for (Rank &rank : program.ranks)
    numbers.try_emplace(&rank, numbers.size());
  std::vector<SmallVector<unsigned>> targets(program.ranks.size());
  for (auto [i, rank] : enumerate(program.ranks)) {
    if (rank.like)
      targets[i].push_back(numbers[rank.like]);
    if (rank.extent)
      forEachTerm(rank.extent, [&, i = i](Term *term) {
        if (term->kind == TermKind::Extent)
          targets[i].push_back(numbers[term->ranks.front()]);
      });
  }
  auto successors = [&](unsigned i) -> ArrayRef<unsigned> {
    return targets[i];
  };
  for (const auto &component : components(targets.size(), successors)) {
    unsigned first = component.front();
    if (component.size() == 1 && !is_contained(targets[first], first))
      continue;
    Rank &rank = program.ranks[first];
    error("extent-cycle", rank.range,
          "the extent of rank '" + rank.name + "' depends on itself");
    for (unsigned member : component) {
      program.ranks[member].extent = nullptr;
      program.ranks[member].like = nullptr;
    }
  }
}

/// Solves `side == other` for the extent of `rank`, which stands in `side`
/// once; null if it cannot.
static Term *invert(TermBuilder &build, Term *side, Term *other,
                    const Rank *rank) {
  using cascade::BinaryFn;
  using cascade::UnaryFn;
  auto holds = [&](Term *term) {
    unsigned count = 0;
    forEachTerm(term, [&](Term *part) {
      count += part->kind == TermKind::Extent && part->ranks[0] == rank;
    });
    return count;
  };
  if (holds(other) || holds(side) != 1)
    return nullptr;
  while (side->kind != TermKind::Extent) {
    if (side->kind != TermKind::Binary)
      return nullptr;
    Term *lhs = side->args[0], *rhs = side->args[1];
    bool onLeft = holds(lhs);
    Term *known = onLeft ? rhs : lhs;
    bool squares =
        onLeft && known->kind == TermKind::Int && known->integer == 2;
    bool doubles =
        !onLeft && known->kind == TermKind::Int && known->integer == 2;
    if (side->binary == BinaryFn::Add)
      other = build.binary(side->range, BinaryFn::Sub, other, known);
    else if (side->binary == BinaryFn::Sub)
      other = onLeft ? build.binary(side->range, BinaryFn::Add, other, known)
                     : build.binary(side->range, BinaryFn::Sub, known, other);
    else if (side->binary == BinaryFn::Mul)
      other = build.binary(side->range, BinaryFn::FloorDiv, other, known);
    else if (side->binary == BinaryFn::Pow && (squares || doubles))
      other = build.unary(side->range,
                          squares ? UnaryFn::ISqrt : UnaryFn::ILog2, other);
    else
      return nullptr;
    side = onLeft ? lhs : rhs;
  }
  return side->ranks.front() == rank ? other : nullptr;
}

/// The ranks whose extents nothing gives yet, of those in a constraint.
static SmallVector<Rank *> unknownRanks(const Constraint &constraint) {
  SmallVector<Rank *> unknown;
  forEachTerm(constraint.value, [&](Term *part) {
    if (part->kind != TermKind::Extent)
      return;
    Rank *rank = part->ranks.front();
    bool given = !rank->declared || rank->carried || rank->extent ||
                 rank->like || rank->size;
    if (!given && !is_contained(unknown, rank))
      unknown.push_back(rank);
  });
  return unknown;
}

/// Takes extents from equalities with one unknown, as long as that gives new
/// ones.
void Elaborator::solveExtents() {
  bool solved = true;
  while (solved) {
    solved = false;
    for (const Constraint &constraint : program.constraints) {
      Term *equality = constraint.value;
      if (equality->kind != TermKind::Compare ||
          equality->predicate != cascade::Predicate::Eq)
        continue;
      SmallVector<Rank *> unknown = unknownRanks(constraint);
      for (unsigned side = 0;
           side < 2 && unknown.size() == 1 && !unknown[0]->extent; ++side)
        unknown[0]->extent = invert(build, equality->args[side],
                                    equality->args[1 - side], unknown[0]);
      solved |= unknown.size() == 1 && unknown[0]->extent;
    }
  }
}

void Elaborator::elaborateConstraints() {
  for (const ast::Expr *constraint : program.source->constraints) {
    Term *value = elaborate(*constraint, kernelScope);
    if (!value || !checkExtent(value, "a kernel's constraint", true))
      continue;
    const char *start = constraint->range.Start.getPointer();
    StringRef text(start, constraint->range.End.getPointer() - start);
    program.constraints.push_back({value, text, constraint->range});
  }
  solveExtents();
  checkExtentCycles();
}

} // namespace weir::frontend
