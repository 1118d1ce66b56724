// A kernel as the Einsums that a machine carries out, each with its work.
#include "passes/analysis/StepSpec.h"

#include "passes/algebra/Bodies.h"

using namespace mlir;
using namespace weir::cascade;
using namespace weir::algebra;

namespace weir {

OperationClass classOf(Expr e) {
  if (!isa<FloatType>(e->type))
    return OperationClass::Free; // indices and predicates
  if (e->op == OpKind::Round)
    return OperationClass::Fma;
  if (e->op == OpKind::Binary) {
    if (e->is(BinaryFn::Div))
      return OperationClass::Divide;
    if (e->is(BinaryFn::Pow)) {
      Expr power = e->operands[1];
      return power->isReal(2) ? OperationClass::Fma : OperationClass::Other;
    }
    return OperationClass::Fma;
  }
  if (e->op != OpKind::Unary)
    return OperationClass::Free;
  switch (static_cast<UnaryFn>(e->code)) {
  case UnaryFn::Exp: case UnaryFn::Exp2: case UnaryFn::Expm1:
    return OperationClass::Exp;
  case UnaryFn::Neg: case UnaryFn::Abs: case UnaryFn::Sign: case UnaryFn::Relu:
    return OperationClass::Fma;
  default:
    return OperationClass::Other;
  }
}

namespace {

/// The term under casts and predicates.
Expr withoutMask(Expr e) {
  while (e->op == OpKind::Where || e->op == OpKind::Cast || e->op == OpKind::Else)
    e = e->operands[0];
  return e;
}

/// True if a term's indices are all of `ranks`.
bool isOver(Expr e, ArrayRef<StringAttr> ranks) {
  bool fits = true;
  walk(e, [&](Expr part) { fits &= part->op != OpKind::Index || llvm::is_contained(ranks, part->rank); });
  return fits;
}

/// True of an index less a constant: the point before.
bool isBefore(Expr index) {
  bool isSum = index->is(BinaryFn::Add) || index->is(BinaryFn::Sub);
  if (!isSum || index->operands[0]->op != OpKind::Index || index->operands[1]->op != OpKind::Integer)
    return false;
  return (index->operands[1]->code < 0) == index->is(BinaryFn::Add);
}

/// The nodes of a term above `cut`, operands first.
void walkAbove(Expr e, const llvm::DenseMap<Expr, int> &cut, llvm::SetVector<Expr> &found) {
  if (found.contains(e) || cut.contains(e))
    return;
  for (Expr operand : e->operands)
    walkAbove(operand, cut, found);
  found.insert(e);
}

} // namespace

Count Steps::pointsOf(ArrayRef<StringAttr> ranks, const Conditions &conditions) {
  Conditions own;
  for (Atom condition : conditions)
    if (isOver(condition.expr, ranks))
      own.insert(condition);
  return countPoints(ranks, own, sizes);
}

const Blocks *Steps::blocksOf(StringAttr rank) const {
  auto it = llvm::find_if(blocks, [&](const Blocks &known) { return known.whole == rank; });
  return it == blocks.end() ? nullptr : &*it;
}

SmallVector<StringAttr> Steps::blocked(ArrayRef<StringAttr> ranks) const {
  SmallVector<StringAttr> made;
  for (StringAttr rank : ranks)
    if (const Blocks *parts = blocksOf(rank))
      made.append({parts->outer, parts->inner});
    else
      made.push_back(rank);
  return made;
}

/// Counts the operations of a step: each at the points of what it depends on.
void Steps::count(Step &step, const Spec &spec) {
  SmallVector<StringAttr> space(spec.type.getRanks());
  space.append(spec.reduced);
  step.points = pointsOf(space, spec.conditions);
  step.results = pointsOf(spec.type.getRanks(), spec.conditions);
  double perBlock = 1;
  for (StringAttr over : spec.everyBlockOf)
    perBlock *= sizes.extentOf(blocksOf(over)->outer);
  step.points.points *= perBlock;
  if (!spec.value) {
    step.work.fma += step.points.points;
    return;
  }
  llvm::SetVector<Expr> nodes;
  walkAbove(spec.value, shared, nodes);
  llvm::DenseMap<Expr, unsigned> uses;
  for (Expr e : nodes)
    for (Expr operand : e->operands)
      ++uses[operand];
  llvm::DenseSet<Expr> fused;
  auto fuse = [&](Expr product, Expr into) {
    bool fits = product->is(BinaryFn::Mul) && uses.lookup(product) <= 1 && isa<FloatType>(product->type) &&
                (!into || freeRanks(product, space).size() == freeRanks(into, space).size());
    return fits && fused.insert(product).second;
  };
  Expr root = withoutMask(spec.value);
  if (spec.combiner != Combiner::None) {
    bool isSum = spec.combiner == Combiner::Sum || spec.combiner == Combiner::Mean;
    step.isContraction = isSum && root->is(BinaryFn::Mul) && isa<FloatType>(root->type);
    if (step.isContraction && freeRanks(root, space).size() == space.size())
      fuse(root, nullptr);
    if (isa<FloatType>(spec.value->type))
      step.work.fma += step.points.points;
  }
  for (Expr e : nodes)
    if ((e->is(BinaryFn::Add) || e->is(BinaryFn::Sub)) && isa<FloatType>(e->type) && !fuse(e->operands[1], e))
      fuse(e->operands[0], e);
  for (Expr e : nodes) {
    OperationClass which = classOf(e);
    if (which == OperationClass::Free || fused.contains(e))
      continue;
    // What is made of values from before the block is at every point of the state.
    bool isMoved = false;
    walk(e, [&](Expr part) { isMoved |= part->op == OpKind::Given; });
    double points = pointsOf(isMoved ? space : freeRanks(e, space), spec.conditions).points * perBlock;
    (which == OperationClass::Fma ? step.work.fma : which == OperationClass::Divide ? step.work.divide
     : which == OperationClass::Exp ? step.work.exp : step.work.other) += points;
  }
}

unsigned Steps::addStep(const Spec &spec) {
  Step step{.name = spec.name, .loc = spec.op->getLoc()};
  step.element = spec.type.getElementType();
  step.tensor = spec.tensor;
  step.op = spec.op;
  step.ranks = blocked(spec.type.getRanks());
  step.reduced = blocked(spec.reduced);
  for (StringAttr over : spec.block)
    llvm::erase(step.reduced, blocksOf(over)->outer);
  for (ArrayRef<StringAttr> all : {spec.block, spec.everyBlockOf})
    for (StringAttr over : all)
      step.ranks.push_back(blocksOf(over)->outer);
  step.operands = spec.operands;
  count(step, spec);
  if (spec.value) {
    llvm::SetVector<Expr> nodes;
    walkAbove(spec.value, shared, nodes);
    llvm::SetVector<Expr> leaves;
    if (shared.contains(spec.value))
      leaves.insert(spec.value);
    for (Expr e : nodes) {
      if (e->op == OpKind::Read)
        leaves.insert(e);
      for (Expr operand : e->operands)
        if (shared.contains(operand))
          leaves.insert(operand);
    }
    for (Expr leaf : leaves) {
      Operand operand;
      auto known = shared.find(leaf);
      if (known != shared.end()) {
        operand.step = known->second;
      } else {
        auto made = stepOf.find(leaf->tensor);
        operand.step = made == stepOf.end() ? -1 : made->second;
        if (operand.step < 0)
          operand.tensor = leaf->tensor;
        operand.subscripts.assign(leaf->operands.begin(), leaf->operands.end());
        operand.isEarlier = operand.step >= 0 && llvm::any_of(leaf->operands, isBefore);
      }
      step.operands.push_back(operand);
    }
  }
  steps.push_back(std::move(step));
  if (spec.tensor)
    stepOf[spec.tensor] = int(steps.size()) - 1;
  return steps.size() - 1;
}

Expr Steps::bodyOf(Block &block, ArrayRef<StringAttr> ranks, ArrayRef<Expr> more) {
  SmallVector<Expr> arguments;
  for (StringAttr rank : ranks)
    arguments.push_back(terms.index(rank, i64));
  arguments.append(more.begin(), more.end());
  return readBody(terms, block, arguments, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
}

/// What must hold where a value is computed: for its own presence, and for anything to read it.
Conditions Steps::conditionsOf(Expr value, Value tensor) {
  Conditions all = presenceOf(terms, value);
  if (auto it = demand.find(tensor); it != demand.end())
    all.insert(it->second.begin(), it->second.end());
  return all;
}

/// Conditions that all readers of a tensor share, from the last equation to the first.
void Steps::collectDemand(KernelOp kernel) {
  auto restrictTo = [&](Value tensor, const Conditions &conditions) {
    auto [it, isNew] = demand.try_emplace(tensor, conditions);
    if (!isNew)
      std::erase_if(it->second, [&](const Atom &known) { return !conditions.contains(known); });
  };
  for (auto output : kernel.getBody().getOps<OutputOp>())
    restrictTo(output.getTensor(), {});
  for (Operation &op : llvm::reverse(kernel.getBody().front()))
    op.walk([&](Equation equation) {
      Expr value = bodyOf(equation.getEquationBody().front(), equation.getBodyRanks());
      Conditions conditions = conditionsOf(value, equation->getResult(0));
      walk(value, [&](Expr e) {
        if (e->op != OpKind::Read)
          return;
        auto ranks = cast<cascade::TensorType>(e->tensor.getType()).getRanks();
        bool isOwn = llvm::all_of(llvm::zip(e->operands, ranks), [](auto pair) {
          auto [index, rank] = pair;
          return index->op == OpKind::Index && index->rank == rank;
        });
        Conditions own;
        for (Atom condition : conditions) {
          bool fits = true;
          walk(condition.expr, [&](Expr part) {
            fits &= part->op != OpKind::Index || llvm::is_contained(ranks, part->rank);
            fits &= part->op != OpKind::Read || part->tensor != e->tensor; // its own presence is no demand
          });
          if (isOwn && fits)
            own.insert(condition);
        }
        restrictTo(e->tensor, own);
      });
    });
}

void Steps::add(Equation equation) {
  Value tensor = equation->getResult(0);
  Spec spec{equation.getEquationName().str(), equation, equation.getTensorType()};
  spec.tensor = tensor;
  spec.value = bodyOf(equation.getEquationBody().front(), equation.getBodyRanks());
  spec.conditions = conditionsOf(spec.value, tensor);
  if (auto einsum = dyn_cast<EinsumOp>(equation.getOperation())) {
    for (Attribute rank : einsum.getReduced())
      spec.reduced.push_back(cast<StringAttr>(rank));
    spec.combiner = einsum.getCombiner();
  } else if (auto topk = dyn_cast<TopKOp>(equation.getOperation())) {
    spec.reduced.push_back(topk.getAlongAttr());
    spec.combiner = Combiner::Max;
  } else {
    spec.combiner = Combiner::Sum; // prefixes and places: once a point
  }
  addStep(spec);
}

void Steps::addRecurrence(RecurrenceOp recurrence) {
  auto results = cast<ResultsOp>(recurrence.getBody().front().getTerminator());
  auto arguments = recurrence.getBody().getArguments();
  // Arguments stand for equations of the group, some of which come later: numbered in advance.
  auto equations = llvm::to_vector(recurrence.getBody().getOps<Equation>());
  llvm::DenseMap<Value, int> numbers;
  for (auto [i, equation] : llvm::enumerate(equations))
    numbers[equation->getResult(0)] = int(steps.size() + i);
  for (auto [argument, result, tensor] : llvm::zip(arguments, recurrence.getResults(), results.getTensors())) {
    stepOf[argument] = numbers.lookup(tensor);
    stepOf[result] = numbers.lookup(tensor);
  }
  for (Equation equation : equations)
    add(equation);
}

/// Splits a rank of folds into blocks of `size` points.
void Steps::addBlocks(StringAttr rank, int64_t size) {
  if (blocksOf(rank))
    return;
  auto part = [&](StringRef suffix) { return StringAttr::get(rank.getContext(), rank.getValue() + suffix); };
  blocks.push_back({rank, part("1"), part("0")});
  int64_t extent = int64_t(sizes.extentOf(rank));
  sizes.extents[blocks.back().inner] = std::min(size, extent);
  sizes.extents[blocks.back().outer] = (extent + size - 1) / size;
}

Steps::Steps(KernelOp kernel, const Sizes &given, int64_t block)
    : sizes(given), i64(IntegerType::get(kernel.getContext(), 64)) {
  for (auto fold : kernel.getBody().getOps<FoldOp>())
    for (StringAttr over : fold.getOverRanks())
      addBlocks(over, over == fold.getOverRanks().back() ? block : 1);
  collectDemand(kernel);
  for (Operation &op : kernel.getBody().front())
    if (auto fold = dyn_cast<FoldOp>(op))
      addFold(fold);
    else if (auto recurrence = dyn_cast<RecurrenceOp>(op))
      addRecurrence(recurrence);
    else if (auto equation = dyn_cast<Equation>(op))
      add(equation);
  for (Step &step : steps)
    for (Operand &operand : step.operands)
      if (operand.isEarlier)
        steps[operand.step].isState = true;
}

Work Steps::total() const {
  Work sum;
  for (const Step &step : steps)
    sum += step.work;
  return sum;
}

} // namespace weir
