// The lowering of a sub-tile region: its loop over rows, masks, maps,
// reductions.
#include "codegen/cpu/Subtile.h"

#include "codegen/cpu/Pointwise.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;

namespace weir::cpu {

/// The real type that sets the number of lanes: f64 only where there is no f32.
static Type laneTypeOf(tile::SubtileOp op) {
  Type found;
  op.getBody().walk([&](Operation *inner) {
    for (Value value : inner->getResults()) {
      Type type = tile::elementOf(value.getType());
      if (type.isF32() || (type.isF64() && !found))
        found = type;
    }
  });
  return found ? found : Float32Type::get(op.getContext());
}

SubtileLowering::SubtileLowering(Scope &scope, tile::SubtileOp op, bool isFull)
    : scope(scope), op(op), isFull(isFull), rows(op.getRows()),
      columns(op.getColumns()) {
  element = laneTypeOf(op);
  lanes = scope.target.getLevel().lanes(element);
  vectors = op.getShape().size() > 1 ? columns / lanes : 0;
}

LogicalResult emitSubtile(Scope &scope, tile::SubtileOp op, Fullness fullness) {
  SubtileLowering full(scope, op, true), partial(scope, op, false);
  if (failed(partial.verify()))
    return failure();
  LogicalResult result = success();
  auto rowsOfWork = partial.rowsOfWork();
  Value from = rowsOfWork.first, to = rowsOfWork.second;
  scope.loop(from, to, scope.integer(op.getRows()), [&](Value row) {
    auto emit = [&](SubtileLowering &lowering) {
      if (failed(lowering.emitGroup(row)))
        result = failure();
      return SmallVector<Value>();
    };
    partial.askForNext(row, from, to);
    Value isFull = fullness == Fullness::Unknown ? partial.isAllPresent(row) : Value();
    if (isFull)
      scope.choose(isFull, TypeRange(), [&] { return emit(full); }, [&] { return emit(partial); });
    else
      emit(fullness == Fullness::Full ? full : partial);
  });
  full.finish();
  partial.finish();
  return result;
}

LogicalResult SubtileLowering::verify() {
  if (vectors * lanes != (op.getShape().size() > 1 ? columns : 0))
    return op.emitOpError("has ")
           << columns << " columns, not a multiple of " << lanes << " lanes";
  return success();
}

std::pair<Value, Value> SubtileLowering::rowsOfWork() {
  auto [origin, end] = scope.range(op.getDomain(), 0);
  if (op.getOnly().empty())
    return {origin, end};
  Value ahead = scope.greatest(scope.sub(scope.get(op.getOnly()[0]), origin), scope.integer(0));
  Value whole = scope.mul(scope.floorDivide(ahead, rows), scope.integer(rows));
  return {scope.add(origin, whole), scope.least(end, scope.get(op.getOnly()[1]))};
}

void SubtileLowering::setGroup(Value row) {
  firstRow = row;
  endRow = scope.range(op.getDomain(), 0).second;
  scope.scalars[op.getBody().getArgument(0)] = row;
  if (op.getDomain().size() == 1)
    return;
  std::tie(firstColumn, endColumn) = scope.range(op.getDomain(), 1);
  scope.scalars[op.getBody().getArgument(1)] = firstColumn;
}

LogicalResult SubtileLowering::emitGroup(Value row) {
  setGroup(row);
  if (!isFull && vectors)
    findPresent();
  return emitBlock(op.getBody().front());
}

LogicalResult SubtileLowering::emitBlock(mlir::Block &block) {
  for (Operation &inner : block)
    if (!(isFull && isForMasks(inner)) && failed(emitOp(inner)))
      return failure();
  return success();
}

/// True if all that comes of `inner` are conditions of masks.
bool SubtileLowering::isForMasks(Operation &inner) {
  return isa<tile::LoadOp, tile::MapOp>(inner) &&
         llvm::all_of(inner.getUsers(), [&](Operation *user) {
           return isa<tile::MaskOp>(user) || isForMasks(*user);
         });
}

LogicalResult SubtileLowering::emitOp(Operation &inner) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&inner)
      .Case([&](tile::LoadOp op) { return emitLoad(op); })
      .Case([&](tile::StoreOp op) { return emitStore(op); })
      .Case([&](tile::MaskOp op) { return emitMask(op); })
      .Case([&](tile::MapOp op) { return emitMap(op); })
      .Case([&](tile::UpdateOp op) { return emitUpdate(op); })
      .Case([&](tile::ReduceOp op) { return emitReduce(op); })
      .Case([&](tile::ContractOp op) { return emitContract(op); })
      .Case([&](tile::AccumulateOp op) { return emitAccumulate(op); })
      .Case([&](tile::WhenOp op) { return emitWhen(op); })
      .Case([&](tile::ConvertOp op) { return emitConvert(op); })
      .Case([&](tile::IndexOp op) {
        scope.scalars[op] = scope.expand(op);
        return success();
      })
      .Default([](Operation *op) {
        return op->emitOpError("cannot stand in a sub-tile region");
      });
}

