// Loads and stores of sub-tiles, clipped to what is valid.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

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

Type SubtileLowering::heldType(Type type) {
  return type.isInteger(1) ? scope.i8() : type;
}

Value SubtileLowering::loadVector(Type type, Value address, Value mask) {
  Type held = heldType(type);
  auto vector = scope.vectorOf(held, lanes);
  unsigned alignment = held.getIntOrFloatBitWidth() / 8;
  Value zero = scope.splat(scope.number(held, 0), lanes), value;
  if (mask)
    value = LLVM::MaskedLoadOp::create(scope.builder, scope.loc, vector,
                                       address, mask, zero, alignment);
  else
    value = LLVM::LoadOp::create(scope.builder, scope.loc, vector, address,
                                 alignment);
  return held == type ? value
                      : scope.compare(arith::CmpIPredicate::ne, value, zero);
}

void SubtileLowering::storeVector(Value vector, Value address, Value mask) {
  Type type = cast<VectorType>(vector.getType()).getElementType(),
       held = heldType(type);
  if (held != type)
    vector = arith::ExtUIOp::create(scope.builder, scope.loc,
                                    scope.vectorOf(held, lanes), vector);
  unsigned alignment = held.getIntOrFloatBitWidth() / 8;
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

Value SubtileLowering::allocateScores() {
  Value memory = allocate(element, rows * columns);
  if (isFull)
    return memory;
  OpBuilder::InsertionGuard guard(scope.builder);
  scope.builder.setInsertionPointAfterValue(memory);
  Value zero = scope.splat(scope.real(element, 0), lanes);
  for (int64_t vector = 0; vector < rows * vectors; ++vector)
    storeVector(zero, scope.at(element, memory, scope.integer(vector * lanes)), Value());
  return memory;
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
  auto subscript = [&](unsigned rank) {
    return linear(load.getMap().getResult(rank), load.getMap().getNumDims(),
                  load.getIndices());
  };
  auto lane = subscript(ref.lane), depth = subscript(ref.depth);
  if (!lane || !depth || lane->columnStep != 1 || lane->rowStep != 0 ||
      depth->columnStep != 0 || ref.width % columns)
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
          scope.offset(ref.storage, start, scope.integer(vector * lanes)),
          Value());
  }
  return success();
}

LogicalResult SubtileLowering::loadFromTensor(tile::LoadOp load, const Ref &ref,
                                              Sub &result) {
  Subscripts at = subscripts(ref, load.getMap(), load.getIndices());
  // Rows past the end read the last one; a thread's own block has room for
  // them.
  bool isRoomy = load.getRef().getDefiningOp<tile::CarryOp>() != nullptr;
  SmallVector<Value> offsets = rowOffsets(at, !isRoomy);
  Value mask =
      load.getMask() && !isKnown(load.getMask()) ? load.getMask() : Value();
  if (result.vectors)
    loadVectors(load, at, offsets, mask, result);
  else
    loadScalars(load, at, offsets, mask, result);
  return success();
}

/// An element of a tensor, or 0 where the condition (which may be null) fails.
Value SubtileLowering::loadElement(tile::LoadOp load, const Subscripts &at,
                                   Value offset, Value condition) {
  Type type = tile::computeTypeOf(at.ref.storage);
  auto read = [&]() -> SmallVector<Value> {
    return {abi::loadElement(scope, at.ref.storage, at.ref.base, offset,
                             isa<BlockArgument>(load.getRef()))};
  };
  if (!condition)
    return read()[0];
  return scope.choose(condition, type, read, [&] {
    return SmallVector<Value>{scope.number(type, 0)};
  })[0];
}

void SubtileLowering::loadScalars(tile::LoadOp load, const Subscripts &at,
                                  ArrayRef<Value> offsets, Value mask,
                                  Sub &result) {
  Sub masks = mask ? input(mask) : Sub();
  for (int64_t row = 0; row < result.rows; ++row)
    result.at(row, 0) = loadElement(
        load, at, offsets[row],
        mask ? scope.both(masks.at(row, 0), rowIsValid(row)) : Value());
}

/// Copies the elements to the stack: they are not side by side as they are
/// computed with.
void SubtileLowering::copyIn(tile::LoadOp load, const Subscripts &at,
                             Value mask, Value copy) {
  Spilled masks = mask ? spill(mask) : Spilled();
  forValid(tile::rowsOf(load.getResult().getType()) > 1, [&](Value row,
                                                             Value column) {
    // The offset of an absent element is computed too: it only is not read.
    Value condition = mask ? elementOf(masks, row, column) : Value();
    Value element = loadElement(load, at, offsetAt(at, row, column), condition);
    Value position = scope.add(scope.mul(row, scope.integer(columns)), column);
    Type held = isWidened(at.ref.storage) ? at.ref.storage : element.getType();
    abi::storeElement(scope, held, copy, position, element, false);
  });
}

/// True for integers that are loaded as they lie in memory and widened then.
bool SubtileLowering::isWidened(Type storage) {
  return isa<IntegerType>(storage) && storage.getIntOrFloatBitWidth() >= 8 &&
         !storage.isInteger(64);
}

