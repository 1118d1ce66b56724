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

LogicalResult ParallelLowering::emitCopy(Operand &operand, Value tileOrigin, Value slot) {
  bindLeading(emit, operand, scalars);
  Value base = baseOf(operand, slot);
  if (tile::LoadOp load = asyncSource(operand))
    return emitAsyncCopy(operand, load, tileOrigin, base);
  return emitPlainCopy(operand, tileOrigin, base);
}

LogicalResult ParallelLowering::emitAsyncCopy(Operand &operand, tile::LoadOp load, Value tileOrigin, Value base) {
  const Tensor &tensor = tensors[load.getRef()];
  int64_t chunks = operand.columns * operand.elementBytes() / chunkBytes, perChunk = chunkBytes / operand.elementBytes();
  tile::Domain domain = operand.stage.getDomain();
  Value rowEnd = scalars.lookup(domain[operand.rowRank].end), columnEnd = scalars.lookup(domain[operand.columnRank].end);
  Value rowOrigin = operand.tiled == operand.rowRank ? tileOrigin : emit.number(0);
  Value columnFirst = operand.tiled == operand.columnRank ? tileOrigin : emit.number(0);
  Block &body = operand.stage.getBody().front();
  Value rowIndex = body.getArgument(operand.rowRank), columnIndex = body.getArgument(operand.columnRank);
  int64_t total = operand.rows * chunks;
  for (int64_t first = 0; first < total; first += Plan::threads) {
    Value number = emit.plus(thread, emit.number(first)), count = emit.number(chunks);
    Value row = emit.quotient(thread, count), chunk = emit.minus(thread, emit.times(row, count));
    if (llvm::isPowerOf2_64(chunks)) {
      row = emit.plus(row, emit.number(first / chunks));
    } else {
      row = emit.quotient(number, count);
      chunk = emit.minus(number, emit.times(row, count));
    }
    auto copy = [&] {
      Value column = emit.plus(columnFirst, emit.times(chunk, emit.number(perChunk)));
      Value globalRow = emit.plus(rowOrigin, row);
      Value isValid = emit.every(emit.isLess(globalRow, rowEnd), emit.isLess(column, columnEnd));
      // What is left out is filled with zeros; its address is that of the tile's first element.
      scalars[rowIndex] = emit.choice(isValid, globalRow, rowOrigin);
      scalars[columnIndex] = emit.choice(isValid, column, columnFirst);
      Value place = emit.integer(0);
      SmallVector<Value> operands =
          llvm::map_to_vector(load.getIndices(), [&](Value index) { return scalars.lookup(index); });
      for (auto [i, expression] : llvm::enumerate(load.getMap().getResults())) {
        Value index = emit.wide(emit.expand(expression, load.getMap().getNumDims(), operands));
        place = emit.plus(place, i < tensor.strides.size() ? emit.times(index, tensor.strides[i]) : index);
      }
      Value address = emit.at(tensor.storage, tensor.base, place);
      Value bytes = emit.choice(isValid, emit.number(chunkBytes), emit.number(0));
      emit.copyAsync(emit.plus(base, sharedByte(operand, row, chunk)), address, bytes);
    };
    if (first + Plan::threads <= total)
      copy();
    else
      emit.when(emit.isLess(number, emit.number(total)), copy);
  }
  return success();
}

/// The byte of chunk `chunk` of a row under the operand's layout.
Value ParallelLowering::sharedByte(const Operand &operand, Value row, Value chunk) {
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
  int64_t perChunk = chunkBytes / operand.elementBytes();
  LogicalResult result = success();
  auto originOf = [&](unsigned rank) { return operand.tiled == rank ? tileOrigin : emit.number(0); };
  emit.loop(thread, emit.number(operand.rows * operand.columns), emit.number(Plan::threads), [&](Value number) {
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
    Value chunk = emit.quotient(column, emit.number(perChunk));
    Value rest = emit.minus(column, emit.times(chunk, emit.number(perChunk)));
    Value byte = emit.plus(sharedByte(operand, row, chunk), emit.times(rest, emit.number(operand.elementBytes())));
    if (operand.isNarrow())
      element = arith::TruncFOp::create(emit.builder, emit.loc, operand.element, element);
    emit.store(element, emit.shared(emit.plus(base, byte)));
  });
  return result;
}

LogicalResult ParallelLowering::emitCopyOf(unsigned use) {
  Pipeline &line = *pipeline;
  Operand &operand = *line.uses[use % line.uses.size()];
  Value position = emit.plus(line.position, emit.number(use / line.uses.size()));
  LogicalResult result = success();
  emit.when(emit.isLess(position, line.count), [&] {
    Value slot = operand.slots > 1 ? emit.every(position, emit.number(operand.slots - 1)) : Value();
    result = emitCopy(operand, line.tileAt(position), slot);
  });
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
