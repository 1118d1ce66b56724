// Between the scalar regions of equations and terms.
#include "passes/algebra/Bodies.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {
namespace {

Expr constant(Terms &terms, TypedAttr value) {
  if (auto real = dyn_cast<FloatAttr>(value))
    return terms.real(real.getValueAsDouble(), real.getType());
  auto integer = cast<IntegerAttr>(value);
  if (integer.getType().isInteger(1))
    return terms.truth(integer.getValue().getBoolValue(), integer.getType());
  return terms.integer(integer.getInt(), integer.getType());
}

/// The node for an operation, operands apart.
Node shapeOf(Operation &op) {
  Node node;
  node.type = op.getResult(0).getType();
  llvm::TypeSwitch<Operation &>(op)
      .Case([&](UnaryOp o) { node.op = OpKind::Unary, node.code = static_cast<int64_t>(o.getFn()); })
      .Case([&](BinaryOp o) { node.op = OpKind::Binary, node.code = static_cast<int64_t>(o.getFn()); })
      .Case([&](CompareOp o) { node.op = OpKind::Compare, node.code = static_cast<int64_t>(o.getPredicate()); })
      .Case([&](RoundOp o) { node.op = OpKind::Round, node.code = static_cast<int64_t>(o.getMode()); })
      .Case([&](CastOp o) { node.op = OpKind::Cast, node.via = o.getVia().value_or(Type()); })
      .Case([&](SelectOp) { node.op = OpKind::Select; })
      .Case([&](WhereOp) { node.op = OpKind::Where; })
      .Case([&](ElseOp) { node.op = OpKind::Else; })
      .Case([&](PresentOp) { node.op = OpKind::Present; })
      .Default([](Operation &) { llvm_unreachable("not a scalar operation"); });
  return node;
}

Expr readOp(Terms &terms, Operation &op, ArrayRef<Expr> operands, ReadHook hook) {
  if (auto c = dyn_cast<ConstOp>(op))
    return constant(terms, c.getValue());
  if (auto extent = dyn_cast<ExtentOp>(op))
    return terms.extent(extent.getRankAttr(), extent.getType());
  if (auto read = dyn_cast<ReadOp>(op)) {
    Expr meaning = hook(read, operands);
    return meaning ? meaning : terms.read(read.getTensor(), operands);
  }
  if (auto absent = dyn_cast<AbsentOp>(op))
    return terms.absent(absent.getType());
  return terms.withOperands(shapeOf(op), operands);
}

} // namespace

Expr readBody(Terms &terms, Block &block, ArrayRef<Expr> arguments, ReadHook hook) {
  llvm::DenseMap<Value, Expr> known;
  for (auto [argument, expr] : llvm::zip(block.getArguments(), arguments))
    known[argument] = expr;
  for (Operation &op : block.without_terminator()) {
    SmallVector<Expr> operands;
    for (Value operand : op.getOperands())
      if (!isa<cascade::TensorType>(operand.getType()))
        operands.push_back(known.at(operand));
    LocationAttr outer = terms.location;
    terms.location = op.getLoc();
    known[op.getResult(0)] = readOp(terms, op, operands, hook);
    terms.location = outer;
  }
  return known.at(block.getTerminator()->getOperand(0));
}

/// True if `index` runs over the extent of `rank`.
static bool isInRange(KernelOp kernel, Expr index, StringAttr rank) {
  bool isIndex = index->op == OpKind::Index || index->op == OpKind::Bound;
  return isIndex &&
         (index->rank == rank || (kernel && kernel.getExtentOwner(index->rank) == kernel.getExtentOwner(rank)));
}

bool isInRange(Value tensor, ArrayRef<Expr> at) {
  auto kernel = tensor.getParentRegion()->getParentOfType<KernelOp>();
  auto ranks = cast<cascade::TensorType>(tensor.getType()).getRanks();
  return llvm::all_of(llvm::zip(at, ranks), [&](auto pair) { return isInRange(kernel, std::get<0>(pair), std::get<1>(pair)); });
}

