// The plan of a kernel's loops: what is inlined, and what shares outer loops.
#include "codegen/loops/RankLists.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::loops {

using cascade::Combiner;
using cascade::Equation;

Plan::Plan(cascade::KernelOp kernel, abi::Frame &frame)
    : presence(kernel), kernel(kernel) {
  inlineMaps();
  buildNests();
  if (!valid)
    return;
  solveGuards();
  formStages();
  nestStages();
  assignPlaces(frame);
}

//===-- Inlining
//------------------------------------------------------------===//

static int costOfOp(Operation &op) {
  using cascade::BinaryFn;
  using cascade::UnaryFn;
  constexpr int function = 10;
  return llvm::TypeSwitch<Operation *, int>(&op)
      .Case([](cascade::UnaryOp op) {
        bool isCheap =
            llvm::is_contained({UnaryFn::Neg, UnaryFn::Abs, UnaryFn::Sign,
                                UnaryFn::Not, UnaryFn::Relu},
                               op.getFn());
        return isCheap ? 1 : function;
      })
      .Case([](cascade::BinaryOp op) {
        return llvm::is_contained({BinaryFn::Pow, BinaryFn::Div}, op.getFn())
                   ? function
                   : 1;
      })
      .Case<cascade::ConstOp, cascade::ExtentOp>([](auto) { return 0; })
      .Default([](Operation *) { return 1; });
}

int Plan::costOf(Equation op) const {
  int cost = 0;
  for (Operation &inner : op.getEquationBody().front().without_terminator()) {
    cost += costOfOp(inner);
    auto read = dyn_cast<cascade::ReadOp>(inner);
    if (read && isInlined(read.getTensor()))
      cost +=
          costOf(definingTensor(read.getTensor()).getDefiningOp<Equation>());
  }
  return cost;
}

/// A read at each point of its region once, of another point each time.
static bool readsEachPointOnce(cascade::ReadOp read) {
  auto region = read->getParentRegion();
  llvm::SmallDenseSet<Value> indices;
  for (Value index : read.getIndices())
    if (!isa<BlockArgument>(index) || !indices.insert(index).second)
      return false;
  return region->getNumArguments() == indices.size() &&
         isa<Equation>(region->getParentOp());
}

bool Plan::isWorthInlining(cascade::EinsumOp op,
                           ArrayRef<cascade::ReadOp> readers) const {
  constexpr int cheap = 12;
  if (op.getCombiner() != Combiner::None || recurrenceOf(op.getResult()))
    return false;
  if (costOf(op) <= cheap)
    return true;
  return op.getResult().hasOneUse() &&
         (readers.empty() || readsEachPointOnce(readers.front()));
}

void Plan::inlineMaps() {
  kernel.walk([&](cascade::EinsumOp op) {
    SmallVector<cascade::ReadOp> readers;
    for (Operation *user : op.getResult().getUsers())
      if (auto read = dyn_cast<cascade::ReadOp>(user))
        readers.push_back(read);
    if (isWorthInlining(op, readers))
      inlined.insert(op.getResult());
  });
}

//===-- Stages
//--------------------------------------------------------------===//

Ranks Plan::parallelRanks(Operation *item) const {
  if (auto output = dyn_cast<cascade::OutputOp>(item))
    return Ranks(typeOf(output.getTensor()).getRanks());
  auto einsum = dyn_cast<cascade::EinsumOp>(item);
  if (einsum && einsum.getCombiner() != Combiner::None)
    if (auto buckets = bucketsOf(einsum))
      return buckets->outer;
  if (auto equation = dyn_cast<Equation>(item)) {
    Ranks loops = loopsOf(equation);
    return common(equation.getTensorType().getRanks(), loops);
  }
  auto equations = equationsOf(item);
  llvm::SmallDenseSet<Value> inner;
  Ranks ranks = equations.empty() ? Ranks() : parallelRanks(equations[0]);
  for (Equation op : equations) {
    ranks = common(ranks, parallelRanks(op));
    inner.insert(op->getResult(0));
  }
  if (auto group = dyn_cast<cascade::RecurrenceOp>(item))
    ranks = without(
        ranks, llvm::to_vector(group.getIterative().getAsRange<StringAttr>()));
  for (const Access &access : accessesOf(item))
    if (inner.contains(access.tensor))
      for (auto [rank, subscript] :
           llvm::zip(typeOf(access.tensor).getRanks(), access.subscripts))
        if (rank != subscript)
          ranks = without(ranks, rank);
  return ranks;
}

Ranks sharedRanks(Ranks outer, ArrayRef<Access> accesses,
                  const llvm::SmallDenseSet<Value> &made, bool &reads) {
  for (const Access &access : accesses) {
    if (!made.contains(access.tensor))
      continue;
    reads = true;
    for (auto [rank, subscript] :
         llvm::zip(typeOf(access.tensor).getRanks(), access.subscripts))
      if (rank != subscript)
        outer = without(outer, rank);
  }
  return outer;
}

/// True if an item of the stage reads one of `tensors` that has one of `ranks`.
bool Plan::hasRankOf(const Stage &stage, const llvm::SmallDenseSet<Value> &tensors, ArrayRef<StringAttr> ranks) const {
  return llvm::any_of(stage.items, [&](Operation *item) {
    return llvm::any_of(accessesOf(item), [&](const Access &access) {
      return tensors.contains(access.tensor) && !common(typeOf(access.tensor).getRanks(), ranks).empty();
    });
  });
}

/// Lets an item share a stage's loop where it reads what the stage makes, and
/// neither of them loses much of its parallel points.
bool Plan::join(Stage &stage, Operation *item) const {
  llvm::SmallDenseSet<Value> made;
  for (Operation *other : stage.items)
    for (Equation op : equationsOf(other))
      made.insert(op->getResult(0));
  Ranks own = parallelRanks(item);
  bool reads = false;
  auto accesses = accessesOf(item);
  Ranks outer = sharedRanks(common(stage.outer, own), accesses, made, reads);
  if (outer.empty() || (!reads && (outer.size() != own.size() ||
                                   outer.size() != stage.outer.size())))
    return false;
  if (outer.size() < 2 && own.size() > outer.size() + 1)
    return false;
  // What is private already must not grow.
  if (hasRankOf(stage, made, without(stage.outer, outer)))
    return false;
  stage.outer = outer;
  stage.items.push_back(item);
  return true;
}

void Plan::formStages() {
  for (Operation &op : kernel.getBody().front()) {
    bool computes = isa<Equation, cascade::FoldOp, cascade::RecurrenceOp,
                        cascade::OutputOp>(op);
    if (!computes || (isa<Equation>(op) && isInlined(op.getResult(0))))
      continue;
    if (!stages.empty() && joinScan(stages.back(), &op))
      continue;
    if (stages.empty() || !join(stages.back(), &op)) {
      stages.emplace_back();
      stages.back().outer = parallelRanks(&op);
      stages.back().items.push_back(&op);
    }
    openScan(stages.back(), &op);
  }
}

} // namespace weir::loops
