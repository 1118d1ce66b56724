// The order of equations; iterative ranks of recurrences, outermost first.
#include "frontends/weir/Groups.h"

#include "frontends/weir/Elaborate.h"

using namespace llvm;

namespace weir::frontend {
namespace {

/// Orders the equations of one cycle.
class RecurrenceFinder {
public:
  RecurrenceFinder(Program &program, Group &group, Diagnostics &diagnostics)
      : program(program), group(group), diagnostics(diagnostics) {}

  bool run() {
    auto isMember = [&](const Tensor *tensor) {
      return is_contained(group.members, tensor);
    };
    for (Tensor *member : group.members)
      if (!collectReads(*member, isMember, reads)) {
        diagnostics.error(
            "recurrence-limit", member->range,
            "'" + member->name +
                "' reads its recurrence in too many ways to order them");
        return false;
      }
    while (true) {
      auto order = componentsOfReads();
      if (order.size() == group.members.size() &&
          none_of(reads,
                  [](const GroupRead &r) { return r.reader == r.target; }))
        break;
      if (!chooseRank(order))
        return reportCycle(order), false;
    }
    orderMembers();
    requirePositiveDivisors();
    return checkDirections() && assignStarts();
  }

private:
  /// `t // w * w - 1` is earlier than `t` for a positive `w`: a const scalar
  /// must be one.
  void requirePositiveDivisors() {
    SmallPtrSet<Tensor *, 4> divisors;
    auto inSubscript = [&](Term *part) {
      bool divides = part->kind == TermKind::Binary &&
                     (part->binary == cascade::BinaryFn::FloorDiv ||
                      part->binary == cascade::BinaryFn::Mod);
      Term *divisor = divides ? part->args[1] : nullptr;
      bool isConst = divisor && divisor->kind == TermKind::Read &&
                     divisor->tensor->role == Tensor::Parameter;
      if (!isConst || !divisors.insert(divisor->tensor).second)
        return;
      TermBuilder build(program);
      Term *positive = build.compare(part->range, cascade::Predicate::Ge,
                                     divisor, build.integer(part->range, 1));
      program.constraints.push_back(
          {positive,
           program.storage.emplace_back(
               (divisor->tensor->name + " >= 1").str()),
           part->place()});
    };
    for (Tensor *member : group.members)
      forEachTerm(member->value, [&](Term *term) {
        if (term->kind == TermKind::Read &&
            is_contained(group.members, term->tensor))
          for (Term *subscript : term->args)
            forEachTerm(subscript, inSubscript);
      });
  }

  unsigned positionOf(const Tensor *tensor) const {
    return find(group.members, tensor) - group.members.begin();
  }

  std::vector<std::vector<unsigned>> componentsOfReads() const {
    std::vector<SmallVector<unsigned>> targets(group.members.size());
    for (const GroupRead &read : reads)
      targets[positionOf(read.reader)].push_back(positionOf(read.target));
    auto successors = [&](unsigned i) -> ArrayRef<unsigned> {
      return targets[i];
    };
    return components(group.members.size(), successors);
  }

  /// Takes the first rank along which every read that is part of a cycle goes
  /// one way.
  bool chooseRank(const std::vector<std::vector<unsigned>> &order) {
    std::vector<unsigned> component(group.members.size());
    for (auto [number, members] : enumerate(order))
      for (unsigned member : members)
        component[member] = number;
    auto cyclic = [&](const GroupRead &read) {
      return component[positionOf(read.reader)] ==
             component[positionOf(read.target)];
    };
    for (Tensor *member : group.members)
      for (Rank *rank : member->ranks)
        for (bool descending : {false, true})
          if (!is_contained(group.iterative, rank) &&
              goesOneWay(rank, descending, cyclic)) {
            group.iterative.push_back(rank);
            group.descending.push_back(descending);
            return true;
          }
    return false;
  }

  static Relation along(const GroupRead &read, const Rank *rank) {
    const auto *it = find(read.target->ranks, rank);
    return it == read.target->ranks.end()
               ? Relation::Unknown
               : read.relations[it - read.target->ranks.begin()];
  }

  bool goesOneWay(Rank *rank, bool descending,
                  function_ref<bool(const GroupRead &)> cyclic) {
    Relation before = descending ? Relation::Later : Relation::Earlier;
    Relation notAfter = descending ? Relation::NotEarlier : Relation::NotLater;
    bool moves = false;
    for (const GroupRead &read : reads) {
      if (!cyclic(read))
        continue;
      Relation relation = along(read, rank);
      if (relation != before && relation != notAfter &&
          relation != Relation::Same)
        return false;
      moves |= relation == before;
    }
    if (moves)
      llvm::erase_if(reads, [&](const GroupRead &read) {
        return cyclic(read) && along(read, rank) == before;
      });
    return moves;
  }

  void orderMembers() {
    SmallVector<Tensor *> ordered;
    for (const auto &component : componentsOfReads())
      for (unsigned member : component)
        ordered.push_back(group.members[member]);
    group.members = std::move(ordered);
  }

