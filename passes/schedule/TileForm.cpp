// From a derived kernel to a tile kernel: a fold over columns, or maps and contractions.
#include "passes/schedule/TileForm.h"

#include "passes/schedule/FoldEmitter.h"
#include "passes/schedule/FoldSums.h"
#include "passes/schedule/FuseRanks.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {
namespace {

/// Multiplies what varies with rows only into the row operand of a contraction.
class Absorber {
public:
  Absorber(Expressions &ex, StringAttr column) : ex(ex), column(column) {}

  const Node *operator()(const Node *node) {
    if (const Node *known = done.lookup(node))
      return known;
    return done[node] = rebuild(node);
  }

private:
  const Node *rebuild(const Node *node) {
    Operands operands = llvm::map_to_vector<4>(node->operands, [&](const Node *o) { return (*this)(o); });
    if (isBinary(node, BinaryFn::Mul))
      for (unsigned side : {0u, 1u}) {
        const Node *contraction = operands[side], *factor = operands[1 - side];
        bool fits = contraction->kind == Node::Kind::Contract && !factor->dependsOn(column) && isLight(factor);
        if (!fits)
          continue;
        Operands factors{factor};
        llvm::append_range(factors, contraction->operands);
        return ex.contract(cast<StringAttr>(contraction->attr), factors, contraction->type);
      }
    bool isInterior = node->kind == Node::Kind::Apply || node->kind == Node::Kind::Select || node->kind == Node::Kind::Convert;
    return isInterior ? ex.rebuild(node, operands) : node;
  }

  static bool isLight(const Node *node) {
    return node->kind == Node::Kind::Constant || node->kind == Node::Kind::Load;
  }

  Expressions &ex;
  StringAttr column;
  llvm::DenseMap<const Node *, const Node *> done;
};

void absorbFactors(Expressions &ex, Nest &nest) {
  Absorber absorb(ex, nest.column);
  for (StatePlan &state : nest.states) {
    state.value = absorb(state.value);
    for (const Node *&condition : state.predicate.conditions)
      condition = absorb(condition);
  }
}

/// An output of maps and contractions: rows and columns are two of its ranks.
class MapEmitter {
public:
  MapEmitter(Expressions &ex, Inliner &inliner, TileEmitter &emit) : ex(ex), inliner(inliner), emit(emit) {}

  std::optional<Refusal> check(OutputPlan &output) {
    auto ranks = cast<cascade::TensorType>(output.op.getTensor().getType()).getRanks();
    if (ranks.empty())
      return Refusal{output.op.getLoc(), "an output that is a scalar"};
    if (ranks.size() == 1) {
      rowOf[output.op] = ranks[0];
      return refusalOf(output, ranks[0], {}, emit.whyNot(output.value, ranks[0], {}));
    }
    StringAttr column = ranks.back();
    const Node *value = emit.getShape().absorbs ? Absorber(ex, column)(output.value) : output.value;
    std::optional<std::string> why;
    for (StringAttr row : llvm::reverse(ranks.drop_back())) {
      why = emit.whyNot(value, row, column);
      if (why)
        continue;
      output.value = value;
      rowOf[output.op] = row;
      return {};
    }
    return refusalOf(output, ranks[ranks.size() - 2], column, why);
  }

  void run(OutputPlan &output) {
    auto ranks = cast<cascade::TensorType>(output.op.getTensor().getType()).getRanks();
    StringAttr row = rowOf.lookup(output.op), column = ranks.size() > 1 ? ranks.back() : StringAttr();
    SmallVector<StringAttr> grid;
    llvm::copy_if(ranks, std::back_inserter(grid), [&](StringAttr rank) { return rank != row && rank != column; });
    emit.openParallel(row, grid, /*descending=*/false);
    auto body = [&] {
      emit.subtile(column, {}, [&] {
        emit.share({output.value});
        emit.storeOutput(output, column);
      });
    };
    if (column)
      emit.forAllColumns(column, body);
    else
      body();
    emit.closeParallel();
  }

private:
  std::optional<Refusal> refusalOf(OutputPlan &output, StringAttr row, StringAttr column,
                                   std::optional<std::string> why) {
    if (!why)
      return {};
    return Refusal{output.op.getLoc(), *why, sourcesOf(inliner, findUnsided(output.value, row, column))};
  }

