// Loads and stores of sub-tiles, clipped to what is valid.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

//===-- Subscripts ----------------------------------------------------------===//

FailureOr<Linear> SubtileLowering::linear(Operation *op, AffineExpr expression, unsigned dimensions,
                                          ValueRange indices) {
  // The steps are what a subscript grows by; it is linear if they are constants.
  MLIRContext *context = expression.getContext();
  Linear result;
  SmallVector<Value> corner;
  for (auto [i, index] : llvm::enumerate(indices)) {
    corner.push_back(scope.get(index));
    bool isRow = tile::isRowIndex(index), isColumn = tile::isColumnIndex(index);
    if (!isRow && !isColumn)
      continue;
    AffineExpr unit = i < dimensions ? getAffineDimExpr(i, context)
                                     : getAffineSymbolExpr(i - dimensions, context);
    AffineExpr step = simplifyAffineExpr(expression.replace(unit, unit + 1) - expression, dimensions,
                                         indices.size() - dimensions);
    auto constant = dyn_cast<AffineConstantExpr>(step);
    if (!constant)
      return op->emitOpError("has a subscript that is not linear in the rows or the columns");
    (isRow ? result.rowStep : result.columnStep) += constant.getValue();
  }
  result.start = scope.expand(expression, dimensions, corner);
  return result;
}

SmallVector<Value> SubtileLowering::corner(AffineMap map, ValueRange indices) {
  SmallVector<Value> operands, result;
  for (Value index : indices)
    operands.push_back(scope.get(index));
  for (AffineExpr expression : map.getResults())
    result.push_back(scope.expand(expression, map.getNumDims(), operands));
  return result;
}

FailureOr<SubtileLowering::Place> SubtileLowering::place(Operation *op, const Ref &ref, AffineMap map,
                                                         ValueRange indices) {
  Place result{scope.integer(0), Value(), Value()};
  auto accumulate = [&](Value &sum, Value stride, int64_t step) {
    if (step == 0)
      return;
    Value more = scope.mul(stride, scope.integer(step));
    sum = sum ? scope.add(sum, more) : more;
  };
  for (auto [i, expression] : llvm::enumerate(map.getResults())) {
    auto subscript = linear(op, expression, map.getNumDims(), indices);
    if (failed(subscript))
      return failure();
    Value relative = ref.origins[i] ? scope.sub(subscript->start, ref.origins[i]) : subscript->start;
    result.start = scope.add(result.start, scope.mul(relative, ref.strides[i]));
    accumulate(result.rowStep, ref.strides[i], subscript->rowStep);
    accumulate(result.columnStep, ref.strides[i], subscript->columnStep);
  }
  return result;
}

//===-- Vectors -------------------------------------------------------------===//

Value SubtileLowering::validLanes(int64_t vector) {
  if (isFull)
    return {};
  Value count = scope.sub(endColumn, columnBase(vector));
  count = scope.least(scope.greatest(count, scope.integer(0)), scope.integer(lanes));
  Value narrow = arith::TruncIOp::create(scope.builder, scope.loc, scope.i32(), count);
  return scope.compare(arith::CmpIPredicate::slt, scope.iota(scope.i32(), lanes),
                       scope.splat(narrow, lanes));
}

Value SubtileLowering::rowIsValid(int64_t row) {
  return scope.less(scope.add(firstRow, scope.integer(row)), endRow);
}

/// A vector of elements at `start`, `step` elements apart (null: side by side).
Value SubtileLowering::loadVector(const Ref &ref, Value start, Value step, Value mask) {
  auto type = scope.vectorOf(ref.storage, lanes);
  unsigned alignment = ref.storage.getIntOrFloatBitWidth() / 8;
  auto &builder = scope.builder;
  Value zero = mask ? scope.splat(scope.number(ref.storage, 0), lanes) : Value();
  if (!step) {
    if (!mask)
      return LLVM::LoadOp::create(builder, scope.loc, type, start, alignment);
    return LLVM::MaskedLoadOp::create(builder, scope.loc, type, start, mask, zero, alignment);
  }
  Value result = zero ? zero : scope.splat(scope.number(ref.storage, 0), lanes);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    auto read = [&]() -> SmallVector<Value> {
      Value address = scope.at(ref.storage, start, scope.mul(step, scope.integer(lane)));
      return {scope.load(ref.storage, address)};
    };
    Value element;
    if (mask) {
      Value isValid = vector::ExtractOp::create(builder, scope.loc, mask, lane);
      element = scope.choose(isValid, ref.storage, read, [&] {
        return SmallVector<Value>{scope.number(ref.storage, 0)};
      })[0];
    } else {
      element = read()[0];
    }
    result = vector::InsertOp::create(builder, scope.loc, element, result, lane);
  }
  return result;
}

