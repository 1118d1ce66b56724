// The plan of a kernel's loops: what is inlined, what shares outer loops, where tensors lie.
#include "codegen/loops/Plan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;

namespace weir::loops {

using cascade::Combiner;
using cascade::Equation;

static cascade::TensorType typeOf(Value tensor) { return cast<cascade::TensorType>(tensor.getType()); }

static Ranks without(ArrayRef<StringAttr> ranks, ArrayRef<StringAttr> others) {
  Ranks result;
  llvm::copy_if(ranks, std::back_inserter(result),
                [&](StringAttr rank) { return !llvm::is_contained(others, rank); });
  return result;
}

static Ranks common(ArrayRef<StringAttr> ranks, ArrayRef<StringAttr> others) {
  return without(ranks, without(ranks, others));
}

Plan::Plan(cascade::KernelOp kernel, abi::Frame &frame) : presence(kernel), kernel(kernel) {
  inlineMaps();
  buildNests();
  if (!valid)
    return;
  formStages();
  assignPlaces(frame);
}

//===-- Inlining ------------------------------------------------------------===//

static int costOfOp(Operation &op) {
  using cascade::BinaryFn;
  using cascade::UnaryFn;
  constexpr int function = 10;
  return llvm::TypeSwitch<Operation *, int>(&op)
      .Case([](cascade::UnaryOp op) {
        bool isCheap = llvm::is_contained({UnaryFn::Neg, UnaryFn::Abs, UnaryFn::Sign, UnaryFn::Not, UnaryFn::Relu},
                                          op.getFn());
        return isCheap ? 1 : function;
      })
      .Case([](cascade::BinaryOp op) {
        return llvm::is_contained({BinaryFn::Pow, BinaryFn::Div}, op.getFn()) ? function : 1;
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
      cost += costOf(definingTensor(read.getTensor()).getDefiningOp<Equation>());
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
  return region->getNumArguments() == indices.size() && isa<Equation>(region->getParentOp());
}

bool Plan::isWorthInlining(cascade::EinsumOp op, ArrayRef<cascade::ReadOp> readers) const {
  constexpr int cheap = 12;
  if (op.getCombiner() != Combiner::None || recurrenceOf(op.getResult()))
    return false;
  if (costOf(op) <= cheap)
    return true;
  return op.getResult().hasOneUse() && (readers.empty() || readsEachPointOnce(readers.front()));
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

//===-- Accesses ------------------------------------------------------------===//

SmallVector<Equation> Plan::equationsOf(Operation *item) const {
  SmallVector<Equation> result;
  item->walk([&](Equation op) {
    if (!isInlined(op->getResult(0)))
      result.push_back(op);
  });
  return result;
}

void Plan::collect(Region &region, ArrayRef<StringAttr> arguments, SmallVectorImpl<Access> &into) const {
  auto tagOf = [&](Value index) {
    auto argument = dyn_cast<BlockArgument>(index);
    return argument ? arguments[argument.getArgNumber()] : StringAttr();
  };
  region.walk([&](cascade::ReadOp read) {
    Value tensor = definingTensor(read.getTensor());
    Ranks tags = llvm::map_to_vector(read.getIndices(), tagOf);
    if (isInlined(tensor))
      return collect(tensor.getDefiningOp<Equation>().getEquationBody(), tags, into);
    into.push_back({tensor, tags});
  });
}

/// The loops whose indices the arguments of an equation's body are; null for
/// those that the equation reduces, scans or sorts over itself.
static Ranks loopsOf(Equation op) {
  auto hidden = llvm::TypeSwitch<Operation *, StringAttr>(op)
                    .Case<cascade::PrefixOp, cascade::RankOfOp>([](auto op) { return op.getAlongAttr(); })
                    .Default([](Operation *) { return StringAttr(); });
  size_t shown = op.getTensorType().getRank() - (isa<cascade::TopKOp>(op) ? 1 : 0);
  Ranks ranks = op.getBodyRanks();
  for (auto [i, rank] : llvm::enumerate(ranks))
    if (i >= shown || rank == hidden)
      rank = {};
  return ranks;
}

SmallVector<Access> Plan::accessesOf(Operation *item) const {
  SmallVector<Access> result;
  if (auto output = dyn_cast<cascade::OutputOp>(item)) {
    Value tensor = definingTensor(output.getTensor());
    Ranks ranks(typeOf(tensor).getRanks());
    if (isInlined(tensor))
      collect(tensor.getDefiningOp<Equation>().getEquationBody(), ranks, result);
    else
      result.push_back({tensor, ranks});
    return result;
  }
  for (Equation op : equationsOf(item)) {
    collect(op.getEquationBody(), loopsOf(op), result);
    auto state = dyn_cast<cascade::StateOp>(*op);
    if (!state || state.getShift().empty())
      continue;
    Ranks tags(typeOf(state.getResult()).getRanks());
    tags.resize(state.getShift().getNumArguments());
    collect(state.getShift(), tags, result);
    for (ValueRange tensors : {ValueRange(state.getRefs()), ValueRange(state.getBasis())})
      for (Value tensor : tensors)
        result.push_back({definingTensor(tensor), Ranks(typeOf(tensor).getRanks())});
  }
  followStarts(result);
  return result;
}

/// Adds what the starts read that are reached by accesses to recurrent tensors.
void Plan::followStarts(SmallVectorImpl<Access> &accesses) const {
  std::set<std::pair<Operation *, std::vector<const void *>>> seen;
  for (size_t i = 0; i < accesses.size(); ++i) {
    auto [tensor, subscripts] = accesses[i];
    auto group = recurrenceOf(tensor);
    if (!group)
      continue;
    for (auto start : group.getBody().getOps<cascade::StartOp>()) {
      int64_t along = typeOf(tensor).indexOf(start.getAlongAttr());
      if (definingTensor(start.getTensor()) != tensor || subscripts[along] == start.getAlongAttr())
        continue;
      Ranks tags = subscripts;
      tags[along] = {};
      std::vector<const void *> key;
      for (StringAttr tag : tags)
        key.push_back(tag.getAsOpaquePointer());
      if (seen.insert({start, key}).second)
        collect(start.getBody(), tags, accesses);
    }
  }
}

//===-- Recurrences ---------------------------------------------------------===//

/// Refuses a read that is known to come before its point is computed.
static LogicalResult verifyDirections(cascade::RecurrenceOp group) {
  WalkResult walk = group.walk([&](cascade::ReadOp read) -> WalkResult {
    if (recurrenceOf(read.getTensor()) != group)
      return success();
    auto type = typeOf(read.getTensor());
    for (auto [rank, descending] : llvm::zip(group.getIterative().getAsRange<StringAttr>(), group.getDescending())) {
      int64_t dimension = type.indexOf(rank);
      auto offset = dimension < 0 ? std::nullopt : offsetOf(read.getIndices()[dimension]);
      if (dimension >= 0 && (!offset || offset->rank != rank))
        return success();
      if (dimension < 0 || offset->constant == 0)
        continue;
      if ((offset->constant < 0) == !descending)
        return success();
      return read.emitError() << "reads a point that is computed later along '" << rank.getValue() << "'";
    }
    return success();
  });
  return failure(walk.wasInterrupted());
}

void Plan::buildNests() {
  kernel.walk([&](cascade::RecurrenceOp group) {
    if (failed(verifyDirections(group))) {
      valid = false;
      return;
    }
    auto equations = llvm::map_to_vector(equationsOf(group), [](Equation op) { return op.getOperation(); });
    nests[group] = order(group, equations, {});
  });
}

namespace {
/// Strongly connected components of a small graph, successors first.
struct Components {
  explicit Components(const std::vector<llvm::SetVector<int>> &edges) : edges(edges) {
    index.assign(edges.size(), -1);
    low.assign(edges.size(), 0);
    for (size_t i = 0; i < edges.size(); ++i)
      if (index[i] < 0)
        visit(i);
  }

  void visit(int node) {
    index[node] = low[node] = next++;
    stack.push_back(node);
    for (int to : edges[node]) {
      if (index[to] < 0)
        visit(to);
      if (llvm::is_contained(stack, to))
        low[node] = std::min(low[node], low[to]);
    }
    if (low[node] != index[node])
      return;
    auto first = llvm::find(stack, node);
    found.emplace_back(first, stack.end());
    llvm::sort(found.back());
    stack.erase(first, stack.end());
  }

  const std::vector<llvm::SetVector<int>> &edges;
  std::vector<int> index, low, stack;
  std::vector<std::vector<int>> found;
  int next = 0;
};
} // namespace

/// Orders equations so that each point is computed before it is read: cycles
/// become loops over the next iterative rank, which carry what reads earlier points.
std::vector<Nest> Plan::order(cascade::RecurrenceOp group, ArrayRef<Operation *> equations, Ranks opened) {
  auto isCarried = [&](const Access &access) {
    for (auto [rank, subscript] : llvm::zip(typeOf(access.tensor).getRanks(), access.subscripts))
      if (llvm::is_contained(opened, rank) && subscript != rank)
        return true;
    return false;
  };
  std::vector<llvm::SetVector<int>> edges(equations.size());
  for (auto [i, op] : llvm::enumerate(equations))
    for (const Access &access : accessesOf(op)) {
      auto *producer = llvm::find(equations, access.tensor.getDefiningOp());
      if (producer != equations.end() && !isCarried(access))
        edges[i].insert(producer - equations.begin());
    }
  std::vector<Nest> result;
  Components components(edges);
  for (const auto &members : components.found) {
    Nest nest;
    if (members.size() == 1 && !edges[members[0]].contains(members[0])) {
      nest.equation = equations[members[0]];
      result.push_back(nest);
      continue;
    }
    auto inner = llvm::map_to_vector(members, [&](int i) { return equations[i]; });
    for (auto [rank, descending] : llvm::zip(group.getIterative().getAsRange<StringAttr>(), group.getDescending())) {
      bool isShared = llvm::all_of(inner, [&](Operation *op) {
        return cast<Equation>(op).getTensorType().indexOf(rank) >= 0;
      });
      if (isShared && !nest.rank && !llvm::is_contained(opened, rank)) {
        nest.rank = rank;
        nest.isDescending = descending;
      }
    }
    if (!nest.rank) {
      group.emitError() << "the equations of '" << cast<Equation>(inner[0]).getEquationName()
                        << "' depend on each other at the same point";
      valid = false;
      return result;
    }
    Ranks more = opened;
    more.push_back(nest.rank);
    nest.children = order(group, inner, more);
    result.push_back(std::move(nest));
  }
  return result;
}

//===-- Stages --------------------------------------------------------------===//

Ranks Plan::parallelRanks(Operation *item) const {
  if (auto output = dyn_cast<cascade::OutputOp>(item))
    return Ranks(typeOf(output.getTensor()).getRanks());
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
    ranks = without(ranks, llvm::to_vector(group.getIterative().getAsRange<StringAttr>()));
  for (const Access &access : accessesOf(item))
    if (inner.contains(access.tensor))
      for (auto [rank, subscript] : llvm::zip(typeOf(access.tensor).getRanks(), access.subscripts))
        if (rank != subscript)
          ranks = without(ranks, rank);
  return ranks;
}

/// Ranks of `outer` at which every access to what the items make is at the loop's own index.
static Ranks sharedRanks(Ranks outer, ArrayRef<Access> accesses, const llvm::SmallDenseSet<Value> &made,
                         bool &reads) {
  for (const Access &access : accesses) {
    if (!made.contains(access.tensor))
      continue;
    reads = true;
    for (auto [rank, subscript] : llvm::zip(typeOf(access.tensor).getRanks(), access.subscripts))
      if (rank != subscript)
        outer = without(outer, rank);
  }
  return outer;
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
  if (outer.empty() || (!reads && (outer.size() != own.size() || outer.size() != stage.outer.size())))
    return false;
  if (outer.size() < 2 && own.size() > outer.size() + 1)
    return false;
  // What is private already must not grow.
  Ranks dropped = without(stage.outer, outer);
  for (Operation *other : stage.items)
    for (const Access &access : accessesOf(other))
      if (made.contains(access.tensor) && !common(typeOf(access.tensor).getRanks(), dropped).empty())
        return false;
  stage.outer = outer;
  stage.items.push_back(item);
  return true;
}

void Plan::formStages() {
  for (Operation &op : kernel.getBody().front()) {
    bool computes = isa<Equation, cascade::FoldOp, cascade::RecurrenceOp, cascade::OutputOp>(op);
    if (!computes || (isa<Equation>(op) && isInlined(op.getResult(0))))
      continue;
    if (stages.empty() || !join(stages.back(), &op))
      stages.push_back({parallelRanks(&op), {&op}});
  }
}

//===-- Places --------------------------------------------------------------===//

/// The type in which an equation's points lie: that of its scalars, whatever
/// their storage outside; sums of folds are kept in double precision.
static Type cellOf(Equation op) {
  Type scalar = op.getTensorType().getScalarType();
  auto state = dyn_cast<cascade::StateOp>(*op);
  bool accumulates =
      state && (state.getCombiner() == Combiner::Sum || state.getCombiner() == Combiner::Prod);
  return accumulates && isa<FloatType>(scalar) ? Float64Type::get(op->getContext()) : scalar;
}

/// Places whose tensor another state refers to keep the value before a part too.
static bool isReference(Value tensor) {
  return llvm::any_of(tensor.getUsers(), [](Operation *user) { return isa<cascade::StateOp>(user); });
}

/// Scratch in which a selection sorts.
static SmallVector<Place> selectionPlaces(Equation op) {
  auto along = llvm::TypeSwitch<Operation *, StringAttr>(op)
                   .Case<cascade::TopKOp, cascade::RankOfOp>([](auto op) { return op.getAlongAttr(); })
                   .Default([](Operation *) { return StringAttr(); });
  if (!along)
    return {};
  Place keys{{along}, op.getEquationBody().front().getTerminator()->getOperand(0).getType()};
  keys.isPrivate = true;
  Place indices = keys;
  indices.cell = IntegerType::get(op->getContext(), 64);
  return {keys, indices, indices};
}

void Plan::assignPlaces(abi::Frame &frame) {
  llvm::DenseMap<Value, Stage *> home;
  llvm::DenseSet<Value> shared;
  for (Stage &stage : stages)
    for (Operation *item : stage.items)
      for (Equation op : equationsOf(item)) {
        Value tensor = op->getResult(0);
        home[tensor] = &stage;
        auto state = dyn_cast<cascade::StateOp>(*op);
        places[tensor] = {Ranks(op.getTensorType().getRanks()), cellOf(op),
                          presence.mayBeAbsent(tensor) || (state && !state.getRefs().empty())};
        scratch[op] = selectionPlaces(op);
      }
  for (Stage &stage : stages)
    for (Operation *item : stage.items)
      for (const Access &access : accessesOf(item)) {
        auto ranks = typeOf(access.tensor).getRanks();
        bool isLocal = home.lookup(access.tensor) == &stage;
        for (auto [rank, subscript] : llvm::zip(ranks, access.subscripts))
          isLocal &= rank == subscript || !llvm::is_contained(stage.outer, rank);
        if (!isLocal)
          shared.insert(access.tensor);
      }
  for (auto &[tensor, place] : places)
    if (!shared.contains(tensor)) {
      place.isPrivate = true;
      place.kept = without(place.kept, home[tensor]->outer);
    }
  kernel.walk([&](cascade::RecurrenceOp group) { dropLoopRanks(group); });
  auto reserve = [&](Place &place) {
    place.data = frame.reserve(1);
    place.plane = place.hasPlane ? frame.reserve(1) : -1;
  };
  for (auto &[tensor, place] : places) {
    reserve(place);
    if (isReference(tensor))
      reserve(formers[tensor] = place);
    for (Place &inner : scratch[tensor.getDefiningOp()])
      reserve(inner);
  }
}

/// A tensor that is made and read within one iteration needs no rank for it. One
/// iterative rank may be looped over in several places: only a recurrence that
/// is a single loop is looked at.
void Plan::dropLoopRanks(cascade::RecurrenceOp group) {
  const auto &nest = nests[group];
  if (nest.size() != 1 || nest[0].equation)
    return;
  llvm::SmallDenseSet<Value> kept;
  for (Equation op : equationsOf(group))
    for (const Access &access : accessesOf(op))
      if (!llvm::is_contained(access.subscripts, nest[0].rank))
        kept.insert(access.tensor);
  for (Equation op : equationsOf(group)) {
    Value tensor = op->getResult(0);
    if (!recurrenceOf(tensor) && !kept.contains(tensor) && places[tensor].isPrivate)
      places[tensor].kept = without(places[tensor].kept, nest[0].rank);
  }
}

ArrayRef<Place> Plan::scratchOf(Operation *op) const { return scratch.find(op)->second; }

void Plan::forEachPlace(llvm::function_ref<void(const Place &)> visit) const {
  for (auto &[tensor, place] : places) {
    visit(place);
    if (formers.contains(tensor))
      visit(formers.find(tensor)->second);
    for (const Place &inner : scratch.find(tensor.getDefiningOp())->second)
      visit(inner);
  }
}

} // namespace weir::loops