  Expressions &ex;
  Inliner &inliner;
  TileEmitter &emit;
  llvm::DenseMap<Operation *, StringAttr> rowOf;
};

/// The reals that an expression computes with: f32, f64 or both.
void collectReals(const Node *node, llvm::SmallPtrSetImpl<const void *> &types) {
  if (isa<FloatType>(node->type))
    types.insert(node->type.getAsOpaquePointer());
  for (const Node *operand : node->operands)
    collectReals(operand, types);
}

/// Sub-tiles have one shape, and a register block one type.
bool hasTwoPrecisions(Nest &nest) {
  llvm::SmallPtrSet<const void *, 2> types;
  for (StatePlan &state : nest.states) {
    collectReals(state.value, types);
    if (state.extraFactor)
      collectReals(state.extraFactor, types);
    for (const Node *condition : state.predicate.conditions)
      collectReals(condition, types);
  }
  for (OutputPlan &output : nest.outputs)
    collectReals(output.value, types);
  return types.size() > 1;
}

/// The tile form of the kernel as it stands.
FailureOr<tile::KernelOp> emit(OpBuilder &at, KernelOp kernel, TileShape shape, std::optional<Refusal> &refusal) {
  Expressions ex(kernel.getContext());
  Inliner inliner(ex, kernel);
  auto nest = analyseNest(ex, inliner, kernel, shape.streams, refusal);
  if (failed(nest))
    return failure();
  if (hasTwoPrecisions(*nest)) {
    refusal = Refusal{kernel.getLoc(), "values of two precisions in one tile"};
    return failure();
  }
  if (nest->split) { // few are in a group
    shape.rows = nest->split->isSingle() ? 2 : 4;
    shape.block = 4 * shape.rows;
  } else {
    shape.streams = false;
  }
  RankOp rows = kernel.getRankDeclaration(nest->row);
  bool areFew = rows && rows.getSize() && static_cast<int64_t>(*rows.getSize()) <= shape.rows;
  if (!nest->fold || !areFew || !nest->outer.empty())
    shape.splits = 1;
  TileEmitter emitter(ex, inliner, kernel, shape, nest->split);
  FoldEmitter fold(ex, inliner, *nest, emitter);
  MapEmitter maps(ex, inliner, emitter);
  // Outputs that the fold has no part in get loops of their own.
  SmallVector<OutputPlan> apart;
  llvm::copy_if(nest->outputs, std::back_inserter(apart), [](OutputPlan &output) { return !readsState(output.value); });
  llvm::erase_if(nest->outputs, [](OutputPlan &output) { return !readsState(output.value); });
  if (nest->fold) {
    if (shape.absorbs)
      absorbFactors(ex, *nest);
    if ((refusal = fold.check()))
      return failure();
  }
  for (OutputPlan &output : apart)
    if ((refusal = maps.check(output)))
      return failure();
  auto result = emitter.createKernel(at);
  if (nest->fold)
    fold.run();
  for (OutputPlan &output : apart)
    maps.run(output);
  return result;
}

} // namespace

FailureOr<tile::KernelOp> emitTileForm(OpBuilder &at, KernelOp kernel, TileShape shape,
                                       std::optional<Refusal> &refusal) {
  fuseReducedRanks(kernel);
  auto tiles = emit(at, kernel, shape, refusal);
  if (succeeded(tiles) || !kernel.getBody().getOps<FoldOp>().empty())
    return tiles;
  OwningOpRef<KernelOp> folded(kernel.clone());
  std::optional<Refusal> ofFolded;
  if (!foldSums(*folded))
    return failure();
  return emit(at, *folded, shape, ofFolded);
}

} // namespace weir::schedule