void SubtileLowering::storeVector(const Ref &ref, Value start, Value step, Value vector, Value mask) {
  unsigned alignment = ref.storage.getIntOrFloatBitWidth() / 8;
  auto &builder = scope.builder;
  if (!step && mask) {
    LLVM::MaskedStoreOp::create(builder, scope.loc, vector, start, mask, alignment);
    return;
  }
  if (!step) {
    LLVM::StoreOp::create(builder, scope.loc, vector, start, alignment);
    return;
  }
  for (int64_t lane = 0; lane < lanes; ++lane) {
    auto write = [&] {
      Value element = vector::ExtractOp::create(builder, scope.loc, vector, lane);
      scope.store(element, scope.at(ref.storage, start, scope.mul(step, scope.integer(lane))));
    };
    if (mask)
      scope.when(vector::ExtractOp::create(builder, scope.loc, mask, lane), write);
    else
      write();
  }
}

//===-- Loads ---------------------------------------------------------------===//

LogicalResult SubtileLowering::emitLoad(tile::LoadOp load) {
  const Ref &ref = scope.refs[load.getRef()];
  Sub result = shaped(load.getResult().getType());
  LogicalResult done = ref.isPanel() ? loadFromBlock(load, ref, result)
                                     : loadFromTensor(load, ref, result);
  subs[load] = result;
  return done;
}

LogicalResult SubtileLowering::loadFromBlock(tile::LoadOp load, const Ref &ref, Sub &result) {
  auto lane = linear(load, load.getMap().getResult(ref.lane), load.getMap().getNumDims(), load.getIndices());
  auto depth = linear(load, load.getMap().getResult(ref.depth), load.getMap().getNumDims(), load.getIndices());
  if (failed(lane) || failed(depth))
    return failure();
  if (lane->columnStep != 1 || lane->rowStep != 0 || depth->columnStep != 0 || ref.width % columns)
    return load.emitOpError("reads a panelled block other than along its panels");
  SmallVector<Value> place = corner(load.getMap(), load.getIndices());
  for (int64_t row = 0; row < result.rows; ++row) {
    SmallVector<Value> at = place;
    at[ref.depth] = scope.add(at[ref.depth], scope.integer(row * depth->rowStep));
    Value start = scope.address(ref, at);
    for (int64_t vector = 0; vector < vectors; ++vector)
      result.at(row, vector) = loadVector(
          ref, scope.at(ref.storage, start, scope.integer(vector * lanes)), Value(), Value());
  }
  return success();
}

