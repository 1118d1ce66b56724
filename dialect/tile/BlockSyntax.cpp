// Assembly of block tiles.
#include "dialect/tile/Syntax.h"

using namespace mlir;

namespace weir::tile {
//===-- Stages ------------------------------------------------------------===//

namespace {

/// One unmasked load, times scalars from outside: what has a short form.
struct ScaledLoad {
  SmallVector<Value> factors;
  LoadOp load;
};

} // namespace

static std::optional<ScaledLoad> getScaledLoad(StageOp stage) {
  Block &block = stage.getBody().front();
  ScaledLoad result;
  Value value = cast<YieldOp>(block.back()).getValue();
  while (auto product = value.getDefiningOp<arith::MulFOp>()) {
    if (product.getLhs().getParentBlock() == &block)
      return {};
    result.factors.push_back(product.getLhs());
    value = product.getRhs();
  }
  result.load = value.getDefiningOp<LoadOp>();
  bool isAll = llvm::hasNItems(block, result.factors.size() + 2);
  if (!result.load || result.load.getMask() || !isAll)
    return {};
  return result;
}

/// `%c * %K[%b, %d]`, where names of `arguments` mean the region's own.
static ParseResult parseScaledLoad(OpAsmParser &parser, OperationState &state,
                                 Type element,
                                 ArrayRef<OpAsmParser::Argument> arguments) {
  OpAsmParser::UnresolvedOperand ref;
  SmallVector<OpAsmParser::UnresolvedOperand> names, scalars;
  SmallVector<Value> refs, indices, factors;
  NamedAttrList ignored;
  Attribute map;
  if (parser.parseOperand(ref))
    return failure();
  while (succeeded(parser.parseOptionalStar())) {
    scalars.push_back(ref);
    if (parser.parseOperand(ref))
      return failure();
  }
  Type computed = computeTypeOf(element);
  if (parser.resolveOperands(scalars, computed, factors) ||
      parser.parseAffineMapOfSSAIds(names, map, "map", ignored) ||
      parser.resolveOperand(ref, RefType::get(parser.getContext()), refs))
    return failure();
  OpBuilder builder(parser.getContext());
  Block *block = builder.createBlock(state.addRegion());
  for (auto &argument : arguments)
    block->addArgument(argument.type, state.location);
  for (auto &name : names) {
    auto *own =
        llvm::find_if(arguments, [&](const OpAsmParser::Argument &argument) {
          return argument.ssaName.name == name.name &&
                 argument.ssaName.number == name.number;
        });
    if (own != arguments.end())
      indices.push_back(block->getArgument(own - arguments.begin()));
    else if (parser.resolveOperand(name, builder.getIndexType(), indices))
      return failure();
  }
  Value value = LoadOp::create(builder, state.location, computed, refs[0],
                               cast<AffineMapAttr>(map), indices, Value());
  for (Value factor : llvm::reverse(factors))
    value = arith::MulFOp::create(builder, state.location, factor, value);
  YieldOp::create(builder, state.location, value);
  return success();
}

ParseResult StageOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<int32_t> segments;
  Type element;
  if (parseArguments(parser, state, arguments) || parser.parseKeyword("in") ||
      parseDomain(parser, state, segments) || parser.parseKeyword("as") ||
      parseEncoding(parser, state, &element))
    return failure();
  addSegments(parser, state, segments);
  state.addAttribute("elementType", TypeAttr::get(element));
  state.addTypes(RefType::get(parser.getContext()));
  if (succeeded(parser.parseOptionalEqual()))
    return parseScaledLoad(parser, state, element, arguments);
  return parseBody(parser, state, arguments);
}

void StageOp::print(OpAsmPrinter &printer) {
  printArguments(printer, getBody().getArguments());
  printer << " in ";
  printDomain(printer, getDomain());
  printer << " as ";
  printEncoding(printer, getEncoding(), getElementType());
  if (auto scaled = getScaledLoad(*this)) {
    printer << " = ";
    for (Value factor : scaled->factors)
      printer << factor << " * ";
    printer << scaled->load.getRef();
    printSubscripts(printer, scaled->load.getMapAttr(),
                    scaled->load.getIndices());
  } else {
    printBody(printer, getBody(), /*terminator=*/true);
  }
}

ParseResult CarryOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  SmallVector<int32_t> segments;
  Type element;
  if (parseDomain(parser, state, segments) || parser.parseKeyword("of") ||
      parser.parseType(element))
    return failure();
  addSegments(parser, state, segments);
  state.addAttribute("elementType", TypeAttr::get(element));
  state.addTypes(RefType::get(parser.getContext()));
  if (failed(parser.parseOptionalEqual()))
    return success();
  bool negative = succeeded(parser.parseOptionalMinus());
  Attribute init;
  if (succeeded(parser.parseOptionalKeyword("inf"))) {
    auto type = dyn_cast<FloatType>(element);
    if (!type)
      return parser.emitError(parser.getCurrentLocation(),
                              "'inf' is not of this type");
    init = FloatAttr::get(type,
                          APFloat::getInf(type.getFloatSemantics(), negative));
  } else {
    double value;
    int64_t integer;
    if (auto type = dyn_cast<FloatType>(element)) {
      if (parser.parseFloat(value))
        return failure();
      init = FloatAttr::get(type, negative ? -value : value);
    } else {
      if (parser.parseInteger(integer))
        return failure();
      init = IntegerAttr::get(element, negative ? -integer : integer);
    }
  }
  state.addAttribute("init", init);
  return success();
}

void CarryOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printDomain(printer, getDomain());
  printer << " of " << getElementType();
  if (auto init = dyn_cast_or_null<FloatAttr>(getInitAttr())) {
    printer << " = ";
    printReal(printer, init.getValue());
  } else if (auto integer = dyn_cast_or_null<IntegerAttr>(getInitAttr())) {
    printer << " = "
            << (getElementType().isInteger(1)
                    ? int64_t(integer.getValue().getBoolValue())
                    : integer.getInt());
  }
  printAttributes(printer, *this, {"tiles", "elementType", "init"});
}

ParseResult ConvertOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  OpAsmParser::UnresolvedOperand value;
  Type type;
  if (parser.parseOperand(value) || parser.parseColon() ||
      parseShortType(parser, type) || parser.parseKeyword("to") ||
      parseEncoding(parser, state) ||
      parser.resolveOperand(value, type, state.operands))
    return failure();
  state.addTypes(RefType::get(parser.getContext()));
  return success();
}

void ConvertOp::print(OpAsmPrinter &printer) {
  printer << " " << getValue() << " : ";
  printShortType(printer, getValue());
  printer << " to ";
  printEncoding(printer, getEncoding());
}

} // namespace weir::tile
