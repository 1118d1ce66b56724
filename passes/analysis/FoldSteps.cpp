// What happens at each block of a fold, step by step.
#include "passes/analysis/StepSpec.h"

using namespace mlir;
using namespace weir::cascade;
using namespace weir::algebra;

namespace weir {
namespace {

bool contains(Expr e, llvm::function_ref<bool(Expr)> test) {
  bool found = false;
  walk(e, [&](Expr part) { found |= test(part); });
  return found;
}

/// The terms among `all` that stand in no other of them.
llvm::SetVector<Expr> largest(const llvm::SetVector<Expr> &all, llvm::function_ref<bool(Expr part, Expr whole)> hides) {
  llvm::SetVector<Expr> kept(all), inner;
  for (Expr whole : all)
    walk(whole, [&](Expr part) {
      if (part != whole && all.contains(part) && hides(part, whole))
        inner.insert(part);
    });
  kept.remove_if([&](Expr e) { return inner.contains(e); });
  return kept;
}

} // namespace

/// Writes a fold out as the steps of one block: points that several states share, each state's
/// reduction of the block, factors by which references move, what is moved by them, and the
/// combination of both.
class FoldSteps {
public:
  FoldSteps(Steps &steps, FoldOp fold) : steps(steps), fold(fold), over(fold.getOverRanks()) {}

  void run() {
    for (auto op : fold.getBody().getOps<StateOp>())
      read(op);
    findPoints();
    findFactors();
    for (Operation &op : fold.getBody().front().without_terminator())
      if (auto reference = dyn_cast<ReferenceOp>(op))
        addReference(reference);
      else
        addState(*llvm::find_if(states, [&](State &state) { return state.op == &op; }));
    auto results = cast<ResultsOp>(fold.getBody().front().getTerminator());
    for (auto [result, tensor] : llvm::zip(fold.getResults(), results.getTensors()))
      steps.stepOf[result] = running.lookup(tensor);
  }

private:
  struct State {
    StateOp op;
    Expr body = nullptr, shift = nullptr;
  };

  Expr symbol(Type type) { return steps.terms.given(nextSymbol++, type); }

  /// The terms of a state; values from before the block and references are symbols in its shift.
  void read(StateOp op) {
    State state{op, steps.bodyOf(op.getBody().front(), op.getBodyRanks())};
    if (!op.getShift().empty()) {
      Type type = state.body->type;
      SmallVector<Expr> symbols;
      for (size_t i = 0; i < 1 + op.getBasis().size(); ++i) {
        symbols.push_back(symbol(type));
        before.insert(symbols.back());
      }
      for (Value reference : op.getRefs())
        for (unsigned isNew : {0u, 1u}) {
          Expr &value = references[{reference, isNew}];
          value = value ? value : symbol(type);
          symbols.push_back(value);
        }
      state.shift = steps.bodyOf(op.getShift().front(), op.getTensorType().getRanks(), symbols);
    }
    states.push_back(state);
  }

  /// Terms along the rank that several states compute.
  void findPoints() {
    llvm::DenseMap<Expr, unsigned> owners;
    llvm::SetVector<Expr> common;
    for (const State &state : states)
      walk(state.body, [&](Expr e) {
        bool streams = contains(e, [&](Expr part) { return part->op == OpKind::Index && llvm::is_contained(over, part->rank); });
        if (classOf(e) != OperationClass::Free && streams && ++owners[e] == 2)
          common.insert(e);
      });
    points = largest(common, [&](Expr part, Expr whole) { return owners[part] <= owners[whole]; });
  }

  /// Terms of references alone: states of the same references share them.
  void findFactors() {
    llvm::SetVector<Expr> all;
    for (const State &state : states)
      if (state.shift)
        walk(state.shift, [&](Expr e) {
          bool ofReferences = contains(e, [](Expr part) { return part->op == OpKind::Given; }) &&
                              !contains(e, [&](Expr part) { return before.contains(part); });
          if (classOf(e) != OperationClass::Free && ofReferences)
            all.insert(e);
        });
    factors = largest(all, [](Expr, Expr) { return true; });
  }

  void addPoint(Expr e, StateOp op) {
    auto ranks = freeRanks(e, op.getBodyRanks());
    Steps::Spec spec{op.getName().str() + ".point", op, cascade::TensorType::get(ranks, e->type)};
    spec.value = e;
    spec.conditions = steps.conditionsOf(e, Value());
    steps.shared[e] = int(steps.addStep(spec));
  }

  /// A factor lives where the references do.
  void addFactor(Expr e, StateOp op) {
    llvm::SetVector<StringAttr> ranks;
    std::vector<Operand> operands;
    for (Value reference : op.getRefs()) {
      auto type = cast<cascade::TensorType>(reference.getType());
      ranks.insert_range(type.getRanks());
      Operand &operand = operands.emplace_back();
      operand.step = running.lookup(reference);
    }
    Steps::Spec spec{op.getName().str() + ".shift", op, cascade::TensorType::get(ranks.getArrayRef(), e->type)};
    spec.value = e;
    spec.everyBlockOf = over;
    spec.operands = operands;
    steps.shared[e] = int(steps.addStep(spec));
  }

  void addReference(ReferenceOp reference) {
    Steps::Spec spec{reference.getName().str(), reference, cast<cascade::TensorType>(reference.getType())};
    spec.value = steps.bodyOf(reference.getBody().front(), reference.getBodyRanks());
    spec.everyBlockOf = over;
    spec.tensor = reference.getResult();
    running[spec.tensor] = int(steps.addStep(spec));
  }

  void addState(State &state) {
    StateOp op = state.op;
    std::string name = op.getName().str();
    walk(state.body, [&](Expr e) {
      if (points.contains(e) && !steps.shared.contains(e))
        addPoint(e, op);
    });
    Steps::Spec block{name + ".block", op, op.getTensorType(), over};
    block.block = over;
    block.combiner = op.getCombiner();
    block.value = state.body;
    block.conditions = steps.conditionsOf(state.body, Value());
    Steps::Spec whole{name + ".running", op, op.getTensorType()};
    whole.everyBlockOf = over;
    whole.tensor = op.getResult();
    whole.operands.push_back({{}, int(steps.addStep(block)), false, {}});
    if (state.shift)
      whole.operands.push_back({{}, addMoved(state, name), false, {}});
    int own = int(steps.steps.size());
    whole.operands.push_back({{}, own, true, {}});
    running[op.getResult()] = int(steps.addStep(whole));
  }

  int addMoved(State &state, const std::string &name) {
    walk(state.shift, [&](Expr e) {
      if (factors.contains(e) && !steps.shared.contains(e))
        addFactor(e, state.op);
    });
    Steps::Spec moved{name + ".moved", state.op, state.op.getTensorType()};
    moved.value = state.shift;
    moved.everyBlockOf = over;
    return int(steps.addStep(moved));
  }

  Steps &steps;
  FoldOp fold;
  SmallVector<StringAttr> over;
  std::vector<State> states;
  llvm::DenseSet<Expr> before; ///< symbols of values from before the block
  llvm::DenseMap<std::pair<Value, unsigned>, Expr> references; ///< symbols of old and new values
  llvm::SetVector<Expr> points, factors;
  llvm::DenseMap<Value, int> running; ///< the steps of running values
  int64_t nextSymbol = 0;
};

void Steps::addFold(FoldOp fold) { FoldSteps(*this, fold).run(); }

} // namespace weir
