// From a fold's plan to operations.
#include "passes/derive/BuildFold.h"

#include "passes/algebra/Bodies.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {
namespace {

class FoldBuilder {
public:
  FoldBuilder(FoldPlan &plan, KernelOp kernel)
      : plan(plan), terms(plan.getTerms()), kernel(kernel), builder(kernel.getContext()) {}

  void run() {
    Operation *last = plan.getReductions().front().op;
    for (Reduction &reduction : plan.getReductions())
      if (last->isBeforeInBlock(reduction.op))
        last = reduction.op;
    builder.setInsertionPoint(last);
    if (plan.isDeferralOnly() && !needsSharedPass())
      buildReductions();
    else
      buildFold(last->getLoc());
    for (Reduction &reduction : plan.getReductions())
      finals[reduction.op.getResult()] = buildFinish(reduction);
    for (Reduction &reduction : plan.getReductions())
      reduction.op.getResult().replaceAllUsesWith(finals.at(reduction.op.getResult()));
    eraseDeadEquations(kernel);
    if (fold)
      pruneFold();
    sortTopologically(&kernel.getBody().front());
  }

private:
  /// Plain reductions would each need their streams: a computed one that two of them read, or
  /// a predicate (whose empty fibres only states can tell), makes one pass worth its while.
  bool needsSharedPass() {
    llvm::DenseSet<Value> readBefore;
    for (State &state : plan.getStates()) {
      if (state.partial && !state.conditions.empty())
        return true;
      llvm::DenseSet<Value> here;
      walk(state.body, [&](Expr e) {
        if (e->op == OpKind::Read && e->isStream && e->tensor.getDefiningOp<Equation>())
          here.insert(e->tensor);
      });
      for (Value stream : here)
        if (!readBefore.insert(stream).second)
          return true;
    }
    return false;
  }

  cascade::TensorType typeOf(const State &state) { return cascade::TensorType::get(state.ranks, state.body->type); }
  ArrayAttr overRanks() {
    return builder.getArrayAttr(llvm::to_vector_of<Attribute>(plan.getRanks()));
  }

  void buildReductions() {
    for (State &state : plan.getStates()) {
      auto op = EinsumOp::create(builder, state.owner.getLoc(), typeOf(state), builder.getStringAttr(state.name),
                                 CombinerAttr::get(builder.getContext(), state.combiner), overRanks());
      writeBody(op.getBody(), op.getLoc(), state.ranks, plan.getRanks(), state.body, TensorMap());
      stateResults.push_back(op.getResult());
    }
  }

  void buildFold(Location loc) {
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Type> types;
    for (State &state : plan.getStates())
      types.push_back(typeOf(state));
    fold = FoldOp::create(builder, loc, types, overRanks());
    builder.createBlock(&fold.getBody());
    for (State &state : plan.getStates())
      inside.push_back(buildState(state));
    ResultsOp::create(builder, loc, inside);
    llvm::append_range(stateResults, fold.getResults());
  }

  Value buildState(State &state) {
    SmallVector<Value> refs, basis;
    for (Value reference : state.references)
      refs.push_back(buildRunning(reference));
    for (unsigned index : state.basis)
      basis.push_back(inside[index]);
    Location loc = state.owner.getLoc();
    auto op = StateOp::create(builder, loc, typeOf(state), builder.getStringAttr(state.name),
                              CombinerAttr::get(builder.getContext(), state.combiner), overRanks(), refs, basis,
                              state.partial ? builder.getUnitAttr() : UnitAttr());
    writeBody(op.getBody(), loc, state.ranks, plan.getRanks(), state.body, running);
    if (state.shift)
      writeShift(op, state);
    return op.getResult();
  }

  /// The running value of a reduction: its state, or a reference computed from states.
  Value buildRunning(Value tensor) {
    if (Value known = running.lookup(tensor))
      return known;
    Reduction &reduction = *plan.reductionOf(tensor);
    if (plan.isState(reduction))
      return running[tensor] = inside[*reduction.only];
    Expr value = plan.runningValue(reduction);
    walk(value, [&](Expr e) {
      if (e->op == OpKind::Read && plan.reductionOf(e->tensor))
        buildRunning(e->tensor);
    });
    auto ranks = reduction.op.getTensorType().getRanks();
    auto op = ReferenceOp::create(builder, reduction.op.getLoc(), cascade::TensorType::get(ranks, value->type),
                                  reduction.op.getNameAttr());
    writeBody(op.getBody(), op.getLoc(), ranks, {}, readingStates(value, inside), running);
    return running[tensor] = op.getResult();
  }

