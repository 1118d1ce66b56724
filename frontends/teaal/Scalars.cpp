// Scalars of expressions: reals, and integers in subscripts.
#include "frontends/teaal/Lower.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace weir::teaal {

using namespace cascade;

Value Lowering::real(double value, Scope &scope) {
  return ConstOp::create(scope.builder, scope.builder.getUnknownLoc(), builder.getF32FloatAttr(value));
}

Value Lowering::whole(int64_t value, Scope &scope) {
  return ConstOp::create(scope.builder, scope.builder.getUnknownLoc(), builder.getI64IntegerAttr(value));
}

/// `index + by`, folded where the index ends in a constant itself.
Value Lowering::shifted(Value index, int64_t by, Scope &scope) {
  auto constantOf = [](Value value) -> std::optional<int64_t> {
    auto constant = value.getDefiningOp<ConstOp>();
    return constant ? std::optional(cast<IntegerAttr>(constant.getValue()).getInt()) : std::nullopt;
  };
  if (auto constant = constantOf(index))
    return whole(*constant + by, scope);
  auto sum = index.getDefiningOp<BinaryOp>();
  if (sum && sum.getFn() == BinaryFn::Add)
    if (auto constant = constantOf(sum.getRhs()))
      return shifted(sum.getLhs(), *constant + by, scope);
  if (by == 0)
    return index;
  return BinaryOp::create(scope.builder, index.getLoc(), BinaryFn::Add, index, whole(by, scope));
}

Value Lowering::emitIndex(const Expr &expr, Scope &scope) {
  Location loc = locate(expr.range);
  auto operand = [&](unsigned i) { return emitIndex(*expr.operands[i], scope); };
  switch (expr.kind) {
  case Expr::Number:
    if (expr.number == double(int64_t(expr.number)))
      return whole(int64_t(expr.number), scope);
    break;
  case Expr::Symbol:
    if (Value variable = scope.variables.lookup(expr.name.text))
      return variable;
    if (isRank(expr.name.text))
      return ExtentOp::create(scope.builder, loc, builder.getI64Type(), name(variableOf(expr.name.text)));
    break;
  case Expr::Binary:
    if (expr.op != '/') {
      Value lhs = operand(0), rhs = lhs ? operand(1) : Value();
      BinaryFn fn = expr.op == '+' ? BinaryFn::Add : expr.op == '-' ? BinaryFn::Sub : BinaryFn::Mul;
      return rhs ? BinaryOp::create(scope.builder, loc, fn, lhs, rhs).getResult() : Value();
    }
    break;
  case Expr::Access:
  case Expr::Call:
  case Expr::Negate:
    break;
  }
  diagnostics.error("subscript-form", expr.range, "a subscript is made of index variables, ranks and integers");
  return {};
}

Value Lowering::emitAccess(const Name &tensorName, ArrayRef<Subscript> subscripts, Scope &scope) {
  Tensor &tensor = *lookup(tensorName.text);
  SmallVector<Value> at;
  for (auto [position, subscript] : llvm::enumerate(subscripts)) {
    Value index = emitIndex(*subscript.position, scope);
    if (!index)
      return {};
    at.push_back(tensor.iterative == position ? shifted(index, -1, scope) : index);
  }
  return ReadOp::create(scope.builder, locate(tensorName.range), tensor.value, at);
}

/// The bounds of all variables that have one, together; `all` are those found before.
Value Lowering::emitBounds(const Expr &expr, Scope &scope, Value all) {
  for (const Subscript &subscript : expr.subscripts) {
    if (!subscript.bound)
      continue;
    auto relation = llvm::StringSwitch<Predicate>(subscript.relation)
                        .Case("<=", Predicate::Le).Case("<", Predicate::Lt).Case(">=", Predicate::Ge).Default(Predicate::Gt);
    Value lhs = emitIndex(*subscript.position, scope), rhs = emitIndex(*subscript.bound, scope);
    if (!lhs || !rhs)
      return all;
    Location loc = locate(expr.range);
    Value test = CompareOp::create(scope.builder, loc, relation, lhs, rhs);
    all = all ? BinaryOp::create(scope.builder, loc, BinaryFn::And, all, test).getResult() : test;
  }
  for (const ExprPtr &operand : expr.operands)
    all = emitBounds(*operand, scope, all);
  return all;
}

