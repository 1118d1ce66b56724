// The tile dialect's assembly, but for expressions.
#include "dialect/tile/Syntax.h"

using namespace mlir;

namespace weir::tile {

//===-- Pieces
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

static void printShortType(OpAsmPrinter &printer, Type type) {
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

static void printSubscripts(OpAsmPrinter &printer, AffineMapAttr map,
                            ValueRange operands) {
  printer << "[";
  printer.printAffineMapOfSSAIds(map, operands);
  printer << "]";
}

static ParseResult parseIndex(OpAsmParser &parser,
                              SmallVectorImpl<Value> &values) {
  OpAsmParser::UnresolvedOperand operand;
  return failure(parser.parseOperand(operand) ||
                 parser.resolveOperand(
                     operand, parser.getBuilder().getIndexType(), values));
}

static ParseResult parseRef(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand operand;
  return failure(parser.parseOperand(operand) ||
                 parser.resolveOperand(operand,
                                       RefType::get(parser.getContext()),
                                       state.operands));
}

static ParseResult
parseArguments(OpAsmParser &parser, OperationState &state,
               SmallVectorImpl<OpAsmParser::Argument> &arguments,
               SmallVectorImpl<bool> *descending = nullptr) {
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

static void printArguments(OpAsmPrinter &printer, ValueRange arguments) {
  printer << " (";
  printer.printOperands(arguments);
  printer << ")";
}

/// `rows` or `panel<64>`.
static ParseResult parseEncoding(OpAsmParser &parser, OperationState &state) {
  Attribute encoding = RowsAttr::get(parser.getContext());
  if (failed(parser.parseOptionalKeyword("rows"))) {
    int64_t width;
    if (parser.parseKeyword("panel") || parser.parseLess() ||
        parser.parseInteger(width) || parser.parseGreater())
      return failure();
    encoding = PanelAttr::get(parser.getContext(), width);
  }
  state.addAttribute("encoding", encoding);
  return success();
}

static void printEncoding(OpAsmPrinter &printer, Attribute encoding) {
  if (auto panel = dyn_cast<PanelAttr>(encoding))
    printer << "panel<" << panel.getWidth() << ">";
  else
    printer << "rows";
}

/// The words that all operations keep out of the printed attributes.
static void printAttributes(OpAsmPrinter &printer, Operation *op,
                            ArrayRef<StringRef> own) {
  SmallVector<StringRef> elided = {"asm_name", "arg_names",
                                   "operandSegmentSizes"};
  elided.append(own.begin(), own.end());
  printer.printOptionalAttrDict(op->getAttrs(), elided);
}

static void addSegments(OpAsmParser &parser, OperationState &state,
                        ArrayRef<int32_t> sizes) {
  state.addAttribute("operandSegmentSizes",
                     parser.getBuilder().getDenseI32ArrayAttr(sizes));
}

/// `(%m0 + 192 to %$m, %$d)`: origins, then ends, are added as operands.
static ParseResult parseDomain(OpAsmParser &parser, OperationState &state,
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

static void printDomain(OpAsmPrinter &printer, Domain domain) {
  printer << "(";
  for (size_t i = 0; i < domain.size(); ++i) {
    DomainRank rank = domain[i];
    printer << (i ? ", " : "");
    if (rank.tile)
      printer << rank.origin << " + " << rank.tile << " to ";
    printer << rank.end;
  }
  printer << ")";
}

static void printBody(OpAsmPrinter &printer, Region &body,
                      bool terminator = false) {
  printer << " ";
  printer.printRegion(body, /*printEntryBlockArgs=*/false, terminator);
}

static ParseResult parseBody(OpAsmParser &parser, OperationState &state,
                             ArrayRef<OpAsmParser::Argument> arguments = {}) {
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

//===-- Kernels and control
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
  OpAsmParser::UnresolvedOperand condition;
  Type type;
  if (parser.parseOperand(condition) || parser.parseColon() ||
      parseShortType(parser, type) ||
      parser.resolveOperand(condition, type, state.operands))
    return failure();
  return parseBody(parser, state);
}

void WhenOp::print(OpAsmPrinter &printer) {
  printer << " " << getCondition() << " : ";
  printShortType(printer, getCondition());
  printBody(printer, getBody());
}

//===-- Block tiles
//---------------------------------------------------------===//

/// True if the stage's region is one unmasked load, which has a short form.
static LoadOp getOnlyLoad(StageOp stage) {
  Block &block = stage.getBody().front();
  auto load = dyn_cast<LoadOp>(block.front());
  if (!load || load.getMask() || !llvm::hasNItems(block, 2) ||
      cast<YieldOp>(block.back()).getValue() != load.getResult())
    return {};
  return load;
}

/// `%K[%b, %d]`, where names of `arguments` mean the region's own.
static ParseResult parseOnlyLoad(OpAsmParser &parser, OperationState &state,
                                 Type element,
                                 ArrayRef<OpAsmParser::Argument> arguments) {
  OpAsmParser::UnresolvedOperand ref;
  SmallVector<OpAsmParser::UnresolvedOperand> names;
  SmallVector<Value> refs, indices;
  NamedAttrList ignored;
  Attribute map;
  if (parser.parseOperand(ref) ||
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
  auto load =
      LoadOp::create(builder, state.location, computeTypeOf(element), refs[0],
                     cast<AffineMapAttr>(map), indices, Value());
  YieldOp::create(builder, state.location, load);
  return success();
}

ParseResult StageOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<int32_t> segments;
  Type element;
  if (parseArguments(parser, state, arguments) || parser.parseKeyword("in") ||
      parseDomain(parser, state, segments) || parser.parseKeyword("as") ||
      parseEncoding(parser, state) || parser.parseKeyword("of") ||
      parser.parseType(element))
    return failure();
  addSegments(parser, state, segments);
  state.addAttribute("elementType", TypeAttr::get(element));
  state.addTypes(RefType::get(parser.getContext()));
  if (succeeded(parser.parseOptionalEqual()))
    return parseOnlyLoad(parser, state, element, arguments);
  return parseBody(parser, state, arguments);
}

void StageOp::print(OpAsmPrinter &printer) {
  printArguments(printer, getBody().getArguments());
  printer << " in ";
  printDomain(printer, getDomain());
  printer << " as ";
  printEncoding(printer, getEncoding());
  printer << " of " << getElementType();
  if (LoadOp load = getOnlyLoad(*this)) {
    printer << " = " << load.getRef();
    printSubscripts(printer, load.getMapAttr(), load.getIndices());
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

//===-- Access
//--------------------------------------------------------------===//

/// `where %mask`, of the shape of `type`.
static ParseResult parseMask(OpAsmParser &parser,
                             OpAsmParser::UnresolvedOperand &mask,
                             bool &masked) {
  masked = succeeded(parser.parseOptionalKeyword("where"));
  return masked ? parser.parseOperand(mask) : success();
}

static Type maskTypeFor(Type type) {
  return shapedType(rowsOf(type), columnsOf(type),
                    IntegerType::get(type.getContext(), 1));
}

/// Resolves a mask; its type follows where its shape is not that of `type`.
static ParseResult resolveMask(OpAsmParser &parser,
                               const OpAsmParser::UnresolvedOperand &mask,
                               Type type, OperationState &state) {
  Type maskType = maskTypeFor(type);
  if (succeeded(parser.parseOptionalComma()) &&
      parseShortType(parser, maskType))
    return failure();
  return parser.resolveOperand(mask, maskType, state.operands);
}

static void printMaskType(OpAsmPrinter &printer, Value mask, Type type) {
  if (!mask || mask.getType() == maskTypeFor(type))
    return;
  printer << ", ";
  printShortType(printer, mask);
}

ParseResult LoadOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  OpAsmParser::UnresolvedOperand mask;
  bool masked;
  int32_t count;
  Type type;
  if (parseRef(parser, state) || parseSubscripts(parser, state, "map", count) ||
      parseMask(parser, mask, masked) || parser.parseColon() ||
      parseShortType(parser, type))
    return failure();
  if (masked && resolveMask(parser, mask, type, state))
    return failure();
  addSegments(parser, state, {1, count, masked});
  state.addTypes(type);
  return success();
}

void LoadOp::print(OpAsmPrinter &printer) {
  printer << " " << getRef();
  printSubscripts(printer, getMapAttr(), getIndices());
  if (getMask())
    printer << " where " << getMask();
  printer << " : ";
  printShortType(printer, getResult());
  printMaskType(printer, getMask(), getResult().getType());
}

ParseResult StoreOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand value;
  int32_t count;
  Type type;
  OperationState rest(state.location, state.name);
  if (parser.parseOperand(value) || parser.parseComma() ||
      parseRef(parser, rest) || parseSubscripts(parser, rest, "map", count) ||
      parser.parseColon() || parseShortType(parser, type) ||
      parser.resolveOperand(value, type, state.operands))
    return failure();
  state.addOperands(rest.operands);
  state.attributes.append(rest.attributes.begin(), rest.attributes.end());
  return success();
}

void StoreOp::print(OpAsmPrinter &printer) {
  printer << " " << getValue() << ", " << getRef();
  printSubscripts(printer, getMapAttr(), getIndices());
  printer << " : ";
  printShortType(printer, getValue());
}

ParseResult MaskOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  int32_t count;
  Type type;
  if (parseSubscripts(parser, state, "map", count) || parser.parseColon() ||
      parseShortType(parser, type))
    return failure();
  state.addTypes(type);
  return success();
}

void MaskOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printSubscripts(printer, getMapAttr(), getIndices());
  printer << " : ";
  printShortType(printer, getResult());
}

//===-- Computation
//---------------------------------------------------------===//

ParseResult MapOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  Type type;
  if (parseExpression(parser, state, type))
    return failure();
  state.addTypes(type);
  return success();
}

void MapOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printExpression(printer, getBody(), getInputs());
}

