// Checks of a call's tensors: the part of the entry points that can fail.
#include "codegen/abi/Checks.h"

#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Storage.h"
#include "dialect/Refuse.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::abi {

using ICmp = arith::CmpIPredicate;

static std::string quoted(StringRef name) { return ("'" + name + "'").str(); }

void Checks::require(Value condition, Status status,
                     ArrayRef<MessagePart> parts) {
  Block *here = emit.builder.getInsertionBlock();
  Region *function = here->getParent();
  Block *next = emit.builder.createBlock(function);
  Block *failed = emit.builder.createBlock(function);
  emit.builder.setInsertionPointToEnd(here);
  cf::CondBranchOp::create(emit.builder, emit.loc, condition, next, failed);
  emit.builder.setInsertionPointToEnd(failed);
  emitMessage(emit, message, messageSize, parts);
  LLVM::ReturnOp::create(
      emit.builder, emit.loc,
      emit.integer(emit.i32(), static_cast<int32_t>(status)));
  emit.builder.setInsertionPointToEnd(next);
}

void Checks::propagate(Value status) {
  Block *here = emit.builder.getInsertionBlock();
  Block *next = emit.builder.createBlock(here->getParent());
  Block *failed = emit.builder.createBlock(here->getParent());
  emit.builder.setInsertionPointToEnd(here);
  Value isOk = emit.equal(status, emit.integer(emit.i32(), 0));
  cf::CondBranchOp::create(emit.builder, emit.loc, isOk, next, failed);
  emit.builder.setInsertionPointToEnd(failed);
  LLVM::ReturnOp::create(emit.builder, emit.loc, status);
  emit.builder.setInsertionPointToEnd(next);
}

Value Checks::descriptor(Value tensors, size_t argument) {
  return emit.at(tensors, argument * TensorLayout::size);
}

static Value extentAt(Emitter &emit, Value tensor, int64_t dimension) {
  return emit.load(emit.i64(),
                   emit.at(tensor, TensorLayout::extents + 8 * dimension));
}

//===-- Scalars
//------------------------------------------------------------===//

Scalar Checks::read(cascade::ReadOp op, ArrayRef<Scalar> indices) {
  auto param = op.getTensor().getDefiningOp<cascade::ParamOp>();
  if (param && param.getConstant() && !param.getInit().empty())
    return emitRegion(param.getInit(), {}).front();
  const Argument &argument = frame.getArgument(param);
  return {Frame::load(emit, address, argument.slot, op.getType()), {}};
}

Value Checks::extent(StringAttr rank) {
  auto known = extents.find(rank);
  if (known != extents.end())
    return known->second;
  return Frame::load(emit, address, frame.extentSlot(rank), emit.i64());
}

//===-- Extents
//------------------------------------------------------------===//

/// The extent that an input gives to the rank: one of this name, else of its
/// family.
Value Checks::emitInputExtent(cascade::RankOp rank, Value tensors) {
  auto isRelative = [&](StringAttr name) {
    auto other = kernel.getRankDeclaration(name);
    return other && other.getFamilyAttr() == rank.getNameAttr();
  };
  auto find = [&](auto accepts) -> Value {
    for (auto [i, argument] : llvm::enumerate(frame.getArguments()))
      if (argument.direction == Direction::Input)
        for (auto [dimension, name] : llvm::enumerate(argument.ranks))
          if (accepts(name))
            return extentAt(emit, descriptor(tensors, i), dimension);
    return {};
  };
  if (Value own =
          find([&](StringAttr name) { return name == rank.getNameAttr(); }))
    return own;
  return find(isRelative);
}

/// What the rank's region yields; the extents that it takes are emitted first.
FailureOr<Value> Checks::emitRegionExtent(cascade::RankOp rank, Value tensors) {
  WalkResult walk = rank.getExtent().walk([&](cascade::ExtentOp op) {
    auto other = kernel.getRankDeclaration(op.getRankAttr());
    return WalkResult(other ? emitExtent(other, tensors) : failure());
  });
  if (walk.wasInterrupted())
    return failure();
  Scalar result = emitRegion(rank.getExtent(), {}).front();
  if (result.present)
    require(
        result.present, Status::BadExtent,
        {"the extent of rank " + quoted(rank.getName()) + " divides by zero"});
  return result.value;
}

LogicalResult Checks::emitExtent(cascade::RankOp rank, Value tensors) {
  StringAttr name = rank.getNameAttr();
  if (extents.contains(name))
    return success();
  if (!underway.insert(name).second)
    return refuse(rank, "extent-cycle") << "the extent of rank '" << name.getValue()
                            << "' depends on itself";
  Value value;
  if (rank.getSize()) {
    value = emit.integer(*rank.getSize());
  } else if (!rank.getExtent().empty()) {
    auto derived = emitRegionExtent(rank, tensors);
    if (failed(derived))
      return failure();
    value = *derived;
  } else if (Value input = emitInputExtent(rank, tensors)) {
    value = input;
  } else if (auto family = rank.getFamily()
                               ? kernel.getRankDeclaration(rank.getFamilyAttr())
                               : cascade::RankOp()) {
    if (failed(emitExtent(family, tensors)))
      return failure();
    value = extents.lookup(family.getNameAttr());
  } else {
    return refuse(rank, "missing-extent")
           << "the extent of rank '" << name.getValue()
           << "' does not follow from the inputs; set it when compiling";
  }
  require(emit.compare(ICmp::sge, value, emit.integer(0)), Status::BadExtent,
          {"rank " + quoted(name) + " has extent ", value});
  Frame::store(emit, address, frame.extentSlot(name), value);
  extents[name] = value;
  return success();
}