  void writeShift(StateOp op, const State &state) {
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Type> types(state.ranks.size(), builder.getI64Type());
    types.append(1 + state.basis.size() + 2 * state.references.size(), state.body->type);
    Location loc = op.getLoc();
    Block *block = builder.createBlock(&op.getShift(), {}, types, SmallVector<Location>(types.size(), loc));
    auto argument = [&](Expr symbol) -> unsigned {
      unsigned rank = state.ranks.size();
      if (symbol->op == OpKind::Index)
        return llvm::find(state.ranks, symbol->rank) - state.ranks.begin();
      auto [kind, number] = symbolOf(symbol);
      if (kind == Symbol::Self)
        return rank;
      if (kind == Symbol::Basis)
        return rank + 1 + number;
      return rank + 1 + state.basis.size() + 2 * number + (kind == Symbol::New);
    };
    BodyWriter writer(builder, loc, running, [&](Expr e) { return block->getArgument(argument(e)); });
    YieldOp::create(builder, loc, writer.write(state.shift));
  }

  /// `value` with states read at its own point from `tensors`.
  Expr readingStates(Expr value, ArrayRef<Value> tensors) {
    llvm::DenseMap<Expr, Expr> reads;
    walk(value, [&](Expr e) {
      if (e->op != OpKind::Given)
        return;
      SmallVector<Expr> at;
      const State &state = plan.getStates()[symbolOf(e).second];
      for (StringAttr rank : state.ranks)
        at.push_back(terms.index(rank, builder.getI64Type()));
      reads[e] = terms.read(tensors[symbolOf(e).second], at);
    });
    return terms.substitute(value, reads);
  }

  Value buildFinish(Reduction &reduction) {
    EinsumOp op = reduction.op;
    Expr finish = reduction.finish;
    bool orZero = reduction.zeroWhereEmpty;
    if (reduction.only && op.getCombiner() == Combiner::Sum)
      orZero |= plan.getStates()[*reduction.only].partial;
    if (!fold && reduction.finish->op != OpKind::Given && op.getCombiner() != Combiner::Max && op.getCombiner() != Combiner::Min)
      finish = whereNotEmpty(finish);
    if (orZero && (fold || finish->op == OpKind::Where))
      finish = terms.orElse(finish, terms.real(0, finish->type));
    finish = readingStates(finish, stateResults);
    if (finish->op == OpKind::Read && plan.isState(reduction) && finish->tensor.getType() == op.getType())
      return finish->tensor;
    auto map = EinsumOp::create(builder, op.getLoc(), op.getType(), op.getNameAttr(),
                                CombinerAttr::get(builder.getContext(), Combiner::None), builder.getArrayAttr({}));
    writeBody(map.getBody(), op.getLoc(), op.getTensorType().getRanks(), {}, finish, finals);
    return map.getResult();
  }

  /// A plain sum over no point is 0, and what is deferred need not be finite there.
  Expr whereNotEmpty(Expr finish) {
    bool neverEmpty = llvm::all_of(plan.getRanks(), [&](StringAttr name) {
      RankOp rank = kernel.getRankDeclaration(name);
      return rank && rank.getSize().value_or(0) > 0;
    });
    if (neverEmpty)
      return finish;
    Node compare;
    compare.op = OpKind::Compare;
    compare.code = static_cast<int64_t>(cascade::Predicate::Gt);
    compare.type = builder.getI1Type();
    Expr zero = terms.integer(0, builder.getI64Type());
    return terms.where(finish, terms.withOperands(compare, {extentOver(terms, plan.getRanks()), zero}));
  }

  /// Drops results that nothing reads, then states that nothing reads.
  void pruneFold() {
    auto results = cast<ResultsOp>(fold.getBody().front().getTerminator());
    SmallVector<Value> tensors;
    SmallVector<unsigned> kept;
    for (auto [i, result] : llvm::enumerate(fold.getResults()))
      if (!result.use_empty()) {
        kept.push_back(i);
        tensors.push_back(results.getTensors()[i]);
      }
    builder.setInsertionPoint(fold);
    auto pruned = FoldOp::create(builder, fold.getLoc(), TypeRange(ValueRange(tensors)), overRanks());
    pruned.getBody().takeBody(fold.getBody());
    results.getTensorsMutable().assign(tensors);
    for (auto [to, from] : llvm::enumerate(kept))
      fold.getResult(from).replaceAllUsesWith(pruned.getResult(to));
    fold.erase();
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(pruned.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

  FoldPlan &plan;
  Terms &terms;
  KernelOp kernel;
  OpBuilder builder;
  FoldOp fold;
  SmallVector<Value> inside, stateResults;
  TensorMap running, finals;
};

} // namespace

unsigned eraseDeadEquations(KernelOp kernel) {
  unsigned erased = 0;
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(kernel.getBody().front())))
    if (isa<Equation>(op) && isOpTriviallyDead(&op)) {
      op.erase();
      ++erased;
    }
  return erased;
}

void build(FoldPlan &plan, KernelOp kernel) { FoldBuilder(plan, kernel).run(); }

} // namespace weir::derive