//===-- Values ------------------------------------------------------------===//

Sub SubtileLowering::shaped(Type type) {
  Sub sub;
  sub.rows = tile::rowsOf(type);
  sub.vectors = tile::columnsOf(type) > 1 ? vectors : 0;
  sub.values.resize(sub.rows * std::max<int64_t>(1, sub.vectors));
  return sub;
}

Sub SubtileLowering::indexValues(Value index) {
  Sub sub;
  if (tile::isRowIndex(index)) {
    sub.rows = rows;
    for (int64_t row = 0; row < rows; ++row)
      sub.values.push_back(scope.add(firstRow, scope.integer(row)));
  } else if (tile::isColumnIndex(index)) {
    sub.vectors = vectors;
    Value iota = scope.iota(scope.i64(), lanes);
    for (int64_t vector = 0; vector < vectors; ++vector)
      sub.values.push_back(
          scope.add(scope.splat(columnBase(vector), lanes), iota));
  } else {
    sub.values.push_back(scope.get(index));
  }
  return sub;
}

Sub SubtileLowering::input(Value operand) {
  if (isa<IndexType>(operand.getType()))
    return indexValues(operand);
  if (auto known = subs.find(operand); known != subs.end())
    return known->second;
  Sub sub;
  sub.values.push_back(scope.get(operand));
  return sub;
}

Value SubtileLowering::asVector(Sub &sub, int64_t row, int64_t vector) {
  Value value = sub.at(row, vector);
  return sub.vectors ? value : scope.splat(value, lanes);
}

//===-- Masks, maps, reductions -------------------------------------------===//

LogicalResult SubtileLowering::emitMask(tile::MaskOp op) {
  Sub &result = subs[op] = shaped(op.getType());
  bool hasColumns = result.vectors != 0;
  if (isFull) {
    known.insert(op);
    Value yes = scope.truth(true);
    for (Value &value : result.values)
      value = hasColumns ? scope.splat(yes, lanes) : yes;
    return success();
  }
  if (op.getCondition()) {
    Sub condition = input(op.getCondition());
    for (int64_t row = 0; row < result.rows; ++row)
      for (int64_t vector = 0; vector < std::max<int64_t>(1, result.vectors);
           ++vector)
        result.at(row, vector) = hasColumns ? asVector(condition, row, vector)
                                            : condition.at(row, vector);
  }
  for (AffineExpr expression : op.getMap().getResults())
    maskBy(result, expression, op.getMap().getNumDims(), op.getIndices());
  return success();
}

/// Narrows a mask to where a subscript is at least 0.
void SubtileLowering::maskBy(Sub &mask, AffineExpr expression,
                             unsigned dimensions, ValueRange indices) {
  auto index = linear(expression, dimensions, indices);
  for (int64_t row = 0; row < mask.rows; ++row) {
    if (index) {
      maskRow(mask, row, *index);
      continue;
    }
    for (int64_t vector = 0; vector < std::max<int64_t>(1, mask.vectors);
         ++vector) {
      SmallVector<Value> operands;
      for (Value operand : indices) {
        Sub values = indexValues(operand);
        operands.push_back(mask.vectors ? asVector(values, row, vector)
                                        : values.at(row, vector));
      }
      Value value = scope.expand(expression, dimensions, operands);
      Value holds =
          scope.compare(arith::CmpIPredicate::sge, value, scope.like(value, 0));
      Value &all = mask.at(row, vector);
      all = all ? scope.both(all, holds) : holds;
    }
  }
}

