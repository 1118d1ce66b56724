// Numerical evaluation of terms, to check what the algebra found.
#include "passes/algebra/Evaluate.h"

#include "passes/algebra/Arithmetic.h"

#include <cmath>

using namespace weir::cascade;

namespace weir::algebra {
namespace {

double round(Rounding mode, double x) {
  return mode == Rounding::Floor ? std::floor(x) : mode == Rounding::Ceil ? std::ceil(x) : std::nearbyint(x);
}

double valueOf(Expr e, llvm::ArrayRef<double> x, llvm::function_ref<double(Expr)> leaf) {
  switch (e->op) {
  case OpKind::Real: return e->real;
  case OpKind::Integer:
  case OpKind::Truth: return static_cast<double>(e->code);
  case OpKind::Absent: return NAN;
  case OpKind::Index: case OpKind::Bound: case OpKind::Extent: case OpKind::Given: case OpKind::Read: return leaf(e);
  case OpKind::Unary: return apply(static_cast<UnaryFn>(e->code), x[0]);
  case OpKind::Binary: return apply(static_cast<BinaryFn>(e->code), x[0], x[1]);
  case OpKind::Compare: return apply(static_cast<cascade::Predicate>(e->code), x[0], x[1]);
  case OpKind::Select: return x[0] != 0 ? x[1] : x[2];
  case OpKind::Where:
  case OpKind::Else:
  case OpKind::Cast: return x[0];
  case OpKind::Present: return 1;
  case OpKind::Round: return round(static_cast<Rounding>(e->code), x[0]);
  }
  llvm_unreachable("unknown operation");
}

} // namespace

double evaluate(Expr expr, llvm::function_ref<double(Expr)> leaf) {
  llvm::DenseMap<Expr, double> done;
  walk(expr, [&](Expr e) {
    llvm::SmallVector<double> operands;
    for (Expr operand : e->operands)
      operands.push_back(done.at(operand));
    done[e] = valueOf(e, operands, leaf);
  });
  return done.at(expr);
}

double sample(uint64_t seed, uint64_t key) {
  uint64_t x = seed * 0x9e3779b97f4a7c15ull + key * 0xbf58476d1ce4e5b9ull + 0x94d049bb133111ebull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  x ^= x >> 31;
  return 0.5 + 1.5 * static_cast<double>(x >> 11) / 9007199254740992.0;
}

bool agree(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) == std::isnan(b);
  return a == b || std::fabs(a - b) <= 1e-9 * std::max({std::fabs(a), std::fabs(b), 1e-3});
}

} // namespace weir::algebra
