// Scalar operations on values with presence. Integers wrap around at 64 bits.
#include "codegen/scalar/Functions.h"

#include <cassert>
#include <cmath>
#include <limits>

#include "runtime/io/ElementType.h"

using namespace weir::cascade;

namespace weir::scalar {
namespace {

//===-- Families: how presence passes through -----------------------------===//

/// The value is absent or pending as its operands are.
void passAbsence(Value &result, const Value &a, const Value &b) {
  result = a.isPending() ? a : b.isPending() ? b : Value::absent();
}

template <auto fn> void realUnary(const Instruction &i, Value *r) {
  const Value &x = r[i.a];
  r[i.result] = x.isPresent() ? Value::of(double(fn(x.real))) : x;
}

template <auto fn> void integerUnary(const Instruction &i, Value *r) {
  const Value &x = r[i.a];
  r[i.result] = x.isPresent() ? Value::of(int64_t(fn(x.integer))) : x;
}

/// A function of a real or integer that itself may be absent.
template <auto fn> void partialUnary(const Instruction &i, Value *r) {
  const Value &x = r[i.a];
  r[i.result] = x.isPresent() ? fn(x) : x;
}

template <auto fn> void realBinary(const Instruction &i, Value *r) {
  const Value &x = r[i.a], &y = r[i.b];
  if (x.isPresent() && y.isPresent())
    r[i.result] = Value::of(double(fn(x.real, y.real)));
  else
    passAbsence(r[i.result], x, y);
}

template <auto fn> void integerBinary(const Instruction &i, Value *r) {
  const Value &x = r[i.a], &y = r[i.b];
  if (x.isPresent() && y.isPresent())
    r[i.result] = fn(x.integer, y.integer);
  else
    passAbsence(r[i.result], x, y);
}

/// Maximum and minimum ignore one absent operand.
template <auto fn> void extremum(const Instruction &i, Value *r) {
  const Value &x = r[i.a], &y = r[i.b];
  if (x.isPresent() && y.isPresent())
    r[i.result] = fn(x, y);
  else if (x.isPending() || y.isPending())
    passAbsence(r[i.result], x, y);
  else
    r[i.result] = x.isPresent() ? x : y;
}

/// `fixed` decides alone, even beside a pending operand.
template <bool fixed> void connective(const Instruction &i, Value *r) {
  const Value &x = r[i.a], &y = r[i.b];
  auto decides = [](const Value &v) {
    return v.isPresent() && (v.integer != 0) == fixed;
  };
  if (decides(x) || decides(y))
    r[i.result] = Value::of(int64_t(fixed));
  else if (x.isPending() || y.isPending())
    passAbsence(r[i.result], x, y);
  else
    r[i.result] = Value::of(int64_t(!fixed));
}

template <class Operand, auto fn>
void compared(const Instruction &i, Value *r) {
  const Value &x = r[i.a], &y = r[i.b];
  if (x.isPending() || y.isPending())
    return passAbsence(r[i.result], x, y);
  bool truth = x.isPresent() && y.isPresent();
  if constexpr (std::is_same_v<Operand, double>)
    truth = truth && fn(x.real, y.real);
  else
    truth = truth && fn(x.integer, y.integer);
  r[i.result] = Value::of(int64_t(truth));
}

//===-- Functions ---------------------------------------------------------===//

double sigmoid(double x) {
  double e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

int64_t wrap(uint64_t bits) { return static_cast<int64_t>(bits); }

/// A real that is already whole, as an integer; saturates, absent for NaN.
Value wholeToInteger(double whole) {
  if (std::isnan(whole))
    return Value::absent();
  constexpr double limit = 0x1p63;
  if (whole >= limit)
    return Value::of(std::numeric_limits<int64_t>::max());
  if (whole < -limit)
    return Value::of(std::numeric_limits<int64_t>::min());
  return Value::of(static_cast<int64_t>(whole));
}

Value floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    return Value::absent();
  if (b == -1)
    return Value::of(wrap(-static_cast<uint64_t>(a)));
  return Value::of(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}

Value floorModulo(int64_t a, int64_t b) {
  if (b == 0)
    return Value::absent();
  if (b == -1)
    return Value::of(int64_t(0));
  int64_t rest = a % b;
  return Value::of(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

Value integerPower(int64_t base, int64_t exponent) {
  if (exponent < 0)
    return Value::absent();
  uint64_t power = 1, square = static_cast<uint64_t>(base);
  for (uint64_t rest = exponent; rest != 0; rest >>= 1, square *= square)
    if (rest & 1)
      power *= square;
  return Value::of(wrap(power));
}

Value floorRoot(const Value &x) {
  if (x.integer < 0)
    return Value::absent();
  auto root = static_cast<int64_t>(std::sqrt(static_cast<double>(x.integer)));
  while (root > 0 && root > x.integer / root)
    --root;
  while (root + 1 <= x.integer / (root + 1))
    ++root;
  return Value::of(root);
}

Value floorLogarithm(const Value &x) {
  if (x.integer <= 0)
    return Value::absent();
  return Value::of(int64_t(63 - __builtin_clzll(x.integer)));
}

/// Functions of reals alone.
Execute realFunction(UnaryFn fn) {
  switch (fn) {
  case UnaryFn::Neg:
    return realUnary<[](double x) { return -x; }>;
  case UnaryFn::Exp:
    return realUnary<[](double x) { return std::exp(x); }>;
  case UnaryFn::Exp2:
    return realUnary<[](double x) { return std::exp2(x); }>;
  case UnaryFn::Log:
    return realUnary<[](double x) { return std::log(x); }>;
  case UnaryFn::Log2:
    return realUnary<[](double x) { return std::log2(x); }>;
  case UnaryFn::Log1p:
    return realUnary<[](double x) { return std::log1p(x); }>;
  case UnaryFn::Expm1:
    return realUnary<[](double x) { return std::expm1(x); }>;
  case UnaryFn::Sqrt:
    return realUnary<[](double x) { return std::sqrt(x); }>;
  case UnaryFn::Rsqrt:
    return realUnary<[](double x) { return 1 / std::sqrt(x); }>;
  case UnaryFn::Tanh:
    return realUnary<[](double x) { return std::tanh(x); }>;
  case UnaryFn::Sigmoid:
    return realUnary<sigmoid>;
  case UnaryFn::Relu:
    return realUnary<[](double x) { return greater(x, 0); }>;
  case UnaryFn::Silu:
    return realUnary<[](double x) { return x * sigmoid(x); }>;
  case UnaryFn::Gelu:
    return realUnary<[](double x) {
      return x * std::erfc(-x * 0.70710678118654752440) / 2;
    }>;
  case UnaryFn::Erf:
    return realUnary<[](double x) { return std::erf(x); }>;
  case UnaryFn::Softplus:
    return realUnary<[](double x) {
      return greater(x, 0) + std::log1p(std::exp(-std::fabs(x)));
    }>;
  case UnaryFn::Sin:
    return realUnary<[](double x) { return std::sin(x); }>;
  case UnaryFn::Cos:
    return realUnary<[](double x) { return std::cos(x); }>;
  case UnaryFn::Abs:
    return realUnary<[](double x) { return std::fabs(x); }>;
  case UnaryFn::Sign:
    return realUnary<[](double x) {
      return std::isnan(x) ? x : double((x > 0) - (x < 0));
    }>;
  case UnaryFn::Not:
  case UnaryFn::ISqrt:
  case UnaryFn::ILog2:
    break;
  }
  return nullptr;
}

Execute integerFunction(UnaryFn fn) {
  switch (fn) {
  case UnaryFn::Neg:
    return integerUnary<[](int64_t x) { return wrap(-uint64_t(x)); }>;
  case UnaryFn::Relu:
    return integerUnary<[](int64_t x) { return x < 0 ? 0 : x; }>;
  case UnaryFn::Abs:
    return integerUnary<[](int64_t x) {
      return x < 0 ? wrap(-uint64_t(x)) : x;
    }>;
  case UnaryFn::Sign:
    return integerUnary<[](int64_t x) { return (x > 0) - (x < 0); }>;
  case UnaryFn::ISqrt:
    return partialUnary<floorRoot>;
  case UnaryFn::ILog2:
    return partialUnary<floorLogarithm>;
  default:
    return nullptr;
  }
}

Execute realFunction(BinaryFn fn) {
  switch (fn) {
  case BinaryFn::Add:
    return realBinary<[](double x, double y) { return x + y; }>;
  case BinaryFn::Sub:
    return realBinary<[](double x, double y) { return x - y; }>;
  case BinaryFn::Mul:
    return realBinary<[](double x, double y) { return x * y; }>;
  case BinaryFn::Div:
    return realBinary<[](double x, double y) { return x / y; }>;
  case BinaryFn::FloorDiv:
    return realBinary<[](double x, double y) { return std::floor(x / y); }>;
  case BinaryFn::Mod:
    return realBinary<[](double x, double y) {
      return x - y * std::floor(x / y);
    }>;
  case BinaryFn::Pow:
    return realBinary<[](double x, double y) { return std::pow(x, y); }>;
  case BinaryFn::Max:
    return extremum<[](const Value &x, const Value &y) {
      return Value::of(greater(x.real, y.real));
    }>;
  case BinaryFn::Min:
    return extremum<[](const Value &x, const Value &y) {
      return Value::of(lesser(x.real, y.real));
    }>;
  case BinaryFn::And:
  case BinaryFn::Or:
    break;
  }
  return nullptr;
}

Execute integerFunction(BinaryFn fn) {
  switch (fn) {
  case BinaryFn::Add:
    return integerBinary<[](uint64_t x, uint64_t y) {
      return Value::of(wrap(x + y));
    }>;
  case BinaryFn::Sub:
    return integerBinary<[](uint64_t x, uint64_t y) {
      return Value::of(wrap(x - y));
    }>;
  case BinaryFn::Mul:
    return integerBinary<[](uint64_t x, uint64_t y) {
      return Value::of(wrap(x * y));
    }>;
  case BinaryFn::FloorDiv:
    return integerBinary<floorDivide>;
  case BinaryFn::Mod:
    return integerBinary<floorModulo>;
  case BinaryFn::Pow:
    return integerBinary<integerPower>;
  case BinaryFn::Max:
    return extremum<[](const Value &x, const Value &y) {
      return x.integer < y.integer ? y : x;
    }>;
  case BinaryFn::Min:
    return extremum<[](const Value &x, const Value &y) {
      return y.integer < x.integer ? y : x;
    }>;
  default:
    return nullptr;
  }
}

template <class T> Execute comparisonOf(Predicate predicate) {
  switch (predicate) {
  case Predicate::Eq:
    return compared<T, [](T x, T y) { return x == y; }>;
  case Predicate::Ne:
    return compared<T, [](T x, T y) { return x != y; }>;
  case Predicate::Lt:
    return compared<T, [](T x, T y) { return x < y; }>;
  case Predicate::Le:
    return compared<T, [](T x, T y) { return x <= y; }>;
  case Predicate::Gt:
    return compared<T, [](T x, T y) { return x > y; }>;
  case Predicate::Ge:
    return compared<T, [](T x, T y) { return x >= y; }>;
  }
  return nullptr;
}

void copy(const Instruction &i, Value *r) { r[i.result] = r[i.a]; }

template <Kind kind> void readElement(const Instruction &i, Value *r) {
  const Tensor &tensor = *i.read->tensor;
  llvm::ArrayRef<uint32_t> indices = i.read->indices;
  int64_t position = 0;
  bool outside = false;
  for (size_t k = 0, e = indices.size(); k < e; ++k) {
    const Value &index = r[indices[k]];
    if (!index.isPresent()) {
      r[i.result] = index.isPending() ? index : absentOf(kind);
      return;
    }
    outside |= uint64_t(index.integer) >= uint64_t(tensor.extents()[k]);
    position += int64_t(uint64_t(index.integer) * tensor.strides()[k]);
  }
  if (!outside) {
    r[i.result] = tensor.at(position);
    return;
  }
  r[i.result] = absentOf(kind);
  if (!tensor.border)
    return;
  llvm::SmallVector<int64_t, 6> subscripts;
  for (uint32_t index : indices)
    subscripts.push_back(r[index].integer);
  r[i.result] = tensor.border->read(subscripts);
}

template <Kind kind> void restrict(const Instruction &i, Value *r) {
  const Value &predicate = r[i.b];
  r[i.result] = predicate.isPending() ? predicate
                : predicate.isTrue()  ? r[i.a]
                                      : absentOf(kind);
}

template <bool real> void store(const Instruction &i, Value *r) {
  Value &x = r[i.result] = r[i.a];
  if (!x.isPresent())
    return;
  auto type = static_cast<io::ElementType>(i.storage);
  std::byte cell[8];
  if constexpr (real) {
    io::storeReal(type, cell, 0, x.real);
    x.real = io::loadReal(type, cell, 0);
  } else {
    io::storeInt(type, cell, 0, x.integer);
    x.integer = io::loadInt(type, cell, 0);
  }
}

} // namespace

//===-- Tables ------------------------------------------------------------===//

Execute unaryFunction(UnaryFn fn, Kind kind) {
  if (kind == Kind::Real)
    return realFunction(fn);
  if (kind == Kind::Integer)
    return integerFunction(fn);
  return integerUnary<[](int64_t x) { return x == 0; }>;
}

Execute binaryFunction(BinaryFn fn, Kind kind) {
  if (kind == Kind::Real)
    return realFunction(fn);
  if (kind == Kind::Integer)
    return integerFunction(fn);
  return fn == BinaryFn::And ? connective<false> : connective<true>;
}

Execute comparison(Predicate predicate, Kind kind) {
  return kind == Kind::Real ? comparisonOf<double>(predicate)
                            : comparisonOf<int64_t>(predicate);
}

Execute conversion(Kind from, Kind to) {
  if (from == Kind::Real && to == Kind::Integer)
    return partialUnary<[](const Value &x) {
      return wholeToInteger(std::trunc(x.real));
    }>;
  if (from != Kind::Real && to == Kind::Real)
    return partialUnary<[](const Value &x) {
      return Value::of(static_cast<double>(x.integer));
    }>;
  if (from == to || to == Kind::Integer)
    return copy;
  // To a truth value, which is never absent.
  if (from == Kind::Real)
    return [](const Instruction &i, Value *r) {
      const Value &x = r[i.a];
      r[i.result] =
          x.isPending() ? x : Value::of(int64_t(x.isPresent() && x.real != 0));
    };
  return [](const Instruction &i, Value *r) {
    const Value &x = r[i.a];
    r[i.result] = x.isPending() ? x : Value::of(int64_t(x.isTrue()));
  };
}

Execute roundingTo(Rounding mode) {
  switch (mode) {
  case Rounding::Floor:
    return partialUnary<[](const Value &x) {
      return wholeToInteger(std::floor(x.real));
    }>;
  case Rounding::Ceil:
    return partialUnary<[](const Value &x) {
      return wholeToInteger(std::ceil(x.real));
    }>;
  case Rounding::Nearest:
    return partialUnary<[](const Value &x) {
      return wholeToInteger(std::rint(x.real));
    }>;
  }
  return nullptr;
}

Execute throughStorage(Kind kind) {
  return kind == Kind::Real ? store<true> : store<false>;
}

Execute elementRead(Kind kind) {
  return kind == Kind::Truth     ? readElement<Kind::Truth>
         : kind == Kind::Integer ? readElement<Kind::Integer>
                                 : readElement<Kind::Real>;
}

Execute restriction(Kind kind) {
  return kind == Kind::Truth ? restrict<Kind::Truth> : restrict<Kind::Real>;
}

Execute replacement() {
  return [](const Instruction &i, Value *r) {
    const Value &x = r[i.a];
    r[i.result] = x.state == State::Absent ? r[i.b] : x;
  };
}

Execute presenceTest() {
  return [](const Instruction &i, Value *r) {
    const Value &x = r[i.a];
    r[i.result] = x.isPending() ? x : Value::of(int64_t(x.isPresent()));
  };
}

Execute selection() {
  return [](const Instruction &i, Value *r) {
    const Value &condition = r[i.a];
    r[i.result] = condition.isPending() ? condition
                  : condition.isTrue()  ? r[i.b]
                                        : r[i.c];
  };
}

Execute roundToF32() {
  return [](const Instruction &i, Value *r) {
    if (r[i.a].isPresent())
      r[i.a].real = static_cast<float>(r[i.a].real);
  };
}

} // namespace weir::scalar
