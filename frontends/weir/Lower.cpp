// A kernel's declarations to the cascade dialect.
#include "frontends/weir/Lower.h"

#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace weir::frontend {

using namespace cascade;

//===-- Types and places
//----------------------------------------------------===//

Location Lowering::locate(llvm::SMRange range) const {
  unsigned buffer =
      range.isValid() ? sources.FindBufferContainingLoc(range.Start) : 0;
  if (!buffer)
    return UnknownLoc::get(context);
  auto [line, column] = sources.getLineAndColumn(range.Start, buffer);
  return FileLineColLoc::get(
      context, sources.getMemoryBuffer(buffer)->getBufferIdentifier(), line,
      column);
}

Type Lowering::scalarType(Kind kind) const {
  switch (settled(kind)) {
  case Kind::Bool:
    return IntegerType::get(context, 1);
  case Kind::Int:
    return IntegerType::get(context, 64);
  case Kind::F64:
    return Float64Type::get(context);
  default:
    return Float32Type::get(context);
  }
}

Type Lowering::elementType(ElementType type) const {
  switch (type) {
  case ElementType::F64:
    return Float64Type::get(context);
  case ElementType::F32:
    return Float32Type::get(context);
  case ElementType::F16:
    return Float16Type::get(context);
  case ElementType::BF16:
    return BFloat16Type::get(context);
  case ElementType::F8E4M3:
    return Float8E4M3FNType::get(context);
  case ElementType::F8E5M2:
    return Float8E5M2Type::get(context);
  case ElementType::I64:
    return IntegerType::get(context, 64);
  case ElementType::I32:
    return IntegerType::get(context, 32);
  case ElementType::I16:
    return IntegerType::get(context, 16);
  case ElementType::I8:
    return IntegerType::get(context, 8);
  case ElementType::U8:
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  case ElementType::I4:
    return IntegerType::get(context, 4);
  case ElementType::Bool:
    return IntegerType::get(context, 1);
  }
  llvm_unreachable("every element type is known");
}

Type Lowering::elementType(const Tensor &tensor) const {
  return tensor.type ? elementType(*tensor.type) : scalarType(tensor.kind);
}

TensorType Lowering::tensorType(ArrayRef<Rank *> ranks, Type element) {
  SmallVector<StringAttr> names;
  for (Rank *rank : ranks)
    names.push_back(name(rank->name));
  return TensorType::get(names, element);
}

//===-- Declarations
//--------------------------------------------------------===//

/// A region of scalars without indices.
void Lowering::emitScalars(Region &region, Operation *owner,
                           ArrayRef<std::pair<Term *, Kind>> terms,
                           llvm::SMRange range) {
  Frame frame{
      OpBuilder::atBlockEnd(&region.emplaceBlock()), owner, {}, Indices()};
  SmallVector<Value> results;
  for (auto [term, kind] : terms)
    results.push_back(emit(term, kind, frame, frame.indices));
  YieldOp::create(frame.builder, locate(range), results);
}

/// Emits a rank after those that its extent is made of.
void Lowering::emitRank(Rank &rank, llvm::DenseSet<const Rank *> &done) {
  if (!done.insert(&rank).second)
    return;
  auto follow = [&](const Rank *other) {
    emitRank(*program.rankNames.lookup(other->name), done);
  };
  if (rank.like)
    follow(rank.like);
  bool derived = rank.extent && !rank.size;
  if (derived)
    forEachTerm(rank.extent, [&](Term *term) {
      if (term->kind == TermKind::Extent)
        follow(term->ranks.front());
    });
  auto op = RankOp::create(builder, locate(rank.range), name(rank.name),
                           rank.like ? name(rank.like->name) : StringAttr(),
                           rank.size ? builder.getI64IntegerAttr(*rank.size)
                                     : IntegerAttr());
  if (derived)
    emitScalars(op.getExtent(), op, {{rank.extent, Kind::Int}}, rank.range);
}

void Lowering::emitRanks() {
  llvm::DenseSet<const Rank *> done;
  for (bool fromLines : {false, true}) // the signature's come first
    for (Rank &rank : program.ranks)
      if (rank.declared == fromLines)
        emitRank(rank, done);
}

