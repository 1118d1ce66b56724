// Shared pieces of the tile dialect's assembly.
#include "dialect/tile/Syntax.h"

using namespace mlir;

namespace weir::tile {
//--------------------------------------------------------------===//

ParseResult parseShortType(OpAsmParser &parser, Type &type) {
  if (succeeded(parser.parseOptionalKeyword("ref"))) {
    if (parser.parseLess() || parser.parseType(type) || parser.parseGreater())
      return failure();
    type = RefType::get(parser.getContext());
    return success();
  }
  SmallVector<int64_t> shape;
  if (parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(type))
    return failure();
  if (shape.empty())
    return success();
  if (shape.size() != 2)
    return parser.emitError(parser.getNameLoc(), "a sub-tile has two extents");
  type = SubType::get(parser.getContext(), shape[0], shape[1], type);
  return success();
}

void printShortType(OpAsmPrinter &printer, Type type) {
  if (auto sub = dyn_cast<SubType>(type))
    printer << sub.getRows() << "x" << sub.getColumns() << "x"
            << sub.getElementType();
  else
    printer << type;
}

void printShortType(OpAsmPrinter &printer, Value value) {
  if (isa<RefType>(value.getType()))
    printer << "ref<" << storageTypeOf(value) << ">";
  else
    printShortType(printer, value.getType());
}

void SubType::print(AsmPrinter &printer) const {
  printer << "<" << getRows() << "x" << getColumns() << "x" << getElementType()
          << ">";
}

Type SubType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  if (shape.size() != 2) {
    parser.emitError(parser.getNameLoc(), "a sub-tile has two extents");
    return {};
  }
  return parser.getChecked<SubType>(parser.getContext(), shape[0], shape[1],
                                    element);
}

void keepResultName(OpAsmParser &parser, OperationState &state) {
  StringRef name = parser.getResultName(0).first;
  if (!name.empty() && !llvm::isDigit(name.front()))
    state.addAttribute("asm_name", parser.getBuilder().getStringAttr(name));
}

ParseResult parseSubscripts(OpAsmParser &parser, OperationState &state,
                            StringRef name, int32_t &count) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  Attribute map;
  if (parser.parseAffineMapOfSSAIds(operands, map, name, state.attributes))
    return failure();
  count = operands.size();
  return parser.resolveOperands(operands, parser.getBuilder().getIndexType(),
                                state.operands);
}

void printSubscripts(OpAsmPrinter &printer, AffineMapAttr map,
                     ValueRange operands) {
  printer << "[";
  printer.printAffineMapOfSSAIds(map, operands);
  printer << "]";
}

ParseResult parseIndex(OpAsmParser &parser, SmallVectorImpl<Value> &values) {
  OpAsmParser::UnresolvedOperand operand;
  return failure(parser.parseOperand(operand) ||
                 parser.resolveOperand(
                     operand, parser.getBuilder().getIndexType(), values));
}

ParseResult parseRef(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand operand;
  return failure(parser.parseOperand(operand) ||
                 parser.resolveOperand(operand,
                                       RefType::get(parser.getContext()),
                                       state.operands));
}

ParseResult
parseArguments(OpAsmParser &parser, OperationState &state,
               SmallVectorImpl<OpAsmParser::Argument> &arguments,
               SmallVectorImpl<bool> *descending) {
  Builder &builder = parser.getBuilder();
  SmallVector<Attribute> names;
  auto parseOne = [&]() -> ParseResult {
    auto &argument = arguments.emplace_back();
    if (parser.parseArgument(argument))
      return failure();
    argument.type = builder.getIndexType();
    names.push_back(builder.getStringAttr(argument.ssaName.name.drop_front()));
    if (descending)
      descending->push_back(
          succeeded(parser.parseOptionalKeyword("descending")));
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseOne))
    return failure();
  state.addAttribute("arg_names", builder.getArrayAttr(names));
  return success();
}

void printArguments(OpAsmPrinter &printer, ValueRange arguments) {
  printer << " (";
  printer.printOperands(arguments);
  printer << ")";
}

