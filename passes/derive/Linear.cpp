// Sums of products with constant coefficients: exponents and subscripts, term by term.
#include "passes/derive/Linear.h"

#include "passes/algebra/Bodies.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

namespace {

/// Sums of more parts than this, and products that would have more, are atoms.
constexpr size_t maxParts = 16;

Linear atom(Expr expr) {
  Linear result;
  result.add({expr}, 1);
  return result;
}

/// Multiplies a term out; what occurs twice is read once.
class Reader {
public:
  explicit Reader(Terms &terms) : terms(terms) {}

  Linear read(Expr e) {
    if (auto it = done.find(e); it != done.end())
      return it->second;
    Linear result = readNode(e);
    if (result.size() > maxParts)
      result = atom(e);
    return done[e] = result;
  }

private:
  Linear readNode(Expr e) {
    Linear result;
    switch (e->op) {
    case OpKind::Real:
      result.add(std::vector<Expr>(), e->real);
      return result;
    case OpKind::Integer:
      result.add(std::vector<Expr>(), static_cast<double>(e->code));
      return result;
    case OpKind::Unary:
      if (!e->is(UnaryFn::Neg))
        return atom(e);
      result.add(read(e->operands[0]), -1);
      return result;
    case OpKind::Binary:
      return readBinary(e);
    case OpKind::Where: // presence is kept beside
      return read(e->operands[0]);
    case OpKind::Cast:
      return readCast(e);
    case OpKind::Read:
      return readRead(e);
    default:
      return atom(e);
    }
  }

  Linear readBinary(Expr e) {
    auto fn = static_cast<BinaryFn>(e->code);
    Linear result;
    if (fn == BinaryFn::Div && e->operands[1]->op == OpKind::Real) {
      result.add(read(e->operands[0]), 1 / e->operands[1]->real);
      return result;
    }
    if (fn != BinaryFn::Add && fn != BinaryFn::Sub && fn != BinaryFn::Mul)
      return atom(e);
    Linear lhs = read(e->operands[0]), rhs = read(e->operands[1]);
    if (fn == BinaryFn::Mul)
      return lhs.size() * rhs.size() > maxParts ? atom(e) : lhs.times(rhs);
    lhs.add(rhs, fn == BinaryFn::Add ? 1 : -1);
    return lhs;
  }

  /// A cast of integers to reals is exact, and so goes to the factors.
  Linear readCast(Expr e) {
    Expr operand = e->operands[0];
    if (e->via || !isa<FloatType>(e->type) || !(isa<FloatType>(operand->type) || operand->type.isInteger(64)))
      return atom(e);
    Linear result, integers = read(operand);
    for (const auto &[factors, coefficient] : integers.getParts()) {
      std::vector<Expr> cast;
      for (Expr factor : factors)
        cast.push_back(terms.cast(factor, e->type));
      result.add(cast, coefficient);
    }
    return result;
  }

  Linear readRead(Expr e) {
    auto map = e->tensor.getDefiningOp<EinsumOp>();
    if (!map || map.getCombiner() != Combiner::None)
      return atom(e);
    return read(readBody(terms, map.getBody().front(), e->operands, [](ReadOp, ArrayRef<Expr>) { return nullptr; }));
  }

  Terms &terms;
  llvm::DenseMap<Expr, Linear> done;
};

} // namespace

Linear Linear::of(Terms &terms, Expr e) { return Reader(terms).read(e); }

void Linear::add(std::vector<Expr> factors, double coefficient) {
  llvm::sort(factors, [](Expr a, Expr b) { return a->id < b->id; });
  auto [it, isNew] = parts.try_emplace(std::move(factors), coefficient);
  if (!isNew)
    it->second += coefficient;
  if (it->second == 0)
    parts.erase(it);
}

void Linear::add(const Linear &other, double scale) {
  for (const auto &[factors, coefficient] : other.parts)
    add(factors, scale * coefficient);
}

Linear Linear::times(const Linear &other) const {
  Linear result;
  for (const auto &[a, ca] : parts)
    for (const auto &[b, cb] : other.parts) {
      std::vector<Expr> factors = a;
      factors.insert(factors.end(), b.begin(), b.end());
      result.add(std::move(factors), ca * cb);
    }
  return result;
}

Linear Linear::partsWith(llvm::function_ref<bool(Expr)> test) const {
  Linear result;
  for (const auto &[factors, coefficient] : parts)
    if (llvm::any_of(factors, test))
      result.add(factors, coefficient);
  return result;
}

Linear Linear::substituted(Terms &terms, const llvm::DenseMap<Expr, Expr> &replacements) const {
  Linear result;
  for (const auto &[factors, coefficient] : parts) {
    Linear product;
    product.add(std::vector<Expr>(), coefficient);
    for (Expr factor : factors)
      product = product.times(of(terms, terms.substitute(factor, replacements)));
    result.add(product);
  }
  return result;
}

Expr Linear::write(Terms &terms, Type type) const {
  auto number = [&](double value) {
    return isa<FloatType>(type) ? terms.real(value, type) : terms.integer(static_cast<int64_t>(value), type);
  };
  Expr sum = nullptr;
  for (bool isAdded : {true, false})
    for (const auto &[factors, coefficient] : parts) {
      if ((coefficient > 0) != isAdded)
        continue;
      double size = sum ? std::abs(coefficient) : coefficient;
      Expr product = size != 1 || factors.empty() ? number(size) : nullptr;
      for (Expr factor : factors)
        product = product ? terms.binary(BinaryFn::Mul, product, factor) : factor;
      sum = !sum ? product : terms.binary(isAdded ? BinaryFn::Add : BinaryFn::Sub, sum, product);
    }
  return sum ? sum : number(0);
}

std::optional<double> Linear::constant() const {
  if (parts.empty())
    return 0;
  if (parts.size() == 1 && parts.begin()->first.empty())
    return parts.begin()->second;
  return std::nullopt;
}

} // namespace weir::derive
