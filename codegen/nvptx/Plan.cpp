// Plans: what lies in shared memory, in which type and order.
#include "codegen/nvptx/Plan.h"
#include "codegen/nvptx/Pressure.h"

#include "dialect/Refuse.h"

using namespace mlir;

namespace weir::nvptx {

InFlightDiagnostic refuse(Operation *op, StringRef identifier) {
  return weir::refuse(op, identifier) << "this kernel cannot run on the GPU: ";
}

LogicalResult checkProducts(tile::WhenOp op) {
  auto result = op.getBody().walk([](Operation *inner) {
    return isa<tile::ContractOp, tile::AccumulateOp>(inner) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!result.wasInterrupted())
    return success();
  return refuse(op, "gpu-form") << "a product is under a condition of a warp's rows, but all warps of a block wait for its "
                                   "operand";
}

std::optional<int64_t> staticExtent(Value end) {
  if (auto index = end.getDefiningOp<tile::IndexOp>())
    return index.getMap().isSingleConstant() ? std::optional(index.getMap().getSingleConstantResult()) : std::nullopt;
  auto argument = dyn_cast<BlockArgument>(end);
  auto kernel = argument ? dyn_cast<tile::KernelOp>(argument.getOwner()->getParentOp()) : tile::KernelOp();
  if (!kernel || argument.getArgNumber() >= kernel.getPinned().size() || kernel.getPinned()[argument.getArgNumber()] < 0)
    return std::nullopt;
  return kernel.getPinned()[argument.getArgNumber()];
}

static std::string rankName(Value end) {
  auto argument = dyn_cast<BlockArgument>(end);
  auto kernel = argument ? dyn_cast<tile::KernelOp>(argument.getOwner()->getParentOp()) : tile::KernelOp();
  if (kernel && argument.getArgNumber() < kernel.getRanks().size())
    return cast<StringAttr>(kernel.getRanks()[argument.getArgNumber()]).str();
  return "";
}

//===-- Types and order -----------------------------------------------------===//

/// The narrow type of all tensors that a staged block reads; none if they differ.
static Type narrowTypeOf(tile::StageOp stage) {
  Type found;
  bool isUniform = true;
  stage.getBody().walk([&](tile::LoadOp load) {
    Type storage = tile::storageTypeOf(load.getRef());
    if (!isa<FloatType>(storage))
      return;
    isUniform &= !found || found == storage;
    found = storage;
  });
  return found && isUniform && (found.isF16() || found.isBF16()) ? found : Type();
}

/// The rank of a stage along which its tensors are contiguous: `last`, unless all
/// loads run along `other`.
static unsigned contiguousRank(tile::StageOp stage, unsigned last, unsigned other) {
  bool alongOther = true, any = false;
  stage.getBody().walk([&](tile::LoadOp load) {
    AffineMap map = load.getMap();
    if (map.getNumResults() == 0)
      return;
    any = true;
    auto dimension = dyn_cast<AffineDimExpr>(map.getResult(map.getNumResults() - 1));
    Value index = dimension ? load.getIndices()[dimension.getPosition()] : Value();
    alongOther &= index == stage.getBody().getArgument(other);
  });
  return any && alongOther ? other : last;
}

static int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

FailureOr<Operand> Plan::describe(tile::StageOp stage, Type element) {
  Operand operand;
  operand.stage = stage;
  operand.element = element;
  tile::Domain domain = stage.getDomain();
  unsigned outer = domain.size() - 2, inner = domain.size() - 1;
  operand.contracted = inner;
  operand.columnRank = contiguousRank(stage, inner, outer);
  operand.rowRank = operand.columnRank == inner ? outer : inner;
  return operand;
}

/// The extent of a rank that is kept whole; a refusal where it is not known.
static FailureOr<int64_t> wholeExtent(tile::StageOp stage, unsigned rank) {
  Value end = stage.getDomain()[rank].end;
  if (auto extent = staticExtent(end))
    return *extent;
  std::string name = rankName(end);
  return refuse(stage, "gpu-unpinned-rank") << "the extent of rank '" << name << "' must be known; --set " << name
                                            << "=64 fixes it";
}

//===-- Operands ------------------------------------------------------------===//

LogicalResult Plan::addLeft(tile::ContractOp op) {
  auto stage = op.getLhs().getDefiningOp<tile::StageOp>();
  auto operand = describe(stage, elements.lookup(op));
  auto whole = wholeExtent(stage, stage.getDomain().size() - 1);
  if (failed(operand) || failed(whole))
    return failure();
  operand->isLeft = true;
  operand->tiled = stage.getDomain().size() - 2;
  operand->rowRank = stage.getDomain().size() - 2;
  operand->columnRank = operand->contracted;
  operand->rows = rows * warps;
  operand->columns = roundUp(*whole, 16);
  for (auto [i, known] : llvm::enumerate(operands))
    if (known.stage == stage && known.element == operand->element) {
      lefts[op] = i;
      return success();
    }
  lefts[op] = operands.size();
  operands.push_back(*operand);
  return success();
}

LogicalResult Plan::addRight(Operation *op, Value ref, AffineMap map, ValueRange indices) {
  auto stage = ref.getDefiningOp<tile::StageOp>();
  auto operand = describe(stage, elements.lookup(op));
  if (failed(operand))
    return failure();
  unsigned outer = stage.getDomain().size() - 2, inner = outer + 1;
  bool isContract = isa<tile::ContractOp>(op);
  // A contraction's columns, or what an accumulation sums over, are the current tile.
  auto whole = wholeExtent(stage, isContract ? inner : outer);
  if (failed(whole))
    return failure();
  int64_t columns = op->getParentOfType<tile::SubtileOp>().getColumns();
  int64_t ofOuter = isContract ? columns : roundUp(*whole, 16), ofInner = isContract ? roundUp(*whole, 16) : columns;
  operand->rows = operand->rowRank == outer ? ofOuter : ofInner;
  operand->columns = operand->columnRank == outer ? ofOuter : ofInner;
  operand->tiled = isContract ? outer : inner;
  operand->map = map;
  operand->indices = indices;
  for (auto [i, known] : llvm::enumerate(operands))
    if (!known.isLeft && known.stage == stage && known.map == map && known.rows == operand->rows &&
        known.element == operand->element && llvm::equal(known.indices, indices)) {
      rights[op] = i;
      return success();
    }
  rights[op] = operands.size();
  operands.push_back(*operand);
  return success();
}

// A block may have 163 KiB of the 164 of a multiprocessor of compute capability 8.0.
static constexpr int64_t sharedLimit = 163 * 1024;

LogicalResult Plan::placeOperands(tile::ParallelOp parallel) {
  llvm::DenseMap<Operation *, unsigned> inLoop;
  for (auto [op, operand] : rights)
    ++inLoop[op->getParentOfType<tile::ForOp>()];
  for (Operand &operand : operands) {
    operand.layout = SharedLayout(operand.rows, operand.columns, operand.elementBytes());
    operand.offset = sharedBytes = roundUp(sharedBytes, llvm::PowerOf2Ceil(operand.layout.getPitch()));
    for (auto [op, number] : rights)
      if (&operands[number] == &operand && inLoop[op->getParentOfType<tile::ForOp>()] == 1)
        operand.slots = 2; // else nothing could be copied while it is used
    sharedBytes += operand.layout.size() * operand.slots;
  }
  if (sharedBytes > sharedLimit)
    return refuse(parallel, "gpu-shared-memory")
           << "its tiles take " << sharedBytes << " bytes of shared memory, and a block has " << sharedLimit;
  return success();
}

//===-- What is done later --------------------------------------------------===//

/// The parameter by which a map multiplies `value`, if it does nothing else with it.
static Value factorIn(tile::MapOp map, Value value) {
  auto number = llvm::find(map.getInputs(), value) - map.getInputs().begin();
  Value argument = map.getBody().getArgument(number);
  if (!argument.hasOneUse())
    return {};
  auto product = dyn_cast<arith::MulFOp>(*argument.user_begin());
  if (!product)
    return {};
  Value other = product.getLhs() == argument ? product.getRhs() : product.getLhs();
  auto factor = dyn_cast<BlockArgument>(other);
  if (!factor || factor.getOwner() != argument.getParentBlock() || other == argument)
    return {};
  Value outer = map.getInputs()[factor.getArgNumber()];
  auto parameter = dyn_cast<BlockArgument>(outer);
  bool isParameter = parameter && isa<tile::KernelOp>(parameter.getOwner()->getParentOp());
  return isParameter && outer.getType().isF32() ? outer : Value();
}

/// A positive factor can wait, past a maximum as well: max(c x) is c max(x). So
/// that it is positive, the rows of the left operand take over its sign.
void Plan::findFactors(tile::ParallelOp parallel) {
  llvm::DenseMap<unsigned, unsigned> uses;
  for (auto [op, left] : lefts)
    ++uses[left];
  for (auto [op, left] : lefts) {
    Operand &operand = operands[left];
    if (!operand.isNarrow() || uses[left] > 1)
      continue;
    Value common;
    bool isCommon = true;
    for (Operation *user : op->getUsers()) {
      auto map = dyn_cast<tile::MapOp>(user);
      Value factor = map ? factorIn(map, op->getResult(0)) : Value();
      isCommon &= factor && (!common || common == factor);
      common = factor;
    }
    if (common && isCommon)
      factors[op] = operand.sign = common;
  }
}

/// Whether an update only adds sums of columns to a state or multiplies its rows.
static bool isLinear(tile::UpdateOp update) {
  Block &body = update.getBody().front();
  if (!llvm::hasNItems(body, 2))
    return false;
  auto argumentOf = [&](Value value) -> Value {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == &body ? update.getInputs()[argument.getArgNumber()] : Value();
  };
  Operation &inner = body.front();
  if (inner.getNumOperands() != 2)
    return false;
  Value a = argumentOf(inner.getOperand(0)), b = argumentOf(inner.getOperand(1));
  if (a != update.getRef())
    std::swap(a, b);
  if (a != update.getRef() || !b || isa<tile::RefType>(b.getType()))
    return false;
  auto reduce = b.getDefiningOp<tile::ReduceOp>();
  return isa<arith::MulFOp>(inner) ||
         (isa<arith::AddFOp>(inner) && reduce && reduce.getKind() == tile::Reduction::Sum && reduce->hasOneUse());
}

/// Sums that only grow and are scaled are added up over lanes once, when they are read.
void Plan::findSpreadStates(tile::ParallelOp parallel) {
  for (auto carry : parallel.getBody().getOps<tile::CarryOp>()) {
    auto init = dyn_cast_or_null<FloatAttr>(carry.getInit().value_or(TypedAttr()));
    if (carry.getTiles().size() != 1 || !init || !init.getValue().isZero())
      continue;
    bool isSum = llvm::all_of(carry->getUsers(), [&](Operation *user) {
      if (auto update = dyn_cast<tile::UpdateOp>(user))
        return update.getRef() == carry.getResult() && isLinear(update);
      return isa<tile::LoadOp>(user);
    });
    if (isSum)
      spread.insert(carry);
  }
}

/// The state to which an accumulation's left operand is added up, in its block.
static Value summedState(tile::AccumulateOp op, Value value) {
  for (Operation *user : value.getUsers()) {
    auto reduce = dyn_cast<tile::ReduceOp>(user);
    bool isSum = reduce && reduce->getBlock() == op->getBlock() && reduce.getKind() == tile::Reduction::Sum &&
                 reduce.getValue() == value && !reduce.getMask() && reduce->hasOneUse();
    auto update = isSum ? dyn_cast<tile::UpdateOp>(*reduce->user_begin()) : tile::UpdateOp();
    if (update && update->getBlock() == op->getBlock())
      return update.getRef();
  }
  return {};
}

void Plan::findRiders(tile::ParallelOp parallel) {
  parallel.walk([&](tile::AccumulateOp op) {
    Value value = op.getLhs().getDefiningOp<tile::ConvertOp>().getValue();
    Value state = right(op)->isNarrow() ? summedState(op, value) : Value();
    if (!state || !isSpread(state) || isRider(state))
      return;
    llvm::SmallPtrSet<Operation *, 2> sums;
    for (Operation *user : state.getUsers()) {
      if (isa<tile::LoadOp>(user) && op->getParentOfType<tile::ForOp>()->isProperAncestor(user))
        return;
      for (Value input : user->getOperands())
        if (auto reduce = input.getDefiningOp<tile::ReduceOp>())
          sums.insert(reduce);
    }
    if (sums.size() == 1)
      riders[op] = state;
  });
}

bool Plan::isRider(Value state) {
  return llvm::any_of(riders, [&](auto &entry) { return entry.second == state; });
}

bool Plan::isPartial(tile::ReduceOp op) {
  auto update = op->hasOneUse() ? dyn_cast<tile::UpdateOp>(*op->user_begin()) : tile::UpdateOp();
  return update && isSpread(update.getRef());
}

FailureOr<Plan> Plan::make(tile::ParallelOp parallel, bool roundsToTf32) {
  Plan plan;
  plan.roundsToTf32 = roundsToTf32;
  LogicalResult result = success();
  parallel.walk([&](tile::SubtileOp op) {
    plan.rows = op.getRows();
    if (op.getDomain().tiles[0] != plan.rows * warps)
      result = refuse(op, "gpu-form") << "a block has " << op.getDomain().tiles[0] << " rows, not "
                                             << plan.rows << " for each of " << warps << " warps";
  });
  plan.registers = pressureOf(parallel);
  // Both sides of a product on the matrix units have the same narrow type.
  auto elementFor = [&](Type left, Type right) {
    return left && left == right ? left : Type(Float32Type::get(parallel.getContext()));
  };
  parallel.walk([&](Operation *op) {
    if (failed(result))
      return;
    if (auto contract = dyn_cast<tile::ContractOp>(op)) {
      plan.elements[op] = elementFor(narrowTypeOf(contract.getLhs().getDefiningOp<tile::StageOp>()),
                                     narrowTypeOf(contract.getRhs().getDefiningOp<tile::StageOp>()));
      if (failed(plan.addLeft(contract)) ||
          failed(plan.addRight(op, contract.getRhs(), contract.getRhsMap(), contract.getRhsIndices())))
        result = failure();
    } else if (auto accumulate = dyn_cast<tile::AccumulateOp>(op)) {
      Type narrow = narrowTypeOf(accumulate.getRhs().getDefiningOp<tile::StageOp>());
      plan.elements[op] = elementFor(narrow, narrow);
      if (failed(plan.addRight(op, accumulate.getRhs(), accumulate.getRhsMap(), accumulate.getRhsIndices())))
        result = failure();
    } else {
      for (Type type : op->getResultTypes())
        if (tile::elementOf(type).isF64())
          result = refuse(op, "gpu-precision") << "it computes in f64";
    }
  });
  if (failed(result) || failed(plan.placeOperands(parallel)))
    return failure();
  plan.findFactors(parallel);
  plan.findSpreadStates(parallel);
  plan.findRiders(parallel);
  return plan;
}

} // namespace weir::nvptx
