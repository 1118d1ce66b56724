// Combiners.
#include "codegen/interp/Accumulator.h"

#include <cmath>

#include "codegen/scalar/Functions.h"

using namespace weir::cascade;
using namespace weir::scalar;

namespace weir::interp {

void Accumulator::reset() {
  empty = true;
  count = best = 0;
  real = combiner == Combiner::Prod ? 1 : 0;
  integer = combiner == Combiner::Prod || combiner == Combiner::All;
}

void Accumulator::resume(Value result) {
  empty = false;
  if (kind == Kind::Real)
    real = result.real;
  else
    integer = result.integer;
}

void Accumulator::addReal(double x, int64_t index) {
  switch (combiner) {
  case Combiner::Sum:
  case Combiner::Mean:
    real += x;
    break;
  case Combiner::Prod:
    real *= x;
    break;
  case Combiner::Max:
    real = empty ? x : greater(real, x);
    break;
  case Combiner::Min:
    real = empty ? x : lesser(real, x);
    break;
  case Combiner::ArgMax:
  case Combiner::ArgMin: {
    // The least is the greatest of the negated.
    double score = combiner == Combiner::ArgMax ? x : -x;
    if (empty || beats(kind, Value::of(score), index, Value::of(real), best)) {
      real = score;
      best = index;
    }
    break;
  }
  default:
    real = x;
  }
  if (roundToF32)
    real = static_cast<float>(real);
}

void Accumulator::addInteger(int64_t x, int64_t index) {
  auto unsignedOf = [](int64_t i) { return static_cast<uint64_t>(i); };
  switch (combiner) {
  case Combiner::Sum:
  case Combiner::Count:
    integer = unsignedOf(integer) + unsignedOf(x);
    break;
  case Combiner::Mean:
    real += static_cast<double>(x);
    break;
  case Combiner::Prod:
    integer = unsignedOf(integer) * unsignedOf(x);
    break;
  case Combiner::Max:
    integer = empty ? x : std::max(integer, x);
    break;
  case Combiner::Min:
    integer = empty ? x : std::min(integer, x);
    break;
  case Combiner::Any:
    integer |= x;
    break;
  case Combiner::All:
    integer &= x;
    break;
  case Combiner::ArgMax:
  case Combiner::ArgMin: {
    bool better = combiner == Combiner::ArgMax ? x > integer : x < integer;
    if (empty || better || (x == integer && index < best)) {
      integer = x;
      best = index;
    }
    break;
  }
  case Combiner::None:
    integer = x;
  }
}

void Accumulator::add(const Value &value, int64_t index) {
  if (!value.isPresent())
    return;
  if (kind == Kind::Real)
    addReal(value.real, index);
  else
    addInteger(value.integer, index);
  empty = false;
  ++count;
}

Value Accumulator::result() const {
  switch (combiner) {
  case Combiner::ArgMax:
  case Combiner::ArgMin:
    return empty ? Value::absent() : Value::of(best);
  case Combiner::Mean:
    if (empty)
      return Value::absent();
    return Value::of(roundToF32 ? double(float(real / double(count)))
                                : real / double(count));
  case Combiner::Max:
  case Combiner::Min:
  case Combiner::None:
    if (empty)
      return absentOf(kind);
    [[fallthrough]];
  default:
    return kind == Kind::Real ? Value::of(real) : Value::of(integer);
  }
}

Kind resultKindOf(Combiner combiner, Kind kind) {
  switch (combiner) {
  case Combiner::Count:
  case Combiner::ArgMax:
  case Combiner::ArgMin:
    return Kind::Integer;
  case Combiner::Mean:
    return Kind::Real;
  default:
    return kind;
  }
}

bool beats(Kind kind, const Value &a, int64_t indexOfA, const Value &b,
           int64_t indexOfB) {
  if (kind == Kind::Real) {
    bool aIsNumber = !std::isnan(a.real), bIsNumber = !std::isnan(b.real);
    if (aIsNumber != bIsNumber)
      return aIsNumber;
    if (aIsNumber && a.real != b.real)
      return a.real > b.real;
  } else if (a.integer != b.integer) {
    return a.integer > b.integer;
  }
  return indexOfA < indexOfB;
}

} // namespace weir::interp
