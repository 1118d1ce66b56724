// Scalar expressions of a nest: interning and simplification.
#include "passes/schedule/Expression.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {

void Node::Profile(llvm::FoldingSetNodeID &id) const {
  id.AddInteger(static_cast<int>(kind));
  id.AddPointer(type.getAsOpaquePointer());
  id.AddPointer(attr.getAsOpaquePointer());
  id.AddPointer(tensor.getAsOpaquePointer());
  for (const Node *operand : operands)
    id.AddPointer(operand);
}

const Node *Expressions::intern(Node &&node) {
  llvm::FoldingSetNodeID id;
  node.Profile(id);
  void *position = nullptr;
  if (Node *known = nodes.FindNodeOrInsertPos(id, position))
    return known;
  for (const Node *operand : node.operands)
    node.ranks.insert(operand->ranks.begin(), operand->ranks.end());
  if (node.kind == Node::Kind::Index)
    node.ranks.insert(cast<StringAttr>(node.attr));
  if (node.kind == Node::Kind::Contract)
    node.ranks.remove(cast<StringAttr>(node.attr));
  Node *created = new (allocator.Allocate()) Node(std::move(node));
  nodes.InsertNode(created, position);
  return created;
}

static Node makeNode(Node::Kind kind, Type type, Attribute attr = {}, Operands operands = {},
                     Value tensor = {}) {
  Node node;
  node.kind = kind;
  node.type = type;
  node.attr = attr;
  node.operands = std::move(operands);
  node.tensor = tensor;
  return node;
}

//===-- Leaves --------------------------------------------------------------===//

const Node *Expressions::constant(TypedAttr value) {
  return intern(makeNode(Node::Kind::Constant, value.getType(), value));
}

const Node *Expressions::integer(int64_t value) {
  return constant(IntegerAttr::get(IntegerType::get(context, 64), value));
}

const Node *Expressions::truth(bool value) { return constant(BoolAttr::get(context, value)); }

const Node *Expressions::zero(Type type) {
  if (isa<FloatType>(type))
    return constant(FloatAttr::get(type, 0.0));
  return constant(IntegerAttr::get(type, 0));
}

const Node *Expressions::index(StringAttr rank) {
  return intern(makeNode(Node::Kind::Index, IntegerType::get(context, 64), rank));
}

const Node *Expressions::extent(StringAttr rank) {
  return intern(makeNode(Node::Kind::Extent, IntegerType::get(context, 64), rank));
}

Operands Expressions::indicesOf(cascade::TensorType type) {
  Operands indices;
  for (StringAttr rank : type.getRanks())
    indices.push_back(index(rank));
  return indices;
}

const Node *Expressions::name(StringRef name, Type type) {
  return intern(makeNode(Node::Kind::Name, type, StringAttr::get(context, name)));
}

const Node *Expressions::load(Value tensor, Operands subscripts, Type type) {
  return intern(makeNode(Node::Kind::Load, type, {}, std::move(subscripts), tensor));
}

const Node *Expressions::contract(StringAttr rank, Operands factors, Type type) {
  return intern(makeNode(Node::Kind::Contract, type, rank, std::move(factors)));
}

//===-- Functions -----------------------------------------------------------===//

static bool isTruth(const Node *node, bool value) {
  return node->kind == Node::Kind::Constant && node->type.isInteger(1) &&
         cast<IntegerAttr>(node->attr).getValue().getBoolValue() == value;
}

const Node *Expressions::apply(Attribute fn, Operands operands, Type type) {
  return intern(makeNode(Node::Kind::Apply, type, fn, std::move(operands)));
}

const Node *Expressions::select(const Node *condition, const Node *onTrue, const Node *onFalse) {
  if (onTrue == onFalse || isTruth(condition, true))
    return onTrue;
  if (isTruth(condition, false))
    return onFalse;
  return intern(makeNode(Node::Kind::Select, onTrue->type, {}, {condition, onTrue, onFalse}));
}

const Node *Expressions::convert(const Node *value, Type type, Attribute via) {
  if (value->type == type && !via)
    return value;
  if (value->kind == Node::Kind::Constant && !via && isa<FloatType>(type))
    if (auto integer = dyn_cast<IntegerAttr>(value->attr); integer && !value->type.isInteger(1))
      return constant(FloatAttr::get(type, static_cast<double>(integer.getInt())));
  return intern(makeNode(Node::Kind::Convert, type, via, {value}));
}

/// The value of an integer constant.
static std::optional<int64_t> integerOf(const Node *node) {
  if (node->kind != Node::Kind::Constant || !node->type.isInteger(64))
    return {};
  return cast<IntegerAttr>(node->attr).getInt();
}

