// Loads and stores of sub-tiles, clipped to what is valid.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

//===-- Subscripts --------------------------------------------------------===//

FailureOr<Linear> SubtileLowering::linear(Operation *op, AffineExpr expression,
                                          unsigned dimensions,
                                          ValueRange indices) {
  // The steps are what a subscript grows by; it is linear if they are
  // constants.
  MLIRContext *context = expression.getContext();
  Linear result;
  SmallVector<Value> corner;
  for (auto [i, index] : llvm::enumerate(indices)) {
    corner.push_back(scope.get(index));
    bool isRow = tile::isRowIndex(index), isColumn = tile::isColumnIndex(index);
    if (!isRow && !isColumn)
      continue;
    AffineExpr unit = i < dimensions
                          ? getAffineDimExpr(i, context)
                          : getAffineSymbolExpr(i - dimensions, context);
    AffineExpr step =
        simplifyAffineExpr(expression.replace(unit, unit + 1) - expression,
                           dimensions, indices.size() - dimensions);
    auto constant = dyn_cast<AffineConstantExpr>(step);
    if (!constant)
      return op->emitOpError(
          "has a subscript that is not linear in the rows or the columns");
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

FailureOr<SubtileLowering::Place> SubtileLowering::place(Operation *op,
                                                         const Ref &ref,
                                                         AffineMap map,
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
    Value relative = ref.origins[i]
                         ? scope.sub(subscript->start, ref.origins[i])
                         : subscript->start;
    result.start = scope.add(result.start, scope.mul(relative, ref.strides[i]));
    accumulate(result.rowStep, ref.strides[i], subscript->rowStep);
    accumulate(result.columnStep, ref.strides[i], subscript->columnStep);
  }
  return result;
}

//===-- Vectors -----------------------------------------------------------===//

Value SubtileLowering::validLanes(int64_t vector) {
  if (isFull)
    return {};
  Value count = scope.sub(endColumn, columnBase(vector));
  count = scope.least(scope.greatest(count, scope.integer(0)),
                      scope.integer(lanes));
  Value narrow =
      arith::TruncIOp::create(scope.builder, scope.loc, scope.i32(), count);
  return scope.compare(arith::CmpIPredicate::slt,
                       scope.iota(scope.i32(), lanes),
                       scope.splat(narrow, lanes));
}

Value SubtileLowering::rowIsValid(int64_t row) {
  return scope.less(scope.add(firstRow, scope.integer(row)), endRow);
}

Value SubtileLowering::loadVector(Type type, Value address, Value mask) {
  auto vector = scope.vectorOf(type, lanes);
  unsigned alignment = type.getIntOrFloatBitWidth() / 8;
  if (!mask)
    return LLVM::LoadOp::create(scope.builder, scope.loc, vector, address,
                                alignment);
  Value zero = scope.splat(scope.number(type, 0), lanes);
  return LLVM::MaskedLoadOp::create(scope.builder, scope.loc, vector, address,
                                    mask, zero, alignment);
}

void SubtileLowering::storeVector(Value vector, Value address, Value mask) {
  unsigned alignment =
      cast<VectorType>(vector.getType()).getElementTypeBitWidth() / 8;
  if (mask)
    LLVM::MaskedStoreOp::create(scope.builder, scope.loc, vector, address, mask,
                                alignment);
  else
    LLVM::StoreOp::create(scope.builder, scope.loc, vector, address, alignment);
}

Value SubtileLowering::allocate(Type type, int64_t count) {
  // Stack slots belong at the function's entry, not in a loop.
  OpBuilder::InsertionGuard guard(scope.builder);
  Operation *function = scope.builder.getInsertionBlock()->getParentOp();
  if (!isa<LLVM::LLVMFuncOp>(function))
    function = function->getParentOfType<LLVM::LLVMFuncOp>();
  scope.builder.setInsertionPointToStart(
      &cast<LLVM::LLVMFuncOp>(function).getBody().front());
  return scope.allocate(type, count);
}

void SubtileLowering::forValid(
    bool hasRows, llvm::function_ref<void(Value row, Value column)> body) {
  Value rowCount = scope.integer(1), columnCount = scope.integer(columns);
  if (hasRows)
    rowCount = scope.least(scope.integer(rows), scope.sub(endRow, firstRow));
  if (!isFull)
    columnCount = scope.least(columnCount, scope.sub(endColumn, firstColumn));
  scope.loop(rowCount, [&](Value row) {
    scope.loop(columnCount, [&](Value column) { body(row, column); });
  });
}

//===-- Loads -------------------------------------------------------------===//

LogicalResult SubtileLowering::emitLoad(tile::LoadOp load) {
  const Ref &ref = scope.refs[load.getRef()];
  Sub result = shaped(load.getResult().getType());
  LogicalResult done = ref.isPanel() ? loadFromBlock(load, ref, result)
                                     : loadFromTensor(load, ref, result);
  subs[load] = result;
  return done;
}

LogicalResult SubtileLowering::loadFromBlock(tile::LoadOp load, const Ref &ref,
                                             Sub &result) {
  auto lane = linear(load, load.getMap().getResult(ref.lane),
                     load.getMap().getNumDims(), load.getIndices());
  auto depth = linear(load, load.getMap().getResult(ref.depth),
                      load.getMap().getNumDims(), load.getIndices());
  if (failed(lane) || failed(depth))
    return failure();
  if (lane->columnStep != 1 || lane->rowStep != 0 || depth->columnStep != 0 ||
      ref.width % columns)
    return load.emitOpError(
        "reads a panelled block other than along its panels");
  SmallVector<Value> place = corner(load.getMap(), load.getIndices());
  for (int64_t row = 0; row < result.rows; ++row) {
    SmallVector<Value> at = place;
    at[ref.depth] =
        scope.add(at[ref.depth], scope.integer(row * depth->rowStep));
    Value start = scope.address(ref, at);
    for (int64_t vector = 0; vector < vectors; ++vector)
      result.at(row, vector) = loadVector(
          ref.storage,
          scope.at(ref.storage, start, scope.integer(vector * lanes)), Value());
  }
  return success();
}

/// Elements of a tensor that are not side by side as they are computed with: a
/// copy on the stack serves instead, where `isDirect` is false.
SubtileLowering::Window SubtileLowering::window(const Ref &ref,
                                                const Place &place, Type type) {
  bool isPlain = ref.storage == type;
  Window window;
  window.isDirect = isPlain ? scope.equal(place.columnStep, scope.integer(1))
                            : scope.truth(false);
  window.copy = allocate(type, (place.rowStep ? rows : 1) * columns);
  Value direct = isPlain ? scope.at(type, ref.base, place.start) : window.copy;
  window.base = scope.select(window.isDirect, direct, window.copy);
  Value copyStep = scope.integer(columns);
  window.rowStep = place.rowStep
                       ? scope.select(window.isDirect, place.rowStep, copyStep)
                       : scope.integer(0);
  return window;
}

Value SubtileLowering::elementIndex(const Place &place, Value row,
                                    Value column) {
  Value index = scope.add(place.start, scope.mul(place.columnStep, column));
  return place.rowStep ? scope.add(index, scope.mul(place.rowStep, row))
                       : index;
}

/// Copies the valid elements, 0 where the mask's byte is 0.
void SubtileLowering::copyIn(const Ref &ref, const Place &place,
                             const Window &window, Type type, Value maskBytes,
                             bool isPacked) {
  forValid(place.rowStep != nullptr, [&](Value row, Value column) {
    Value position = scope.add(scope.mul(row, scope.integer(columns)), column);
    auto read = [&]() -> SmallVector<Value> {
      Value index = elementIndex(place, row, column);
      return {abi::loadElement(scope, ref.storage, ref.base, index, isPacked)};
    };
    Value element;
    if (maskBytes) {
      Value byte =
          scope.load(scope.i8(), scope.at(scope.i8(), maskBytes, position));
      Value isPresent = scope.compare(arith::CmpIPredicate::ne, byte,
                                      scope.integer(scope.i8(), 0));
      element = scope.choose(isPresent, type, read, [&] {
        return SmallVector<Value>{scope.number(type, 0)};
      })[0];
    } else {
      element = read()[0];
    }
    scope.store(element, scope.offset(type, window.copy, position));
  });
}

LogicalResult SubtileLowering::loadFromTensor(tile::LoadOp load, const Ref &ref,
                                              Sub &result) {
  auto found = place(load, ref, load.getMap(), load.getIndices());
  if (failed(found))
    return failure();
  bool isMasked = load.getMask() && !isKnown(load.getMask());
  Sub mask = isMasked ? input(load.getMask()) : Sub();
  // Rows past the end read the last one; a thread's own block has room for
  // them.
  bool isRoomy = load.getRef().getDefiningOp<tile::CarryOp>() != nullptr;
  bool isPacked = isa<BlockArgument>(load.getRef());
  Type type = tile::computeTypeOf(ref.storage);
  auto rowOffset = [&](int64_t row, Value step) {
    Value ahead = scope.integer(row);
    if (!isRoomy)
      ahead = scope.least(
          ahead, scope.sub(scope.sub(endRow, scope.integer(1)), firstRow));
    return scope.mul(ahead, step);
  };
  if (!result.vectors) {
    for (int64_t row = 0; row < result.rows; ++row) {
      Value index = found->start;
      if (found->rowStep)
        index = scope.add(index, rowOffset(row, found->rowStep));
      auto read = [&]() -> SmallVector<Value> {
        return {
            abi::loadElement(scope, ref.storage, ref.base, index, isPacked)};
      };
      result.at(row, 0) =
          !isMasked
              ? read()[0]
              : scope.choose(scope.both(mask.at(row, 0), rowIsValid(row)), type,
                             read, [&] {
                               return SmallVector<Value>{scope.number(type, 0)};
                             })[0];
    }
    return success();
  }
  if (type.isInteger(1))
    return load.emitOpError("of truth values is not compiled yet");
  Window from = window(ref, *found, type);
  auto laneMask = [&](int64_t row, int64_t vector) {
    Value valid = validLanes(vector);
    if (!isMasked)
      return valid;
    Value own = asVector(mask, row, vector);
    if (found->rowStep)
      own = scope.both(own, scope.splat(rowIsValid(row), lanes));
    return valid ? scope.both(valid, own) : own;
  };
  scope.when(scope.unlikely(scope.invert(from.isDirect)), [&] {
    Value bytes;
    if (isMasked) {
      bytes = allocate(scope.i8(), rows * columns);
      for (int64_t row = 0; row < result.rows; ++row)
        for (int64_t vector = 0; vector < vectors; ++vector) {
          Value wide = arith::ExtUIOp::create(scope.builder, scope.loc,
                                              scope.vectorOf(scope.i8(), lanes),
                                              asVector(mask, row, vector));
          storeVector(wide, scope.at(bytes, row * columns + vector * lanes),
                      Value());
        }
    }
    copyIn(ref, *found, from, type, bytes, isPacked);
  });
  for (int64_t row = 0; row < result.rows; ++row) {
    Value start = scope.at(type, from.base, rowOffset(row, from.rowStep));
    for (int64_t vector = 0; vector < vectors; ++vector)
      result.at(row, vector) =
          loadVector(type, scope.at(type, start, scope.integer(vector * lanes)),
                     laneMask(row, vector));
  }
  return success();
}

//===-- Stores ------------------------------------------------------------===//

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
  bool isPacked = isa<BlockArgument>(store.getRef()),
       hasRows = found->rowStep != nullptr;
  auto forRows = [&](llvm::function_ref<void(int64_t)> body) {
    for (int64_t row = 0; row < (hasRows ? rows : 1); ++row) {
      if (isPrivate || !hasRows)
        body(row);
      else
        scope.when(rowIsValid(row), [&] { body(row); });
    }
  };
  if (!found->columnStep) {
    forRows([&](int64_t row) {
      Value index = found->start;
      if (hasRows)
        index = scope.add(index, scope.mul(found->rowStep, scope.integer(row)));
      abi::storeElement(scope, ref.storage, ref.base, index, value.at(row, 0),
                        isPacked);
    });
    return success();
  }
  Type type = tile::elementOf(store.getValue().getType());
  if (type.isInteger(1))
    return store.emitOpError("of truth values is not compiled yet");
  Window to = window(ref, *found, type);
  forRows([&](int64_t row) {
    Value start =
        scope.at(type, to.base, scope.mul(to.rowStep, scope.integer(row)));
    for (int64_t vector = 0; vector < vectors; ++vector)
      storeVector(asVector(value, row, vector),
                  scope.at(type, start, scope.integer(vector * lanes)),
                  validLanes(vector));
  });
  scope.when(scope.unlikely(scope.invert(to.isDirect)), [&] {
    forValid(hasRows, [&](Value row, Value column) {
      Value position =
          scope.add(scope.mul(row, scope.integer(columns)), column);
      Value element = scope.load(type, scope.at(type, to.copy, position));
      abi::storeElement(scope, ref.storage, ref.base,
                        elementIndex(*found, row, column), element, isPacked);
    });
  });
  return success();
}

} // namespace weir::cpu
