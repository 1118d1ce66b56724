// Regions of scalar operations on fragments, and the functions of reals.
#include "codegen/nvptx/Lowering.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <numbers>

using namespace mlir;

namespace weir::nvptx {
namespace {

/// Arithmetic on f32 that may be contracted to fused multiply-adds.
struct Reals {
  Lane &emit;

  template <typename Op> Value op(Value a, Value b) {
    return emit.builder.createOrFold<Op>(emit.loc, a, b, arith::FastMathFlags::contract);
  }
  Value of(double value) { return emit.real(emit.f32(), value); }
  Value plus(Value a, Value b) { return op<arith::AddFOp>(a, b); }
  Value minus(Value a, Value b) { return op<arith::SubFOp>(a, b); }
  Value times(Value a, Value b) { return op<arith::MulFOp>(a, b); }
  Value over(Value a, Value b) { return emit.intrinsic("llvm.nvvm.div.full", emit.f32(), {a, b}); }
  Value abs(Value a) { return math::AbsFOp::create(emit.builder, emit.loc, a); }
  Value isLess(Value a, Value b) { return emit.compare(arith::CmpFPredicate::OLT, a, b); }
  Value isEqual(Value a, Value b) { return emit.compare(arith::CmpFPredicate::OEQ, a, b); }

  Value exp(Value x) { return emit.exp2(times(x, of(std::numbers::log2e))); }
  Value log2(Value x) { return emit.intrinsic("llvm.nvvm.lg2.approx.f", emit.f32(), x); }
  Value log(Value x) { return times(log2(x), of(std::numbers::ln2)); }

  /// sum of c[i] x^i.
  Value polynomial(Value x, ArrayRef<double> c) {
    Value sum = of(c.back());
    for (double next : llvm::reverse(c.drop_back()))
      sum = emit.fma(sum, x, of(next));
    return sum;
  }

  /// log(1 + x), exact where 1 + x is rounded (Kahan): log(u) x / (u - 1).
  Value log1p(Value x) {
    Value one = of(1), u = emit.add(x, one), rest = emit.sub(u, one);
    Value isInfinite = isEqual(u, of(std::numeric_limits<double>::infinity()));
    Value value = over(times(log(u), x), rest);
    value = emit.select(isInfinite, u, value);
    return emit.select(isEqual(rest, of(0)), x, value);
  }

  /// e^x - 1: a polynomial for what would cancel.
  Value expm1(Value x) {
    Value small = times(x, polynomial(x, {1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040}));
    return emit.select(isLess(abs(x), of(0.5)), small, minus(exp(x), of(1)));
  }

  /// 1 - 2 / (e^2x + 1); an odd polynomial for what would cancel.
  Value tanh(Value x) {
    Value large = minus(of(1), over(of(2), plus(exp(times(x, of(2))), of(1))));
    Value square = times(x, x);
    Value small = times(x, polynomial(square, {1, -1.0 / 3, 2.0 / 15, -17.0 / 315, 62.0 / 2835, -1382.0 / 155925}));
    return emit.select(isLess(abs(x), of(0.35)), small, large);
  }

