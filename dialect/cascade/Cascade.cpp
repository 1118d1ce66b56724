// Registration of the cascade dialect; its tensor type; names of results and arguments.
#include "dialect/cascade/Cascade.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialect/cascade/CascadeDialect.cpp.inc"
#include "dialect/cascade/CascadeEnums.cpp.inc"
#include "dialect/cascade/CascadeInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/cascade/CascadeAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/cascade/CascadeTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/cascade/CascadeOps.cpp.inc"

namespace weir::cascade {

void CascadeDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/cascade/CascadeTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/cascade/CascadeAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/cascade/CascadeOps.cpp.inc"
      >();
}

bool isStorageType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    if (integer.isUnsigned())
      return integer.getWidth() == 8;
    return integer.isSignless() && llvm::is_contained({1, 4, 8, 16, 32, 64}, integer.getWidth());
  }
  return isa<Float64Type, Float32Type, Float16Type, BFloat16Type, Float8E4M3FNType, Float8E5M2Type>(
      type);
}

Type scalarTypeOf(Type type) {
  if (type.isInteger(1))
    return type;
  if (isa<IntegerType>(type))
    return IntegerType::get(type.getContext(), 64);
  return type.isF64() ? type : Float32Type::get(type.getContext());
}

//===-- The tensor type ----------------------------------------------------===//

int64_t TensorType::indexOf(StringAttr name) const {
  const auto *it = llvm::find(getRanks(), name);
  return it == getRanks().end() ? -1 : it - getRanks().begin();
}

Type TensorType::getScalarType() const { return scalarTypeOf(getElementType()); }

LogicalResult TensorType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<StringAttr> ranks, Type elementType) {
  if (!isStorageType(elementType))
    return emitError() << "element type " << elementType << " cannot be stored in a tensor";
  return success();
}

Type TensorType::parse(AsmParser &parser) {
  SmallVector<StringAttr> ranks;
  Type elementType;
  auto parseRank = [&]() -> ParseResult {
    std::string name;
    if (parser.parseKeywordOrString(&name))
      return failure();
    ranks.push_back(parser.getBuilder().getStringAttr(name));
    return success();
  };
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseRank) ||
      parser.parseComma() || parser.parseType(elementType) || parser.parseGreater())
    return {};
  return parser.getChecked<TensorType>(parser.getContext(), ranks, elementType);
}

void TensorType::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getRanks(), printer, [&](StringAttr rank) {
    printer.printKeywordOrString(rank.getValue());
  });
  printer << "], " << getElementType() << ">";
}

//===-- Kernels and names --------------------------------------------------===//

RankOp KernelOp::getRankDeclaration(StringAttr name) {
  for (auto rank : getBody().getOps<RankOp>())
    if (rank.getNameAttr() == name)
      return rank;
  return {};
}

StringAttr KernelOp::getExtentOwner(StringAttr name) {
  RankOp rank = getRankDeclaration(name);
  RankOp like = rank && rank.getFamilyAttr() ? getRankDeclaration(rank.getFamilyAttr()) : RankOp();
  bool hasOwn = like && (!rank.getExtent().empty() || (rank.getSize() && rank.getSize() != like.getSize()));
  return like && !hasOwn ? getExtentOwner(like.getNameAttr()) : name;
}

void InputOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void ParamOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }

void ResultsOp::build(OpBuilder &builder, OperationState &state) {}

LogicalResult ReadOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                       ValueRange operands, DictionaryAttr, OpaqueProperties,
                                       RegionRange, SmallVectorImpl<Type> &types) {
  auto tensor = operands.empty() ? TensorType() : dyn_cast<TensorType>(operands[0].getType());
  if (!tensor)
    return emitOptionalError(location, "reads from something that is not a cascade tensor");
  types.push_back(tensor.getScalarType());
  return success();
}

/// Names values after the equations that end the body they belong to.
static void nameAfterResults(Region &region, ValueRange values, OpAsmSetValueNameFn setName) {
  if (region.empty() || region.front().empty())
    return;
  auto results = dyn_cast<ResultsOp>(region.front().back());
  if (!results)
    return;
  for (auto [value, tensor] : llvm::zip(values, results.getTensors()))
    if (auto equation = tensor.getDefiningOp<Equation>())
      setName(value, equation.getEquationName());
}

void FoldOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameAfterResults(getBody(), getResults(), setName);
}

void RecurrenceOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameAfterResults(getBody(), getResults(), setName);
}

void RecurrenceOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  nameAfterResults(region, region.getArguments(), setName);
}

void StartOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  auto type = cast<TensorType>(getTensor().getType());
  for (auto [argument, rank] : llvm::zip(region.getArguments(), type.getRanks()))
    setName(argument, rank.getValue());
}

} // namespace weir::cascade
