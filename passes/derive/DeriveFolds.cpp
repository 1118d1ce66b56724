// The pass that makes dependent reductions over a rank in one pass.
#include "passes/Passes.h"
#include "passes/analysis/Passes.h"
#include "passes/derive/BuildFold.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_DERIVEFOLDS
#include "passes/Passes.h.inc"

namespace {

using Reductions = SmallVector<EinsumOp>;

/// The rank that `op` alone reduces, if a state could do it.
StringAttr foldableRank(EinsumOp op) {
  bool known = llvm::is_contained({Combiner::Sum, Combiner::Mean, Combiner::Max, Combiner::Min}, op.getCombiner());
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  bool isReal = isa<FloatType>(yield.getValues()[0].getType());
  return known && isReal && op.getReduced().size() == 1 ? cast<StringAttr>(op.getReduced()[0]) : StringAttr();
}

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

/// Reductions over `rank`, in groups that depend on each other.
SmallVector<Reductions> connectedReductions(KernelOp kernel, StringAttr rank) {
  llvm::SetVector<Operation *> all;
  for (auto op : kernel.getBody().getOps<EinsumOp>())
    if (foldableRank(op) == rank)
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
    for (const Refusal &refusal : refusals) {
      explain({"correctable-reduction", refusal.detail, refusal.reason, refusal.remedy, refusal.loc});
      ++numRefused;
    }
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
                 getOperation().getRankDeclaration(rank).getLoc()});
  }

  bool deriveOne() {
    KernelOp kernel = getOperation();
    for (auto rank : kernel.getBody().getOps<RankOp>())
      for (const Reductions &group : connectedReductions(kernel, rank.getNameAttr()))
        if (derive(rank.getNameAttr(), group))
          return true;
    return false;
  }

  bool derive(StringAttr rank, const Reductions &group) {
    derive::FoldPlan trial(rank);
    for (EinsumOp op : group)
      if (auto refusal = trial.add(op))
        note(op, *refusal);
    Reductions connected = connectedOf(trial);
    if (connected.empty())
      return false;
    derive::FoldPlan alone(rank); // without what depends on nothing and is depended on by nothing
    bool suffices = llvm::all_of(connected, [&](EinsumOp op) { return !alone.add(op); });
    derive::FoldPlan &plan = suffices ? alone : trial;
    explainPlan(plan);
    llvm::SetVector<Operation *> maps = inlinedMaps(connected, rank);
    numReductions += plan.getReductions().size();
    derive::build(plan, getOperation());
    for (auto map : getOperation().getBody().getOps<EinsumOp>())
      if (maps.contains(map) && llvm::any_of(map->getUsers(), [&](Operation *user) {
            return !maps.contains(user->getParentOp());
          }))
        noteDenseUse(map, rank);
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

  /// Maps over `rank` through which the reductions read each other.
  llvm::SetVector<Operation *> inlinedMaps(const Reductions &reductions, StringAttr rank) {
    llvm::SetVector<Operation *> maps, roots;
    for (EinsumOp op : reductions)
      roots.insert(op);
    for (auto map : getOperation().getBody().getOps<EinsumOp>()) {
      llvm::SetVector<Operation *> sources;
      if (map.getCombiner() == Combiner::None && map.getTensorType().indexOf(rank) >= 0)
        collectSources(map, roots, sources);
      if (!sources.empty())
        maps.insert(map);
    }
    return maps;
  }

  void noteDenseUse(EinsumOp map, StringAttr rank) {
    explain({"correctable-reduction",
             "'" + map.getName().str() + "' is wanted at every '" + rank.str() + "' and is computed after the fold",
             "DENSE_USE", "reduce it over '" + rank.str() + "' instead of storing it", map.getLoc()});
    ++numRefused;
  }

  void explainPlan(derive::FoldPlan &plan) {
    std::string detail = "one pass over '" + plan.getRank().str() + "'";
    llvm::raw_string_ostream os(detail);
    auto stateName = [&](algebra::Expr given) { return plan.getStates()[derive::symbolOf(given).second].name; };
    StringRef separator = ": ";
    for (derive::State &state : plan.getStates()) {
      os << separator << state.name << " = " << stringifyCombiner(state.combiner) << "[" << plan.getRank().str() << "]("
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
    explain({"correctable-reduction", detail, "", "", plan.getReductions().back().op.getLoc()});
  }

  void note(EinsumOp op, const Refusal &refusal) {
    Refusal named = refusal;
    named.detail = "'" + op.getName().str() + "': " + refusal.detail;
    bool isNew = llvm::none_of(refusals, [&](const Refusal &known) {
      return known.loc == named.loc && known.detail == named.detail;
    });
    if (isNew)
      refusals.push_back(named);
  }

  std::vector<Refusal> refusals;
};

} // namespace
} // namespace weir