  /// Error at most 2e-7 (Abramowitz and Stegun, 7.1.26, and the series near 0).
  Value erf(Value x) {
    Value size = abs(x), square = times(x, x);
    Value t = over(of(1), emit.fma(size, of(0.3275911), of(1)));
    Value tail = times(t, polynomial(t, {0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429}));
    Value large = minus(of(1), times(tail, exp(minus(of(0), square))));
    large = LLVM::CopySignOp::create(emit.builder, emit.loc, large, x);
    double c = 2 / std::sqrt(std::numbers::pi);
    Value small = times(x, polynomial(square, {c, -c / 3, c / 10, -c / 42, c / 216, -c / 1320}));
    return emit.select(isLess(size, of(0.5)), small, large);
  }
};

} // namespace

/// A function of the math dialect, within a few units in the last place of f32.
FailureOr<Value> ParallelLowering::emitFunction(Operation &op, ArrayRef<Value> operands) {
  Reals reals{emit};
  Value x = operands[0];
  if (!x.getType().isF32() && !isa<math::AbsIOp>(op))
    return refuse(&op, "gpu-function") << "'" << op.getName() << "' on this type";
  auto round = [&](StringRef name) { return emit.intrinsic(("llvm." + name).str(), emit.f32(), x); };
  using Result = FailureOr<Value>;
  return llvm::TypeSwitch<Operation *, Result>(&op)
      .Case([&](math::AbsFOp) -> Result { return reals.abs(x); })
      .Case([&](math::CeilOp) -> Result { return round("ceil"); })
      .Case([&](math::ErfOp) -> Result { return reals.erf(x); })
      .Case([&](math::ExpOp) -> Result { return reals.exp(x); })
      .Case([&](math::Exp2Op) -> Result { return emit.exp2(x); })
      .Case([&](math::ExpM1Op) -> Result { return reals.expm1(x); })
      .Case([&](math::FloorOp) -> Result { return round("floor"); })
      .Case([&](math::Log1pOp) -> Result { return reals.log1p(x); })
      .Case([&](math::Log2Op) -> Result { return reals.log2(x); })
      .Case([&](math::LogOp) -> Result { return reals.log(x); })
      .Case([&](math::RoundEvenOp) -> Result { return round("roundeven"); })
      .Case([&](math::RsqrtOp) -> Result { return emit.intrinsic("llvm.nvvm.rsqrt.approx.f", emit.f32(), x); })
      .Case([&](math::SqrtOp) -> Result { return emit.intrinsic("llvm.nvvm.sqrt.rn.f", emit.f32(), x); })
      .Case([&](math::TanhOp) -> Result { return reals.tanh(x); })
      .Default([](Operation *op) -> Result {
        return refuse(op, "gpu-function") << "'" << op->getName() << "' has no code yet";
      });
}

/// One operation of a region on given operands.
FailureOr<Value> ParallelLowering::emitOperation(Operation &op, ArrayRef<Value> operands) {
  if (isa<math::MathDialect>(op.getDialect()))
    return emitFunction(op, operands);
  if (isa<arith::IndexCastOp>(op))
    return emit.wide(operands[0]);
  if (isa<arith::FloorDivSIOp>(op))
    return emit.quotient(operands[0], operands[1]);
  if (isa<arith::DivFOp>(op) && operands[0].getType().isF32())
    return Reals{emit}.over(operands[0], operands[1]);
  if (isa<arith::AndIOp>(op))
    return emit.every(operands[0], operands[1]);
  if (isa<arith::SelectOp>(op))
    return emit.choice(operands[0], operands[1], operands[2]);
  if (!isa<arith::ArithDialect>(op.getDialect()) || op.getNumResults() != 1)
    return refuse(&op, "gpu-form") << "'" << op.getName() << "' has no lowering";
  OperationState state(emit.loc, op.getName());
  state.addOperands(operands);
  state.attributes = op.getAttrs();
  Type type = op.getResult(0).getType();
  state.addTypes(isa<IndexType>(type) ? emit.i64() : type);
  Operation *created = emit.builder.create(state);
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(created)) {
    bool isExtremum = isa<arith::MaximumFOp, arith::MinimumFOp>(created);
    auto flags = isExtremum ? arith::FastMathFlags::nsz : arith::FastMathFlags::contract;
    fast->setAttr("fastmath", arith::FastMathFlagsAttr::get(emit.builder.getContext(), flags));
  }
  return created->getResult(0);
}

//===-- Fragments -----------------------------------------------------------===//

/// The factor of a product whose other operand has this factor's sign already, or null.
static Value signedFactor(Operation &inner, ValueRange inputs, llvm::DenseMap<Value, Fragment> &known) {
  for (unsigned side : {0u, 1u}) {
    auto other = isa<arith::MulFOp>(inner) ? dyn_cast<BlockArgument>(inner.getOperand(1 - side)) : BlockArgument();
    Value signedBy = other ? known[inner.getOperand(side)].signedBy : Value();
    if (signedBy && inputs[other.getArgNumber()] == signedBy)
      return inner.getOperand(side);
  }
  return {};
}

