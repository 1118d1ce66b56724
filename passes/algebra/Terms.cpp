// Making, simplifying and rewriting terms.
#include "passes/algebra/Terms.h"

#include "passes/algebra/Arithmetic.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::algebra {

void Node::Profile(llvm::FoldingSetNodeID &key) const {
  key.AddInteger(static_cast<unsigned>(op));
  key.AddInteger(code);
  key.AddInteger(llvm::bit_cast<uint64_t>(real));
  key.AddPointer(rank.getAsOpaquePointer());
  key.AddPointer(tensor.getAsOpaquePointer());
  key.AddPointer(type.getAsOpaquePointer());
  key.AddPointer(via.getAsOpaquePointer());
  for (Expr operand : operands)
    key.AddPointer(operand);
}

Expr Terms::intern(Node node, ArrayRef<Expr> operands) {
  node.operands = operands;
  llvm::FoldingSetNodeID key;
  node.Profile(key);
  void *position = nullptr;
  if (Node *known = nodes.FindNodeOrInsertPos(key, position))
    return known;
  auto *made = new (allocator) Node(node);
  made->operands = operands.copy(allocator);
  made->id = nextId++;
  made->loc = location;
  made->isStream = node.op == OpKind::Bound || llvm::any_of(operands, [](Expr e) { return e->isStream; });
  nodes.InsertNode(made, position);
  return made;
}

static Node leaf(OpKind op, Type type) {
  Node node;
  node.op = op;
  node.type = type;
  return node;
}

Expr Terms::real(double value, Type type) {
  Node node = leaf(OpKind::Real, type);
  node.real = value;
  return intern(node, {});
}

Expr Terms::integer(int64_t value, Type i64) {
  Node node = leaf(OpKind::Integer, i64);
  node.code = value;
  return intern(node, {});
}

Expr Terms::truth(bool value, Type i1) {
  Node node = leaf(OpKind::Truth, i1);
  node.code = value;
  return intern(node, {});
}

Expr Terms::absent(Type type) { return intern(leaf(OpKind::Absent, type), {}); }

Expr Terms::index(StringAttr rank, Type i64) {
  Node node = leaf(OpKind::Index, i64);
  node.rank = rank;
  return intern(node, {});
}

Expr Terms::bound(StringAttr rank, Type i64) {
  Node node = leaf(OpKind::Bound, i64);
  node.rank = rank;
  return intern(node, {});
}

Expr Terms::extent(StringAttr rank, Type i64) {
  Node node = leaf(OpKind::Extent, i64);
  node.rank = rank;
  return intern(node, {});
}

Expr Terms::given(int64_t number, Type type) {
  Node node = leaf(OpKind::Given, type);
  node.code = number;
  return intern(node, {});
}

Expr Terms::read(Value tensor, ArrayRef<Expr> indices) {
  Node node = leaf(OpKind::Read, cast<cascade::TensorType>(tensor.getType()).getScalarType());
  node.tensor = tensor;
  return intern(node, indices);
}

Expr Terms::unary(UnaryFn fn, Expr operand) {
  Node node = leaf(OpKind::Unary, operand->type);
  node.code = static_cast<int64_t>(fn);
  return simplified(node, {operand});
}

Expr Terms::cast(Expr value, Type type) {
  return simplified(leaf(OpKind::Cast, type), {value});
}

/// Gives two reals the wider of their types: sums mix terms of both.
void Terms::unify(Expr &lhs, Expr &rhs) {
  if (lhs->type == rhs->type)
    return;
  Expr &narrow = lhs->type.isF64() ? rhs : lhs;
  narrow = cast(narrow, lhs->type.isF64() ? lhs->type : rhs->type);
}

Expr Terms::binary(BinaryFn fn, Expr lhs, Expr rhs) {
  unify(lhs, rhs);
  Node node = leaf(OpKind::Binary, lhs->type);
  node.code = static_cast<int64_t>(fn);
  return simplified(node, {lhs, rhs});
}

Expr Terms::where(Expr value, Expr predicate) {
  return simplified(leaf(OpKind::Where, value->type), {value, predicate});
}

Expr Terms::orElse(Expr value, Expr fallback) {
  unify(value, fallback);
  return simplified(leaf(OpKind::Else, value->type), {value, fallback});
}