/// Narrows one row of a mask to where `index` is at least 0.
void SubtileLowering::maskRow(Sub &mask, int64_t row, const Linear &index) {
  Value start = scope.add(index.start, scope.integer(index.rowStep * row));
  auto narrow = [&](int64_t vector, Value holds) {
    Value &value = mask.at(row, vector);
    value = value ? scope.both(value, holds) : holds;
  };
  if (!mask.vectors || !index.columnStep) {
    Value holds =
        scope.compare(arith::CmpIPredicate::sge, start, scope.integer(0));
    for (int64_t vector = 0; vector < std::max<int64_t>(1, mask.vectors);
         ++vector)
      narrow(vector, mask.vectors ? scope.splat(holds, lanes) : holds);
    return;
  }
  // Columns count in 32 bits: beyond a few of them the sign is settled.
  constexpr int64_t bound = 1 << 30;
  Value least = scope.sub(scope.integer(0), start);
  least = scope.least(scope.greatest(least, scope.integer(-bound)),
                      scope.integer(bound));
  least = scope.splat(
      arith::TruncIOp::create(scope.builder, scope.loc, scope.i32(), least),
      lanes);
  for (int64_t vector = 0; vector < vectors; ++vector) {
    SmallVector<int32_t> steps;
    for (int64_t lane = 0; lane < lanes; ++lane)
      steps.push_back(index.columnStep * (vector * lanes + lane));
    Value ahead = arith::ConstantOp::create(
        scope.builder, scope.loc, scope.builder.getI32VectorAttr(steps));
    narrow(vector, scope.compare(arith::CmpIPredicate::sge, ahead, least));
  }
}

LogicalResult SubtileLowering::emitMap(tile::MapOp op) {
  SmallVector<Sub> inputs;
  SmallVector<bool> isTrue;
  for (Value operand : op.getInputs()) {
    inputs.push_back(input(operand));
    isTrue.push_back(isKnown(operand));
  }
  auto result =
      emitPointwise(scope, op.getBody().front(), inputs, isTrue, lanes);
  if (failed(result))
    return failure();
  subs[op] = *result;
  return success();
}

LogicalResult SubtileLowering::emitWhen(tile::WhenOp op) {
  Sub condition = input(op.getCondition());
  Value any;
  for (Value value : condition.values)
    any = any ? scope.either(any, value) : value;
  if (condition.vectors)
    any = vector::ReductionOp::create(scope.builder, scope.loc,
                                      vector::CombiningKind::OR, any);
  LogicalResult result = success();
  scope.when(scope.unlikely(any),
             [&] { result = emitBlock(op.getBody().front()); });
  return result;
}

namespace {

/// How a reduction combines, for vectors and across lanes.
struct Combiner {
  Scope &scope;
  tile::Reduction kind;
  Type type; ///< of an element

  Value identity() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    switch (kind) {
    case tile::Reduction::Sum:
      return scope.number(type, 0);
    case tile::Reduction::Prod:
      return scope.number(type, 1);
    case tile::Reduction::Any:
      return scope.truth(false);
    case tile::Reduction::All:
      return scope.truth(true);
    case tile::Reduction::Max:
      return isa<FloatType>(type) ? scope.real(type, -infinity)
                                  : scope.integer(INT64_MIN);
    case tile::Reduction::Min:
      return isa<FloatType>(type) ? scope.real(type, infinity)
                                  : scope.integer(INT64_MAX);
    }
    llvm_unreachable("all kinds are above");
  }

  bool isExtremum() const {
    return kind == tile::Reduction::Max || kind == tile::Reduction::Min;
  }

  /// An extremum of reals is taken as if there were no NaN.
  Value combine(Value a, Value b) const {
    bool isMax = kind == tile::Reduction::Max;
    if (kind == tile::Reduction::Sum)
      return scope.add(a, b);
    if (kind == tile::Reduction::Prod)
      return scope.mul(a, b);
    if (kind == tile::Reduction::Any)
      return scope.either(a, b);
    if (kind == tile::Reduction::All)
      return scope.both(a, b);
    if (!isa<FloatType>(type))
      return isMax ? scope.greatest(a, b) : scope.least(a, b);
    auto predicate =
        isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
    return scope.select(scope.compare(predicate, a, b), a, b);
  }

