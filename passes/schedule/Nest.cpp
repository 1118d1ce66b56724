// Finding a nest in a kernel: the fold, its rows, and how its states accumulate.
#include "passes/schedule/Nest.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {

bool splitContraction(const Node *contract, StringAttr row, StringAttr column, Operands &lhs,
                      Operands &rhs) {
  bool variesByRow = false;
  for (const Node *factor : contract->operands) {
    bool byRow = row && factor->dependsOn(row), byColumn = factor->dependsOn(column);
    if (byRow && byColumn)
      return false;
    variesByRow |= byRow;
    (byColumn ? rhs : lhs).push_back(factor);
  }
  return variesByRow && !rhs.empty();
}

static void collectUnsided(const Node *node, StringAttr row, StringAttr column,
                           llvm::SmallPtrSetImpl<const Node *> &seen, Operands &found) {
  if (!seen.insert(node).second)
    return;
  for (const Node *operand : node->operands)
    collectUnsided(operand, row, column, seen, found);
  Operands lhs, rhs;
  if (node->kind == Node::Kind::Contract && !splitContraction(node, row, column, lhs, rhs))
    found.push_back(node);
}

bool readsState(const Node *node) {
  if (node->kind == Node::Kind::Load && node->tensor.getDefiningOp<StateOp>())
    return true;
  return llvm::any_of(node->operands, readsState);
}

Operands findUnsided(const Node *node, StringAttr row, StringAttr column) {
  llvm::SmallPtrSet<const Node *, 16> seen;
  Operands found;
  collectUnsided(node, row, column, seen, found);
  return found;
}

SmallVector<Operation *, 4> sourcesOf(const Inliner &inliner, ArrayRef<const Node *> contractions) {
  llvm::SetVector<Operation *> sources;
  for (const Node *contraction : contractions)
    if (Operation *source = inliner.sourceOf(contraction))
      sources.insert(source);
  return {sources.begin(), sources.end()};
}

SmallVector<Operation *, 4> finishedBy(FoldOp fold) {
  llvm::SetVector<Operation *> finished;
  fold.walk([&](StateOp state) { finished.insert(state); });
  for (Operation &op : llvm::make_range(std::next(fold->getIterator()), fold->getBlock()->end())) {
    auto map = dyn_cast<EinsumOp>(op);
    if (!map || map.getCombiner() != Combiner::None)
      continue;
    bool isOfFold = map.getBody().walk([&](ReadOp read) {
      Operation *source = read.getTensor().getDefiningOp();
      return source == fold || finished.contains(source) ? WalkResult::interrupt() : WalkResult::advance();
    }).wasInterrupted();
    if (isOfFold)
      finished.insert(map);
  }
  return {finished.rbegin(), finished.rend()};
}

/// Members that are alone in their groups: an index is one of rows in factors of rows alone.
static const Node *splitSingle(Expressions &ex, const RankSplit &split, const Node *node) {
  const Node *whole = ex.index(split.whole);
  if (node == whole)
    return ex.binary(BinaryFn::Add, whole, ex.index(split.inner));
  auto each = [&](const Node *operand) {
    bool isFactor = node->kind == Node::Kind::Contract && !operand->dependsOn(split.column);
    if (isFactor)
      return ex.replace(operand, whole, ex.binary(BinaryFn::Add, whole, ex.index(split.inner)));
    return operand == whole ? operand : splitSingle(ex, split, operand);
  };
  return ex.rebuild(node, llvm::map_to_vector<4>(node->operands, each));
}

const Node *splitIndex(Expressions &ex, const std::optional<RankSplit> &split, const Node *node) {
  if (!split || !node->dependsOn(split->whole))
    return node;
  if (split->isSingle())
    return node->kind == Node::Kind::Load ? node : splitSingle(ex, *split, node);
  const Node *whole = ex.index(split->whole), *outer = ex.index(split->outer), *size = ex.extent(split->inner);
  if (node == whole)
    return ex.binary(BinaryFn::Add, ex.binary(BinaryFn::Mul, outer, size), ex.index(split->inner));
  if (node == ex.binary(BinaryFn::FloorDiv, whole, size))
    return outer;
  if (node->kind == Node::Kind::Load && node->tensor.getDefiningOp<StateOp>())
    return node;
  return ex.rebuild(node, llvm::map_to_vector<4>(node->operands, [&](const Node *o) { return splitIndex(ex, split, o); }));
}

