// Reads of tensors: range checks, presence, start values, inlined equations.
#include "codegen/abi/Storage.h"
#include "codegen/loops/Body.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::loops {

/// The address, or that of the frame where the guard forbids to look there.
Value Body::guarded(Value address, Value guard) {
  return guard ? emit.select(guard, address, frame) : address;
}

Scalar Body::readInput(const abi::Argument &argument, ArrayRef<Value> indices,
                       Value guard) {
  Value base = slot(argument.slot, emit.pointer());
  Value offset = emit.integer(0);
  for (auto [i, index] : llvm::enumerate(indices))
    offset = emit.add(
        offset, emit.mul(index, slot(argument.strideSlot(i), emit.i64())));
  if (guard) {
    offset = emit.select(guard, offset, emit.integer(0));
    base = guarded(base, guard);
  }
  return {
      abi::loadElement(emit, argument.storage, base, offset, /*packed=*/true),
      guard};
}

Scalar Body::readPlace(Value tensor, const Place &place,
                       ArrayRef<Value> indices, Value guard) {
  Value offset = offsetAt(tensor, place, indices);
  if (guard)
    offset = emit.select(guard, offset, emit.integer(0));
  auto load = [&](int64_t number, Type cell) {
    Value base = guarded(placeBase(place, number, cell), guard);
    return abi::loadElement(emit, cell, base, offset, /*packed=*/false);
  };
  Type type = cast<cascade::TensorType>(tensor.getType()).getScalarType();
  Value value = abi::convertScalar(emit, load(place.data, place.cell), type);
  if (!kernel.plan.presence.mayBeAbsent(tensor))
    return {value, guard};
  return {value, abi::bothPresent(emit, guard, load(place.plane, emit.i1()))};
}

/// An inlined equation is evaluated where it is read; its own reads rely on
/// indices within range, hence the branch.
Scalar Body::readInlined(cascade::Equation op, ArrayRef<Value> indices,
                         Value guard) {
  Type type = op.getTensorType().getScalarType();
  auto build = [&]() -> Scalar {
    auto arguments = llvm::map_to_vector(
        indices, [](Value index) { return Scalar{index, {}}; });
    Scalar result = emitRegion(op.getEquationBody(), arguments).front();
    return {abi::convertScalar(emit, result.value, type), result.present};
  };
  if (!guard)
    return build();
  auto branch = emit.choose(
      guard, {type, emit.i1()},
      [&]() -> Values {
        Scalar result = build();
        return {result.value, presenceOf(emit, result)};
      },
      [&]() -> Values { return {emit.number(type, 0), emit.truth(false)}; });
  return {branch[0], branch[1]};
}

Scalar Body::readAt(Value tensor, ArrayRef<Value> indices, Value guard) {
  Operation *definition = tensor.getDefiningOp();
  if (kernel.plan.isInlined(tensor))
    return readInlined(cast<cascade::Equation>(definition), indices, guard);
  if (isa<cascade::InputOp>(definition))
    return readInput(kernel.frame.getArgument(definition), indices, guard);
  if (auto param = dyn_cast<cascade::ParamOp>(definition)) {
    Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
    return {slot(kernel.frame.getArgument(definition).slot, type), guard};
  }
  return readPlace(tensor, kernel.plan.placeOf(tensor), indices, guard);
}

Scalar Body::read(cascade::ReadOp op, ArrayRef<Scalar> subscripts) {
  Value tensor = definingTensor(op.getTensor());
  Values indices = llvm::map_to_vector(
      subscripts, [](const Scalar &index) { return index.value; });
  Value guard;
  for (const Scalar &index : subscripts)
    guard = abi::bothPresent(emit, guard, index.present);
  if (recurrenceOf(tensor))
    return readRecurrent(op, indices, guard);
  auto ranks = cast<cascade::TensorType>(tensor.getType()).getRanks();
  for (auto [dimension, index] : llvm::enumerate(indices))
    if (kernel.plan.presence.rangeOf(op, dimension) != Presence::Range::Inside)
      guard = abi::bothPresent(emit, guard,
                               emit.inRange(index, extent(ranks[dimension])));
  return readAt(tensor, indices, guard);
}