ParseResult parseEncoding(OpAsmParser &parser, OperationState &state,
                          Type *element) {
  MLIRContext *context = parser.getContext();
  Attribute encoding = RowsAttr::get(context);
  StringRef kind;
  llvm::SMLoc start = parser.getCurrentLocation();
  if (parser.parseKeyword(&kind))
    return failure();
  if (!llvm::is_contained({"rows", "panel", "least", "greatest"}, kind))
    return parser.emitError(start,
                            "expected 'rows', 'panel', 'least' or 'greatest'");
  bool hasWidth = kind != "rows", hasBrackets = hasWidth || element;
  if (hasBrackets && parser.parseLess())
    return failure();
  if (hasWidth) {
    SmallVector<int64_t> width;
    llvm::SMLoc at = parser.getCurrentLocation();
    if (parser.parseDimensionList(width, /*allowDynamic=*/false,
                                  /*withTrailingX=*/element != nullptr))
      return failure();
    if (width.size() != 1)
      return parser.emitError(at, "'") << kind << "' has one width";
    if (kind == "panel")
      encoding = PanelAttr::get(context, width[0]);
    else
      encoding = RunsAttr::get(
          context, kind == "least" ? Bound::Min : Bound::Max, width[0]);
  }
  state.addAttribute("encoding", encoding);
  if (element && parser.parseType(*element))
    return failure();
  return failure(hasBrackets && parser.parseGreater());
}

void printEncoding(OpAsmPrinter &printer, Attribute encoding, Type element) {
  auto panel = dyn_cast<PanelAttr>(encoding);
  auto runs = dyn_cast<RunsAttr>(encoding);
  printer << (panel                           ? "panel"
              : !runs                         ? "rows"
              : runs.getBound() == Bound::Min ? "least"
                                              : "greatest");
  if (!panel && !runs && !element)
    return;
  printer << "<";
  if (panel || runs)
    printer << (panel ? panel.getWidth() : runs.getWidth())
            << (element ? "x" : "");
  if (element)
    printer << element;
  printer << ">";
}

void printAttributes(OpAsmPrinter &printer, Operation *op,
                     ArrayRef<StringRef> own) {
  SmallVector<StringRef> elided = {"asm_name", "arg_names",
                                   "operandSegmentSizes"};
  elided.append(own.begin(), own.end());
  printer.printOptionalAttrDict(op->getAttrs(), elided);
}

void addSegments(OpAsmParser &parser, OperationState &state,
                 ArrayRef<int32_t> sizes) {
  state.addAttribute("operandSegmentSizes",
                     parser.getBuilder().getDenseI32ArrayAttr(sizes));
}

ParseResult parseDomain(OpAsmParser &parser, OperationState &state,
                        SmallVectorImpl<int32_t> &segments) {
  SmallVector<Value> origins, ends;
  SmallVector<int64_t> tiles;
  auto parseRank = [&]() -> ParseResult {
    tiles.push_back(0);
    if (parseIndex(parser, ends))
      return failure();
    if (failed(parser.parseOptionalPlus()))
      return success();
    origins.push_back(ends.pop_back_val());
    return failure(parser.parseInteger(tiles.back()) ||
                   parser.parseKeyword("to") || parseIndex(parser, ends));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseRank))
    return failure();
  state.addOperands(origins);
  state.addOperands(ends);
  state.addAttribute("tiles", parser.getBuilder().getDenseI64ArrayAttr(tiles));
  segments.append({int32_t(origins.size()), int32_t(ends.size())});
  return success();
}

void printDomain(OpAsmPrinter &printer, Domain domain) {
  printer << "(";
  for (size_t i = 0; i < domain.size(); ++i) {
    DomainRank rank = domain[i];
    printer << (i ? ", " : "");
    if (rank.tile)
      printer << rank.origin << "+" << rank.tile << " to ";
    printer << rank.end;
  }
  printer << ")";
}

void printBody(OpAsmPrinter &printer, Region &body, bool terminator) {
  printer << " ";
  printer.printRegion(body, /*printEntryBlockArgs=*/false, terminator);
}

ParseResult parseBody(OpAsmParser &parser, OperationState &state,
                      ArrayRef<OpAsmParser::Argument> arguments) {
  Region *body = state.addRegion();
  if (parser.parseRegion(*body, arguments))
    return failure();
  if (body->empty()) {
    body->emplaceBlock();
    for (auto &argument : arguments)
      body->front().addArgument(argument.type, state.location);
  }
  return success();
}

} // namespace weir::tile