namespace {

/// The parts of a rank `whole` that tensors read at `whole // #inner`, where that is known to
/// be an index of their own rank: the group and the member of it.
std::optional<RankSplit> findSplit(Inliner &inliner, const Node *node, StringAttr whole) {
  if (!node->dependsOn(whole))
    return {};
  if (node->kind == Node::Kind::Load && !node->tensor.getDefiningOp<StateOp>())
    for (auto [index, rank] : llvm::zip(node->operands, cast<cascade::TensorType>(node->tensor.getType()).getRanks())) {
      bool isGroup = isBinary(index, BinaryFn::FloorDiv) && index->operands[0]->kind == Node::Kind::Index &&
                     index->operands[0]->attr == whole && index->operands[1]->kind == Node::Kind::Extent;
      if (isGroup && inliner.isProvedBelow(index, rank))
        return RankSplit{whole, rank, cast<StringAttr>(index->operands[1]->attr), {}};
    }
  for (const Node *operand : node->operands)
    if (auto split = findSplit(inliner, operand, whole))
      return split;
  return {};
}

bool containsContraction(const Node *node) {
  return node->kind == Node::Kind::Contract ||
         llvm::any_of(node->operands, containsContraction);
}

class Analysis {
public:
  Analysis(Expressions &ex, Inliner &inliner, KernelOp kernel, bool splits)
      : ex(ex), inliner(inliner), splits(splits) {
    nest.kernel = kernel;
  }

  LogicalResult run() {
    if (failed(findFold()) || failed(readStates()) || failed(chooseRow()))
      return failure();
    return readOutputs();
  }

  Nest nest;
  std::optional<Refusal> refusal;

private:
  LogicalResult refuse(Operation *op, const Twine &why, ArrayRef<Operation *> blame = {}) {
    refusal = Refusal{op->getLoc(), why.str(), llvm::to_vector<4>(blame)};
    return failure();
  }
  LogicalResult refuseInlining() {
    Operation *culprit = inliner.getCulprit();
    Operation *equation = nest.kernel.getBody().findAncestorOpInRegion(*culprit);
    refusal = Refusal{culprit->getLoc(), inliner.getReason(), {equation}, /*isOpaque=*/true};
    return failure();
  }
  LogicalResult findFold() {
    for (auto fold : nest.kernel.getBody().getOps<FoldOp>()) {
      if (nest.fold)
        return refuse(fold, "a second fold in one nest", finishedBy(nest.fold));
      nest.fold = fold;
    }
    if (!nest.fold)
      return success();
    auto over = nest.fold.getOverRanks();
    nest.column = over.pop_back_val();
    for (StringAttr rank : over)
      nest.outer.push_back({rank, {}});
    return success();
  }

  /// What each state combines, with indices standing for themselves.
  LogicalResult readStates() {
    if (!nest.fold)
      return success();
    for (Operation &op : nest.fold.getBody().front().without_terminator()) {
      auto state = dyn_cast<StateOp>(op);
      if (!state)
        return refuse(&op, "a reference that is computed from states");
      SmallVector<Scalar> arguments;
      for (StringAttr rank : state.getBodyRanks())
        arguments.push_back({ex.index(rank)});
      auto value = inliner.region(state.getBody(), arguments);
      if (failed(value))
        return refuseInlining();
      StatePlan plan;
      plan.op = state;
      plan.value = value->value;
      presence.push_back(value->present);
      nest.states.push_back(plan);
    }
    return success();
  }

  /// The ranks that all states have in common.
  SmallVector<StringAttr> pointRanks() {
    SmallVector<StringAttr> common(nest.states[0].op.getTensorType().getRanks());
    for (StatePlan &state : nest.states)
      llvm::erase_if(common, [&](StringAttr rank) { return state.op.getTensorType().indexOf(rank) < 0; });
    return common;
  }

