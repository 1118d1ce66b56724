// Equations, reductions and recurrences; every nested reduction becomes an
// equation of its own.
#include "frontends/weir/Lower.h"

using namespace mlir;

namespace weir::frontend {

using namespace cascade;

/// The kind in which the body of a reduction is computed.
Kind Lowering::bodyKind(const Term *term, Kind result) const {
  Kind body = term->args[0]->result;
  if (term->kind == TermKind::TopK || term->kind == TermKind::RankOf)
    return settled(body);
  if (term->kind == TermKind::Prefix)
    return result;
  switch (term->combiner) {
  case Combiner::Any:
  case Combiner::All:
  case Combiner::Count:
    return Kind::Bool;
  case Combiner::ArgMax:
  case Combiner::ArgMin:
    return settled(body);
  default:
    return result;
  }
}

void Lowering::emitBody(Operation *op, Region &region, ArrayRef<Rank *> ranks,
                        Term *term, Kind kind) {
  Block &block = region.emplaceBlock();
  Location loc = op->getLoc();
  Frame frame{OpBuilder::atBlockEnd(&block), op, SmallVector<Rank *>(ranks),
              Indices()};
  for (Rank *rank : ranks)
    frame.indices.values[rank] = block.addArgument(builder.getI64Type(), loc);
  Value value = emit(term, kind, frame, frame.indices);
  YieldOp::create(frame.builder, loc, value);
}

Value Lowering::emitMap(OpBuilder &at, Term *term, Kind kind, StringRef label,
                        Location loc, ArrayRef<Rank *> ranks, Type element) {
  auto op = EinsumOp::create(at, loc, tensorType(ranks, element), label,
                             Combiner::None, builder.getArrayAttr({}));
  emitBody(op, op.getBody(), ranks, term, kind);
  return op.getResult();
}

/// The equation of a reduction, prefix form or selection whose result has the
/// given ranks.
Value Lowering::emitReduction(OpBuilder &at, Term *term, Kind kind,
                              StringRef label, Location loc,
                              ArrayRef<Rank *> ranks, Type element) {
  TensorType type = tensorType(ranks, element);
  Kind body = bodyKind(term, kind);
  SmallVector<Rank *> scope(ranks);
  StringAttr along = name(term->ranks[0]->name);
  Equation op;
  if (term->kind == TermKind::Reduce) {
    SmallVector<Attribute> reduced;
    for (Rank *rank : term->ranks) {
      reduced.push_back(name(rank->name));
      scope.push_back(rank);
    }
    op = EinsumOp::create(at, loc, type, label, term->combiner,
                          builder.getArrayAttr(reduced));
  } else if (term->kind == TermKind::Prefix) {
    op = PrefixOp::create(at, loc, type, label, term->combiner, along,
                          term->exclusive, term->reverse);
  } else if (term->kind == TermKind::TopK) {
    llvm::erase(scope, term->ranks[1]);
    scope.push_back(term->ranks[0]);
    op =
        TopKOp::create(at, loc, type, label, along, name(term->ranks[1]->name));
  } else {
    op = RankOfOp::create(at, loc, type, label, along);
  }
  emitBody(op, op.getEquationBody(), scope, term->args[0], body);
  return op->getResult(0);
}

bool Lowering::readsGroup(Term *term) {
  if (!currentGroup)
    return false;
  auto [it, added] = groupReaders.try_emplace(term, false);
  if (!added)
    return it->second;
  bool reads =
      term->kind == TermKind::Read && term->tensor->group == currentGroup;
  for (Term *argument : term->args)
    reads |= readsGroup(argument);
  return groupReaders[term] = reads;
}

/// The tensor of a nested reduction: its free ranks, in the order in which they
/// are in scope.
Value Lowering::hoist(Term *term, Kind kind, Frame &frame) {
  auto it = hoisted.find({term, kind});
  if (it != hoisted.end())
    return it->second;
  SmallVector<Rank *> ranks;
  for (ArrayRef<Rank *> list :
       {ArrayRef<Rank *>(frame.order), ArrayRef<Rank *>(term->free)})
    for (Rank *rank : list)
      if (llvm::is_contained(term->free, rank) &&
          !llvm::is_contained(ranks, rank))
        ranks.push_back(rank);
  bool leavesRecurrence = recurrence && !readsGroup(term) &&
                          recurrence->isProperAncestor(frame.owner);
  OpBuilder at(leavesRecurrence ? recurrence : frame.owner);
  std::string label = (current->name + "." + Twine(++parts)).str();
  Value tensor = emitReduction(at, term, kind, label, locate(term->place()),
                               ranks, scalarType(kind));
  hoisted[{term, kind}] = tensor;
  return tensor;
}

/// True if the right side is one reduction, so that the equation is that
/// reduction.
bool Lowering::isWhole(const Tensor &tensor) const {
  const Term *term = tensor.value;
  if (settled(term->result, tensor.kind) != tensor.kind)
    return false;
  auto isLeft = [&](Rank *rank) {
    return llvm::is_contained(tensor.ranks, rank);
  };
  switch (term->kind) {
  case TermKind::Reduce:
    return llvm::none_of(term->ranks, isLeft);
  case TermKind::TopK:
    return !isLeft(term->ranks[0]);
  case TermKind::Prefix:
  case TermKind::RankOf:
    return true;
  default:
    return false;
  }
}

Value Lowering::emitEquation(Tensor &tensor) {
  current = &tensor;
  parts = 0;
  hoisted.clear();
  Location loc = locate(tensor.range);
  Type element = elementType(tensor);
  if (isWhole(tensor))
    return emitReduction(builder, tensor.value, tensor.kind, tensor.name, loc,
                         tensor.ranks, element);
  return emitMap(builder, tensor.value, tensor.kind, tensor.name, loc,
                 tensor.ranks, element);
}

void Lowering::emitStart(Tensor &tensor, const Tensor::Start &start) {
  auto op = StartOp::create(builder, locate(start.range),
                            values.lookup(&tensor), name(start.rank->name));
  emitBody(op, op.getBody(), tensor.ranks, start.value, tensor.kind);
}

void Lowering::emitRecurrence(Group &group) {
  SmallVector<Type> types;
  SmallVector<Attribute> iterative;
  for (Tensor *tensor : group.members)
    types.push_back(tensorType(tensor->ranks, elementType(*tensor)));
  for (Rank *rank : group.iterative)
    iterative.push_back(name(rank->name));
  Location loc = locate(group.members.front()->range);
  auto op = RecurrenceOp::create(
      builder, loc, types, builder.getArrayAttr(iterative), group.descending);
  Block &body = op.getBody().emplaceBlock();
  for (auto [tensor, type] : llvm::zip(group.members, types))
    values[tensor] = body.addArgument(type, locate(tensor->range));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&body);
  currentGroup = &group;
  recurrence = op;
  groupReaders.clear();
  SmallVector<Value> results;
  for (Tensor *tensor : group.members) {
    results.push_back(emitEquation(*tensor));
    for (const Tensor::Start &start : tensor->starts)
      emitStart(*tensor, start);
  }
  ResultsOp::create(builder, loc, results);
  currentGroup = nullptr;
  recurrence = nullptr;
  for (auto [tensor, result] : llvm::zip(group.members, op.getResults()))
    values[tensor] = result;
}

void Lowering::emitGroup(Group &group) {
  if (group.recurrent)
    return emitRecurrence(group);
  Tensor *tensor = group.members.front();
  values[tensor] = emitEquation(*tensor);
}

} // namespace weir::frontend