//===-- Shapes
//-------------------------------------------------------------===//

/// Element type and number of dimensions.
void Checks::emitDescriptor(const Argument &argument, Value tensor) {
  std::string name = quoted(argument.name);
  Value type = emit.load(emit.i32(), emit.at(tensor, TensorLayout::type));
  require(
      emit.equal(type, emit.integer(emit.i32(), typeCode(argument.storage))),
      Status::BadType,
      {name + " must have element type " + typeName(argument.storage).str()});
  Value rank = emit.load(emit.i32(), emit.at(tensor, TensorLayout::rank));
  Value wide = arith::ExtSIOp::create(emit.builder, emit.loc, emit.i64(), rank);
  int64_t declared = argument.ranks.size();
  require(
      emit.equal(wide, emit.integer(declared)), Status::BadRank,
      {name + " has ", wide, " dimensions, not " + std::to_string(declared)});
}

/// Whether a tensor has no element: then its strides do not matter.
Value Checks::isEmpty(const Argument &argument, Value tensor) {
  Value empty = emit.truth(false);
  for (size_t dimension = 0; dimension < argument.ranks.size(); ++dimension)
    empty = emit.either(empty, emit.equal(extentAt(emit, tensor, dimension),
                                          emit.integer(0)));
  return empty;
}

/// Extents equal to those of the ranks; strides of outputs that keep points
/// apart.
void Checks::emitAgreement(const Argument &argument, Value tensor) {
  for (auto [dimension, rank] : llvm::enumerate(argument.ranks)) {
    Value found = extentAt(emit, tensor, dimension),
          known = extents.lookup(rank);
    require(emit.equal(found, known), Status::BadExtent,
            {"rank " + quoted(rank) + " has extent ", found,
             " in " + quoted(argument.name) + ", not ", known});
    Value stride = emit.load(
        emit.i64(), emit.at(tensor, TensorLayout::strides + 8 * dimension));
    Frame::store(emit, address, argument.strideSlot(dimension), stride);
    if (argument.direction != Direction::Output)
      continue;
    Value isApart = emit.either(emit.compare(ICmp::ne, stride, emit.integer(0)),
                                emit.less(found, emit.integer(2)));
    isApart = emit.either(isApart, isEmpty(argument, tensor));
    require(isApart, Status::BadStride,
            {"output " + quoted(argument.name) + " has stride 0 along rank " +
             quoted(rank)});
  }
}

LogicalResult Checks::emitShapes(Value tensors) {
  for (auto [i, argument] : llvm::enumerate(frame.getArguments()))
    emitDescriptor(argument, descriptor(tensors, i));
  for (auto rank : kernel.getBody().getOps<cascade::RankOp>())
    if (failed(emitExtent(rank, tensors)))
      return failure();
  for (auto [i, argument] : llvm::enumerate(frame.getArguments()))
    emitAgreement(argument, descriptor(tensors, i));
  for (auto constraint : kernel.getBody().getOps<cascade::RequireOp>()) {
    Value holds = emitRegion(constraint.getCondition(), {}).front().value;
    require(holds, Status::BadExtent,
            {"constraint " + quoted(constraint.getText()) + " does not hold"});
  }
  return success();
}

//===-- Data
//---------------------------------------------------------------===//

Value Checks::elementCount(const Argument &argument) {
  Value count = emit.integer(1);
  for (StringAttr rank : argument.ranks)
    count = emit.mul(count, extent(rank));
  return count;
}

void Checks::emitData(Value tensors) {
  for (auto [i, argument] : llvm::enumerate(frame.getArguments())) {
    if (argument.direction == Direction::Param)
      continue;
    Value data = emit.load(emit.pointer(),
                           emit.at(descriptor(tensors, i), TensorLayout::data));
    Value bits =
        LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), data);
    Value isEmpty = emit.truth(false);
    for (StringAttr rank : argument.ranks)
      isEmpty = emit.either(isEmpty, emit.equal(extent(rank), emit.integer(0)));
    Value isGiven = emit.compare(ICmp::ne, bits, emit.integer(0));
    require(emit.either(isGiven, isEmpty), Status::BadData,
            {quoted(argument.name) + " has no data"});
    if (int64_t width = byteWidth(argument.storage); width > 1)
      require(
          emit.equal(emit.both(bits, emit.integer(width - 1)), emit.integer(0)),
          Status::BadData,
          {"the data of " + quoted(argument.name) + " is not aligned to " +
           std::to_string(width) + " bytes"});
    Frame::store(emit, address, argument.slot, data);
  }
}