LogicalResult SubtileLowering::loadFromTensor(tile::LoadOp load, const Ref &ref, Sub &result) {
  auto found = place(load, ref, load.getMap(), load.getIndices());
  if (failed(found))
    return failure();
  Sub mask;
  bool isMasked = load.getMask() && !isKnown(load.getMask());
  if (isMasked)
    mask = input(load.getMask());
  bool isCarried = load.getRef().getDefiningOp<tile::CarryOp>() != nullptr;
  bool isPacked = isa<BlockArgument>(load.getRef());
  // Rows past the end read the last one; a thread's own block has room for them.
  auto rowStart = [&](int64_t row) {
    if (!found->rowStep)
      return found->start;
    Value ahead = scope.integer(row);
    if (!isCarried) {
      Value last = scope.sub(scope.sub(endRow, scope.integer(1)), firstRow);
      ahead = scope.least(ahead, last);
    }
    return scope.add(found->start, scope.mul(ahead, found->rowStep));
  };
  bool isPlain = ref.storage.isF32() || ref.storage.isF64();
  Type type = tile::computeTypeOf(ref.storage);
  auto readElement = [&](Value index, Value isValid) {
    auto read = [&]() -> SmallVector<Value> {
      return {abi::loadElement(scope, ref.storage, ref.base, index, isPacked)};
    };
    if (!isValid)
      return read()[0];
    return scope.choose(isValid, type, read,
                        [&] { return SmallVector<Value>{scope.number(type, 0)}; })[0];
  };
  for (int64_t row = 0; row < result.rows; ++row) {
    Value start = rowStart(row);
    if (!result.vectors) {
      Value isValid = isMasked ? scope.both(mask.at(row, 0), rowIsValid(row)) : Value();
      result.at(row, 0) = readElement(start, isValid);
      continue;
    }
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value lanesValid = validLanes(vector);
      if (isMasked) {
        Value own = asVector(mask, row, vector);
        lanesValid = lanesValid ? scope.both(lanesValid, own) : own;
        if (found->rowStep)
          lanesValid = scope.both(lanesValid, scope.splat(rowIsValid(row), lanes));
      }
      Value shift = scope.mul(found->columnStep, scope.integer(vector * lanes));
      Value from = scope.add(start, shift);
      if (isPlain) {
        auto at = [&] { return scope.at(ref.storage, ref.base, from); };
        Value isUnit = scope.equal(found->columnStep, scope.integer(1));
        result.at(row, vector) = scope.choose(
            isUnit, scope.vectorOf(type, lanes),
            [&] { return SmallVector<Value>{loadVector(ref, at(), Value(), lanesValid)}; },
            [&] { return SmallVector<Value>{loadVector(ref, at(), found->columnStep, lanesValid)}; })[0];
        continue;
      }
      Value packed = scope.splat(scope.number(type, 0), lanes);
      for (int64_t lane = 0; lane < lanes; ++lane) {
        Value isValid = lanesValid
                            ? Value(vector::ExtractOp::create(scope.builder, scope.loc, lanesValid, lane))
                            : Value();
        Value index = scope.add(from, scope.mul(found->columnStep, scope.integer(lane)));
        packed = vector::InsertOp::create(scope.builder, scope.loc, readElement(index, isValid), packed, lane);
      }
      result.at(row, vector) = packed;
    }
  }
  return success();
}

//===-- Stores --------------------------------------------------------------===//

LogicalResult SubtileLowering::emitStore(tile::StoreOp store) {
  const Ref &ref = scope.refs[store.getRef()];
  Sub value = input(store.getValue());
  if (ref.isPanel())
    return store.emitOpError("stores to a panelled block; use tile.update");
  auto found = place(store, ref, store.getMap(), store.getIndices());
  if (failed(found))
    return failure();
  auto carry = store.getRef().getDefiningOp<tile::CarryOp>();
  bool isPrivate = carry && !isa<tile::KernelOp>(carry->getParentOp());
  bool isPlain = ref.storage == element;
  bool isPacked = isa<BlockArgument>(store.getRef());
  auto emitRow = [&](int64_t row) {
    Value start = found->start;
    if (found->rowStep)
      start = scope.add(start, scope.mul(found->rowStep, scope.integer(row)));
    if (!found->columnStep) {
      abi::storeElement(scope, ref.storage, ref.base, start, value.at(row, 0), isPacked);
      return;
    }
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value mask = validLanes(vector), from = scope.add(start, scope.mul(found->columnStep, scope.integer(vector * lanes)));
      Value stored = asVector(value, row, vector);
      if (isPlain) {
        Value address = scope.at(ref.storage, ref.base, from);
        scope.choose(
            scope.equal(found->columnStep, scope.integer(1)), TypeRange(),
            [&] { return storeVector(ref, address, Value(), stored, mask), SmallVector<Value>(); },
            [&] { return storeVector(ref, address, found->columnStep, stored, mask), SmallVector<Value>(); });
        continue;
      }
      for (int64_t lane = 0; lane < lanes; ++lane) {
        auto write = [&] {
          Value element = vector::ExtractOp::create(scope.builder, scope.loc, stored, lane);
          Value index = scope.add(from, scope.mul(found->columnStep, scope.integer(lane)));
          abi::storeElement(scope, ref.storage, ref.base, index, element, isPacked);
        };
        if (mask)
          scope.when(vector::ExtractOp::create(scope.builder, scope.loc, mask, lane), write);
        else
          write();
      }
    }
  };
  int64_t count = found->rowStep ? rows : 1;
  for (int64_t row = 0; row < count; ++row) {
    if (isPrivate || !found->rowStep)
      emitRow(row);
    else
      scope.when(rowIsValid(row), [&] { emitRow(row); });
  }
  return success();
}

} // namespace weir::cpu