/// Sums, differences and products of integers, as far as constants decide them.
const Node *Expressions::foldIntegers(BinaryFn fn, const Node *lhs, const Node *rhs) {
  auto a = integerOf(lhs), c = integerOf(rhs);
  switch (fn) {
  case BinaryFn::Add:
    return a && c ? integer(*a + *c) : a == 0 ? rhs : c == 0 ? lhs : nullptr;
  case BinaryFn::Sub:
    return a && c ? integer(*a - *c) : c == 0 ? lhs : nullptr;
  case BinaryFn::Mul:
    if (a == 0 || c == 0)
      return integer(0);
    return a && c ? integer(*a * *c) : a == 1 ? rhs : c == 1 ? lhs : nullptr;
  default:
    return nullptr;
  }
}

const Node *Expressions::binary(BinaryFn fn, const Node *lhs, const Node *rhs) {
  if (lhs->type.isInteger(64))
    if (const Node *folded = foldIntegers(fn, lhs, rhs))
      return folded;
  if (fn == BinaryFn::And && (isTruth(lhs, true) || isTruth(rhs, false) || lhs == rhs))
    return rhs;
  if (fn == BinaryFn::And && (isTruth(rhs, true) || isTruth(lhs, false)))
    return lhs;
  if (fn == BinaryFn::Or && (isTruth(lhs, false) || isTruth(rhs, true) || lhs == rhs))
    return rhs;
  if (fn == BinaryFn::Or && (isTruth(rhs, false) || isTruth(lhs, true)))
    return lhs;
  return apply(BinaryFnAttr::get(context, fn), {lhs, rhs}, lhs->type);
}

const Node *Expressions::compare(Predicate predicate, const Node *lhs, const Node *rhs) {
  auto a = integerOf(lhs), c = integerOf(rhs);
  if (a && c && predicate == Predicate::Le)
    return truth(*a <= *c);
  // An index is never negative.
  if (predicate == Predicate::Le && a && *a <= 0 && rhs->kind == Node::Kind::Index)
    return truth(true);
  if (predicate == Predicate::Ge && c && *c <= 0 && lhs->kind == Node::Kind::Index)
    return truth(true);
  return apply(PredicateAttr::get(context, predicate), {lhs, rhs}, IntegerType::get(context, 1));
}

const Node *Expressions::both(const Node *lhs, const Node *rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return binary(BinaryFn::And, lhs, rhs);
}

const Node *Expressions::either(const Node *lhs, const Node *rhs) {
  if (!lhs || !rhs)
    return nullptr;
  return binary(BinaryFn::Or, lhs, rhs);
}

const Node *Expressions::replace(const Node *node, const Node *from, const Node *to) {
  if (node == from)
    return to;
  Operands operands;
  for (const Node *operand : node->operands)
    operands.push_back(replace(operand, from, to));
  if (operands == node->operands)
    return node;
  return rebuild(node, operands);
}

const Node *Expressions::rebuild(const Node *node, Operands operands) {
  switch (node->kind) {
  case Node::Kind::Load:
    return load(node->tensor, operands, node->type);
  case Node::Kind::Contract:
    return contract(cast<StringAttr>(node->attr), operands, node->type);
  case Node::Kind::Apply:
    if (auto fn = dyn_cast<BinaryFnAttr>(node->attr))
      return binary(fn.getValue(), operands[0], operands[1]);
    return apply(node->attr, operands, node->type);
  case Node::Kind::Select:
    return select(operands[0], operands[1], operands[2]);
  case Node::Kind::Convert:
    return convert(operands[0], node->type, node->attr);
  default:
    return node;
  }
}

bool isUnary(const Node *node, UnaryFn fn) {
  auto own = dyn_cast_if_present<cascade::UnaryFnAttr>(node->attr);
  return node->kind == Node::Kind::Apply && own && own.getValue() == fn;
}

bool isBinary(const Node *node, BinaryFn fn) {
  auto attr = dyn_cast_if_present<BinaryFnAttr>(node->attr);
  return node->kind == Node::Kind::Apply && attr && attr.getValue() == fn;
}

Operands conjunctsOf(const Node *condition) {
  if (!condition)
    return {};
  if (!isBinary(condition, BinaryFn::And))
    return {condition};
  Operands all = conjunctsOf(condition->operands[0]);
  llvm::append_range(all, conjunctsOf(condition->operands[1]));
  return all;
}

Operands factorsOf(const Node *node) {
  if (!isBinary(node, BinaryFn::Mul))
    return {node};
  Operands factors = factorsOf(node->operands[0]);
  llvm::append_range(factors, factorsOf(node->operands[1]));
  return factors;
}

} // namespace weir::schedule
