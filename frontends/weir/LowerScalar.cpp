// Scalar terms to the cascade dialect's scalar operations.
#include "frontends/weir/Lower.h"

using namespace mlir;

namespace weir::frontend {

using namespace cascade;
// The dialect and the front end both have ranks and kinds of reads; here the
// operations are meant by `…Op`.
using frontend::Kind;

Kind Lowering::settled(Kind kind, Kind wanted) const {
  if (kind == Kind::Unknown)
    return wanted == Kind::Unknown ? program.realKind : settled(wanted);
  if (kind != Kind::Weak)
    return kind;
  return wanted == Kind::F32 || wanted == Kind::F64 ? wanted : program.realKind;
}

Value Lowering::convert(Value value, Kind kind, Location loc, Frame &frame) {
  Type type = scalarType(kind);
  if (value.getType() == type)
    return value;
  return CastOp::create(frame.builder, loc, type, value, TypeAttr());
}

Value Lowering::emit(Term *term, Kind wanted, Frame &frame, Indices &indices) {
  bool isLiteral =
      term->kind == TermKind::Int &&
      isReal(wanted); // an integer that meets a real is written as one
  Kind natural = isLiteral ? wanted : settled(term->result, wanted);
  Value value = indices.emitted.lookup({term, natural});
  if (!value) {
    value = emitAs(term, natural, frame, indices);
    indices.emitted[{term, natural}] = value;
  }
  return convert(value, wanted, locate(term->place()), frame);
}

Value Lowering::emitConstant(Term *term, Kind kind, Frame &frame) {
  TypedAttr value;
  if (isReal(kind))
    value = FloatAttr::get(scalarType(kind), term->kind == TermKind::Real
                                                 ? term->real
                                                 : double(term->integer));
  else if (term->kind == TermKind::Bool)
    value = BoolAttr::get(context, term->integer);
  else
    value = builder.getI64IntegerAttr(term->integer);
  return ConstOp::create(frame.builder, locate(term->place()), value);
}

Value Lowering::emitCast(Term *term, Frame &frame, Indices &indices) {
  Kind to = kindOf(term->type);
  Kind from = settled(term->args[0]->result, to);
  Value value = emit(term->args[0], from, frame, indices);
  bool isWide = llvm::is_contained(
      {ElementType::F64, ElementType::F32, ElementType::I64, ElementType::Bool},
      term->type);
  Location loc = locate(term->place());
  if (isWide)
    return convert(value, to, loc, frame);
  return CastOp::create(frame.builder, loc, scalarType(to), value,
                        TypeAttr::get(elementType(term->type)));
}

Value Lowering::emitCompare(Term *term, Frame &frame, Indices &indices) {
  Kind kind = settled(std::max(term->args[0]->result, term->args[1]->result));
  Value lhs = emit(term->args[0], kind, frame, indices);
  Value rhs = emit(term->args[1], kind, frame, indices);
  return CompareOp::create(frame.builder, locate(term->place()),
                           term->predicate, lhs, rhs);
}

/// The base at other indices; absent where one of them is out of range.
Value Lowering::emitAt(Term *term, Kind kind, Frame &frame, Indices &indices) {
  Location loc = locate(term->place());
  ++substitutions;
  if (isTooLarge())
    return AbsentOp::create(frame.builder, loc, scalarType(kind));
  Indices inner;
  inner.values = indices.values;
  Value inside;
  auto also = [&](Value test) {
    inside = inside ? BinaryOp::create(frame.builder, loc, BinaryFn::And,
                                       inside, test)
                          .getResult()
                    : test;
  };
  for (auto [rank, replacement] :
       llvm::zip(term->ranks, llvm::drop_begin(term->args))) {
    Value index = emit(replacement, Kind::Int, frame, indices);
    Value zero =
        ConstOp::create(frame.builder, loc, builder.getI64IntegerAttr(0));
    Value extent = ExtentOp::create(frame.builder, loc, builder.getI64Type(),
                                    name(rank->name));
    also(CompareOp::create(frame.builder, loc, Predicate::Le, zero, index));
    also(CompareOp::create(frame.builder, loc, Predicate::Lt, index, extent));
    inner.values[rank] = index;
  }
  Value value = emit(term->args[0], kind, frame, inner);
  return WhereOp::create(frame.builder, loc, value, inside);
}

Value Lowering::readReduction(Term *term, Kind kind, Frame &frame,
                              Indices &indices) {
  Value tensor = hoist(term, kind, frame);
  SmallVector<Value> subscripts;
  for (StringAttr rank : cast<TensorType>(tensor.getType()).getRanks())
    subscripts.push_back(
        indices.values.lookup(program.rankNames.lookup(rank.getValue())));
  return ReadOp::create(frame.builder, locate(term->place()), tensor,
                        subscripts);
}

Value Lowering::emitAs(Term *term, Kind kind, Frame &frame, Indices &indices) {
  Location loc = locate(term->place());
  OpBuilder &b = frame.builder;
  auto operand = [&](unsigned i, Kind wanted) {
    return emit(term->args[i], wanted, frame, indices);
  };
  switch (term->kind) {
  case TermKind::Int:
  case TermKind::Real:
  case TermKind::Bool:
    return emitConstant(term, kind, frame);
  case TermKind::Absent:
    return AbsentOp::create(b, loc, scalarType(kind));
  case TermKind::Index:
    return indices.values.lookup(term->ranks[0]);
  case TermKind::Extent:
    return ExtentOp::create(b, loc, b.getI64Type(), name(term->ranks[0]->name));
  case TermKind::Read: {
    SmallVector<Value> subscripts;
    for (unsigned i = 0; i < term->args.size(); ++i)
      subscripts.push_back(operand(i, Kind::Int));
    return ReadOp::create(b, loc, values.lookup(term->tensor), subscripts);
  }
  case TermKind::Unary:
    return UnaryOp::create(b, loc, term->unary, operand(0, kind));
  case TermKind::Binary: {
    Value lhs = operand(0, kind), rhs = operand(1, kind);
    return BinaryOp::create(b, loc, term->binary, lhs, rhs);
  }
  case TermKind::Compare:
    return emitCompare(term, frame, indices);
  case TermKind::Select: {
    Value condition = operand(0, Kind::Bool), onTrue = operand(1, kind),
          onFalse = operand(2, kind);
    return SelectOp::create(b, loc, condition, onTrue, onFalse);
  }
  case TermKind::Where: {
    Value value = operand(0, kind), predicate = operand(1, Kind::Bool);
    return WhereOp::create(b, loc, value, predicate);
  }
  case TermKind::Else: {
    Value value = operand(0, kind), fallback = operand(1, kind);
    return ElseOp::create(b, loc, value, fallback);
  }
  case TermKind::Present:
    return PresentOp::create(b, loc, b.getI1Type(),
                             operand(0, settled(term->args[0]->result)));
  case TermKind::Cast:
    return emitCast(term, frame, indices);
  case TermKind::Round: {
    Kind from = settled(term->args[0]->result);
    Value value = operand(0, from);
    return from == Kind::Int
               ? value
               : RoundOp::create(b, loc, b.getI64Type(), term->rounding, value)
                     .getResult();
  }
  case TermKind::At:
    return emitAt(term, kind, frame, indices);
  case TermKind::Reduce:
  case TermKind::Prefix:
  case TermKind::TopK:
  case TermKind::RankOf:
    return readReduction(term, kind, frame, indices);
  }
  llvm_unreachable("every term has a lowering");
}

} // namespace weir::frontend