ParseResult UpdateOp::parse(OpAsmParser &parser, OperationState &state) {
  Type type;
  return failure(parseRef(parser, state) || parser.parseLSquare() ||
                 parseIndex(parser, state.operands) || parser.parseRSquare() ||
                 parser.parseEqual() || parseExpression(parser, state, type));
}

void UpdateOp::print(OpAsmPrinter &printer) {
  printer << " " << getRef() << "[" << getRow() << "] = ";
  printExpression(printer, getBody(), getInputs());
}

ParseResult ReduceOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  OpAsmParser::UnresolvedOperand value, mask;
  bool masked;
  Type type;
  std::string word;
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseKeywordOrString(&word) || parser.parseOperand(value) ||
      parseMask(parser, mask, masked) || parser.parseColon() ||
      parseShortType(parser, type) ||
      parser.resolveOperand(value, type, state.operands))
    return failure();
  if (masked && resolveMask(parser, mask, type, state))
    return failure();
  auto kind = symbolizeReduction(word);
  if (!kind)
    return parser.emitError(location, "unknown reduction '") << word << "'";
  state.addAttribute("kind", ReductionAttr::get(parser.getContext(), *kind));
  state.addTypes(shapedType(rowsOf(type), 1, elementOf(type)));
  return success();
}

void ReduceOp::print(OpAsmPrinter &printer) {
  printer << " " << stringifyReduction(getKind()) << " " << getValue();
  if (getMask())
    printer << " where " << getMask();
  printer << " : ";
  printShortType(printer, getValue());
  printMaskType(printer, getMask(), getValue().getType());
}

