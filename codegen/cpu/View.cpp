// Stages that are a tensor's own elements: the tensor can serve in their place.
#include "codegen/cpu/View.h"

#include "codegen/cpu/Pointwise.h"

using namespace mlir;

namespace weir::cpu {

/// The one load that a stage yields, if all else in it is the same at every point, as the
/// entry of a table is.
static tile::LoadOp loadOf(Block &body) {
  auto load = cast<tile::YieldOp>(body.back()).getValue().getDefiningOp<tile::LoadOp>();
  if (!load || load->getBlock() != &body || load.getMask())
    return {};
  for (Operation &op : body.without_terminator())
    if (&op != load && llvm::any_of(op.getOperands(), [&](Value operand) {
          return llvm::is_contained(body.getArguments(), operand);
        }))
      return {};
  return load;
}

/// True if a subscript of a load is the same at all points of the block it stands in.
static bool isFixed(tile::LoadOp load, AffineExpr subscript) {
  for (auto [i, operand] : llvm::enumerate(load.getIndices())) {
    unsigned dims = load.getMap().getNumDims();
    bool isUsed = i < dims ? subscript.isFunctionOfDim(i) : subscript.isFunctionOfSymbol(i - dims);
    if (isUsed && llvm::is_contained(load->getBlock()->getArguments(), operand))
      return false;
  }
  return true;
}

std::optional<View> viewOf(tile::StageOp stage) {
  auto kernel = stage->getParentOfType<tile::KernelOp>();
  bool isTop = stage->getParentOp() == kernel;
  Block &body = stage.getBody().front();
  auto load = loadOf(body);
  if (!load || !isa<BlockArgument>(load.getRef()) || runOf(stage) > 1 ||
      (isTop && (widthOf(stage) == 0 || !llvm::hasNItems(body, 2))) ||
      tile::storageTypeOf(load.getRef()) != stage.getElementType())
    return std::nullopt;
  unsigned number = cast<BlockArgument>(load.getRef()).getArgNumber() -
                    kernel.getRanks().size();
  auto ranks =
      cast<tile::ArgumentAttr>(kernel.getArguments()[number]).getRanks();
  View view{load, SmallVector<unsigned>(stage.getTiles().size(), ~0u)};
  for (auto [i, expression] : llvm::enumerate(load.getMap().getResults())) {
    auto dimension = dyn_cast<AffineDimExpr>(expression);
    auto index = dimension ? dyn_cast<BlockArgument>(
                                 load.getIndices()[dimension.getPosition()])
                           : BlockArgument();
    if (!index || index.getOwner() != &body) {
      // One place in this dimension, that of an iteration.
      if (isTop || !isFixed(load, expression))
        return std::nullopt;
      continue;
    }
    // The stage's rank is all of the tensor's, or of a loop over all of it.
    tile::DomainRank rank = stage.getDomain()[index.getArgNumber()];
    auto extent = dyn_cast<BlockArgument>(rank.end);
    if ((rank.tile && isTop) || !extent ||
        extent.getOwner() != &kernel.getBody().front() ||
        kernel.getRanks()[extent.getArgNumber()] != ranks[i])
      return std::nullopt;
    view.dimensions[index.getArgNumber()] = i;
  }
  return llvm::is_contained(view.dimensions, ~0u) ? std::nullopt
                                                  : std::optional(view);
}

Value isServed(Scope &scope, tile::StageOp stage, View view) {
  const Ref &tensor = scope.refs[view.load.getRef()];
  if (widthOf(stage) == 0)
    return scope.equal(tensor.strides[view.dimensions.back()],
                       scope.integer(1));
  unsigned dimension = view.dimensions[stage.getTiles().size() - 2];
  Value unit = scope.equal(tensor.strides[dimension], scope.integer(1));
  Value extent = tensor.ends[dimension];
  Value isWhole = scope.equal(scope.roundUp(extent, widthOf(stage)), extent);
  return scope.both(unit, isWhole);
}

/// The address of a stage's first element in the tensor, its ranks beginning at `origins`.
static Value addressOf(Scope &scope, tile::StageOp stage, View view, ArrayRef<Value> origins) {
  Block &body = stage.getBody().front();
  for (auto [argument, origin] : llvm::zip(body.getArguments(), origins))
    scope.scalars[argument] = origin ? origin : scope.integer(0);
  for (Operation &op : body.without_terminator())
    if (&op != view.load && failed(emitScalar(scope, op)))
      return scope.refs[view.load.getRef()].base;
  return scalarAddress(scope, view.load);
}

/// Where the loop over the block's tiles ends and the loop around it goes on, what comes
/// next lies elsewhere, as the next page does.
static void findTurn(Scope &scope, tile::StageOp stage, View view, Ref &ref) {
  auto inner = stage->getParentOfType<tile::ForOp>();
  auto outer = inner ? inner->getParentOfType<tile::ForOp>() : tile::ForOp();
  if (!outer)
    return;
  Value index = outer.getBody().getArgument(0), along = inner.getBody().getArgument(0);
  bool depends = stage.getBody().walk([&](Operation *op) {
    return llvm::is_contained(op->getOperands(), index) ? WalkResult::interrupt() : WalkResult::advance();
  }).wasInterrupted();
  tile::Domain domain = stage.getDomain();
  auto ranks = llvm::seq<unsigned>(0, domain.size());
  auto found = llvm::find_if(ranks, [&](unsigned i) { return domain[i].tile && domain[i].origin == along; });
  if (!depends || found == ranks.end())
    return;
  unsigned rank = *found;
  Value current = scope.get(index), last = scope.sub(scope.get(outer.getUpper()), scope.integer(1));
  SmallVector<Value> origins = ref.origins;
  origins[rank] = scope.get(inner.getLower());
  scope.scalars[index] = scope.least(scope.add(current, scope.integer(outer.getStep())), last);
  Value begin = addressOf(scope, stage, view, origins);
  scope.scalars[index] = current;
  ref.turn = scope.least(scope.add(ref.origins[rank], scope.integer(domain[rank].tile)), ref.ends[rank]);
  Value stride = ref.isPanel() ? ref.depthStride : ref.strides[rank];
  Value end = scope.offset(ref.storage, ref.base, scope.mul(scope.sub(ref.turn, ref.origins[rank]), stride));
  auto number = [&](Value address) {
    return LLVM::PtrToIntOp::create(scope.builder, scope.loc, scope.i64(), address);
  };
  ref.jump = scope.select(scope.equal(ref.turn, ref.ends[rank]), scope.sub(number(begin), number(end)),
                          scope.integer(0));
}

void redirect(Scope &scope, tile::StageOp stage, View view, Ref &ref) {
  Value isView = isServed(scope, stage, view);
  const Ref &tensor = scope.refs[view.load.getRef()];
  auto choose = [&](Value &own, Value other) {
    own = scope.select(isView, other, own);
  };
  choose(ref.base, addressOf(scope, stage, view, ref.origins));
  if (ref.isPanel()) {
    choose(ref.panelStride, scope.integer(ref.width));
    choose(ref.depthStride, tensor.strides[view.dimensions.back()]);
  }
  for (auto [i, stride] : llvm::enumerate(ref.strides))
    if (stride)
      choose(stride, tensor.strides[view.dimensions[i]]);
  findTurn(scope, stage, view, ref);
}

} // namespace weir::cpu