Expr Terms::present(Expr value, Type i1) { return simplified(leaf(OpKind::Present, i1), {value}); }

Expr Terms::withOperands(const Node &node, ArrayRef<Expr> operands) {
  return simplified(node, operands);
}

/// `x * 1`, `x + 0`, `x and true` and their like: what is the other operand, present or not.
static Expr neutralOperand(const Node &node, ArrayRef<Expr> operands) {
  auto isNumber = [](Expr e, int64_t value) {
    return e->isReal(static_cast<double>(value)) || (e->op == OpKind::Integer && e->code == value);
  };
  auto isTrue = [](Expr e) { return e->op == OpKind::Truth && e->code; };
  Expr lhs = operands[0], rhs = operands[1];
  switch (static_cast<BinaryFn>(node.code)) {
  case BinaryFn::Add:
    return isNumber(rhs, 0) ? lhs : isNumber(lhs, 0) ? rhs : nullptr;
  case BinaryFn::Sub:
    return isNumber(rhs, 0) ? lhs : nullptr;
  case BinaryFn::Mul:
    return isNumber(rhs, 1) ? lhs : isNumber(lhs, 1) ? rhs : nullptr;
  case BinaryFn::Div:
  case BinaryFn::FloorDiv:
  case BinaryFn::Pow:
    return isNumber(rhs, 1) ? lhs : nullptr;
  case BinaryFn::And:
    return isTrue(rhs) ? lhs : isTrue(lhs) ? rhs : nullptr;
  default:
    return nullptr;
  }
}

Expr Terms::simplified(const Node &node, ArrayRef<Expr> operands) {
  bool constant = !operands.empty() && llvm::all_of(operands, [](Expr e) { return e->op == OpKind::Real; });
  if (node.op == OpKind::Unary && constant && node.type == operands[0]->type)
    return real(apply(static_cast<UnaryFn>(node.code), operands[0]->real), node.type);
  if (node.op == OpKind::Unary && node.is(UnaryFn::Neg) && operands[0]->is(UnaryFn::Neg))
    return operands[0]->operands[0];
  if (node.op == OpKind::Binary && constant)
    return real(apply(static_cast<BinaryFn>(node.code), operands[0]->real, operands[1]->real), node.type);
  if (node.op == OpKind::Binary)
    if (Expr other = neutralOperand(node, operands))
      return other;
  if (node.op == OpKind::Cast && !node.via && operands[0]->type == node.type)
    return operands[0];
  if (node.op == OpKind::Cast && !node.via && operands[0]->op == OpKind::Integer && isa<FloatType>(node.type))
    return real(static_cast<double>(operands[0]->code), node.type);
  if (node.op == OpKind::Cast && !node.via && constant && isa<FloatType>(node.type))
    return real(operands[0]->real, node.type);
  if (node.op == OpKind::Where && operands[1]->op == OpKind::Truth && operands[1]->code)
    return operands[0];
  Node made = node;
  return intern(made, operands);
}

Expr Terms::substitute(Expr expr, const llvm::DenseMap<Expr, Expr> &replacements) {
  llvm::DenseMap<Expr, Expr> done;
  walk(expr, [&](Expr node) {
    if (auto it = replacements.find(node); it != replacements.end()) {
      done[node] = it->second;
      return;
    }
    SmallVector<Expr> operands;
    for (Expr operand : node->operands)
      operands.push_back(done.at(operand));
    done[node] = ArrayRef<Expr>(operands) == node->operands ? node : withOperands(*node, operands);
  });
  return done.at(expr);
}

void walk(Expr expr, llvm::function_ref<void(Expr)> visit) {
  llvm::DenseSet<Expr> seen;
  auto go = [&](auto &&self, Expr node) -> void {
    if (!seen.insert(node).second)
      return;
    for (Expr operand : node->operands)
      self(self, operand);
    visit(node);
  };
  go(go, expr);
}

SmallVector<StringAttr> freeRanks(Expr expr, ArrayRef<StringAttr> order) {
  llvm::DenseSet<StringAttr> found;
  walk(expr, [&](Expr node) {
    if (node->op == OpKind::Index)
      found.insert(node->rank);
  });
  SmallVector<StringAttr> ranks;
  llvm::copy_if(order, std::back_inserter(ranks), [&](StringAttr rank) { return found.contains(rank); });
  return ranks;
}

} // namespace weir::algebra
