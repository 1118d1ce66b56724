// How reductions combine: their running state as values, step by step.
#include "codegen/loops/Reduction.h"

#include "codegen/abi/Storage.h"

#include <limits>

using namespace mlir;

namespace weir::loops {

using abi::Scalar;
using cascade::Combiner;
using FCmp = arith::CmpFPredicate;

Reduction::Reduction(abi::Emitter &emit, Combiner combiner, Type operand)
    : emit(emit), combiner(combiner), operand(operand), accumulator(operand) {
  bool adds = combiner == Combiner::Sum || combiner == Combiner::Prod;
  if (combiner == Combiner::Mean || (adds && isa<FloatType>(operand)))
    accumulator = emit.f64();
}

bool Reduction::isExtremum() const {
  return llvm::is_contained(
      {Combiner::Max, Combiner::Min, Combiner::ArgMax, Combiner::ArgMin},
      combiner);
}

SmallVector<Value> Reduction::start() {
  Value no = emit.truth(false);
  switch (combiner) {
  case Combiner::Sum:
    return {emit.number(accumulator, 0)};
  case Combiner::Prod:
    return {emit.number(accumulator, 1)};
  case Combiner::Any:
    return {no};
  case Combiner::All:
    return {emit.truth(true)};
  case Combiner::Count:
    return {emit.integer(0)};
  case Combiner::Mean:
    return {emit.real(accumulator, 0), emit.integer(0)};
  case Combiner::ArgMax:
  case Combiner::ArgMin:
    return {emit.number(accumulator, 0), emit.integer(0), no};
  default: { // max, min
    bool isMax = combiner == Combiner::Max;
    double infinity = std::numeric_limits<double>::infinity();
    Value worst =
        isa<FloatType>(accumulator)
            ? emit.real(accumulator, isMax ? -infinity : infinity)
            : emit.integer(isMax ? std::numeric_limits<int64_t>::min()
                                 : std::numeric_limits<int64_t>::max());
    return {worst, no};
  }
  }
}

/// Whether a selection prefers `a`: numbers before NaN.
Value Reduction::better(Value a, Value b) {
  bool isMax = combiner == Combiner::ArgMax;
  if (!isa<FloatType>(a.getType()))
    return isMax ? emit.less(b, a) : emit.less(a, b);
  Value wins = emit.compare(isMax ? FCmp::OGT : FCmp::OLT, a, b);
  Value isFirstNumber =
      emit.both(emit.compare(FCmp::ORD, a, a), emit.compare(FCmp::UNO, b, b));
  return emit.either(wins, isFirstNumber);
}

/// Sums of reals may be taken in any order, which lets LLVM use vectors.
static Value addInAnyOrder(abi::Emitter &emit, Value a, Value b) {
  if (!isa<FloatType>(a.getType()))
    return emit.add(a, b);
  return arith::AddFOp::create(emit.builder, emit.loc, a, b,
                               arith::FastMathFlags::reassoc);
}

SmallVector<Value> Reduction::step(ValueRange state, Scalar point,
                                   Value index) {
  auto orElse = [&](Value value, Value other) {
    return point.present ? emit.select(point.present, value, other) : value;
  };
  Value value = abi::convertScalar(emit, point.value, accumulator);
  Value present = presenceOf(emit, point);
  switch (combiner) {
  case Combiner::Sum:
    return {addInAnyOrder(emit, state[0],
                          orElse(value, emit.number(accumulator, 0)))};
  case Combiner::Prod:
    return {emit.mul(state[0], orElse(value, emit.number(accumulator, 1)))};
  case Combiner::Any:
    return {emit.either(state[0], value)};
  case Combiner::All:
    return {emit.both(state[0], value)};
  case Combiner::Count:
    return {emit.add(state[0], abi::convertScalar(emit, value, emit.i64()))};
  case Combiner::Mean:
    return {
        addInAnyOrder(emit, state[0], orElse(value, emit.real(accumulator, 0))),
        emit.add(state[1], abi::convertScalar(emit, present, emit.i64()))};
  case Combiner::ArgMax:
  case Combiner::ArgMin: {
    Value wins = emit.both(
        present, emit.either(emit.invert(state[2]), better(value, state[0])));
    return {emit.select(wins, value, state[0]),
            emit.select(wins, index, state[1]), emit.either(state[2], present)};
  }
  default: { // max, min
    Value extreme =
        abi::emitExtremum(emit, combiner == Combiner::Max, state[0], value);
    return {orElse(extreme, state[0]), emit.either(state[1], present)};
  }
  }
}

Scalar Reduction::finish(ValueRange state) {
  switch (combiner) {
  case Combiner::Max:
  case Combiner::Min:
    return {state[0], state[1]};
  case Combiner::ArgMax:
  case Combiner::ArgMin:
    return {state[1], state[2]};
  case Combiner::Mean: {
    Value isSome = emit.less(emit.integer(0), state[1]);
    Value count = abi::convertScalar(emit, state[1], accumulator);
    return {emit.divide(state[0], count), isSome};
  }
  default:
    return {state[0], {}};
  }
}

} // namespace weir::loops
