// Values of a sub-tile: masks, maps, reductions of rows, updates of states.
#include "codegen/nvptx/Lowering.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::nvptx {

LogicalResult ParallelLowering::emitValueOp(Operation &inner) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&inner)
      .Case([&](tile::LoadOp op) { return emitLoad(op); })
      .Case([&](tile::StoreOp op) { return emitStore(op); })
      .Case([&](tile::MaskOp op) { return emitMask(op); })
      .Case([&](tile::MapOp op) { return emitMap(op); })
      .Case([&](tile::UpdateOp op) { return emitUpdate(op); })
      .Case([&](tile::ReduceOp op) { return emitReduce(op); })
      .Case([&](tile::ContractOp op) { return emitContract(op); })
      .Case([&](tile::AccumulateOp op) { return emitAccumulate(op); })
      .Case([&](tile::ConvertOp op) {
        fragments[op] = input(op.getValue());
        return success();
      })
      .Default([](Operation *op) {
        return refuse(op, "gpu-form") << "'" << op->getName() << "' has no lowering";
      });
}

Fragment ParallelLowering::shaped(Type type) { return {rowRegisters(type), columnRegisters(type)}; }

Fragment ParallelLowering::multiplied(Fragment fragment) {
  if (!fragment.factor)
    return fragment;
  for (Value &value : fragment.values)
    value = arith::MulFOp::create(emit.builder, emit.loc, value, fragment.factor, arith::FastMathFlags::contract);
  fragment.factor = {};
  return fragment;
}

Fragment ParallelLowering::input(Value operand) { return multiplied(deferred(operand)); }

Fragment ParallelLowering::deferred(Value operand) {
  if (auto known = fragments.find(operand); known != fragments.end())
    return known->second;
  if (auto *state = carries.find(operand); state != carries.end())
    return state->second;
  return Fragment(scalars.lookup(operand));
}

//===-- Masks ---------------------------------------------------------------===//

/// An expression as base + row * i + column * j, if it is one.
std::optional<Affine> ParallelLowering::affine(AffineExpr expression, unsigned dimensions, ValueRange indices) {
  auto operandOf = [&](unsigned position) -> std::optional<Affine> {
    Value index = indices[position];
    if (!isa<IndexType>(index.getType()))
      return std::nullopt;
    if (tile::isRowIndex(index))
      return Affine{rowBase, 1, 0};
    if (tile::isColumnIndex(index))
      return Affine{columnBase, 0, 1};
    return Affine{scalars.lookup(index)};
  };
  if (auto dimension = dyn_cast<AffineDimExpr>(expression))
    return operandOf(dimension.getPosition());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expression))
    return operandOf(dimensions + symbol.getPosition());
  if (auto known = dyn_cast<AffineConstantExpr>(expression))
    return Affine{emit.number(known.getValue())};
  auto binary = cast<AffineBinaryOpExpr>(expression);
  auto a = affine(binary.getLHS(), dimensions, indices), b = affine(binary.getRHS(), dimensions, indices);
  if (!a || !b)
    return std::nullopt;
  bool areConstant = a->row == 0 && a->column == 0 && b->row == 0 && b->column == 0;
  if (expression.getKind() == AffineExprKind::Add)
    return Affine{emit.plus(a->base, b->base), a->row + b->row, a->column + b->column};
  if (areConstant) {
    SmallVector<Value> both{a->base, b->base};
    MLIRContext *context = expression.getContext();
    AffineExpr same = getAffineBinaryOpExpr(expression.getKind(), getAffineSymbolExpr(0, context),
                                            getAffineSymbolExpr(1, context));
    return Affine{emit.expand(same, 0, both)};
  }
  auto factor = emit.constant(b->base);
  if (expression.getKind() != AffineExprKind::Mul || !factor || b->row || b->column)
    return std::nullopt;
  return Affine{emit.times(a->base, b->base), a->row * *factor, a->column * *factor};
}

LogicalResult ParallelLowering::emitMask(tile::MaskOp op) {
  Fragment result = shaped(op.getType());
  Value yes = emit.truth(true);
  llvm::fill(result.values, yes);
  fragments[op] = result;
  if (isFull)
    return success();
  if (op.getCondition()) {
    Fragment condition = input(op.getCondition());
    for (int64_t row = 0; row < result.rows; ++row)
      for (int64_t column = 0; column < result.columns; ++column)
        result.at(row, column) = condition.at(row, column);
  }
  for (AffineExpr expression : op.getMap().getResults()) {
    auto index = affine(expression, op.getMap().getNumDims(), op.getIndices());
    if (!index)
      return refuse(op, "gpu-form") << "a predicate is not linear in rows and columns";
    for (int64_t row = 0; row < result.rows; ++row)
      for (int64_t column = 0; column < result.columns; ++column) {
        int64_t more = index->row * rowsOf[row] + index->column * columnsOf[column];
        Value holds = emit.builder.createOrFold<arith::CmpIOp>(emit.loc, arith::CmpIPredicate::sge, index->base,
                                                               emit.number(-more));
        result.at(row, column) = emit.every(result.at(row, column), holds);
      }
  }
  fragments[op] = result;
  return success();
}

Value ParallelLowering::columnIsValid(int64_t column) {
  auto origin = emit.constant(columnOrigin), end = emit.constant(columnEnd);
  if (isFull || (origin && end && *origin + columnsOf[column] + laneColumnMost < *end))
    return {};
  return emit.isLess(columnIndex(column), columnEnd);
}