  LogicalResult chooseRow() {
    if (!nest.fold)
      return success();
    auto points = pointRanks();
    if (points.empty())
      return refuse(nest.fold, "a fold with a single point");
    const Nest before = nest;
    // The last rank of sums of products is theirs beside the points, if it can be.
    if (succeeded(chooseRow(ArrayRef(points).drop_back())) || succeeded(chooseRow(points))) {
      if (!splits || !inliner.isSingle(nest.row))
        return success();
      // Rows of a rank that has one index would be idle but for one: those of groups are better.
      const Nest chosen = std::exchange(nest, before);
      if (failed(chooseMembers(points)))
        nest = chosen;
      return success();
    }
    auto first = refusal;
    if (splits && succeeded(chooseMembers(points)))
      return success();
    refusal = first;
    return failure();
  }

  /// Takes the members of groups as rows, that share their columns, or single points.
  LogicalResult chooseMembers(ArrayRef<StringAttr> points) {
    for (StringAttr whole : llvm::reverse(points))
      for (StatePlan &state : nest.states) {
        auto split = findSplit(inliner, state.value, whole);
        bool isNew = split && !llvm::is_contained(points, split->outer) && !llvm::is_contained(points, split->inner);
        if (isNew && succeeded(takeMembers(points, *split)))
          return success();
      }
    StringAttr single = StringAttr::get(ex.context, "one");
    while (nest.kernel.getRankDeclaration(single))
      single = StringAttr::get(ex.context, single.getValue() + "_");
    for (StringAttr whole : llvm::reverse(points))
      if (succeeded(takeMembers(points, {whole, whole, single, nest.column})))
        return success();
    return failure();
  }

  LogicalResult takeMembers(ArrayRef<StringAttr> points, RankSplit split) {
    auto states = nest.states;
    auto presences = presence;
    auto outer = nest.outer;
    for (StatePlan &other : states)
      other.value = splitIndex(ex, split, other.value);
    for (const Node *&present : presences)
      present = present ? splitIndex(ex, split, present) : nullptr;
    if (failed(planStates(states, outer, presences, points, split.inner)))
      return failure();
    nest.states = states;
    nest.outer = outer;
    nest.split = split;
    nest.row = split.inner;
    for (StringAttr rank : points)
      nest.grid.push_back(rank == split.whole ? split.outer : rank);
    return success();
  }

  /// Of several refusals, that of the last rank counts: most rows are that.
  LogicalResult chooseRow(ArrayRef<StringAttr> points) {
    std::optional<Refusal> first;
    for (StringAttr row : llvm::reverse(points)) {
      auto trial = nest.states;
      auto outer = nest.outer;
      if (succeeded(planStates(trial, outer, presence, points, row))) {
        nest.states = trial;
        nest.outer = outer;
        nest.row = row;
        llvm::copy_if(points, std::back_inserter(nest.grid), [&](StringAttr rank) { return rank != row; });
        return success();
      }
      if (!first)
        first = refusal;
    }
    refusal = first;
    return failure();
  }

  LogicalResult planStates(MutableArrayRef<StatePlan> states, MutableArrayRef<Nest::Outer> outer,
                           ArrayRef<const Node *> presences, ArrayRef<StringAttr> points, StringAttr row) {
    SmallVector<const Node *> left = boundOuter(outer, presences, row);
    for (auto [state, present] : llvm::zip(states, left)) {
      if (failed(planExtra(state, present, points, row)))
        return failure();
      if (Operands unsided = findUnsided(state.value, row, nest.column); !unsided.empty())
        return refuse(state.op, "a contraction without a row side and a column side", sourcesOf(inliner, unsided));
      state.predicate = splitPredicate(ex, present, row, nest.column);
      if (Operands unsided = present ? findUnsided(present, row, nest.column) : Operands(); !unsided.empty())
        return refuse(state.op, "a predicate on a contraction of columns only", sourcesOf(inliner, unsided));
      state.isPresent = hasPoints(state, outer, row);
    }
    return success();
  }