  /// A dependence without an order: the error shows one cycle of reads.
  void reportCycle(const std::vector<std::vector<unsigned>> &order) {
    DenseMap<Tensor *, const GroupRead *> next;
    for (const auto &component : order) {
      auto inside = [&](const Tensor *tensor) {
        return is_contained(component, positionOf(tensor));
      };
      for (const GroupRead &read : reads)
        if (inside(read.reader) && inside(read.target) &&
            (component.size() > 1 || read.reader == read.target))
          next.try_emplace(read.reader, &read);
      if (!next.empty())
        break;
    }
    Tensor *start = next.begin()->first;
    for (auto &[reader, read] : next)
      start = reader->number < start->number ? reader : start;
    SmallVector<const GroupRead *> path;
    SmallPtrSet<Tensor *, 8> seen;
    for (Tensor *at = start; seen.insert(at).second; at = next[at]->target)
      path.push_back(next[at]);
    Tensor *closing = path.back()->target;
    path.erase(path.begin(), find_if(path, [&](const GroupRead *read) {
                 return read->reader == closing;
               }));
    std::string cycle = ("'" + closing->name + "'").str();
    for (const GroupRead *read : path)
      cycle += (" reads '" + read->target->name + "'").str();
    Diagnostic &diagnostic = diagnostics.error(
        "cyclic-dependence", closing->range,
        "'" + closing->name +
            "' depends on itself in a way that has no order: " + cycle +
            "; a recurrence reads earlier points of a rank, as in '[t - 1]'");
    for (const GroupRead *read : path)
      diagnostic.notes.push_back(
          {read->range, ("'" + read->reader->name + "' reads '" +
                         read->target->name + "' here")
                            .str()});
  }

  bool isDeclaredDescending(const Rank *rank) const {
    auto names = [&](const ast::Name &name) { return name.text == rank->name; };
    if (any_of(program.source->descending, names))
      return true;
    return any_of(group.members, [&](Tensor *member) {
      return any_of(member->equation->descending, names);
    });
  }

  bool checkDirections() {
    bool agree = true;
    for (auto [rank, descending] : zip(group.iterative, group.descending)) {
      bool declared = isDeclaredDescending(rank);
      if (declared == descending)
        continue;
      agree = false;
      StringRef where = descending ? " later" : " earlier";
      diagnostics.error(
          "direction", group.members.front()->range,
          "the recurrence of '" + group.members.front()->name + "' reads" +
              where + " points of '" + rank->name + "'" +
              (descending
                   ? "; say so by a line 'descending " + rank->name.str() + "'"
                   : ", but is declared 'descending " + rank->name.str() +
                         "'"));
    }
    return agree;
  }

  bool assignStarts() {
    bool known = true;
    for (Tensor *member : group.members)
      for (Tensor::Start &start : member->starts) {
        if (!start.rank && group.iterative.size() == 1)
          start.rank = group.iterative.front();
        bool iterative = is_contained(group.iterative, start.rank) &&
                         is_contained(member->ranks, start.rank);
        if (iterative)
          continue;
        known = false;
        diagnostics.error(
            "start-rank", start.range,
            start.rank
                ? "'" + start.rank->name + "' is no iterative rank of '" +
                      member->name + "'"
                : "'" + member->name +
                      "' has several iterative ranks; say which, as in 'from " +
                      group.iterative.front()->name.str() + ": …'");
      }
    return known;
  }

  Program &program;
  Group &group;
  Diagnostics &diagnostics;
  std::vector<GroupRead>
      reads; ///< those that the ranks chosen so far leave unordered
};

/// Start values and directions belong to recurrences.
void checkPlain(const Tensor &tensor, Diagnostics &diagnostics) {
  for (const Tensor::Start &start : tensor.starts)
    diagnostics.error("start-without-recurrence", start.range,
                      "'" + tensor.name +
                          "' reads no earlier point of itself, so "
                          "'from' has no meaning here");
  for (const ast::Name &rank : tensor.equation->descending)
    diagnostics.error("direction", rank.range,
                      "'" + tensor.name + "' is not recurrent along '" +
                          rank.text + "'");
}

} // namespace

/// Lines `descending t` name a rank along which something is recurrent.
static void checkDescendingLines(const Program &program,
                                 Diagnostics &diagnostics) {
  for (const ast::Name &name : program.source->descending) {
    Rank *rank = program.rankNames.lookup(name.text);
    auto iterates = [&](const Group &group) {
      return is_contained(group.iterative, rank);
    };
    if (!rank)
      diagnostics.error(
          "unknown-rank", name.range,
          "unknown rank '" + name.text + "'" +
              suggestion(name.text,
                         SmallVector<StringRef>(program.rankNames.keys())));
    else if (none_of(program.groups, iterates))
      diagnostics.error("direction", name.range,
                        "nothing is recurrent along '" + name.text + "'");
  }
}

bool orderEquations(Program &program, Diagnostics &diagnostics) {
  unsigned before = diagnostics.errorCount();
  std::vector<Tensor *> equations = program.equations();
  std::vector<SmallVector<unsigned>> targets(equations.size());
  for (auto [i, tensor] : enumerate(equations)) {
    auto add = [&, i = i](Term *term) {
      if (term->kind == TermKind::Read &&
          term->tensor->role == Tensor::Equation)
        targets[i].push_back(term->tensor->number);
    };
    forEachTerm(tensor->value, add);
    for (const Tensor::Start &start : tensor->starts)
      forEachTerm(start.value, add);
  }
  auto successors = [&](unsigned i) -> ArrayRef<unsigned> {
    return targets[i];
  };
  for (const auto &component : components(equations.size(), successors)) {
    Group &group = program.groups.emplace_back();
    for (unsigned member : component) {
      group.members.push_back(equations[member]);
      group.recurrent |=
          component.size() > 1 || is_contained(targets[member], member);
    }
    if (!group.recurrent) {
      checkPlain(*group.members.front(), diagnostics);
      continue;
    }
    if (RecurrenceFinder(program, group, diagnostics).run())
      for (Tensor *member : group.members)
        member->group = &group;
  }
  if (diagnostics.errorCount() == before)
    checkDescendingLines(program, diagnostics);
  return diagnostics.errorCount() == before;
}

} // namespace weir::frontend
