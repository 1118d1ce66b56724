// The pass that makes dependent reductions over the same ranks in one pass.
#include "passes/Passes.h"

#include "dialect/cascade/Names.h"
#include "passes/derive/Blockers.h"
#include "passes/derive/BuildFold.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_DERIVEFOLDS
#include "passes/Passes.h.inc"

namespace {

using Reductions = SmallVector<EinsumOp>;

/// The reductions among `known` that `op` reads, directly or through maps.
void collectSources(Operation *op, const llvm::SetVector<Operation *> &known, llvm::SetVector<Operation *> &sources) {
  op->walk([&](ReadOp read) {
    Operation *source = read.getTensor().getDefiningOp();
    if (!source || source == op)
      return;
    if (known.contains(source))
      sources.insert(source);
    else if (auto map = dyn_cast<EinsumOp>(source); map && map.getCombiner() == Combiner::None)
      collectSources(source, known, sources);
  });
}

using Ranks = SmallVector<StringAttr>;

/// Each rank, then the sets of several that are reduced together, in the order in which the first reduction names them.
SmallVector<Ranks> reducedSets(KernelOp kernel) {
  SmallVector<Ranks> sets;
  for (auto rank : kernel.getBody().getOps<RankOp>())
    sets.push_back({rank.getNameAttr()});
  for (auto op : kernel.getBody().getOps<EinsumOp>()) {
    Ranks ranks = derive::foldableRanks(op);
    bool isKnown = llvm::any_of(sets, [&](const Ranks &known) { return derive::areSame(known, ranks); });
    if (ranks.size() > 1 && !isKnown)
      sets.push_back(ranks);
  }
  return sets;
}

/// Reductions over `ranks`, in groups that depend on each other.
SmallVector<Reductions> connectedReductions(KernelOp kernel, const Ranks &ranks) {
  llvm::SetVector<Operation *> all;
  for (auto op : kernel.getBody().getOps<EinsumOp>())
    if (derive::areSame(derive::foldableRanks(op), ranks))
      all.insert(op);
  llvm::EquivalenceClasses<Operation *> classes;
  for (Operation *op : all) {
    llvm::SetVector<Operation *> sources;
    collectSources(op, all, sources);
    classes.insert(op);
    for (Operation *source : sources)
      classes.unionSets(op, source);
  }
  llvm::MapVector<Operation *, Reductions> groups;
  for (Operation *op : all)
    groups[classes.getLeaderValue(op)].push_back(cast<EinsumOp>(op));
  SmallVector<Reductions> result;
  for (auto &[leader, group] : groups)
    if (group.size() > 1)
      result.push_back(group);
  return result;
}

struct DeriveFoldsPass : impl::DeriveFoldsBase<DeriveFoldsPass> {
  void runOnOperation() override {
    auto before = countPasses();
    auto outputs = llvm::to_vector(getOperation().getBody().getOps<OutputOp>());
    derive::useMeans(getOperation());
    while (deriveOne()) {
    }
    // Their order is that of the kernel's arguments, whatever was moved meanwhile.
    for (OutputOp output : outputs)
      output->moveBefore(&getOperation().getBody().front(), getOperation().getBody().front().end());
    explainPasses(before);
    explainBarriers();
    for (const Explanation &refusal : refusals)
      explain(refusal);
    numRefused += refusals.size();
  }

private:
  llvm::MapVector<StringAttr, unsigned> countPasses() {
    llvm::MapVector<StringAttr, unsigned> counts;
    for (auto rank : getOperation().getBody().getOps<RankOp>())
      counts[rank.getNameAttr()] = RankPasses(getOperation(), rank.getNameAttr()).getPasses();
    return counts;
  }

  void explainPasses(const llvm::MapVector<StringAttr, unsigned> &before) {
    for (auto [rank, after] : countPasses())
      if (unsigned was = before.lookup(rank); was != after)
        explain({"passes", std::to_string(was) + " over '" + rank.str() + "' become " + std::to_string(after), "", "",
                 getOperation().getRankDeclaration(rank).getLoc(), {rank.str()}});
  }

  /// Every pass that is left has a reason: where no reduction has been refused, what kind of
  /// operation waits for what.
  void explainBarriers() {
    for (auto rank : getOperation().getBody().getOps<RankOp>()) {
      RankPasses passes(getOperation(), rank.getNameAttr());
      if (passes.getPasses() < 2)
        continue;
      for (const Barrier &barrier : passes.getBarriers())
        if (!isRefused(rank.getName(), nameOf(barrier.reader)))
          add(derive::blockerOf(passes, barrier));
    }
  }