LogicalResult Checks::emitParams(Value tensors) {
  for (auto [i, argument] : llvm::enumerate(frame.getArguments())) {
    auto param = dyn_cast<cascade::ParamOp>(argument.op);
    if (!param)
      continue;
    Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
    bool hasDefault = !param.getInit().empty();
    if (param.getConstant() && !hasDefault)
      return refuse(param, "missing-parameter") << "parameter '" << argument.name
                               << "' must be known when compiling";
    Value data = emit.load(emit.pointer(),
                           emit.at(descriptor(tensors, i), TensorLayout::data));
    Value isGiven = emit.compare(
        ICmp::ne,
        LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), data),
        emit.integer(0));
    if (!hasDefault)
      require(isGiven, Status::BadData,
              {"parameter " + quoted(argument.name) + " has no value"});
    auto given = [&] {
      return loadElement(emit, argument.storage, data, emit.integer(0), true);
    };
    if (!hasDefault) {
      Frame::store(emit, address, argument.slot, given());
      continue;
    }
    Scalar fallback = emitRegion(param.getInit(), {}).front();
    if (fallback.present)
      require(emit.either(isGiven, fallback.present), Status::BadExtent,
              {"the default of parameter " + quoted(argument.name) +
               " divides by zero"});
    Value known = roundThrough(emit, fallback.value, argument.storage, type);
    Value value = emit.choose(
        isGiven, type, [&] { return SmallVector<Value>{given()}; },
        [&] { return SmallVector<Value>{known}; })[0];
    if (param.getConstant())
      require(emitCompare(emit, cascade::Predicate::Eq, value, known),
              Status::Unsupported,
              {"parameter " + quoted(argument.name) +
               " was compiled for another value"});
    Frame::store(emit, address, argument.slot, value);
  }
  return success();
}

//===-- Declared ranges
//----------------------------------------------------===//

/// The subscripts of the element `linear` in row-major order.
static SmallVector<Value> delinearize(Emitter &emit, Value linear,
                                      ArrayRef<Value> extents) {
  SmallVector<Value> indices(extents.size());
  for (size_t i = extents.size(); i-- > 0;) {
    Value quotient =
        emit.divide(linear, emit.greatest(extents[i], emit.integer(1)));
    indices[i] = emit.sub(linear, emit.mul(quotient, extents[i]));
    linear = quotient;
  }
  return indices;
}

void Checks::emitRange(const Argument &argument, cascade::InputOp input) {
  auto bounds = emitRegion(input.getRange(), {});
  Value data = Frame::load(emit, address, argument.slot, emit.pointer());
  auto sizes = llvm::map_to_vector(
      argument.ranks, [&](StringAttr rank) { return extent(rank); });
  SmallVector<Value> strides;
  for (size_t i = 0; i < sizes.size(); ++i)
    strides.push_back(
        Frame::load(emit, address, argument.strideSlot(i), emit.i64()));
  auto elementAt = [&](ArrayRef<Value> indices) {
    Value offset = emit.integer(0);
    for (auto [index, stride] : llvm::zip_equal(indices, strides))
      offset = emit.add(offset, emit.mul(index, stride));
    return convertScalar(
        emit, loadElement(emit, argument.storage, data, offset, true),
        emit.i64());
  };
  Value none = emit.integer(-1);
  Value wrong = emit.carry(
      emit.integer(0), elementCount(argument), none,
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        Value value = elementAt(delinearize(emit, i, sizes));
        Value isLow = emit.less(value, bounds[0].value);
        Value isOutside =
            emit.either(isLow, emit.compare(ICmp::sge, value, bounds[1].value));
        Value isFirst =
            emit.both(isOutside, emit.less(carried[0], emit.integer(0)));
        return {emit.select(isFirst, i, carried[0])};
      })[0];
  Value isFine = emit.less(wrong, emit.integer(0));
  auto indices =
      delinearize(emit, emit.greatest(wrong, emit.integer(0)), sizes);
  Value found = emit.choose(
      isFine, emit.i64(), [&] { return SmallVector<Value>{none}; },
      [&] { return SmallVector<Value>{elementAt(indices)}; })[0];
  SmallVector<MessagePart> parts{argument.name.str() + "["};
  for (auto [i, index] : llvm::enumerate(indices)) {
    if (i)
      parts.push_back(", ");
    parts.push_back(index);
  }
  parts.append(
      {"] is ", found, ", outside ", bounds[0].value, "..", bounds[1].value});
  require(isFine, Status::BadIndex, parts);
}

void Checks::emitRanges() {
  for (const Argument &argument : frame.getArguments())
    if (auto input = dyn_cast<cascade::InputOp>(argument.op))
      if (!input.getRange().empty())
        emitRange(argument, input);
}

} // namespace weir::abi
