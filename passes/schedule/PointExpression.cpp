// Expressions of a nest as `arith` and `math` operations on scalars.
#include "passes/schedule/PointExpression.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {
namespace {

struct PointBuilder {
  OpBuilder &b;
  Location loc;

  Value real(Type type, double value) {
    return arith::ConstantOp::create(b, loc, FloatAttr::get(type, value));
  }
  Value integer(Type type, int64_t value) {
    return arith::ConstantOp::create(b, loc, IntegerAttr::get(type, value));
  }
  template <typename Op, typename... Args> Value op(Args &&...args) {
    return Op::create(b, loc, std::forward<Args>(args)...);
  }

  /// 1 / (1 + e^-x).
  Value sigmoid(Value x) {
    Value one = real(x.getType(), 1);
    Value e = op<math::ExpOp>(op<arith::NegFOp>(x));
    return op<arith::DivFOp>(one, op<arith::AddFOp>(one, e));
  }

  /// max(x, 0) + log(1 + e^-|x|).
  Value softplus(Value x) {
    Value e = op<math::ExpOp>(op<arith::NegFOp>(op<math::AbsFOp>(x)));
    Value positive = op<arith::MaximumFOp>(x, real(x.getType(), 0));
    return op<arith::AddFOp>(positive, op<math::Log1pOp>(e));
  }

  /// x / 2 (1 + erf(x / √2)).
  Value gelu(Value x) {
    Type type = x.getType();
    Value e = op<math::ErfOp>(op<arith::MulFOp>(x, real(type, 0.70710678118654752440)));
    Value half = op<arith::MulFOp>(x, real(type, 0.5));
    return op<arith::MulFOp>(half, op<arith::AddFOp>(real(type, 1), e));
  }

  /// -1, 0 or 1; NaN of NaN.
  Value sign(Value x) {
    Value zero = real(x.getType(), 0);
    Value positive = op<arith::CmpFOp>(arith::CmpFPredicate::OGT, x, zero);
    Value negative = op<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, zero);
    Value rest = op<arith::SelectOp>(negative, real(x.getType(), -1), x);
    return op<arith::SelectOp>(positive, real(x.getType(), 1), rest);
  }

  Value realUnary(UnaryFn fn, Value x) {
    switch (fn) {
    case UnaryFn::Neg:
      return op<arith::NegFOp>(x);
    case UnaryFn::Exp:
      return op<math::ExpOp>(x);
    case UnaryFn::Exp2:
      return op<math::Exp2Op>(x);
    case UnaryFn::Log:
      return op<math::LogOp>(x);
    case UnaryFn::Log2:
      return op<math::Log2Op>(x);
    case UnaryFn::Log1p:
      return op<math::Log1pOp>(x);
    case UnaryFn::Expm1:
      return op<math::ExpM1Op>(x);
    case UnaryFn::Sqrt:
      return op<math::SqrtOp>(x);
    case UnaryFn::Rsqrt:
      return op<arith::DivFOp>(real(x.getType(), 1), op<math::SqrtOp>(x));
    case UnaryFn::Tanh:
      return op<math::TanhOp>(x);
    case UnaryFn::Sigmoid:
      return sigmoid(x);
    case UnaryFn::Relu:
      return op<arith::MaximumFOp>(x, real(x.getType(), 0));
    case UnaryFn::Silu:
      return op<arith::MulFOp>(x, sigmoid(x));
    case UnaryFn::Gelu:
      return gelu(x);
    case UnaryFn::Erf:
      return op<math::ErfOp>(x);
    case UnaryFn::Softplus:
      return softplus(x);
    case UnaryFn::Sin:
      return op<math::SinOp>(x);
    case UnaryFn::Cos:
      return op<math::CosOp>(x);
    case UnaryFn::Abs:
      return op<math::AbsFOp>(x);
    case UnaryFn::Sign:
      return sign(x);
    default:
      return {};
    }
  }

  Value integerUnary(UnaryFn fn, Value x) {
    Value zero = integer(x.getType(), 0);
    switch (fn) {
    case UnaryFn::Neg:
      return op<arith::SubIOp>(zero, x);
    case UnaryFn::Abs:
      return op<arith::MaxSIOp>(x, op<arith::SubIOp>(zero, x));
    case UnaryFn::Relu:
      return op<arith::MaxSIOp>(x, zero);
    case UnaryFn::Sign:
      return op<arith::MaxSIOp>(integer(x.getType(), -1), op<arith::MinSIOp>(integer(x.getType(), 1), x));
    default:
      return {};
    }
  }

  Value realBinary(BinaryFn fn, Value a, Value c) {
    switch (fn) {
    case BinaryFn::Add:
      return op<arith::AddFOp>(a, c);
    case BinaryFn::Sub:
      return op<arith::SubFOp>(a, c);
    case BinaryFn::Mul:
      return op<arith::MulFOp>(a, c);
    case BinaryFn::Div:
      return op<arith::DivFOp>(a, c);
    case BinaryFn::Pow:
      return op<math::PowFOp>(a, c);
    case BinaryFn::Max:
      return op<arith::MaximumFOp>(a, c);
    case BinaryFn::Min:
      return op<arith::MinimumFOp>(a, c);
    default:
      return {};
    }
  }

