// Control: the grid, loops over tiles with copies ahead of their use, carried states.
#include "codegen/nvptx/Lowering.h"
#include "codegen/nvptx/Nvptx.h"

#include "llvm/ADT/TypeSwitch.h"

#include <functional>

using namespace mlir;

namespace weir::nvptx {

/// The encoding of a block's sub-tiles of so many rows (of a warp) and columns.
static Encoding subtileEncoding(int64_t rows, int64_t columns) {
  return mmaResult() * Encoding::registers(llvm::Log2_64_Ceil(std::max<int64_t>(columns / 8, 1)), alongColumns) *
         Encoding::registers(llvm::Log2_64(rows / 16), alongRows) *
         Encoding::warps(llvm::Log2_64(Plan::warps), alongRows);
}

template <typename Get> static SmallVector<int64_t> imagesOf(const Basis &basis, Get get) {
  return llvm::map_to_vector(basis, get);
}

ParallelLowering::ParallelLowering(tile::ParallelOp op, const Plan &plan, Lane &emit) : op(op), plan(plan), emit(emit) {}

LogicalResult ParallelLowering::run() {
  Value symbol = LLVM::AddressOfOp::create(emit.builder, emit.loc, emit.sharedPointer(), "weir_shared");
  sharedBase = LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i32(), symbol);
  encoding = subtileEncoding(plan.rows, 8);
  laneColumnMost = nvptx::imageOf(encoding.ofLanes(), Plan::lanes - 1).column;
  findPlace(/*again=*/false);
  return emitBlock(op.getBody().front());
}

//===-- Places --------------------------------------------------------------===//

Value ParallelLowering::placeRegister(StringRef name, bool again) {
  Value number = emit.specialRegister(name);
  return again ? emit.renewed(number) : number;
}

/// The thread's place in its block, and the block's among the iterations.
void ParallelLowering::findPlace(bool again) {
  auto rowOf = [](Place place) { return place.row; };
  auto columnOf = [](Place place) { return place.column; };
  Value thread = placeRegister("tid.x", again);
  self.thread = thread;
  self.lane = emit.every(thread, emit.number(Plan::lanes - 1));
  self.warp = emit.quotient(thread, emit.number(Plan::lanes));
  self.row = emit.plus(imageOf(self.lane, imagesOf(encoding.ofLanes(), rowOf)),
                       imageOf(self.warp, imagesOf(encoding.ofWarps(), rowOf)));
  self.column = imageOf(self.lane, imagesOf(encoding.ofLanes(), columnOf));

  SmallVector<Value> counts, places;
  for (auto [end, step] : llvm::zip(op.getEnds(), op.getSteps()))
    counts.push_back(emit.quotient(emit.plus(scalars.lookup(end), emit.number(step - 1)), emit.number(step)));
  static constexpr const char *numbers[] = {"ctaid.x", "ctaid.y", "ctaid.z"};
  size_t shared = std::max<size_t>(counts.size(), 2) - 2;
  if (shared)
    places = emit.delinearise(placeRegister(numbers[2], again), ArrayRef(counts).take_front(shared));
  for (size_t i = shared; i < counts.size(); ++i)
    places.push_back(placeRegister(numbers[gridDimension(i, counts.size())], again));
  for (auto [i, argument] : llvm::enumerate(op.getBody().getArguments())) {
    if (op.getDescending()[i])
      places[i] = emit.minus(emit.minus(counts[i], emit.number(1)), places[i]);
    scalars[argument] = emit.times(places[i], emit.number(op.getSteps()[i]));
  }
}

class ParallelLowering::Renewal {
public:
  explicit Renewal(ParallelLowering &lowering) : lowering(lowering), self(lowering.self) {
    for (Value argument : lowering.op.getBody().getArguments())
      places.push_back(lowering.scalars.lookup(argument));
    if (lowering.plan.isTight())
      lowering.findPlace(/*again=*/true);
  }
  ~Renewal() {
    lowering.self = self;
    for (auto [argument, place] : llvm::zip(lowering.op.getBody().getArguments(), places))
      lowering.scalars[argument] = place;
  }

private:
  ParallelLowering &lowering;
  Self self;
  SmallVector<Value> places;
};

