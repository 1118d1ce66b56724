// Assembly of work on sub-tiles: access and computation.
#include "dialect/tile/Syntax.h"

using namespace mlir;

namespace weir::tile {
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

/// Subscripts, and where some are values of `i64`: `of %p : 1x64xi64, …`.
static ParseResult parseGather(OpAsmParser &parser, OperationState &state,
                               int32_t &count) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  Attribute map;
  if (parser.parseAffineMapOfSSAIds(operands, map, "map", state.attributes))
    return failure();
  count = operands.size();
  llvm::StringMap<Type> types;
  auto parseOne = [&]() -> ParseResult {
    OpAsmParser::UnresolvedOperand value;
    Type type;
    if (parser.parseOperand(value) || parser.parseColon() ||
        parseShortType(parser, type))
      return failure();
    types[value.name] = type;
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword("of")) &&
      parser.parseCommaSeparatedList(parseOne))
    return failure();
  for (auto &operand : operands) {
    Type type = types.lookup(operand.name);
    if (parser.resolveOperand(operand,
                              type ? type : parser.getBuilder().getIndexType(),
                              state.operands))
      return failure();
  }
  return success();
}

static void printGather(OpAsmPrinter &printer, LoadOp op) {
  printSubscripts(printer, op.getMapAttr(), op.getIndices());
  StringRef separator = " of ";
  llvm::SmallDenseSet<Value> seen;
  for (Value index : op.getIndices()) {
    if (index.getType().isIndex() || !seen.insert(index).second)
      continue;
    printer << separator << index << " : ";
    printShortType(printer, index);
    separator = ", ";
  }
}

ParseResult LoadOp::parse(OpAsmParser &parser, OperationState &state) {
  keepResultName(parser, state);
  OpAsmParser::UnresolvedOperand mask;
  bool masked;
  int32_t count;
  Type type;
  if (parseRef(parser, state) || parseGather(parser, state, count) ||
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
  printGather(printer, *this);
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
  OpAsmParser::UnresolvedOperand condition;
  bool hasCondition;
  int32_t count;
  Type type;
  if (parseSubscripts(parser, state, "map", count) ||
      parseMask(parser, condition, hasCondition) || parser.parseColon() ||
      parseShortType(parser, type) ||
      (hasCondition && resolveMask(parser, condition, type, state)))
    return failure();
  addSegments(parser, state, {count, hasCondition});
  state.addTypes(type);
  return success();
}

void MaskOp::print(OpAsmPrinter &printer) {
  printer << " ";
  printSubscripts(printer, getMapAttr(), getIndices());
  if (getCondition())
    printer << " where " << getCondition();
  printer << " : ";
  printShortType(printer, getResult());
  printMaskType(printer, getCondition(), getResult().getType());
}

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
  int64_t rows =
      std::max(rowsOf(type), rowsOf(state.operands.back().getType()));
  auto kind = symbolizeReduction(word);
  if (!kind)
    return parser.emitError(location, "unknown reduction '") << word << "'";
  state.addAttribute("kind", ReductionAttr::get(parser.getContext(), *kind));
  state.addTypes(shapedType(rows, 1, elementOf(type)));
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