  Value integerBinary(BinaryFn fn, Value a, Value c) {
    switch (fn) {
    case BinaryFn::Add:
      return op<arith::AddIOp>(a, c);
    case BinaryFn::Sub:
      return op<arith::SubIOp>(a, c);
    case BinaryFn::Mul:
      return op<arith::MulIOp>(a, c);
    case BinaryFn::FloorDiv:
      return op<arith::FloorDivSIOp>(a, c);
    case BinaryFn::Mod:
      return op<arith::SubIOp>(a, op<arith::MulIOp>(op<arith::FloorDivSIOp>(a, c), c));
    case BinaryFn::Max:
      return op<arith::MaxSIOp>(a, c);
    case BinaryFn::Min:
      return op<arith::MinSIOp>(a, c);
    case BinaryFn::And:
      return op<arith::AndIOp>(a, c);
    case BinaryFn::Or:
      return op<arith::OrIOp>(a, c);
    default:
      return {};
    }
  }

  Value compare(cascade::Predicate predicate, Value a, Value c) {
    static constexpr arith::CmpFPredicate reals[] = {
        arith::CmpFPredicate::OEQ, arith::CmpFPredicate::UNE, arith::CmpFPredicate::OLT,
        arith::CmpFPredicate::OLE, arith::CmpFPredicate::OGT, arith::CmpFPredicate::OGE};
    static constexpr arith::CmpIPredicate integers[] = {
        arith::CmpIPredicate::eq,  arith::CmpIPredicate::ne,  arith::CmpIPredicate::slt,
        arith::CmpIPredicate::sle, arith::CmpIPredicate::sgt, arith::CmpIPredicate::sge};
    size_t i = static_cast<size_t>(predicate);
    if (isa<FloatType>(a.getType()))
      return op<arith::CmpFOp>(reals[i], a, c);
    return op<arith::CmpIOp>(integers[i], a, c);
  }

  Value round(Rounding mode, Value x, Type to) {
    Value whole = mode == Rounding::Floor  ? op<math::FloorOp>(x)
                  : mode == Rounding::Ceil ? op<math::CeilOp>(x)
                                           : op<math::RoundEvenOp>(x);
    return op<arith::FPToSIOp>(to, whole);
  }

  Value convert(Value x, Type to) {
    Type from = x.getType();
    if (from == to)
      return x;
    if (isa<FloatType>(from) && isa<FloatType>(to)) {
      if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
        return op<arith::ExtFOp>(to, x);
      return op<arith::TruncFOp>(to, x);
    }
    if (isa<FloatType>(to))
      return from.isInteger(1) ? op<arith::UIToFPOp>(to, x) : op<arith::SIToFPOp>(to, x);
    if (to.isInteger(1))
      return isa<FloatType>(from) ? op<arith::CmpFOp>(arith::CmpFPredicate::UNE, x, real(from, 0))
                                  : op<arith::CmpIOp>(arith::CmpIPredicate::ne, x, integer(from, 0));
    return isa<FloatType>(from) ? op<arith::FPToSIOp>(to, x) : op<arith::ExtUIOp>(to, x);
  }

  Value emit(const Node *node, ValueRange x) {
    if (node->kind == Node::Kind::Select)
      return op<arith::SelectOp>(x[0], x[1], x[2]);
    if (node->kind == Node::Kind::Convert)
      return convert(x[0], node->type);
    if (auto unary = dyn_cast<UnaryFnAttr>(node->attr)) {
      if (unary.getValue() == UnaryFn::Not)
        return op<arith::XOrIOp>(x[0], integer(x[0].getType(), 1));
      return isa<FloatType>(x[0].getType()) ? realUnary(unary.getValue(), x[0])
                                            : integerUnary(unary.getValue(), x[0]);
    }
    if (auto binary = dyn_cast<BinaryFnAttr>(node->attr))
      return isa<FloatType>(x[0].getType()) ? realBinary(binary.getValue(), x[0], x[1])
                                            : integerBinary(binary.getValue(), x[0], x[1]);
    if (auto predicate = dyn_cast<PredicateAttr>(node->attr))
      return compare(predicate.getValue(), x[0], x[1]);
    return round(cast<RoundingAttr>(node->attr).getValue(), x[0], node->type);
  }
};

} // namespace

bool hasOperation(const Node *node) {
  if (node->kind == Node::Kind::Select)
    return true;
  if (node->kind == Node::Kind::Convert) // storage types and saturation: left to the plain loops
    return !node->attr && !(isa<FloatType>(node->operands[0]->type) && node->type.isInteger(64));
  bool isReal = isa<FloatType>(node->operands[0]->type);
  if (auto unary = dyn_cast<UnaryFnAttr>(node->attr))
    return unary.getValue() != UnaryFn::ISqrt && unary.getValue() != UnaryFn::ILog2;
  if (auto binary = dyn_cast<BinaryFnAttr>(node->attr))
    return isReal ? binary.getValue() != BinaryFn::FloorDiv && binary.getValue() != BinaryFn::Mod
                  : binary.getValue() != BinaryFn::Pow;
  return isa<PredicateAttr, RoundingAttr>(node->attr);
}

Value emitFunction(OpBuilder &b, Location loc, const Node *node, ValueRange operands) {
  return PointBuilder{b, loc}.emit(node, operands);
}

} // namespace weir::schedule