/// A vector of narrow integers as one of `i64`.
Value SubtileLowering::widen(Value vector, Type storage) {
  auto type = scope.vectorOf(scope.i64(), lanes);
  if (storage.isUnsignedInteger())
    return arith::ExtUIOp::create(scope.builder, scope.loc, type, vector);
  return arith::ExtSIOp::create(scope.builder, scope.loc, type, vector);
}

void SubtileLowering::loadVectors(tile::LoadOp load, const Subscripts &at,
                                  ArrayRef<Value> offsets, Value mask,
                                  Sub &result) {
  Type storage = at.ref.storage, type = tile::computeTypeOf(storage);
  if (isWidened(storage))
    type = scope.builder.getIntegerType(storage.getIntOrFloatBitWidth());
  Window from = window(at, type, offsets);
  scope.when(from.isCopied, [&] { copyIn(load, at, mask, from.copy); });
  Sub masks = mask ? input(mask) : Sub();
  for (int64_t row = 0; row < result.rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value lanesRead = validLanes(vector);
      if (mask) {
        Value own = asVector(masks, row, vector);
        if (result.rows > 1)
          own = scope.both(own, scope.splat(rowIsValid(row), lanes));
        lanesRead = lanesRead ? scope.both(lanesRead, own) : own;
      }
      Value place = scope.integer(vector * lanes);
      Value loaded = loadVector(
          type, scope.offset(type, from.rows[row], place), lanesRead);
      result.at(row, vector) =
          isWidened(storage) ? widen(loaded, storage) : loaded;
    }
}

/// Where the vectors of each row lie: in the tensor itself if its elements are
/// side by side and of the type computed with, else in a copy on the stack.
SubtileLowering::Window SubtileLowering::window(const Subscripts &at, Type type,
                                                ArrayRef<Value> offsets) {
  Window window;
  window.copy = allocate(heldType(type), offsets.size() * columns);
  Type storage = at.ref.storage;
  bool isAsStored = storage == type ||
                    (isWidened(storage) && storage.getIntOrFloatBitWidth() ==
                                               type.getIntOrFloatBitWidth());
  Value step = isAsStored ? strideOf(at, false) : Value();
  Value isDirect =
      step ? scope.equal(step, scope.integer(1)) : scope.truth(false);
  window.isCopied = scope.invert(isDirect);
  if (step)
    window.isCopied = scope.unlikely(window.isCopied);
  for (auto [row, offset] : llvm::enumerate(offsets)) {
    Value copy = scope.offset(type, window.copy, scope.integer(row * columns));
    window.rows.push_back(
        step ? scope.select(isDirect, scope.offset(type, at.ref.base, offset),
                            copy)
             : copy);
  }
  return window;
}

//===-- Stores ------------------------------------------------------------===//

LogicalResult SubtileLowering::emitStore(tile::StoreOp store) {
  const Ref &ref = scope.refs[store.getRef()];
  Sub value = input(store.getValue());
  if (ref.isPanel())
    return store.emitOpError("stores to a panelled block; use tile.update");
  Type type = tile::elementOf(store.getValue().getType());
  Type shape = tile::shapeOfIndices(store.getIndices(), type);
  Subscripts at = subscripts(ref, store.getMap(), store.getIndices());
  SmallVector<Value> offsets = rowOffsets(at, /*isClamped=*/false);
  auto carry = store.getRef().getDefiningOp<tile::CarryOp>();
  bool isPrivate = carry && !isa<tile::KernelOp>(carry->getParentOp());
  bool isPacked = isa<BlockArgument>(store.getRef()),
       hasRows = tile::rowsOf(shape) > 1;
  auto forRows = [&](llvm::function_ref<void(int64_t)> body) {
    for (int64_t row = 0; row < tile::rowsOf(shape); ++row) {
      if (isPrivate || !hasRows)
        body(row);
      else
        scope.when(rowIsValid(row), [&] { body(row); });
    }
  };
  if (tile::columnsOf(shape) == 1) {
    forRows([&](int64_t row) {
      abi::storeElement(scope, ref.storage, ref.base, offsets[row],
                        value.at(row, 0), isPacked);
    });
    return success();
  }
  Window to = window(at, type, offsets);
  forRows([&](int64_t row) {
    for (int64_t vector = 0; vector < vectors; ++vector)
      storeVector(
          asVector(value, row, vector),
          scope.offset(type, to.rows[row], scope.integer(vector * lanes)),
          validLanes(vector));
  });
  scope.when(to.isCopied, [&] {
    forValid(hasRows, [&](Value row, Value column) {
      Value position =
          scope.add(scope.mul(row, scope.integer(columns)), column);
      Value element = abi::loadElement(scope, type, to.copy, position, false);
      abi::storeElement(scope, ref.storage, ref.base, offsetAt(at, row, column),
                        element, isPacked);
    });
  });
  return success();
}

} // namespace weir::cpu