void Lowering::emitInput(Tensor &tensor) {
  auto op = InputOp::create(builder, locate(tensor.range),
                            tensorType(tensor.ranks, elementType(tensor)),
                            name(tensor.name));
  if (tensor.lower)
    emitScalars(op.getRange(), op,
                {{tensor.lower, Kind::Int}, {tensor.upper, Kind::Int}},
                tensor.range);
  values[&tensor] = op.getResult();
}

void Lowering::emitParameter(Tensor &tensor) {
  auto op = ParamOp::create(builder, locate(tensor.range),
                            tensorType({}, elementType(tensor)),
                            name(tensor.name), tensor.argument->isConst);
  if (tensor.value)
    emitScalars(op.getInit(), op, {{tensor.value, tensor.kind}}, tensor.range);
  values[&tensor] = op.getResult();
}

void Lowering::emitConstraint(const Constraint &constraint) {
  auto op =
      RequireOp::create(builder, locate(constraint.range), constraint.text);
  emitScalars(op.getCondition(), op, {{constraint.value, Kind::Bool}},
              constraint.range);
}

void Lowering::emitOutput(Tensor &tensor) {
  SmallVector<Rank *> ranks;
  for (const ast::Name &rank : tensor.output->ranks)
    ranks.push_back(program.rankNames.lookup(rank.text));
  Location loc = locate(tensor.output->name.range);
  Value value = values.lookup(&tensor);
  if (ArrayRef<Rank *>(ranks) != ArrayRef<Rank *>(tensor.ranks)) {
    auto type = tensorType(ranks, elementType(tensor));
    auto op = EinsumOp::create(builder, loc, type, (tensor.name + ".out").str(),
                               Combiner::None, builder.getArrayAttr({}));
    Block &block = op.getBody().emplaceBlock();
    llvm::DenseMap<Rank *, Value> indices;
    for (Rank *rank : ranks)
      indices[rank] = block.addArgument(builder.getI64Type(), loc);
    SmallVector<Value> subscripts;
    for (Rank *rank : tensor.ranks)
      subscripts.push_back(indices[rank]);
    OpBuilder inner = OpBuilder::atBlockEnd(&block);
    Value element = ReadOp::create(inner, loc, value, subscripts);
    YieldOp::create(inner, loc, element);
    value = op.getResult();
  }
  auto parameter = program.typeNames.find(tensor.output->type.text);
  ElementType stored = parameter == program.typeNames.end()
                           ? *parseElementType(tensor.output->type.text)
                           : parameter->second;
  Type type = scalarType(kindOf(stored));
  TypedAttr fill;
  if (tensor.fill && isReal(kindOf(stored)))
    fill = FloatAttr::get(type, tensor.fill->kind == TermKind::Real
                                    ? tensor.fill->real
                                    : double(tensor.fill->integer));
  else if (tensor.fill)
    fill = IntegerAttr::get(type, tensor.fill->integer);
  OutputOp::create(builder, loc, name(tensor.name), value,
                   TypeAttr::get(elementType(stored)), fill);
}

KernelOp Lowering::run() {
  const ast::Kernel &source = *program.source;
  auto kernel =
      KernelOp::create(builder, locate(source.name.range), source.name.text);
  builder.setInsertionPointToStart(&kernel.getBody().emplaceBlock());
  auto emitParameters = [&] {
    for (Tensor &tensor : program.tensors)
      if (tensor.role == Tensor::Parameter)
        emitParameter(tensor);
  };
  // Extents may use constant scalars, which then come first.
  bool constantsFirst = llvm::any_of(program.tensors, [](const Tensor &tensor) {
    return tensor.argument && tensor.argument->isConst;
  });
  if (constantsFirst)
    emitParameters();
  emitRanks();
  for (Tensor &tensor : program.tensors)
    if (tensor.role == Tensor::Input)
      emitInput(tensor);
  if (!constantsFirst)
    emitParameters();
  for (const Constraint &constraint : program.constraints)
    emitConstraint(constraint);
  for (Group &group : program.groups)
    emitGroup(group);
  for (const ast::Argument &output : source.outputs)
    emitOutput(*program.tensorNames.lookup(output.name.text));
  return kernel;
}

} // namespace weir::frontend