  bool isRefused(StringRef rank, StringRef equation) {
    return llvm::any_of(refusals, [&](const Explanation &refusal) {
      return llvm::is_contained(refusal.ranks, rank) && llvm::is_contained(refusal.equations, equation);
    });
  }

  /// What is said once already is about one more rank.
  void add(const Explanation &refusal) {
    auto known = llvm::find_if(refusals, [&](const Explanation &known) {
      return known.loc == refusal.loc && known.detail == refusal.detail;
    });
    if (known == refusals.end())
      return refusals.push_back(refusal);
    for (const std::string &rank : refusal.ranks)
      if (!llvm::is_contained(known->ranks, rank))
        known->ranks.push_back(rank);
  }

  bool deriveOne() {
    KernelOp kernel = getOperation();
    for (const Ranks &ranks : reducedSets(kernel))
      for (const Reductions &group : connectedReductions(kernel, ranks))
        if (derive(ranks, group))
          return true;
    return false;
  }

  bool derive(const Ranks &ranks, const Reductions &group) {
    derive::FoldPlan trial(ranks);
    for (EinsumOp op : group)
      if (auto refusal = trial.add(op))
        note(op, ranks, *refusal);
    Reductions connected = connectedOf(trial);
    if (connected.empty())
      return false;
    derive::FoldPlan alone(ranks); // without what depends on nothing and is depended on by nothing
    bool suffices = llvm::all_of(connected, [&](EinsumOp op) { return !alone.add(op); });
    derive::FoldPlan &plan = suffices ? alone : trial;
    explainPlan(plan);
    numReductions += plan.getReductions().size();
    derive::build(plan, getOperation());
    numFolds += !plan.isDeferralOnly();
    return true;
  }

  /// The plan's reductions that depend on another of it, and those that they depend on.
  Reductions connectedOf(derive::FoldPlan &plan) {
    llvm::SetVector<Operation *> wanted;
    for (derive::Reduction &reduction : plan.getReductions()) {
      if (!reduction.dependsOnPlan)
        continue;
      wanted.insert(reduction.op);
      algebra::walk(reduction.summand, [&](algebra::Expr e) {
        if (e->op == algebra::OpKind::Read && plan.reductionOf(e->tensor))
          wanted.insert(e->tensor.getDefiningOp());
      });
    }
    Reductions result;
    for (derive::Reduction &reduction : plan.getReductions())
      if (wanted.contains(reduction.op))
        result.push_back(reduction.op);
    return result;
  }

  void explainPlan(derive::FoldPlan &plan) {
    std::string detail = "one pass over '" + namesOf(plan.getRanks(), "', '") + "'";
    llvm::raw_string_ostream os(detail);
    auto stateName = [&](algebra::Expr given) { return plan.getStates()[derive::symbolOf(given).second].name; };
    StringRef separator = ": ";
    for (derive::State &state : plan.getStates()) {
      os << separator << state.name << " = " << stringifyCombiner(state.combiner) << "[" << namesOf(plan.getRanks(), ",") << "]("
         << algebra::print(state.body) << ")";
      separator = ", ";
    }
    separator = "; after it ";
    for (derive::Reduction &reduction : plan.getReductions())
      if (!reduction.only) {
        os << separator << reduction.op.getName() << " = " << algebra::print(reduction.finish, stateName);
        separator = ", ";
      }
    for (const std::string &note : plan.getNotes())
      os << "; " << note;
    Explanation applied{"correctable-reduction", detail, "", "", plan.getReductions().back().op.getLoc(),
                        strings(plan.getRanks())};
    for (derive::Reduction &reduction : plan.getReductions())
      addNames(reduction.op, applied.equations);
    explain(applied);
  }

  /// Adds the names of a reduction and of the maps over which it reads others.
  static void addNames(EinsumOp op, std::vector<std::string> &names) {
    names.push_back(op.getName().str());
    for (Operation *map : derive::mapsInto(op))
      names.push_back(nameOf(map).str());
  }

  static std::string namesOf(ArrayRef<StringAttr> ranks, StringRef separator) {
    return llvm::join(strings(ranks), separator);
  }
  static std::vector<std::string> strings(ArrayRef<StringAttr> ranks) {
    std::vector<std::string> names;
    for (StringAttr rank : ranks)
      names.push_back(rank.str());
    return names;
  }

  void note(EinsumOp op, const Ranks &ranks, const Refusal &refusal) {
    Explanation named{"correctable-reduction", "'" + op.getName().str() + "': " + refusal.detail, refusal.reason,
                      refusal.remedy, refusal.loc, strings(ranks)};
    addNames(op, named.equations);
    add(named);
  }

  std::vector<Explanation> refusals;
};

} // namespace
} // namespace weir