bool ParallelLowering::columnIsNever(int64_t column) {
  auto origin = emit.constant(columnOrigin), end = emit.constant(columnEnd);
  return origin && end && *origin + columnsOf[column] >= *end;
}

//===-- Maps and updates ----------------------------------------------------===//

LogicalResult ParallelLowering::emitMap(tile::MapOp op) {
  auto value = evaluate(op.getBody().front(), op.getInputs());
  if (failed(value))
    return failure();
  fragments[op] = *value;
  return success();
}

LogicalResult ParallelLowering::emitUpdate(tile::UpdateOp op) {
  auto isSum = [](Value value) { return isa_and_nonnull<tile::ReduceOp>(value.getDefiningOp()); };
  if (plan.isRider(op.getRef()) && llvm::any_of(op.getInputs(), isSum))
    return success(); // the accumulation adds it
  auto value = evaluate(op.getBody().front(), op.getInputs());
  if (failed(value))
    return failure();
  *value = multiplied(*value);
  Fragment &state = carries[op.getRef()];
  for (int64_t row = 0; row < state.rows; ++row)
    for (int64_t column = 0; column < state.columns; ++column)
      state.at(row, column) = value->at(row, column);
  return success();
}

//===-- Reductions ----------------------------------------------------------===//

static Value combine(Lane &emit, tile::Reduction kind, Value a, Value b) {
  auto extremum = [&](auto op) -> Value {
    return decltype(op)::create(emit.builder, emit.loc, a, b, arith::FastMathFlags::nsz);
  };
  bool isReal = isa<FloatType>(a.getType());
  auto flags = arith::FastMathFlags::contract;
  switch (kind) {
  case tile::Reduction::Sum:
    return isReal ? arith::AddFOp::create(emit.builder, emit.loc, a, b, flags).getResult() : emit.plus(a, b);
  case tile::Reduction::Prod:
    return isReal ? arith::MulFOp::create(emit.builder, emit.loc, a, b, flags).getResult() : emit.times(a, b);
  case tile::Reduction::Max:
    return isReal ? extremum(arith::MaximumFOp()) : emit.greater(a, b);
  case tile::Reduction::Min:
    return isReal ? extremum(arith::MinimumFOp()) : emit.smaller(a, b);
  case tile::Reduction::Any:
    return emit.either(a, b);
  case tile::Reduction::All:
    return emit.both(a, b);
  }
  return {};
}

static Value neutral(Lane &emit, tile::Reduction kind, Type type) {
  double infinity = std::numeric_limits<double>::infinity();
  switch (kind) {
  case tile::Reduction::Sum:
  case tile::Reduction::Any:
    return emit.Emitter::number(type, 0);
  case tile::Reduction::Prod:
  case tile::Reduction::All:
    return type.isInteger(1) ? emit.truth(true) : emit.Emitter::number(type, 1);
  case tile::Reduction::Max:
    return emit.Emitter::number(type, -infinity);
  case tile::Reduction::Min:
    return emit.Emitter::number(type, infinity);
  }
  return {};
}

/// Combines lanes whose bits mean columns.
Value ParallelLowering::sumOfLanes(Value value, tile::Reduction kind) {
  for (auto [bit, place] : llvm::enumerate(encoding.ofLanes()))
    if (place.column)
      value = combine(emit, kind, value, emit.exchange(value, 1u << bit));
  return value;
}

/// Combines the columns in the lane's registers, then those of other lanes.
LogicalResult ParallelLowering::emitReduce(tile::ReduceOp op) {
  auto update = op->hasOneUse() ? dyn_cast<tile::UpdateOp>(*op->user_begin()) : tile::UpdateOp();
  if (update && plan.isRider(update.getRef()))
    return success();
  bool isMonotonic = op.getKind() == tile::Reduction::Max || op.getKind() == tile::Reduction::Min;
  Fragment value = isMonotonic ? deferred(op.getValue()) : input(op.getValue());
  Fragment mask = op.getMask() ? input(op.getMask()) : Fragment();
  Type type = tile::elementOf(op.getValue().getType());
  if (type.isInteger(64))
    return refuse(op, "gpu-form") << "it reduces integers";
  Fragment result(std::max(value.rows, op.getMask() ? mask.rows : 1), 1);
  Value none = neutral(emit, op.getKind(), type);
  for (int64_t row = 0; row < result.rows; ++row) {
    Value all;
    for (int64_t column = 0, end = columnsOf.size(); column < end; ++column) {
      Value next = value.at(row, column);
      if (op.getMask())
        next = emit.choice(mask.at(row, column), next, none);
      all = all ? combine(emit, op.getKind(), all, next) : next;
    }
    if (!plan.isPartial(op))
      all = sumOfLanes(all, op.getKind());
    if (value.factor) {
      Value product =
          arith::MulFOp::create(emit.builder, emit.loc, all, value.factor, arith::FastMathFlags::contract);
      // Over no point at all an extremum is infinite, whatever the factor.
      Value isNone = emit.compare(arith::CmpFPredicate::OEQ, all, none);
      all = op.getMask() && !isFull ? emit.select(isNone, none, product) : product;
    }
    result.at(row, 0) = all;
  }
  fragments[op] = result;
  return success();
}

} // namespace weir::nvptx
