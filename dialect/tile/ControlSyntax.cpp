// Assembly of kernels and loops.
#include "dialect/tile/Syntax.h"

using namespace mlir;

namespace weir::tile {
//-------------------------------------------------===//

/// `%Q: f32[b, m]` as an argument of a kernel.
static ParseResult
parseKernelArgument(OpAsmParser &parser, Direction direction,
                    SmallVectorImpl<OpAsmParser::Argument> &values,
                    SmallVectorImpl<Attribute> &arguments) {
  Builder &builder = parser.getBuilder();
  auto &value = values.emplace_back();
  Type element;
  SmallVector<Attribute> ranks;
  if (parser.parseArgument(value) || parser.parseColonType(element))
    return failure();
  bool tensor = succeeded(parser.parseOptionalLSquare());
  if (tensor && failed(parser.parseOptionalRSquare())) {
    do {
      std::string rank;
      if (parser.parseKeywordOrString(&rank))
        return failure();
      ranks.push_back(builder.getStringAttr(rank));
    } while (succeeded(parser.parseOptionalComma()));
    if (parser.parseRSquare())
      return failure();
  }
  if (!tensor && direction == Direction::In)
    direction = Direction::Param;
  auto argument =
      ArgumentAttr::get(builder.getContext(),
                        builder.getStringAttr(value.ssaName.name.drop_front()),
                        direction, builder.getArrayAttr(ranks), element);
  value.type = KernelOp::valueTypeOf(argument);
  arguments.push_back(argument);
  return success();
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  SmallVector<Attribute> ranks, arguments;
  SmallVector<int64_t> pinned;
  SmallVector<OpAsmParser::Argument> values;
  auto parseRank = [&]() -> ParseResult {
    std::string rank;
    auto &value = values.emplace_back();
    value.ssaName.location = parser.getCurrentLocation();
    if (parser.parseKeywordOrString(&rank))
      return failure();
    ranks.push_back(builder.getStringAttr(rank));
    // The attribute keeps the characters alive that name the block argument.
    value.ssaName.name =
        builder.getStringAttr("%" + extentName(rank)).getValue();
    value.ssaName.number = 0;
    value.type = builder.getIndexType();
    pinned.push_back(-1);
    return succeeded(parser.parseOptionalEqual())
               ? parser.parseInteger(pinned.back())
               : success();
  };
  auto parseIn = [&] {
    return parseKernelArgument(parser, Direction::In, values, arguments);
  };
  auto parseOut = [&] {
    return parseKernelArgument(parser, Direction::Out, values, arguments);
  };
  constexpr auto paren = OpAsmParser::Delimiter::Paren;
  if (parser.parseSymbolName(name, "sym_name", state.attributes) ||
      parser.parseKeyword("sizes") ||
      parser.parseCommaSeparatedList(paren, parseRank) ||
      parser.parseCommaSeparatedList(paren, parseIn) || parser.parseArrow() ||
      parser.parseCommaSeparatedList(paren, parseOut) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  state.addAttribute("ranks", builder.getArrayAttr(ranks));
  state.addAttribute("pinned", builder.getDenseI64ArrayAttr(pinned));
  state.addAttribute("arguments", builder.getArrayAttr(arguments));
  return parseBody(parser, state, values);
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printer.printSymbolName(getSymName());
  printer << " sizes(";
  for (auto [i, rank] :
       llvm::enumerate(getRanks().getAsValueRange<StringAttr>())) {
    printer << (i ? ", " : "");
    printer.printKeywordOrString(rank);
    if (getPinned()[i] >= 0)
      printer << " = " << getPinned()[i];
  }
  printer << ")";
  printer.printNewline();
  printer << "    (";
  bool out = false;
  for (auto [i, argument] : llvm::enumerate(getArgumentAttrs())) {
    bool first = i == 0;
    if (!out && argument.getDirection() == Direction::Out) {
      printer << ")";
      printer.printNewline();
      printer << "    -> (";
      out = first = true;
    }
    printer << (first ? "" : ", ") << getValue(i) << ": "
            << argument.getElementType();
    if (argument.getDirection() == Direction::Param)
      continue;
    printer << "[";
    llvm::interleaveComma(
        argument.getRanks().getAsValueRange<StringAttr>(), printer,
        [&](StringRef rank) { printer.printKeywordOrString(rank); });
    printer << "]";
  }
  printer << (out ? ")" : ") -> ()");
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {"sym_name", "ranks", "pinned", "arguments"});
  printBody(printer, getBody());
}

ParseResult IndexOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  Bound bound = Bound::Only;
  if (succeeded(parser.parseOptionalKeyword("min")))
    bound = Bound::Min;
  else if (succeeded(parser.parseOptionalKeyword("max")))
    bound = Bound::Max;
  state.addAttribute("bound", BoundAttr::get(parser.getContext(), bound));
  state.addTypes(parser.getBuilder().getIndexType());
  int32_t count;
  return failure(parseSubscripts(parser, state, "map", count) ||
                 parser.parseOptionalAttrDict(state.attributes));
}