FailureOr<Fragment> ParallelLowering::evaluate(Block &block, ValueRange inputs) {
  llvm::DenseMap<Value, Fragment> known;
  Lines lines;
  for (auto [argument, operand] : llvm::zip(block.getArguments(), inputs))
    if (isa<IndexType>(operand.getType()))
      lines[argument].terms[operand] = 1;
    else
      known[argument] = deferred(operand);
  Reals reals{emit};
  for (Operation &inner : block) {
    if (auto line = lineOf(inner, lines)) {
      lines[inner.getResult(0)] = *line;
      continue;
    }
    if (auto value = evaluateOfLines(inner, lines)) {
      known[inner.getResult(0)] = *value;
      continue;
    }
    for (Value operand : inner.getOperands())
      if (auto line = lines.find(operand); line != lines.end() && !known.contains(operand))
        known[operand] = valuesOf(line->second);
    if (auto yield = dyn_cast<tile::YieldOp>(inner))
      return known[yield.getValue()];
    if (Value product = signedFactor(inner, inputs, known)) {
      Fragment result = known[product];
      result.factor = reals.abs(scalars.lookup(result.signedBy));
      result.signedBy = {};
      known[inner.getResult(0)] = result;
      continue;
    }
    Fragment result(1, 1);
    for (Value operand : inner.getOperands()) {
      result.rows = std::max(result.rows, known[operand].rows);
      result.columns = std::max(result.columns, known[operand].columns);
    }
    result.values.resize(result.rows * result.columns);
    // e^(a - b) with a b of fewer elements: 2^(a c - b c), b c once, and the rest fused.
    auto power = dyn_cast<math::ExpOp>(inner);
    auto difference = power ? power.getOperand().getDefiningOp<arith::SubFOp>() : arith::SubFOp();
    if (difference && known[difference.getRhs()].values.size() < result.values.size()) {
      Fragment a = known[difference.getLhs()], scaled = known[difference.getRhs()];
      Value factor = reals.of(std::numbers::log2e);
      scaled = multiplied(scaled);
      for (Value &value : scaled.values)
        value = arith::NegFOp::create(emit.builder, emit.loc, reals.times(value, factor));
      if (a.factor)
        factor = reals.times(a.factor, factor);
      for (int64_t row = 0; row < result.rows; ++row)
        for (int64_t column = 0; column < result.columns; ++column)
          result.at(row, column) = emit.exp2(emit.fma(a.at(row, column), factor, scaled.at(row, column)));
      known[inner.getResult(0)] = result;
      continue;
    }
    // A difference may wait for the power that it is the exponent of.
    bool isExponent = isa<arith::SubFOp>(inner) && known[inner.getOperand(0)].factor && inner.getResult(0).hasOneUse() &&
                      isa<math::ExpOp>(*inner.getResult(0).user_begin()) &&
                      known[inner.getOperand(1)].values.size() < result.values.size();
    if (isExponent) {
      known[inner.getResult(0)] = result;
      continue;
    }
    for (Value operand : inner.getOperands())
      known[operand] = multiplied(known[operand]);
    for (int64_t row = 0; row < result.rows; ++row)
      for (int64_t column = 0; column < result.columns; ++column) {
        auto operands =
            llvm::map_to_vector(inner.getOperands(), [&](Value operand) { return known[operand].at(row, column); });
        auto value = emitOperation(inner, operands);
        if (failed(value))
          return failure();
        result.at(row, column) = *value;
      }
    known[inner.getResult(0)] = result;
  }
  llvm_unreachable("a region ends by yielding");
}

/// A staged block's element where its indices are bound.
FailureOr<Value> ParallelLowering::evaluateStage(tile::StageOp stage) {
  Block &block = stage.getBody().front();
  for (Operation &inner : block) {
    auto operandOf = [&](Value operand) { return scalars.lookup(operand); };
    if (auto yield = dyn_cast<tile::YieldOp>(inner))
      return operandOf(yield.getValue());
    if (auto load = dyn_cast<tile::LoadOp>(inner)) {
      const Tensor &tensor = tensors[load.getRef()];
      Value place = addressAt(tensor, load.getMap(), load.getIndices(), 0, 0);
      Value condition = load.getMask() ? operandOf(load.getMask()) : Value();
      scalars[load] = loadFrom(tensor, place, tile::elementOf(load.getType()), condition);
      continue;
    }
    if (isa<arith::ConstantOp>(inner)) {
      scalars[inner.getResult(0)] = emit.builder.clone(inner)->getResult(0);
      continue;
    }
    auto value = emitOperation(inner, llvm::map_to_vector(inner.getOperands(), operandOf));
    if (failed(value))
      return failure();
    scalars[inner.getResult(0)] = *value;
  }
  return failure();
}

} // namespace weir::nvptx