/// A read of a recurrent tensor: of a point, or where a subscript is at the
/// start of an iterative rank and the others are in range or at theirs, of the
/// outermost such rank's start value.
Scalar Body::readRecurrent(cascade::ReadOp op, ArrayRef<Value> indices,
                           Value present) {
  Value tensor = definingTensor(op.getTensor());
  auto type = cast<cascade::TensorType>(tensor.getType());
  auto group = recurrenceOf(tensor);
  SmallVector<Value> atStart(indices.size()); // null: cannot be
  Value isKnown = present, isInside = present;
  for (auto [rank, descending] :
       llvm::zip(group.getIterative().getAsRange<StringAttr>(),
                 group.getDescending())) {
    int64_t i = type.indexOf(rank);
    if (i >= 0 &&
        kernel.plan.presence.rangeOf(op, i) != Presence::Range::Inside)
      atStart[i] =
          emit.equal(indices[i], descending ? extent(rank) : emit.integer(-1));
  }
  for (auto [i, rank] : llvm::enumerate(type.getRanks())) {
    auto range = kernel.plan.presence.rangeOf(op, i);
    if (range == Presence::Range::Inside)
      continue;
    Value isIn = emit.inRange(indices[i], extent(rank));
    isInside = abi::bothPresent(emit, isInside, isIn);
    if (range == Presence::Range::Unknown)
      isKnown = abi::bothPresent(
          emit, isKnown, atStart[i] ? emit.either(isIn, atStart[i]) : isIn);
  }
  // The point, unless a start value is chosen; rank by rank from the innermost.
  std::function<Scalar(size_t)> build = [&](size_t n) -> Scalar {
    auto iterative =
        llvm::to_vector(group.getIterative().getAsRange<StringAttr>());
    while (n < iterative.size() && (type.indexOf(iterative[n]) < 0 ||
                                    !atStart[type.indexOf(iterative[n])]))
      ++n;
    if (n == iterative.size())
      return readAt(tensor, indices, isInside);
    Value condition =
        abi::bothPresent(emit, atStart[type.indexOf(iterative[n])], isKnown);
    auto split = [&](llvm::function_ref<Scalar()> branch) {
      return [&emit = emit, branch]() -> Values {
        Scalar result = branch();
        return {result.value, presenceOf(emit, result)};
      };
    };
    Type scalar = type.getScalarType();
    auto start = [&] {
      auto op = startOf(tensor, iterative[n]);
      return op ? readStart(op, scalar, indices)
                : Scalar{emit.number(scalar, 0), {}};
    };
    auto rest = [&] { return build(n + 1); };
    auto results =
        emit.choose(condition, {scalar, emit.i1()}, split(start), split(rest));
    return {results[0], results[1]};
  };
  Scalar result = build(0);
  if (!kernel.plan.presence.mayBeAbsent(op))
    result.present = {};
  return result;
}

/// Defines `void start(ptr frame, i64 worker, ptr result, i64 indices…)`, which
/// stores the value and, eight bytes behind it, its presence.
static void defineStart(Kernel &kernel, abi::Emitter &outer, StringRef name,
                        cascade::StartOp start, Type type) {
  OpBuilder::InsertionGuard guard(outer.builder);
  size_t rank = start.getBody().getNumArguments();
  abi::Emitter emit(outer.builder, start.getLoc());
  SmallVector<Type> types{emit.pointer(), emit.i64(), emit.pointer()};
  types.append(rank, emit.i64());
  auto function =
      makeFunction(emit, kernel.module, name,
                   LLVM::LLVMVoidType::get(emit.builder.getContext()), types,
                   /*exported=*/false);
  Body body(kernel, emit, function.getArgument(0), function.getArgument(1));
  auto arguments =
      llvm::map_to_vector(function.getArguments().drop_front(3),
                          [](Value index) { return Scalar{index, {}}; });
  Scalar result = body.emitRegion(start.getBody(), arguments).front();
  emit.store(abi::convertScalar(emit, result.value, type),
             function.getArgument(2));
  abi::storeElement(emit, emit.i1(), function.getArgument(2), emit.integer(8),
                    presenceOf(emit, result), false);
  LLVM::ReturnOp::create(emit.builder, emit.loc, ValueRange());
}

/// A start value, from a function: what it reads may be a start value again.
Scalar Body::readStart(cascade::StartOp start, Type type,
                       ArrayRef<Value> indices) {
  std::string name = (kernel.op.getSymName() + ".start." +
                      definingTensor(start.getTensor())
                          .getDefiningOp<cascade::Equation>()
                          .getEquationName() +
                      "." + start.getAlong())
                         .str();
  Type none = LLVM::LLVMVoidType::get(emit.builder.getContext());
  if (!kernel.module.lookupSymbol(name))
    defineStart(kernel, emit, name, start, type);
  Value result = atEntry([&] { return emit.allocate(emit.i64(), 2); });
  Values operands{frame, worker, result};
  llvm::append_range(operands, indices);
  emit.call(name, none, operands);
  return {emit.load(type, result),
          abi::loadElement(emit, emit.i1(), result, emit.integer(8), false)};
}

} // namespace weir::loops