/// Conditions take registers, packed and unpacked, for as long as they wait: they are made where they are first read.
static bool isLate(Operation &op) {
  if (isa<tile::MaskOp>(op))
    return true;
  auto map = dyn_cast<tile::MapOp>(op);
  return map && tile::elementOf(map.getType()).isInteger(1) && llvm::range_size(map.getBody().front()) <= 8;
}

LogicalResult ParallelLowering::emitBlock(Block &block) {
  llvm::SmallPtrSet<Operation *, 8> made;
  std::function<LogicalResult(Operation &)> make = [&](Operation &op) {
    auto result = op.walk([&](Operation *reader) {
      for (Value operand : reader->getOperands())
        if (Operation *source = operand.getDefiningOp(); source && source->getBlock() == &block && isLate(*source) &&
                                                         made.insert(source).second && failed(make(*source)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted() || failed(emitOp(op)));
  };
  for (Operation &inner : block)
    if (!isLate(inner) && failed(make(inner)))
      return failure();
  return success();
}

LogicalResult ParallelLowering::emitOp(Operation &inner) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&inner)
      .Case([&](tile::IndexOp op) {
        scalars[op] = expand(op);
        return success();
      })
      .Case([&](tile::CarryOp op) {
        emitCarry(op);
        return success();
      })
      .Case([&](tile::StageOp op) {
        for (Operand &operand : plan.operands)
          if (operand.isLeft && operand.stage == op) {
            Value origin = scalars.lookup(op.getDomain()[operand.rowRank].origin);
            if (failed(emitCopy(operand, origin, Value(), /*full=*/false)))
              return failure();
            emit.commitCopies();
            if (operand.sign)
              applySign(operand);
          }
        return success();
      })
      .Case([&](tile::ForOp op) { return emitFor(op); })
      .Case([&](tile::SubtileOp op) { return emitSubtile(op); })
      .Case([&](tile::WhenOp op) { return emitWhen(op); })
      .Default([&](Operation *op) { return emitValueOp(*op); });
}

Value ParallelLowering::expand(tile::IndexOp op) {
  return emit.expand(op, [&](Value index) { return scalars.lookup(index); });
}

//===-- Carried states ------------------------------------------------------===//

void ParallelLowering::emitCarry(tile::CarryOp op) {
  int64_t columns = 1;
  if (op.getTiles().size() > 1)
    columns = llvm::divideCeil(*staticExtent(op.getDomain()[1].end), 16) * 4;
  Fragment state(encoding.registerRows().size(), columns);
  Value init = emit.real(op.getElementType(), op.getInit() ? cast<FloatAttr>(*op.getInit()).getValueAsDouble() : 0);
  llvm::fill(state.values, init);
  carries[op] = state;
}

SmallVector<Value> ParallelLowering::flatten(ArrayRef<Value> refs) {
  SmallVector<Value> values;
  for (Value ref : refs)
    llvm::append_range(values, carries[ref].values);
  return values;
}

void ParallelLowering::restore(ArrayRef<Value> refs, ValueRange values) {
  for (Value ref : refs) {
    auto &state = carries[ref].values;
    llvm::copy(values.take_front(state.size()), state.begin());
    values = values.drop_front(state.size());
  }
}

SmallVector<Value> ParallelLowering::allCarries() {
  return llvm::map_to_vector(carries, [](auto &entry) { return entry.first; });
}

/// The states that a region changes.
static SmallVector<Value> changedIn(Region &region) {
  llvm::SetVector<Value> changed;
  region.walk([&](Operation *op) {
    if (auto update = dyn_cast<tile::UpdateOp>(op))
      changed.insert(update.getRef());
    else if (auto store = dyn_cast<tile::StoreOp>(op); store && store.getRef().getDefiningOp<tile::CarryOp>())
      changed.insert(store.getRef());
    else if (auto accumulate = dyn_cast<tile::AccumulateOp>(op))
      changed.insert(accumulate.getRef());
  });
  return changed.takeVector();
}

LogicalResult ParallelLowering::emitWhen(tile::WhenOp op) {
  if (failed(checkProducts(op)))
    return failure();
  Fragment condition = input(op.getCondition());
  Value any = condition.values[0];
  for (Value more : ArrayRef(condition.values).drop_front())
    any = emit.either(any, more);
  auto changed = changedIn(op.getBody());
  auto before = flatten(changed);
  LogicalResult result = success();
  auto after = emit.choose(
      LLVM::ExpectOp::create(emit.builder, emit.loc, emit.anyLane(any), emit.truth(false)), ValueRange(before).getTypes(),
      [&] {
        result = emitBlock(op.getBody().front());
        return flatten(changed);
      },
      [&] { return before; });
  restore(changed, after);
  return result;
}

//===-- Loops ---------------------------------------------------------------===//

/// True if a loop's body reads a state's columns: its registers must be known.
static bool readsColumnsOfState(tile::ForOp op) {
  return op.getBody()
      .walk([](tile::LoadOp load) {
        bool isState = load.getRef().getDefiningOp<tile::CarryOp>() && tile::rankOf(load.getRef()) > 1;
        return isState ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// A loop around loops over tiles: point by point.
LogicalResult ParallelLowering::emitOuter(tile::ForOp op) {
  Value lower = scalars.lookup(op.getLower()), upper = scalars.lookup(op.getUpper());
  auto refs = allCarries();
  auto loop = scf::ForOp::create(emit.builder, emit.loc, lower, emit.greater(lower, upper), emit.number(op.getStep()),
                                 flatten(refs));
  OpBuilder::InsertionGuard guard(emit.builder);
  emit.builder.setInsertionPointToStart(loop.getBody());
  restore(refs, loop.getRegionIterArgs());
  scalars[op.getBody().getArgument(0)] = loop.getInductionVar();
  if (failed(emitBlock(op.getBody().front())))
    return failure();
  if (!refs.empty()) // else the loop has its end already
    scf::YieldOp::create(emit.builder, emit.loc, flatten(refs));
  restore(refs, loop.getResults());
  return success();
}

LogicalResult ParallelLowering::emitFor(tile::ForOp op) {
  if (!op.getBody().getOps<tile::ForOp>().empty())
    return emitOuter(op);
  if (readsColumnsOfState(op))
    return emitUnrolled(op, *staticExtent(op.getUpper()));
  Value lower = scalars.lookup(op.getLower()), upper = scalars.lookup(op.getUpper());
  auto same = [](Value place) { return place; };
  if (op.getFull().empty())
    return emitTiles(op, lower, upper, same, false);
  if (op.getOrder() != tile::Order::Any)
    return refuse(op, "gpu-form") << "its tiles have an order";
  auto clamp = [&](Value index) { return emit.smaller(emit.greater(index, lower), upper); };
  bool isFirst = op.getFull()[0] == op.getLower();
  Value from = isFirst ? lower : clamp(scalars.lookup(op.getFull()[0]));
  Value to = emit.greater(clamp(scalars.lookup(op.getFull()[1])), from);
  if (failed(emitTiles(op, from, to, same, true)))
    return failure();
  // One copy of the partial body serves both sides of the full range, which its places leave out.
  Value step = emit.number(op.getStep());
  Value tiles = emit.quotient(emit.plus(emit.minus(to, from), emit.minus(step, emit.number(1))), step);
  Value gap = emit.times(tiles, step);
  if (isFirst)
    return emitTiles(op, emit.plus(lower, gap), upper, same, false);
  auto around = [&](Value place) {
    return emit.plus(place, emit.choice(emit.isLess(place, from), emit.number(0), gap));
  };
  return emitTiles(op, lower, emit.minus(upper, gap), around, false);
}

/// The operands that a loop's body uses, in order.
static SmallVector<Operand *> usesIn(Region &region, Plan &plan) {
  SmallVector<Operand *> uses;
  region.walk([&](Operation *op) {
    if (isa<tile::ContractOp, tile::AccumulateOp>(op) && !llvm::is_contained(uses, plan.right(op)))
      uses.push_back(plan.right(op));
  });
  return uses;
}

/// Runs the tiles at places from `lower` to `upper`, copies of what they use ahead by as many uses as there is room for.
LogicalResult ParallelLowering::emitTiles(tile::ForOp op, Value lower, Value upper,
                                          llvm::function_ref<Value(Value)> tileAt, bool full) {
  Renewal renewal(*this);
  Pipeline line;
  line.uses = usesIn(op.getBody(), plan);
  line.lower = lower;
  line.upper = upper;
  line.step = op.getStep();
  line.full = full;
  line.tileAt = tileAt;
  int64_t slots = line.uses.empty() ? 0 : line.uses[0]->slots;
  line.distance = line.uses.empty() ? 0 : line.uses.size() * slots - 1;
  pipeline = &line;
  LogicalResult result = success();
  if (!line.uses.empty()) {
    for (Operand *operand : line.uses)
      if (tile::LoadOp load = asyncSource(*operand))
        line.sources[operand] = sourceOf(*operand, load);
    emit.barrier(); // nothing reads the slots any more
    line.place = lower;
    for (unsigned use = 0; use < line.distance; ++use)
      if (failed(emitCopyOf(use)))
        return failure();
  }
  // What lanes read lies at the same place in every tile, if there is one slot.
  op.getBody().walk([&](Operation *inner) {
    if (auto contract = dyn_cast<tile::ContractOp>(inner); contract && plan.left(contract)->isNarrow())
      fragmentAddress(*plan.left(contract));
    if (isa<tile::ContractOp, tile::AccumulateOp>(inner) && plan.right(inner)->slots == 1 && plan.right(inner)->isNarrow())
      fragmentAddress(*plan.right(inner));
  });
  auto refs = allCarries();
  auto before = flatten(refs);
  auto loop = scf::ForOp::create(emit.builder, emit.loc, lower, emit.greater(lower, upper), emit.number(op.getStep()),
                                 before);
  {
    OpBuilder::InsertionGuard guard(emit.builder);
    emit.builder.setInsertionPointToStart(loop.getBody());
    restore(refs, loop.getRegionIterArgs());
    line.place = emit.opaque(loop.getInductionVar());
    scalars[op.getBody().getArgument(0)] = tileAt(line.place);
    result = emitBody(op, full);
    if (!before.empty()) // else the loop has its end already
      scf::YieldOp::create(emit.builder, emit.loc, flatten(refs));
  }
  restore(refs, loop.getResults());
  pipeline = nullptr;
  return result;
}

LogicalResult ParallelLowering::emitBody(tile::ForOp op, bool full) {
  isFull = full;
  LogicalResult result = emitBlock(op.getBody().front());
  isFull = false;
  return result;
}

LogicalResult ParallelLowering::emitUnrolled(tile::ForOp op, int64_t upper) {
  Renewal renewal(*this);
  for (int64_t at = 0; at < upper; at += op.getStep()) {
    scalars[op.getBody().getArgument(0)] = emit.number(at);
    if (failed(emitBody(op, at + static_cast<int64_t>(op.getStep()) <= upper)))
      return failure();
  }
  return success();
}

LogicalResult ParallelLowering::emitSubtile(tile::SubtileOp op) {
  tile::Domain domain = op.getDomain();
  encoding = subtileEncoding(op.getRows(), op.getColumns());
  rowsOf = encoding.registerRows();
  columnsOf = encoding.registerColumns();
  rowBase = emit.plus(scalars.lookup(domain[0].origin), self.row);
  rowEnd = scalars.lookup(domain[0].end);
  if (domain.size() > 1) {
    columnOrigin = scalars.lookup(domain[1].origin);
    columnBase = emit.plus(columnOrigin, self.column);
    columnEnd = scalars.lookup(domain[1].end);
  }
  return emitBlock(op.getBody().front());
}

} // namespace weir::nvptx