Value Lowering::emitReal(const Expr &expr, Scope &scope) {
  Location loc = locate(expr.range);
  switch (expr.kind) {
  case Expr::Number:
    return real(expr.number, scope);
  case Expr::Access:
    return emitAccess(expr.name, expr.subscripts, scope);
  case Expr::Call:
    return emitCall(expr, scope);
  case Expr::Symbol: {
    if (lookup(expr.name.text) && lookup(expr.name.text)->declaration->ranks.empty())
      return emitAccess(expr.name, {}, scope);
    Value index = emitIndex(expr, scope);
    return index ? CastOp::create(scope.builder, loc, builder.getF32Type(), index, TypeAttr()).getResult() : Value();
  }
  case Expr::Negate: {
    Value operand = emitReal(*expr.operands[0], scope);
    return operand ? UnaryOp::create(scope.builder, loc, UnaryFn::Neg, operand).getResult() : Value();
  }
  case Expr::Binary:
    break;
  }
  Value lhs = emitReal(*expr.operands[0], scope), rhs = lhs ? emitReal(*expr.operands[1], scope) : Value();
  BinaryFn fn = expr.op == '+' ? BinaryFn::Add : expr.op == '-' ? BinaryFn::Sub : expr.op == '*' ? BinaryFn::Mul : BinaryFn::Div;
  return rhs ? BinaryOp::create(scope.builder, loc, fn, lhs, rhs).getResult() : Value();
}

namespace {

/// How a function of an expression becomes operations, from its operands.
using Maker = Value (*)(OpBuilder &, Location, ArrayRef<Value>);

struct Function {
  unsigned arity;
  Maker make;
};

template <BinaryFn fn> Value binary(OpBuilder &b, Location loc, ArrayRef<Value> x) {
  return BinaryOp::create(b, loc, fn, x[0], x[1]);
}

/// 1 where the comparison holds, else 0.
template <Predicate predicate> Value indicator(OpBuilder &b, Location loc, ArrayRef<Value> x) {
  Value test = CompareOp::create(b, loc, predicate, x[0], x[1]);
  Value one = ConstOp::create(b, loc, b.getF32FloatAttr(1)), zero = ConstOp::create(b, loc, b.getF32FloatAttr(0));
  return SelectOp::create(b, loc, test, one, zero);
}

Value square(OpBuilder &b, Location loc, ArrayRef<Value> x) { return BinaryOp::create(b, loc, BinaryFn::Mul, x[0], x[0]); }

Value same(OpBuilder &, Location, ArrayRef<Value> x) { return x[0]; }

/// exp of a difference: how a running sum moves to another reference.
Value expOfDifference(OpBuilder &b, Location loc, ArrayRef<Value> x) {
  return UnaryOp::create(b, loc, UnaryFn::Exp, binary<BinaryFn::Sub>(b, loc, x));
}

/// The quotient, 0 where the divisor is 0.
Value quotientOrZero(OpBuilder &b, Location loc, ArrayRef<Value> x) {
  Value zero = ConstOp::create(b, loc, b.getF32FloatAttr(0));
  Value test = CompareOp::create(b, loc, Predicate::Eq, x[1], zero);
  return SelectOp::create(b, loc, test, zero, binary<BinaryFn::Div>(b, loc, x));
}

const llvm::StringMap<Function> &functions() {
  static const llvm::StringMap<Function> all = {
      {"max", {2, binary<BinaryFn::Max>}},      {"min", {2, binary<BinaryFn::Min>}},
      {"pow", {2, binary<BinaryFn::Pow>}},      {"pow2", {1, square}},
      {"const", {1, same}},                     {"sde", {2, expOfDifference}},
      {"safediv", {2, quotientOrZero}},         {"ge", {2, indicator<Predicate::Ge>}},
      {"gt", {2, indicator<Predicate::Gt>}},    {"le", {2, indicator<Predicate::Le>}},
      {"lt", {2, indicator<Predicate::Lt>}},    {"eq", {2, indicator<Predicate::Eq>}},
      {"ne", {2, indicator<Predicate::Ne>}}};
  return all;
}

} // namespace

Value Lowering::emitCall(const Expr &call, Scope &scope) {
  auto fn = symbolizeUnaryFn(call.name.text);
  bool isUnary = fn && *fn != UnaryFn::Not && *fn != UnaryFn::ISqrt && *fn != UnaryFn::ILog2;
  auto known = functions().find(call.name.text);
  if (!isUnary && known == functions().end()) {
    SmallVector<StringRef> names(functions().keys());
    for (unsigned i = 0; i <= unsigned(UnaryFn::Sign); ++i)
      names.push_back(stringifyUnaryFn(UnaryFn(i)));
    diagnostics.error("unknown-function", call.name.range,
                      "no function '" + call.name.text + "'" + frontend::suggestion(call.name.text, names));
    return {};
  }
  unsigned arity = isUnary ? 1 : known->second.arity;
  if (call.operands.size() != arity) {
    diagnostics.error("argument-count", call.name.range,
                      "'" + call.name.text + "' takes " + frontend::counted(arity, "argument") + ", not " +
                          Twine(call.operands.size()));
    return {};
  }
  SmallVector<Value> operands;
  for (const ExprPtr &operand : call.operands) {
    operands.push_back(emitReal(*operand, scope));
    if (!operands.back())
      return {};
  }
  Location loc = locate(call.range);
  return isUnary ? UnaryOp::create(scope.builder, loc, *fn, operands[0]).getResult()
                 : known->second.make(scope.builder, loc, operands);
}

} // namespace weir::teaal