  /// Presence without what bounds the outer ranks. Where states are present at other points each, nothing does.
  SmallVector<const Node *> boundOuter(MutableArrayRef<Nest::Outer> outer, ArrayRef<const Node *> presences,
                                       StringAttr row) {
    SmallVector<const Node *> left(presences);
    if (!llvm::all_equal(presences))
      return left;
    SmallVector<StringAttr> varying{row, nest.column};
    for (Nest::Outer &of : llvm::reverse(outer)) {
      of.bounds = takeBounds(ex, left.front(), of.rank, varying);
      varying.push_back(of.rank);
    }
    llvm::fill(left, left.front());
    return left;
  }

  /// Whether a state has any point, or null where only the fold itself can tell.
  const Node *hasPoints(const StatePlan &state, ArrayRef<Nest::Outer> outer, StringAttr row) {
    bool isBounded = llvm::any_of(outer, [](const Nest::Outer &of) { return !of.bounds.empty(); });
    if (isBounded || (!outer.empty() && !(state.predicate == Predicate())))
      return nullptr;
    const Node *all = existsColumn(ex, state.predicate, row, nest.column);
    for (const Nest::Outer &of : outer)
      all = ex.both(all, ex.compare(cascade::Predicate::Gt, ex.extent(of.rank), ex.integer(0)));
    return all;
  }

  /// A state with one more rank: a product of what varies over it and what does not.
  LogicalResult planExtra(StatePlan &state, const Node *&present, ArrayRef<StringAttr> points, StringAttr row) {
    SmallVector<StringAttr> extras;
    for (StringAttr rank : state.op.getTensorType().getRanks())
      if (!llvm::is_contained(points, rank))
        extras.push_back(rank);
    if (extras.empty())
      return success();
    if (extras.size() > 1 || state.op.getCombiner() != Combiner::Sum)
      return refuse(state.op, "a state with more ranks than a tile of rows and columns has");
    state.extra = extras[0];
    if (state.op.getTensorType().getRanks().back() != state.extra || points.empty())
      return refuse(state.op, "a state whose extra rank is not its last");
    const Node *rowFactor = nullptr;
    for (const Node *factor : factorsOf(state.value)) {
      bool isExtra = factor->dependsOn(state.extra);
      if (isExtra && factor->dependsOn(row))
        return refuse(state.op, "a factor that varies over rows and over the extra rank");
      const Node *&side = isExtra ? state.extraFactor : rowFactor;
      side = side ? ex.binary(BinaryFn::Mul, side, factor) : factor;
    }
    if (!rowFactor || !state.extraFactor || containsContraction(state.extraFactor))
      return refuse(state.op, "an accumulation that is no product of rows and columns");
    if (present && present->dependsOn(state.extra))
      return refuse(state.op, "a predicate on the extra rank");
    state.value = rowFactor;
    return success();
  }

  LogicalResult readOutputs() {
    for (auto output : nest.kernel.getBody().getOps<OutputOp>()) {
      auto type = cast<cascade::TensorType>(output.getTensor().getType());
      SmallVector<Scalar> indices;
      for (StringAttr rank : type.getRanks())
        indices.push_back({ex.index(rank)});
      auto scalar = inliner.element(output.getTensor(), indices, /*isInRange=*/true);
      if (failed(scalar))
        return refuseInlining();
      const Node *value = scalar->value;
      if (scalar->present) {
        const Node *fill = output.getFillAttr() ? ex.convert(ex.constant(output.getFillAttr()), value->type)
                                                : ex.zero(value->type);
        value = ex.select(scalar->present, value, fill);
      }
      for (StatePlan &state : nest.states)
        if (state.isPresent) {
          Value tensor = state.op.getResult();
          value = ex.replace(value, inliner.presenceOf(tensor, ex.indicesOf(state.op.getTensorType())), state.isPresent);
        }
      nest.outputs.push_back({output, readsState(value) ? splitIndex(ex, nest.split, value) : value});
    }
    return success();
  }

  Expressions &ex;
  Inliner &inliner;
  bool splits;
  SmallVector<const Node *> presence;
};

} // namespace

FailureOr<Nest> analyseNest(Expressions &ex, Inliner &inliner, KernelOp kernel, bool splits,
                            std::optional<Refusal> &refusal) {
  Analysis analysis(ex, inliner, kernel, splits);
  if (succeeded(analysis.run()))
    return analysis.nest;
  refusal = analysis.refusal;
  return failure();
}

} // namespace weir::schedule
