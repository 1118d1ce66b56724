// Scalar regions of the cascade dialect as code: values with presence.
#include "codegen/abi/Scalar.h"

#include "codegen/abi/Storage.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::abi {

using FCmp = arith::CmpFPredicate;

Value bothPresent(Emitter &emit, Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return emit.both(a, b);
}

Value presenceOf(Emitter &emit, const Scalar &scalar) {
  return scalar.present ? scalar.present : emit.truth(true);
}

static Value isNumber(Emitter &emit, Value real) {
  return emit.compare(FCmp::ORD, real, real);
}

static Scalar emitConst(Emitter &emit, TypedAttr value) {
  return {arith::ConstantOp::create(emit.builder, emit.loc, value), {}};
}

/// A truth value with an absent operand is false: it carries no presence.
static Scalar settle(Emitter &emit, Value value, Value present) {
  if (!value.getType().isInteger(1))
    return {value, present};
  return {present ? emit.both(value, present) : value, {}};
}

static Scalar emitCast(Emitter &emit, cascade::CastOp op, Scalar operand) {
  Type from = operand.value.getType(), to = op.getResult().getType();
  Value present = operand.present;
  bool truncates = isa<FloatType>(from) && to.isInteger(64);
  if (truncates)
    present = bothPresent(emit, present, isNumber(emit, operand.value));
  if (op.getVia() && !to.isInteger(1)) {
    Value value =
        truncates ? convertScalar(emit, operand.value, to) : operand.value;
    return {roundThrough(emit, value, *op.getVia(), to), present};
  }
  if (from.isF64() && to.isF32())
    return {roundThrough(emit, operand.value, to, to), present};
  return settle(emit, convertScalar(emit, operand.value, to), present);
}

static Scalar emitRound(Emitter &emit, cascade::Rounding mode, Scalar operand) {
  Value value = operand.value;
  switch (mode) {
  case cascade::Rounding::Floor:
    value = LLVM::FFloorOp::create(emit.builder, emit.loc, value);
    break;
  case cascade::Rounding::Ceil:
    value = LLVM::FCeilOp::create(emit.builder, emit.loc, value);
    break;
  case cascade::Rounding::Nearest:
    value = LLVM::RoundEvenOp::create(emit.builder, emit.loc, value);
    break;
  }
  Value present =
      bothPresent(emit, operand.present, isNumber(emit, operand.value));
  return {convertScalar(emit, value, emit.i64()), present};
}

static Scalar emitSelect(Emitter &emit, Scalar condition, Scalar a, Scalar b) {
  Value present;
  if (a.present || b.present)
    present =
        emit.select(condition.value, presenceOf(emit, a), presenceOf(emit, b));
  return {emit.select(condition.value, a.value, b.value), present};
}

static Scalar emitWhere(Emitter &emit, Scalar value, Scalar predicate) {
  return settle(emit, value.value,
                bothPresent(emit, value.present, predicate.value));
}

static Scalar emitElse(Emitter &emit, Scalar value, Scalar fallback) {
  if (!value.present)
    return value;
  Value present =
      fallback.present ? emit.either(value.present, fallback.present) : Value();
  return {emit.select(value.present, value.value, fallback.value), present};
}

Scalar ScalarEmitter::emitOp(Operation &op, Environment &values) {
  auto at = [&](Value value) { return values.lookup(value); };
  return llvm::TypeSwitch<Operation *, Scalar>(&op)
      .Case([&](cascade::ConstOp op) { return emitConst(emit, op.getValue()); })
      .Case([&](cascade::AbsentOp op) {
        return settle(emit, emit.number(op.getType(), 0), emit.truth(false));
      })
      .Case([&](cascade::ExtentOp op) {
        return Scalar{extent(op.getRankAttr()), {}};
      })
      .Case([&](cascade::ReadOp op) {
        auto indices = llvm::map_to_vector(op.getIndices(), at);
        Scalar scalar = read(op, indices);
        return settle(emit, scalar.value, scalar.present);
      })
      .Case([&](cascade::UnaryOp op) {
        return emitUnary(emit, op.getFn(), at(op.getOperand()));
      })
      .Case([&](cascade::BinaryOp op) {
        return emitBinary(emit, op.getFn(), at(op.getLhs()), at(op.getRhs()));
      })
      .Case([&](cascade::CompareOp op) {
        Scalar a = at(op.getLhs()), b = at(op.getRhs());
        Value result = emitCompare(emit, op.getPredicate(), a.value, b.value);
        return settle(emit, result, bothPresent(emit, a.present, b.present));
      })
      .Case([&](cascade::SelectOp op) {
        return emitSelect(emit, at(op.getCondition()), at(op.getOnTrue()),
                          at(op.getOnFalse()));
      })
      .Case([&](cascade::WhereOp op) {
        return emitWhere(emit, at(op.getOperand(0)), at(op.getPredicate()));
      })
      .Case([&](cascade::ElseOp op) {
        return emitElse(emit, at(op.getOperand(0)), at(op.getFallback()));
      })
      .Case([&](cascade::PresentOp op) {
        return Scalar{presenceOf(emit, at(op.getOperand())), {}};
      })
      .Case([&](cascade::CastOp op) {
        return emitCast(emit, op, at(op.getOperand()));
      })
      .Case([&](cascade::RoundOp op) {
        return emitRound(emit, op.getMode(), at(op.getOperand()));
      });
}

SmallVector<Scalar> ScalarEmitter::emitRegion(Region &region,
                                              ArrayRef<Scalar> arguments) {
  Environment values;
  for (auto [argument, scalar] :
       llvm::zip_equal(region.getArguments(), arguments))
    values[argument] = scalar;
  for (Operation &op : region.front().without_terminator())
    values[op.getResult(0)] = emitOp(op, values);
  return llvm::map_to_vector(region.front().getTerminator()->getOperands(),
                             [&](Value value) { return values.lookup(value); });
}

} // namespace weir::abi