void IndexOp::print(OpAsmPrinter &printer) {
  printer << " ";
  if (getBound() != Bound::Only)
    printer << stringifyBound(getBound()) << " ";
  printSubscripts(printer, getMapAttr(), getIndices());
  printAttributes(printer, *this, {"bound", "map"});
}

ParseResult ParallelOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<bool> descending;
  SmallVector<Value> ends;
  SmallVector<int64_t> steps;
  auto parseRank = [&]() -> ParseResult {
    steps.push_back(1);
    if (parseIndex(parser, ends))
      return failure();
    return succeeded(parser.parseOptionalKeyword("by"))
               ? parser.parseInteger(steps.back())
               : success();
  };
  if (parseArguments(parser, state, arguments, &descending) ||
      parser.parseKeyword("in") ||
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren,
                                     parseRank) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  state.addOperands(ends);
  state.addAttribute("steps", parser.getBuilder().getDenseI64ArrayAttr(steps));
  state.addAttribute("descending",
                     parser.getBuilder().getDenseBoolArrayAttr(descending));
  return parseBody(parser, state, arguments);
}

void ParallelOp::print(OpAsmPrinter &printer) {
  printer << " (";
  for (auto [i, argument] : llvm::enumerate(getBody().getArguments())) {
    printer << (i ? ", " : "");
    printer.printOperand(argument);
    printer << (getDescending()[i] ? " descending" : "");
  }
  printer << ") in (";
  for (auto [i, end] : llvm::enumerate(getEnds())) {
    printer << (i ? ", " : "") << end;
    if (getSteps()[i] != 1)
      printer << " by " << getSteps()[i];
  }
  printer << ")";
  printBody(printer, getBody());
}

ParseResult ForOp::parse(OpAsmParser &parser, OperationState &state) {
  Builder &builder = parser.getBuilder();
  OpAsmParser::Argument argument;
  SmallVector<Value> bounds;
  int64_t step;
  std::string word;
  if (parser.parseArgument(argument) || parser.parseEqual() ||
      parseIndex(parser, bounds) || parser.parseKeyword("to") ||
      parseIndex(parser, bounds) || parser.parseKeyword("step") ||
      parser.parseInteger(step))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("full")) &&
      (parseIndex(parser, bounds) || parser.parseKeyword("to") ||
       parseIndex(parser, bounds)))
    return failure();
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseKeywordOrString(&word))
    return failure();
  auto order = symbolizeOrder(word);
  if (!order)
    return parser.emitError(location,
                            "expected 'any', 'ascending' or 'descending'");
  argument.type = builder.getIndexType();
  state.addOperands(bounds);
  state.addAttribute("step", builder.getI64IntegerAttr(step));
  state.addAttribute("order", OrderAttr::get(parser.getContext(), *order));
  state.addAttribute("arg_names", builder.getStrArrayAttr(
                                      {argument.ssaName.name.drop_front()}));
  return parseBody(parser, state, argument);
}

void ForOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printer.printOperand(getBody().getArgument(0));
  printer << " = " << getLower() << " to " << getUpper() << " step "
          << getStep();
  if (!getFull().empty())
    printer << " full " << getFull()[0] << " to " << getFull()[1];
  printer << " " << stringifyOrder(getOrder());
  printBody(printer, getBody());
}

ParseResult SubtileOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<int32_t> segments;
  SmallVector<int64_t> shape;
  SmallVector<Value> only;
  if (parseArguments(parser, state, arguments) || parser.parseKeyword("in") ||
      parseDomain(parser, state, segments) || parser.parseKeyword("shape") ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false,
                                /*withTrailingX=*/false))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("only")) &&
      (parseIndex(parser, only) || parser.parseKeyword("to") ||
       parseIndex(parser, only)))
    return failure();
  state.addOperands(only);
  segments.push_back(only.size());
  addSegments(parser, state, segments);
  state.addAttribute("shape", parser.getBuilder().getDenseI64ArrayAttr(shape));
  return parseBody(parser, state, arguments);
}

void SubtileOp::print(OpAsmPrinter &printer) {
  printArguments(printer, getBody().getArguments());
  printer << " in ";
  printDomain(printer, getDomain());
  printer << " shape ";
  llvm::interleave(getShape(), printer, "x");
  if (!getOnly().empty())
    printer << " only " << getOnly()[0] << " to " << getOnly()[1];
  printBody(printer, getBody());
}

ParseResult WhenOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand condition, full;
  Type type;
  if (parser.parseOperand(condition))
    return failure();
  bool hasFull = succeeded(parser.parseOptionalKeyword("full"));
  if ((hasFull && parser.parseOperand(full)) || parser.parseColon() ||
      parseShortType(parser, type) ||
      parser.resolveOperand(condition, type, state.operands) ||
      (hasFull && parser.resolveOperand(full, parser.getBuilder().getI1Type(),
                                        state.operands)))
    return failure();
  return parseBody(parser, state);
}

void WhenOp::print(OpAsmPrinter &printer) {
  printer << " " << getCondition();
  if (getFull())
    printer << " full " << getFull();
  printer << " : ";
  printShortType(printer, getCondition());
  printBody(printer, getBody());
}

} // namespace weir::tile
