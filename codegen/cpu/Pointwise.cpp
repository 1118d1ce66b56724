// Regions of scalar operations, evaluated on scalars or on whole sub-tiles.
#include "codegen/cpu/Pointwise.h"

#include "codegen/abi/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

FailureOr<Value> emitOperation(Scope &scope, Operation &op,
                               ArrayRef<Value> operands) {
  if (isa<math::MathDialect>(op.getDialect()))
    return emitMath(scope, op, operands);
  // Indices are i64 already.
  if (isa<arith::IndexCastOp>(op))
    return operands[0];
  if (isa<arith::FloorDivSIOp>(op))
    return scope.floorDivide(operands[0], operands[1]);
  if (!isa<arith::ArithDialect>(op.getDialect()) || op.getNumResults() != 1)
    return op.emitOpError("cannot be evaluated on the CPU");
  OperationState state(scope.loc, op.getName());
  state.addOperands(operands);
  state.attributes = op.getAttrs();
  Type type = op.getResult(0).getType();
  for (Value operand : operands)
    if (auto vector = dyn_cast<VectorType>(operand.getType()))
      type = vector.clone(op.getResult(0).getType());
  if (isa<IndexType>(type))
    type = scope.i64();
  state.addTypes(type);
  Operation *created = scope.builder.create(state);
  // Which zero an extremum gives means nothing, and would cost a few
  // instructions.
  if (isa<arith::MaximumFOp, arith::MinimumFOp>(created))
    cast<arith::ArithFastMathInterface>(created)->setAttr(
        "fastmath", arith::FastMathFlagsAttr::get(scope.builder.getContext(),
                                                  arith::FastMathFlags::nsz));
  return created->getResult(0);
}

//===-- One point ---------------------------------------------------------===//

/// Subscripts of a load at one point.
static SmallVector<Value> scalarSubscripts(Scope &scope, tile::LoadOp load) {
  SmallVector<Value> operands, indices;
  for (Value index : load.getIndices())
    operands.push_back(scope.get(index));
  for (AffineExpr expression : load.getMap().getResults())
    indices.push_back(
        scope.expand(expression, load.getMap().getNumDims(), operands));
  return indices;
}

/// The place of an element of a strided reference, in elements from its base.
static Value scalarPlace(Scope &scope, tile::LoadOp load) {
  const Ref &ref = scope.refs[load.getRef()];
  Value place = scope.integer(0);
  for (auto [i, index] : llvm::enumerate(scalarSubscripts(scope, load))) {
    Value relative = ref.origins[i] ? scope.sub(index, ref.origins[i]) : index;
    place = scope.add(place, scope.mul(relative, ref.strides[i]));
  }
  return place;
}

Value scalarAddress(Scope &scope, tile::LoadOp load) {
  const Ref &ref = scope.refs[load.getRef()];
  return scope.offset(ref.storage, ref.base, scalarPlace(scope, load));
}

static FailureOr<Value> emitScalarLoad(Scope &scope, tile::LoadOp load) {
  const Ref &ref = scope.refs[load.getRef()];
  auto read = [&]() -> SmallVector<Value> {
    if (ref.isPanel())
      return {scope.load(ref.storage,
                         scope.address(ref, scalarSubscripts(scope, load)))};
    return {abi::loadElement(scope, ref.storage, ref.base,
                             scalarPlace(scope, load),
                             isa<BlockArgument>(load.getRef()))};
  };
  if (!load.getMask())
    return read()[0];
  Type type = tile::computeTypeOf(ref.storage);
  return scope.choose(scope.get(load.getMask()), type, read, [&] {
    return SmallVector<Value>{scope.number(type, 0)};
  })[0];
}

LogicalResult emitScalar(Scope &scope, Operation &op) {
  FailureOr<Value> value = failure();
  if (auto map = dyn_cast<tile::MapOp>(op)) {
    Block &body = map.getBody().front();
    for (auto [argument, input] :
         llvm::zip(body.getArguments(), map.getInputs()))
      scope.scalars[argument] = scope.get(input);
    value = emitScalarRegion(scope, body);
  } else if (auto load = dyn_cast<tile::LoadOp>(op)) {
    value = emitScalarLoad(scope, load);
  } else {
    SmallVector<Value> operands;
    for (Value operand : op.getOperands())
      operands.push_back(scope.get(operand));
    value = emitOperation(scope, op, operands);
  }
  if (failed(value))
    return failure();
  scope.scalars[op.getResult(0)] = *value;
  return success();
}

FailureOr<Value> emitScalarRegion(Scope &scope, Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(emitScalar(scope, op)))
      return failure();
  return scope.get(cast<tile::YieldOp>(block.back()).getValue());
}

//===-- Sub-tiles ---------------------------------------------------------===//

namespace {

/// The values of a region while it is evaluated.
class Evaluation {
public:
  Evaluation(Scope &scope, int64_t lanes) : scope(scope), lanes(lanes) {}

