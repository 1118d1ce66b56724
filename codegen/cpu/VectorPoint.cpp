// A stage's expression for vectors of indices.
#include "codegen/cpu/VectorPoint.h"

#include "codegen/cpu/Pointwise.h"

using namespace mlir;

namespace weir::cpu {

VectorPoint::VectorPoint(Scope &scope, tile::StageOp op, unsigned rank,
                         int64_t lanes)
    : scope(scope), op(op), index(op.getBody().getArgument(rank)), lanes(lanes),
      possible(isa<FloatType>(op.getElementType())) {
  for (Operation &inner : op.getBody().front().without_terminator()) {
    bool isVarying = llvm::any_of(inner.getOperands(), [&](Value operand) {
      return operand == index || varies(operand);
    });
    if (!isVarying)
      continue;
    varying.insert(inner.getResult(0));
    Type type = inner.getResult(0).getType();
    auto load = dyn_cast<tile::LoadOp>(inner);
    // Only reals of the panel's own type; places and conditions are the same in
    // all lanes, but for the index itself.
    bool isPlain = type == op.getElementType();
    if (load) {
      isPlain &= tile::storageTypeOf(load.getRef()) == type &&
                 !scope.refs[load.getRef()].isPanel() &&
                 !(load.getMask() && varies(load.getMask()));
      for (Value operand : load.getIndices())
        isPlain &= !varies(operand);
      ArrayRef<AffineExpr> subscripts = load.getMap().getResults();
      for (AffineExpr subscript : subscripts)
        isPlain &= stepOf(subscript, load).has_value();
      isPlain &= stepOf(subscripts.back(), load) == 1;
    }
    possible &= isPlain;
  }
  possible &= varies(cast<tile::YieldOp>(op.getBody().front().back()).getValue());
}

/// What a subscript grows by from one index to the next, if that is always the
/// same.
std::optional<int64_t> VectorPoint::stepOf(AffineExpr subscript,
                                           tile::LoadOp load) {
  unsigned dimensions = load.getMap().getNumDims();
  MLIRContext *context = subscript.getContext();
  AffineExpr moved = subscript;
  for (auto [i, operand] : llvm::enumerate(load.getIndices()))
    if (operand == index) {
      AffineExpr unit = i < dimensions
                            ? getAffineDimExpr(i, context)
                            : getAffineSymbolExpr(i - dimensions, context);
      moved = moved.replace(unit, unit + 1);
    }
  auto step = dyn_cast<AffineConstantExpr>(
      simplifyAffineExpr(moved - subscript, dimensions,
                         load.getMap().getNumSymbols()));
  return step ? std::optional(step.getValue()) : std::nullopt;
}

Value VectorPoint::isSideBySide() {
  Value all = scope.truth(true);
  for (Operation &inner : op.getBody().front()) {
    auto load = dyn_cast<tile::LoadOp>(inner);
    if (!load || !varies(load))
      continue;
    const Ref &ref = scope.refs[load.getRef()];
    Value step = scope.integer(0);
    for (auto [i, subscript] : llvm::enumerate(load.getMap().getResults()))
      if (int64_t steps = *stepOf(subscript, load))
        step = scope.add(step, scope.mul(ref.strides[i], scope.integer(steps)));
    all = scope.both(all, scope.equal(step, scope.integer(1)));
  }
  return all;
}

FailureOr<VectorPoint::Row> VectorPoint::row(ArrayRef<Value> indices) {
  Row row;
  for (auto [argument, place] : llvm::zip(op.getBody().getArguments(), indices))
    scope.scalars[argument] = place;
  for (Operation &inner : op.getBody().front().without_terminator()) {
    Value result = inner.getResult(0);
    if (auto load = dyn_cast<tile::LoadOp>(inner); load && varies(load))
      row[result] = scalarAddress(scope, load);
    else if (varies(result))
      continue;
    else if (failed(emitScalar(scope, inner)))
      return failure();
    else
      row[result] = scope.get(result);
  }
  return row;
}

FailureOr<Value> VectorPoint::at(const Row &row, Value distance) {
  Type type = op.getElementType();
  auto vector = scope.vectorOf(type, lanes);
  unsigned alignment = type.getIntOrFloatBitWidth() / 8;
  llvm::DenseMap<Value, Value> vectors;
  auto scalarOf = [&](Value value) {
    Value own = row.lookup(value);
    return own ? own : scope.get(value);
  };
  auto read = [&](tile::LoadOp load) -> Value {
    return LLVM::LoadOp::create(scope.builder, scope.loc, vector,
                                scope.at(type, row.lookup(load), distance),
                                alignment);
  };
  Block &body = op.getBody().front();
  for (Operation &inner : body.without_terminator()) {
    Value result = inner.getResult(0);
    if (!varies(result))
      continue;
    auto load = dyn_cast<tile::LoadOp>(inner);
    if (load && !load.getMask()) {
      vectors[result] = read(load);
    } else if (load) {
      vectors[result] = scope.choose(
          scalarOf(load.getMask()), TypeRange(vector),
          [&] { return SmallVector<Value>{read(load)}; },
          [&] {
            return SmallVector<Value>{
                scope.splat(scope.number(type, 0), lanes)};
          })[0];
    } else {
      SmallVector<Value> operands;
      for (Value operand : inner.getOperands())
        operands.push_back(varies(operand)
                               ? vectors[operand]
                               : scope.splat(scalarOf(operand), lanes));
      auto value = emitOperation(scope, inner, operands);
      if (failed(value))
        return failure();
      vectors[result] = *value;
    }
  }
  return vectors[cast<tile::YieldOp>(body.back()).getValue()];
}

} // namespace weir::cpu
