// Tiles of staged blocks in shared memory: asynchronous copies, and element by element.
#include "codegen/nvptx/Lowering.h"

using namespace mlir;

namespace weir::nvptx {

static constexpr int64_t chunkBytes = 16; // of an asynchronous copy

/// The load that a staged block is made of, if copies of 16 bytes can bring it:
/// of the same type, its rows contiguous and aligned.
tile::LoadOp ParallelLowering::asyncSource(Operand &operand) {
  Block &body = operand.stage.getBody().front();
  auto load = dyn_cast<tile::LoadOp>(body.front());
  if (!load || load.getMask() || !llvm::hasNItems(body, 2))
    return {};
  const Tensor &tensor = tensors[load.getRef()];
  AffineMap map = load.getMap();
  Value columnIndex = body.getArgument(operand.columnRank);
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  if (!last || load.getIndices()[last.getPosition()] != columnIndex || !tensor.isAligned ||
      tensor.storage != operand.element)
    return {};
  bool usedBefore = llvm::any_of(map.getResults().drop_back(), [&](AffineExpr expression) {
    return expression.isFunctionOfDim(last.getPosition());
  });
  return usedBefore ? tile::LoadOp() : load;
}

Value ParallelLowering::baseOf(const Operand &operand, Value slot) {
  Value base = emit.plus(sharedBase, emit.number(operand.offset));
  return slot ? emit.plus(base, emit.times(slot, emit.number(operand.layout.size()))) : base;
}

/// Binds the leading ranks of a stage to the subscripts of its use.
static void bindLeading(Lane &emit, Operand &operand, llvm::DenseMap<Value, Value> &scalars) {
  if (operand.isLeft)
    return;
  SmallVector<Value> indices =
      llvm::map_to_vector(operand.indices, [&](Value index) { return scalars.lookup(index); });
  unsigned leading = operand.stage.getDomain().size() - 2;
  for (unsigned i = 0; i < leading; ++i)
    scalars[operand.stage.getBody().getArgument(i)] =
        emit.expand(operand.map.getResult(i), operand.map.getNumDims(), indices);
}

LogicalResult ParallelLowering::emitCopy(Operand &operand, Value tileOrigin, Value slot, bool full) {
  bindLeading(emit, operand, scalars);
  Value base = baseOf(operand, slot);
  if (tile::LoadOp load = asyncSource(operand)) {
    emitAsyncCopy(operand, load, tileOrigin, base, full);
    return success();
  }
  return emitPlainCopy(operand, tileOrigin, base);
}

/// The step of an expression as a dimension steps by one, if it is always the same.
static std::optional<int64_t> stepOf(AffineMap map, AffineExpr expression, unsigned dimension) {
  MLIRContext *context = map.getContext();
  AffineExpr next = expression.replace(getAffineDimExpr(dimension, context), getAffineDimExpr(dimension, context) + 1);
  AffineExpr step = simplifyAffineExpr(next - expression, map.getNumDims(), map.getNumSymbols());
  auto constant = dyn_cast<AffineConstantExpr>(step);
  return constant ? std::optional(constant.getValue()) : std::nullopt;
}

/// The address of a stage's load where its indices are bound.
Value ParallelLowering::addressOf(tile::LoadOp load) {
  const Tensor &tensor = tensors[load.getRef()];
  SmallVector<Value> operands =
      llvm::map_to_vector(load.getIndices(), [&](Value index) { return scalars.lookup(index); });
  Value place = emit.integer(0);
  for (auto [i, expression] : llvm::enumerate(load.getMap().getResults())) {
    Value index = emit.wide(emit.expand(expression, load.getMap().getNumDims(), operands));
    place = emit.plus(place, i < tensor.strides.size() ? emit.times(index, emit.wide(tensor.strides[i])) : index);
  }
  return emit.at(tensor.storage, tensor.base, place);
}

/// The bytes by which the rows of a load follow each other, if always the same; else null.
static Value rowStepOf(Lane &emit, tile::LoadOp load, const Tensor &tensor, Value rowIndex, int64_t elementBytes) {
  AffineMap map = load.getMap();
  unsigned dimension = llvm::find(load.getIndices(), rowIndex) - load.getIndices().begin();
  if (dimension >= map.getNumDims())
    return {};
  Value sum = emit.number(0);
  for (auto [i, expression] : llvm::enumerate(map.getResults().drop_back())) {
    auto step = stepOf(map, expression, dimension);
    if (!step)
      return {};
    if (*step)
      sum = emit.plus(sum, emit.times(tensor.strides[i], emit.number(*step * elementBytes)));
  }
  return sum;
}

static int64_t perChunk(const Operand &operand) { return chunkBytes / operand.elementBytes(); }

static int64_t chunksOf(const Operand &operand) { return operand.columns * operand.elementBytes() / chunkBytes; }

/// Chunks of each row that a pass copies: a power of two.
static int64_t chunksAtOnce(const Operand &operand) {
  return int64_t(1) << llvm::countr_zero(uint64_t(chunksOf(operand)));
}

/// Eight threads side by side take chunks of a swizzled row, or the same chunk of eight padded ones: all banks.
static int64_t rowsSideBySide(const Operand &operand) { return operand.layout.isPadded() ? 8 : 1; }

/// True if threads are a power of two of chunks by some of the rows.
bool ParallelLowering::hasEvenPasses(const Operand &operand) {
  int64_t chunks = chunksAtOnce(operand);
  return chunks * rowsSideBySide(operand) <= Plan::threads && operand.rows % (Plan::threads / chunks) == 0;
}

ParallelLowering::Source ParallelLowering::sourceOf(Operand &operand, tile::LoadOp load) {
  Source source;
  int64_t chunks = chunksAtOnce(operand), low = rowsSideBySide(operand);
  Value group = emit.quotient(self.thread, emit.number(low));
  source.chunk = emit.every(group, emit.number(chunks - 1));
  source.row = emit.plus(emit.times(emit.quotient(group, emit.number(chunks)), emit.number(low)),
                         emit.every(self.thread, emit.number(low - 1)));
  source.byte = sharedByte(operand, source.row, source.chunk);
  if (!load || !hasEvenPasses(operand))
    return source;
  bindLeading(emit, operand, scalars);
  Block &body = operand.stage.getBody().front();
  Value rowIndex = body.getArgument(operand.rowRank);
  source.rowStep = rowStepOf(emit, load, tensors[load.getRef()], rowIndex, operand.elementBytes());
  if (!source.rowStep)
    return source;
  source.isPlaced = !plan.isTight();
  scalars[rowIndex] = source.isPlaced ? source.row : emit.number(0);
  scalars[body.getArgument(operand.columnRank)] =
      source.isPlaced ? emit.times(source.chunk, emit.number(perChunk(operand))) : emit.number(0);
  source.address = addressOf(load);
  return source;
}

/// Threads take chunks of 16 bytes side by side. What is invalid is filled with
/// zeros: a copy of no bytes, which reads nothing.
void ParallelLowering::emitAsyncCopy(Operand &operand, tile::LoadOp load, Value tileOrigin, Value base, bool full) {
  int64_t chunks = chunksOf(operand);
  tile::Domain domain = operand.stage.getDomain();
  auto isWhole = [&](unsigned rank, int64_t room) {
    return (full && operand.tiled == rank) || staticExtent(domain[rank].end) == room;
  };
  auto isValid = [&](unsigned rank, int64_t room, Value index) {
    return isWhole(rank, room) ? Value() : emit.isLess(index, scalars.lookup(domain[rank].end));
  };
  auto originOf = [&](unsigned rank) { return operand.tiled == rank ? tileOrigin : emit.number(0); };
  Value rowOrigin = originOf(operand.rowRank), columnOrigin = originOf(operand.columnRank);
  auto copy = [&](Value row, Value chunk, Value byte, Value address) {
    Value column = emit.plus(columnOrigin, emit.times(chunk, emit.number(perChunk(operand))));
    Value condition = emitCondition({isValid(operand.rowRank, operand.rows, emit.plus(rowOrigin, row)),
                                     isValid(operand.columnRank, operand.columns, column)});
    Value bytes = condition ? emit.choice(condition, emit.number(chunkBytes), emit.number(0)) : Value();
    emit.copyAsync(emit.plus(base, byte), address, bytes);
  };
  bool isKnown = pipeline && pipeline->sources.contains(&operand);
  Source source = isKnown ? pipeline->sources[&operand] : sourceOf(operand, load);
  if (source.address) {
    Value fromRow = rowOrigin, fromByte = emit.times(columnOrigin, emit.number(operand.elementBytes()));
    if (!source.isPlaced) {
      fromRow = emit.plus(fromRow, source.row);
      fromByte = emit.plus(fromByte, emit.times(source.chunk, emit.number(chunkBytes)));
    }
    Value start = emit.at(emit.i8(), source.address, emit.times(emit.wide(fromRow), emit.wide(source.rowStep)));
    start = emit.at(emit.i8(), start, emit.wide(fromByte));
    int64_t atOnce = chunksAtOnce(operand), perPass = Plan::threads / atOnce;
    for (int64_t further = 0; further < operand.rows; further += perPass) {
      Value row = emit.plus(source.row, emit.number(further));
      Value from = emit.at(emit.i8(), start, emit.times(emit.wide(source.rowStep), emit.integer(further)));
      // Rows further by whole swizzles lie further by their bytes.
      Value to = further % 8 && !operand.layout.isPadded()
                     ? sharedByte(operand, row, source.chunk)
                     : emit.plus(source.byte, emit.number(further * operand.layout.getPitch()));
      for (int64_t first = 0; first < chunks; first += atOnce) // of padded rows; swizzled ones are copied at once
        copy(row, emit.plus(source.chunk, emit.number(first)), emit.plus(to, emit.number(first * chunkBytes)),
             emit.at(emit.i8(), from, emit.integer(first * chunkBytes)));
    }
    return;
  }
  Block &body = operand.stage.getBody().front();
  int64_t total = operand.rows * chunks;
  for (int64_t first = 0; first < total; first += Plan::threads) {
    Value number = emit.plus(self.thread, emit.number(first)), count = emit.number(chunks);
    auto take = [&] {
      Value row = emit.quotient(number, count), chunk = emit.minus(number, emit.times(row, count));
      scalars[body.getArgument(operand.rowRank)] = emit.plus(rowOrigin, row);
      scalars[body.getArgument(operand.columnRank)] =
          emit.plus(columnOrigin, emit.times(chunk, emit.number(perChunk(operand))));
      copy(row, chunk, sharedByte(operand, row, chunk), addressOf(load));
    };
    if (first + Plan::threads <= total)
      take();
    else
      emit.when(emit.isLess(number, emit.number(total)), take);
  }
}

void ParallelLowering::applySign(Operand &operand) {
  Value sign = scalars.lookup(operand.sign);
  emit.when(emit.compare(arith::CmpFPredicate::OLT, sign, emit.real(emit.f32(), 0)), [&] {
    emit.waitForCopies(0);
    emit.barrier();
    int64_t chunks = operand.columns * operand.elementBytes() / chunkBytes;
    Value base = baseOf(operand, {}), count = emit.number(chunks);
    emit.loop(self.thread, emit.number(operand.rows * chunks), emit.number(Plan::threads), [&](Value number) {
      Value row = emit.quotient(number, count), chunk = emit.minus(number, emit.times(row, count));
      Value start = emit.plus(base, sharedByte(operand, row, chunk));
      for (int64_t word = 0; word < chunkBytes; word += 4) {
        Value address = emit.shared(emit.plus(start, emit.number(word)));
        emit.store(emit.flip(emit.load(emit.i32(), address), emit.number(int32_t(0x80008000))), address);
      }
    });
    emit.barrier();
  });
}

/// The byte of chunk `chunk` of a row under the operand's layout.
Value ParallelLowering::sharedByte(const Operand &operand, Value row, Value chunk) {
  if (operand.layout.isPadded())
    return emit.plus(emit.times(row, emit.number(operand.layout.getPitch())), emit.times(chunk, emit.number(chunkBytes)));
  SmallVector<int64_t> ofRow, ofChunk;
  for (int64_t bit = 1; bit < operand.rows; bit *= 2)
    ofRow.push_back(operand.layout.at({bit, 0}));
  for (int64_t bit = 1; bit * chunkBytes < operand.layout.getPitch(); bit *= 2)
    ofChunk.push_back(bit * chunkBytes);
  return emit.flip(imageOf(row, ofRow), imageOf(chunk, ofChunk));
}

/// Evaluates every element; for what is computed, narrowed or not aligned.
LogicalResult ParallelLowering::emitPlainCopy(Operand &operand, Value tileOrigin, Value base) {
  tile::Domain domain = operand.stage.getDomain();
  Block &body = operand.stage.getBody().front();
  LogicalResult result = success();
  auto originOf = [&](unsigned rank) { return operand.tiled == rank ? tileOrigin : emit.number(0); };
  emit.loop(self.thread, emit.number(operand.rows * operand.columns), emit.number(Plan::threads), [&](Value number) {
    Value columns = emit.number(operand.columns);
    Value row = emit.quotient(number, columns), column = emit.minus(number, emit.times(row, columns));
    SmallVector<Value> conditions;
    for (auto [rank, place] : {std::pair(operand.rowRank, row), std::pair(operand.columnRank, column)}) {
      Value index = emit.plus(originOf(rank), place);
      scalars[body.getArgument(rank)] = index;
      conditions.push_back(emit.isLess(index, scalars.lookup(domain[rank].end)));
    }
    auto element = emit.choose(
        emit.every(conditions[0], conditions[1]), TypeRange{emit.f32()},
        [&]() -> SmallVector<Value> {
          auto value = evaluateStage(operand.stage);
          if (failed(value)) {
            result = failure();
            return {emit.real(emit.f32(), 0)};
          }
          return {*value};
        },
        [&]() -> SmallVector<Value> { return {emit.real(emit.f32(), 0)}; })[0];
    Value chunk = emit.quotient(column, emit.number(perChunk(operand)));
    Value rest = emit.minus(column, emit.times(chunk, emit.number(perChunk(operand))));
    Value byte = emit.plus(sharedByte(operand, row, chunk), emit.times(rest, emit.number(operand.elementBytes())));
    if (operand.isNarrow())
      element = arith::TruncFOp::create(emit.builder, emit.loc, operand.element, element);
    emit.store(element, emit.shared(emit.plus(base, byte)));
  });
  return result;
}

Value ParallelLowering::slotAt(const Operand &operand, Value place) {
  if (operand.slots == 1)
    return {};
  Value tile = emit.quotient(emit.minus(place, pipeline->lower), emit.number(pipeline->step));
  return emit.every(tile, emit.number(operand.slots - 1));
}

LogicalResult ParallelLowering::emitCopyOf(unsigned use) {
  Pipeline &line = *pipeline;
  Operand &operand = *line.uses[use % line.uses.size()];
  Value place = emit.plus(line.place, emit.number(use / line.uses.size() * line.step));
  LogicalResult result = success();
  emit.when(emit.isLess(place, line.upper),
            [&] { result = emitCopy(operand, line.tileAt(place), slotAt(operand, place), line.full); });
  emit.commitCopies();
  return result;
}

LogicalResult ParallelLowering::arrive(Operand &operand) {
  Pipeline &line = *pipeline;
  if (llvm::is_contained(line.arrived, &operand))
    return success();
  line.arrived.push_back(&operand);
  emit.waitForCopies(line.distance - 1);
  emit.barrier();
  unsigned use = llvm::find(line.uses, &operand) - line.uses.begin();
  return emitCopyOf(use + line.distance);
}

} // namespace weir::nvptx