  LogicalResult evaluate(Block &block);
  /// What stands for `value`: itself, unless it is a choice already made.
  Value resolve(Value value) const {
    Value other = chosen.lookup(value);
    return other ? other : value;
  }

  llvm::DenseMap<Value, Sub> values;
  llvm::DenseSet<Value> known; ///< true

private:
  LogicalResult evaluate(Operation &op, int64_t row, int64_t vector);
  void shape(Operation &op);
  /// True if nothing of `op` is needed, being a choice already made.
  bool forward(Operation &op);
  Value operand(Value value, int64_t row, int64_t vector, bool asVector);
  LogicalResult evaluatePacked(Operation &op);

  Scope &scope;
  int64_t lanes;
  llvm::DenseMap<Value, Value> chosen;
  llvm::DenseMap<Value, SmallVector<Value>>
      splats; ///< of values that vary with rows at most
};

Value Evaluation::operand(Value value, int64_t row, int64_t vector,
                          bool asVector) {
  Sub &sub = values[value];
  if (!asVector || sub.vectors)
    return sub.at(row, vector);
  auto &known = splats[value];
  known.resize(sub.rows);
  Value &splat = known[sub.rows == 1 ? 0 : row];
  if (!splat)
    splat = scope.splat(sub.at(row, 0), lanes);
  return splat;
}

void Evaluation::shape(Operation &op) {
  Sub result;
  for (Value value : op.getOperands()) {
    const Sub &operand = values[resolve(value)];
    result.rows = std::max(result.rows, operand.rows);
    result.vectors = std::max(result.vectors, operand.vectors);
  }
  result.values.resize(result.rows * std::max<int64_t>(1, result.vectors));
  values[op.getResult(0)] = result;
}

bool Evaluation::forward(Operation &op) {
  auto select = dyn_cast<arith::SelectOp>(op);
  if (!select || !known.contains(select.getCondition()))
    return false;
  chosen[select] = resolve(select.getTrueValue());
  return true;
}

LogicalResult Evaluation::evaluate(Operation &op, int64_t row, int64_t vector) {
  Sub &result = values[op.getResult(0)];
  SmallVector<Value> operands;
  for (Value value : op.getOperands())
    operands.push_back(
        operand(resolve(value), row, vector, result.vectors != 0));
  auto value = emitOperation(scope, op, operands);
  if (failed(value))
    return failure();
  result.at(row, vector) = *value;
  return success();
}

/// A function of one value a row, worth generated code: rows side by side.
LogicalResult Evaluation::evaluatePacked(Operation &op) {
  Sub &result = values[op.getResult(0)],
      &input = values[resolve(op.getOperand(0))];
  Type type = input.values[0].getType();
  for (int64_t first = 0; first < result.rows; first += lanes) {
    Value packed = scope.splat(scope.number(type, 0), lanes);
    int64_t count = std::min(lanes, result.rows - first);
    for (int64_t i = 0; i < count; ++i)
      packed = vector::InsertOp::create(scope.builder, scope.loc,
                                        input.values[first + i], packed, i);
    auto value = emitOperation(scope, op, packed);
    if (failed(value))
      return failure();
    for (int64_t i = 0; i < count; ++i)
      result.values[first + i] =
          vector::ExtractOp::create(scope.builder, scope.loc, *value, i);
  }
  return success();
}

LogicalResult Evaluation::evaluate(Block &block) {
  // What varies least comes first; then each element is taken all the way, so
  // that its operands die early.
  SmallVector<Operation *> full;
  for (Operation &op : block.without_terminator()) {
    if (forward(op))
      continue;
    shape(op);
    Sub &result = values[op.getResult(0)];
    if (result.rows > 1 && result.vectors) {
      full.push_back(&op);
      continue;
    }
    if (isGenerated(op) && result.rows > 1) {
      if (failed(evaluatePacked(op)))
        return failure();
      continue;
    }
    for (int64_t row = 0; row < result.rows; ++row)
      for (int64_t vector = 0; vector < std::max<int64_t>(1, result.vectors);
           ++vector)
        if (failed(evaluate(op, row, vector)))
          return failure();
  }
  if (full.empty())
    return success();
  Sub &last = values[full.back()->getResult(0)];
  for (int64_t row = 0; row < last.rows; ++row)
    for (int64_t vector = 0; vector < last.vectors; ++vector)
      for (Operation *op : full)
        if (failed(evaluate(*op, row, vector)))
          return failure();
  return success();
}

} // namespace

FailureOr<Sub> emitPointwise(Scope &scope, Block &block,
                             MutableArrayRef<Sub> inputs, ArrayRef<bool> known,
                             int64_t lanes) {
  Evaluation evaluation(scope, lanes);
  for (auto [i, argument] : llvm::enumerate(block.getArguments())) {
    evaluation.values[argument] = inputs[i];
    if (known[i])
      evaluation.known.insert(argument);
  }
  if (failed(evaluation.evaluate(block)))
    return failure();
  return evaluation
      .values[evaluation.resolve(cast<tile::YieldOp>(block.back()).getValue())];
}

} // namespace weir::cpu
