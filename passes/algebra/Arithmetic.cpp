// The dialect's functions on plain doubles.
#include "passes/algebra/Arithmetic.h"

#include <cmath>

namespace weir::algebra {

using cascade::BinaryFn;
using cascade::UnaryFn;

double apply(UnaryFn fn, double x) {
  switch (fn) {
  case UnaryFn::Neg: return -x;
  case UnaryFn::Exp: return std::exp(x);
  case UnaryFn::Exp2: return std::exp2(x);
  case UnaryFn::Log: return std::log(x);
  case UnaryFn::Log2: return std::log2(x);
  case UnaryFn::Log1p: return std::log1p(x);
  case UnaryFn::Expm1: return std::expm1(x);
  case UnaryFn::Sqrt: return std::sqrt(x);
  case UnaryFn::Rsqrt: return 1 / std::sqrt(x);
  case UnaryFn::Tanh: return std::tanh(x);
  case UnaryFn::Sigmoid: return 1 / (1 + std::exp(-x));
  case UnaryFn::Relu: return x > 0 ? x : 0;
  case UnaryFn::Silu: return x / (1 + std::exp(-x));
  case UnaryFn::Gelu: return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
  case UnaryFn::Erf: return std::erf(x);
  case UnaryFn::Softplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  case UnaryFn::Sin: return std::sin(x);
  case UnaryFn::Cos: return std::cos(x);
  case UnaryFn::Abs: return std::fabs(x);
  case UnaryFn::Sign: return x > 0 ? 1 : x < 0 ? -1 : x;
  case UnaryFn::Not: return x == 0;
  case UnaryFn::ISqrt: return std::floor(std::sqrt(x));
  case UnaryFn::ILog2: return std::floor(std::log2(x));
  }
  llvm_unreachable("unknown function");
}

double apply(BinaryFn fn, double x, double y) {
  switch (fn) {
  case BinaryFn::Add: return x + y;
  case BinaryFn::Sub: return x - y;
  case BinaryFn::Mul: return x * y;
  case BinaryFn::Div: return x / y;
  case BinaryFn::FloorDiv: return std::floor(x / y);
  case BinaryFn::Mod: return x - y * std::floor(x / y);
  case BinaryFn::Pow: return std::pow(x, y);
  case BinaryFn::Max: return std::isnan(x) || x > y ? x : y;
  case BinaryFn::Min: return std::isnan(x) || x < y ? x : y;
  case BinaryFn::And: return x != 0 && y != 0;
  case BinaryFn::Or: return x != 0 || y != 0;
  }
  llvm_unreachable("unknown function");
}

bool apply(cascade::Predicate predicate, double x, double y) {
  switch (predicate) {
  case cascade::Predicate::Eq: return x == y;
  case cascade::Predicate::Ne: return x != y;
  case cascade::Predicate::Lt: return x < y;
  case cascade::Predicate::Le: return x <= y;
  case cascade::Predicate::Gt: return x > y;
  case cascade::Predicate::Ge: return x >= y;
  }
  llvm_unreachable("unknown predicate");
}

} // namespace weir::algebra