  /// Combines the lanes of a vector in a tree; truth values as one number.
  Value acrossLanes(Value vector) const {
    auto &builder = scope.builder;
    if (type.isInteger(1)) {
      bool isAny = kind == tile::Reduction::Any;
      int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
      Type word = builder.getIntegerType(lanes);
      Value bits = vector::BitCastOp::create(builder, scope.loc,
                                             scope.vectorOf(word, 1), vector);
      bits = vector::ExtractOp::create(builder, scope.loc, bits, 0);
      return scope.compare(isAny ? arith::CmpIPredicate::ne
                                 : arith::CmpIPredicate::eq,
                           bits, scope.integer(word, isAny ? 0 : -1));
    }
    for (int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
         lanes > 1; lanes /= 2) {
      SmallVector<int64_t> low(lanes / 2), high(lanes / 2);
      for (int64_t i = 0; i < lanes / 2; ++i) {
        low[i] = i;
        high[i] = i + lanes / 2;
      }
      Value a =
          vector::ShuffleOp::create(builder, scope.loc, vector, vector, low);
      Value b =
          vector::ShuffleOp::create(builder, scope.loc, vector, vector, high);
      vector = combine(a, b);
    }
    return vector::ExtractOp::create(builder, scope.loc, vector, 0);
  }
};

} // namespace

LogicalResult SubtileLowering::emitReduce(tile::ReduceOp op) {
  Type type = tile::elementOf(op.getValue().getType());
  Combiner combiner{scope, op.getKind(), type};
  // The value as wide as the mask, and without what the mask leaves out.
  Sub value = input(op.getValue()), all;
  Value mask = op.getMask() && !isKnown(op.getMask()) ? op.getMask() : Value();
  Sub masks = mask ? input(mask) : Sub();
  all.rows = std::max(value.rows, masks.rows);
  all.vectors = vectors;
  Value identity = scope.splat(combiner.identity(), lanes);
  for (int64_t row = 0; row < all.rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value element = asVector(value, row, vector);
      all.values.push_back(
          mask ? scope.select(asVector(masks, row, vector), element, identity)
               : element);
    }
  Sub result;
  result.rows = all.rows;
  for (int64_t row = 0; row < all.rows; ++row) {
    SmallVector<Value> parts;
    for (int64_t vector = 0; vector < vectors; ++vector)
      parts.push_back(all.at(row, vector));
    for (size_t count = parts.size(); count > 1; count = (count + 1) / 2)
      for (size_t i = 0; i < count / 2; ++i)
        parts[i] = combiner.combine(parts[i], parts[count - 1 - i]);
    result.values.push_back(combiner.acrossLanes(parts[0]));
  }
  if (combiner.isExtremum() && isa<FloatType>(type))
    restoreNaN(all, result);
  // A mask that is true everywhere has left its rows to the result's type.
  Sub &shapedResult = subs[op] = shaped(op.getType());
  for (int64_t row = 0; row < shapedResult.rows; ++row)
    shapedResult.at(row, 0) = result.at(row, 0);
  return success();
}

/// Puts NaN where a row has one: extrema are taken as if there were none. That
/// there is one at all is rare, and looked for first.
void SubtileLowering::restoreNaN(Sub &value, Sub &result) {
  Type word = scope.builder.getIntegerType(lanes);
  auto isAny = [&](ArrayRef<Value> vectors) {
    Value any;
    for (size_t i = 0; i < vectors.size(); i += 2) {
      Value other = vectors[std::min(i + 1, vectors.size() - 1)];
      Value isNaN = scope.compare(arith::CmpFPredicate::UNO, vectors[i], other);
      any = any ? scope.either(any, isNaN) : isNaN;
    }
    Value bits = vector::BitCastOp::create(scope.builder, scope.loc,
                                           scope.vectorOf(word, 1), any);
    bits = vector::ExtractOp::create(scope.builder, scope.loc, bits, 0);
    return scope.compare(arith::CmpIPredicate::ne, bits,
                         scope.integer(word, 0));
  };
  SmallVector<Type> types(result.values.size(), result.values[0].getType());
  Value nan = scope.real(types[0], std::numeric_limits<double>::quiet_NaN());
  auto correct = [&] {
    SmallVector<Value> corrected;
    for (int64_t row = 0; row < result.rows; ++row) {
      ArrayRef<Value> own =
          ArrayRef(value.values).slice(row * vectors, vectors);
      corrected.push_back(scope.select(isAny(own), nan, result.at(row, 0)));
    }
    return corrected;
  };
  result.values = scope.choose(scope.unlikely(isAny(value.values)), types,
                               correct, [&] { return result.values; });
}

} // namespace weir::cpu