ParseResult ContractOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  OperationState left(state.location, state.name),
      right(state.location, state.name);
  int32_t lefts, rights;
  Type type;
  if (parseRef(parser, left) ||
      parseSubscripts(parser, left, "lhsMap", lefts) || parser.parseComma() ||
      parseRef(parser, right) ||
      parseSubscripts(parser, right, "rhsMap", rights) || parser.parseColon() ||
      parseShortType(parser, type))
    return failure();
  state.addOperands({left.operands[0], right.operands[0]});
  state.addOperands(ArrayRef(left.operands).drop_front());
  state.addOperands(ArrayRef(right.operands).drop_front());
  state.attributes.append(left.attributes.begin(), left.attributes.end());
  state.attributes.append(right.attributes.begin(), right.attributes.end());
  addSegments(parser, state, {1, 1, lefts, rights});
  state.addTypes(type);
  return success();
}

void ContractOp::print(OpAsmPrinter &printer) {
  printer << " " << getLhs();
  printSubscripts(printer, getLhsMapAttr(), getLhsIndices());
  printer << ", " << getRhs();
  printSubscripts(printer, getRhsMapAttr(), getRhsIndices());
  printer << " : ";
  printShortType(printer, getResult());
}

ParseResult AccumulateOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand mask;
  bool masked;
  int32_t count;
  Type type;
  if (parseRef(parser, state) || parser.parseLSquare() ||
      parseIndex(parser, state.operands) || parser.parseRSquare() ||
      parser.parseOptionalPlus() || parser.parseEqual() ||
      parseRef(parser, state) || parser.parseComma() ||
      parseRef(parser, state) ||
      parseSubscripts(parser, state, "rhsMap", count) ||
      parseMask(parser, mask, masked))
    return failure();
  if (masked && (parser.parseColon() || parseShortType(parser, type) ||
                 parser.resolveOperand(mask, type, state.operands)))
    return failure();
  addSegments(parser, state, {1, 1, 1, 1, count, masked});
  return success();
}

void AccumulateOp::print(OpAsmPrinter &printer) {
  printer << " " << getRef() << "[" << getRow() << "] += " << getLhs() << ", "
          << getRhs();
  printSubscripts(printer, getRhsMapAttr(), getRhsIndices());
  if (!getMask())
    return;
  printer << " where " << getMask() << " : ";
  printShortType(printer, getMask());
}

ParseResult YieldOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::UnresolvedOperand value;
  Type type;
  return failure(parser.parseOperand(value) || parser.parseColon() ||
                 parseShortType(parser, type) ||
                 parser.resolveOperand(value, type, state.operands));
}

void YieldOp::print(OpAsmPrinter &printer) {
  printer << " " << getValue() << " : ";
  printShortType(printer, getValue());
}

} // namespace weir::tile
