// Loads and stores of tensors and states.
#include "codegen/nvptx/Lowering.h"

#include "codegen/abi/Storage.h"

using namespace mlir;

namespace weir::nvptx {

Value ParallelLowering::addressAt(const Tensor &tensor, AffineMap map, ValueRange indices, int64_t row,
                                  int64_t column) {
  SmallVector<Value> operands;
  for (Value index : indices) {
    if (tile::isRowIndex(index))
      operands.push_back(rowIndex(row));
    else if (tile::isColumnIndex(index))
      operands.push_back(columnIndex(column));
    else if (auto known = fragments.find(index); known != fragments.end())
      operands.push_back(known->second.at(row, column));
    else
      operands.push_back(scalars.lookup(index));
  }
  Value place = emit.integer(0);
  for (auto [i, expression] : llvm::enumerate(map.getResults())) {
    Value index = emit.wide(emit.expand(expression, map.getNumDims(), operands));
    place = emit.plus(place, i < tensor.strides.size() ? emit.times(index, emit.wide(tensor.strides[i])) : index);
  }
  return place;
}

/// All of the conditions that are not null; null if there are none.
Value ParallelLowering::emitCondition(ArrayRef<Value> conditions) {
  Value all;
  for (Value condition : conditions)
    if (condition)
      all = all ? emit.every(all, condition) : condition;
  return all;
}

/// The element at `place`, or 0 where the condition (null: none) is false.
Value ParallelLowering::loadFrom(const Tensor &tensor, Value place, Type type, Value condition) {
  auto read = [&]() -> SmallVector<Value> {
    if (tensor.storage.isBF16() || tensor.storage.isF16()) {
      Value narrow = emit.load(tensor.storage, emit.at(tensor.storage, tensor.base, place));
      return {arith::ExtFOp::create(emit.builder, emit.loc, emit.f32(), narrow)};
    }
    if (tensor.storage.isInteger(32)) // widened when it is chosen
      return {emit.load(emit.i32(), emit.at(emit.i32(), tensor.base, place))};
    return {abi::loadElement(emit, tensor.storage, tensor.base, place, /*packed=*/true)};
  };
  auto widened = [&](Value value) { return type.isInteger(64) ? emit.wide(value) : value; };
  if (!condition)
    return widened(read()[0]);
  Value zero = emit.Emitter::number(tensor.storage.isInteger(32) ? emit.i32() : type, 0);
  return widened(emit.choose(condition, zero.getType(), read, [&]() -> SmallVector<Value> { return {zero}; })[0]);
}

void ParallelLowering::storeTo(const Tensor &tensor, Value place, Value value) {
  if (tensor.storage.isBF16() || tensor.storage.isF16()) {
    Value narrow = arith::TruncFOp::create(emit.builder, emit.loc, tensor.storage, value);
    emit.store(narrow, emit.at(tensor.storage, tensor.base, place));
    return;
  }
  abi::storeElement(emit, tensor.storage, tensor.base, place, value, /*packed=*/true);
}

LogicalResult ParallelLowering::emitLoad(tile::LoadOp op) {
  Fragment result = shaped(op.getType());
  if (auto *state = carries.find(op.getRef()); state != carries.end()) {
    // The columns at hand begin at a known one: whole groups of registers are left out.
    int64_t first = result.columns == 1 ? 0 : *emit.constant(columnOrigin) / 8 * 2;
    for (int64_t row = 0; row < result.rows; ++row)
      for (int64_t column = 0; column < result.columns; ++column)
        result.at(row, column) = first + column < state->second.columns
                                     ? state->second.at(row, first + column)
                                     : emit.real(emit.f32(), 0);
    if (plan.isSpread(op.getRef()) && !plan.isRider(op.getRef()))
      for (Value &value : result.values)
        value = sumOfLanes(value, tile::Reduction::Sum);
    fragments[op] = result;
    return success();
  }
  const Tensor &tensor = tensors[op.getRef()];
  Fragment mask = op.getMask() ? input(op.getMask()) : Fragment();
  Type type = tile::elementOf(op.getType());
  for (int64_t row = 0; row < result.rows; ++row)
    for (int64_t column = 0; column < result.columns; ++column) {
      Value isValid = emitCondition({result.rows > 1 ? rowIsValid(row) : Value(),
                                     result.columns > 1 ? columnIsValid(column) : Value(),
                                     op.getMask() ? mask.at(row, column) : Value()});
      Value place = addressAt(tensor, op.getMap(), op.getIndices(), row, column);
      result.at(row, column) = loadFrom(tensor, place, type, isValid);
    }
  fragments[op] = result;
  return success();
}

/// Stores what this lane has; where lanes have the same row, the first of them does.
LogicalResult ParallelLowering::emitStore(tile::StoreOp op) {
  Fragment value = input(op.getValue());
  Fragment shape = shaped(tile::shapeOfIndices(op.getIndices(), tile::elementOf(op.getValue().getType())));
  if (auto *state = carries.find(op.getRef()); state != carries.end()) {
    if (state->second.columns > 1)
      return refuse(op, "gpu-form") << "it stores columns of a state";
    for (int64_t row = 0; row < shape.rows; ++row)
      state->second.at(row, 0) = value.at(row, 0);
    return success();
  }
  const Tensor &tensor = tensors[op.getRef()];
  if (shape.rows == 1)
    return refuse(op, "gpu-form") << "an output does not vary with the rows of its tiles";
  auto isLast = [&](AffineExpr expression) {
    auto dimension = dyn_cast<AffineDimExpr>(expression);
    return dimension && tile::isColumnIndex(op.getIndices()[dimension.getPosition()]);
  };
  bool inPairs = tensor.isAligned && isLast(op.getMap().getResults().back());
  Value isFirst;
  if (shape.columns == 1)
    isFirst = emit.equal(self.column, emit.number(0));
  for (int64_t row = 0; row < shape.rows; ++row) {
    emit.when(emitCondition({rowIsValid(row), isFirst}), [&] {
      for (int64_t column = 0; column < shape.columns; ++column) {
        if (shape.columns > 1 && columnIsNever(column))
          continue;
        Value isValid = shape.columns > 1 ? columnIsValid(column) : Value();
        Value place = addressAt(tensor, op.getMap(), op.getIndices(), row, column);
        if (inPairs && !isValid && column % 2 == 0) {
          storePair(tensor, place, value.at(row, column), value.at(row, column + 1));
          ++column;
        } else if (isValid) {
          emit.when(isValid, [&] { storeTo(tensor, place, value.at(row, column)); });
        } else {
          storeTo(tensor, place, value.at(row, column));
        }
      }
    });
  }
  return success();
}

/// Two neighbours at once: registers hold columns in pairs, and rows are aligned.
void ParallelLowering::storePair(const Tensor &tensor, Value place, Value low, Value high) {
  if (tensor.storage.isBF16() || tensor.storage.isF16()) {
    Value address = emit.at(tensor.storage, tensor.base, place);
    return emit.store(emit.pack(tensor.storage, low, high), address);
  }
  if (!tensor.storage.isF32()) {
    storeTo(tensor, place, low);
    return storeTo(tensor, emit.plus(place, emit.integer(1)), high);
  }
  auto pair = VectorType::get(2, emit.f32());
  Value both = LLVM::PoisonOp::create(emit.builder, emit.loc, pair);
  both = LLVM::InsertElementOp::create(emit.builder, emit.loc, both, low, emit.number(0));
  both = LLVM::InsertElementOp::create(emit.builder, emit.loc, both, high, emit.number(1));
  emit.store(both, emit.at(tensor.storage, tensor.base, place));
}

} // namespace weir::nvptx