Expr readMap(Terms &terms, EinsumOp map, ArrayRef<Expr> at, ReadHook hook) {
  Expr value = readBody(terms, map.getBody().front(), at, hook);
  auto kernel = map->getParentOfType<KernelOp>();
  Node compare;
  compare.op = OpKind::Compare;
  compare.type = IntegerType::get(map.getContext(), 1);
  auto holds = [&](cascade::Predicate relation, Expr a, Expr b) {
    compare.code = static_cast<int64_t>(relation);
    return terms.withOperands(compare, {a, b});
  };
  for (auto [index, rank] : llvm::zip(at, map.getTensorType().getRanks())) {
    if (isInRange(kernel, index, rank))
      continue;
    Expr inside = terms.binary(BinaryFn::And, holds(cascade::Predicate::Ge, index, terms.integer(0, index->type)),
                               holds(cascade::Predicate::Lt, index, terms.extent(rank, index->type)));
    value = value->type == compare.type ? terms.binary(BinaryFn::And, value, inside) : terms.where(value, inside);
  }
  return value;
}

Expr readEquation(Terms &terms, Equation equation, ReadHook hook) {
  Type i64 = IntegerType::get(equation->getContext(), 64);
  SmallVector<Expr> arguments;
  size_t results = equation.getTensorType().getRanks().size();
  for (auto [i, rank] : llvm::enumerate(equation.getBodyRanks()))
    arguments.push_back(i < results ? terms.index(rank, i64) : terms.bound(rank, i64));
  return readBody(terms, equation.getEquationBody().front(), arguments, hook);
}

Value BodyWriter::write(Expr expr) {
  if (auto it = done.find(expr); it != done.end())
    return it->second;
  SmallVector<Value> operands;
  for (Expr operand : expr->operands)
    operands.push_back(write(operand));
  return done[expr] = writeNode(expr, operands);
}

Value BodyWriter::writeNode(Expr e, ArrayRef<Value> operands) {
  switch (e->op) {
  case OpKind::Real:
    return ConstOp::create(builder, loc, builder.getFloatAttr(e->type, e->real));
  case OpKind::Integer:
  case OpKind::Truth:
    return ConstOp::create(builder, loc, builder.getIntegerAttr(e->type, e->code));
  case OpKind::Absent:
    return AbsentOp::create(builder, loc, e->type);
  case OpKind::Extent:
    return ExtentOp::create(builder, loc, builder.getI64Type(), e->rank);
  case OpKind::Read:
    return ReadOp::create(builder, e->loc ? Location(e->loc) : loc, tensors.lookup_or(e->tensor, e->tensor), operands);
  case OpKind::Unary:
    return UnaryOp::create(builder, loc, static_cast<UnaryFn>(e->code), operands[0]);
  case OpKind::Binary:
    return BinaryOp::create(builder, loc, static_cast<BinaryFn>(e->code), operands[0], operands[1]);
  case OpKind::Compare:
    return CompareOp::create(builder, loc, builder.getI1Type(), static_cast<cascade::Predicate>(e->code),
                             operands[0], operands[1]);
  case OpKind::Select:
    return SelectOp::create(builder, loc, e->type, operands[0], operands[1], operands[2]);
  case OpKind::Where:
    return WhereOp::create(builder, loc, e->type, operands[0], operands[1]);
  case OpKind::Else:
    return ElseOp::create(builder, loc, operands[0], operands[1]);
  case OpKind::Present:
    return PresentOp::create(builder, loc, builder.getI1Type(), operands[0]);
  case OpKind::Cast:
    return CastOp::create(builder, loc, e->type, operands[0], e->via ? TypeAttr::get(e->via) : TypeAttr());
  case OpKind::Round:
    return RoundOp::create(builder, loc, builder.getI64Type(), static_cast<Rounding>(e->code), operands[0]);
  case OpKind::Index:
  case OpKind::Bound:
  case OpKind::Given:
    return symbol(e);
  }
  llvm_unreachable("unknown operation");
}

void writeBody(Region &region, Location loc, ArrayRef<StringAttr> resultRanks,
               ArrayRef<StringAttr> boundRanks, Expr expr, const TensorMap &tensors) {
  OpBuilder builder(loc.getContext());
  SmallVector<Type> types(resultRanks.size() + boundRanks.size(), builder.getI64Type());
  Block *block = builder.createBlock(&region, {}, types, SmallVector<Location>(types.size(), loc));
  auto position = [](ArrayRef<StringAttr> ranks, StringAttr rank) {
    return llvm::find(ranks, rank) - ranks.begin();
  };
  BodyWriter writer(builder, loc, tensors, [&](Expr e) -> Value {
    assert((e->op == OpKind::Index || e->op == OpKind::Bound) && "a symbol without a value");
    return e->op == OpKind::Index
               ? block->getArgument(position(resultRanks, e->rank))
               : block->getArgument(resultRanks.size() + position(boundRanks, e->rank));
  });
  YieldOp::create(builder, loc, writer.write(expr));
}

} // namespace weir::algebra
