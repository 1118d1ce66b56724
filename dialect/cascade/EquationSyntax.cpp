// Assembly of equations: indices are written as a list of values, the ranks they run over by name.
#include "dialect/cascade/Cascade.h"

using namespace mlir;

namespace weir::cascade {
namespace {

using Arguments = SmallVector<OpAsmParser::Argument>;

/// Parses `(%i, %j)`: the indices of the result's ranks.
ParseResult parseIndices(OpAsmParser &parser, Arguments &arguments) {
  return parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren);
}

/// Parses a rank's name.
ParseResult parseRankName(OpAsmParser &parser, StringAttr &name) {
  std::string text;
  if (parser.parseKeywordOrString(&text))
    return failure();
  name = parser.getBuilder().getStringAttr(text);
  return success();
}

/// Parses `(%n = n, %d = d)`: indices with the ranks that they run over.
ParseResult parseBoundIndices(OpAsmParser &parser, Arguments &arguments,
                              SmallVectorImpl<Attribute> &ranks) {
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    StringAttr rank;
    if (parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
        parseRankName(parser, rank))
      return failure();
    ranks.push_back(rank);
    return success();
  });
}

/// Parses a combiner's keyword.
ParseResult parseCombiner(OpAsmParser &parser, CombinerAttr &combiner) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  auto value = symbolizeCombiner(word);
  if (!value)
    return parser.emitError(loc) << "'" << word << "' is no combiner";
  combiner = CombinerAttr::get(parser.getContext(), *value);
  return success();
}

/// Parses the equation's name.
ParseResult parseName(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  return parser.parseAttribute(name, "name", state.attributes);
}

/// Parses a region whose arguments are indices.
ParseResult parseIndexed(OpAsmParser &parser, OperationState &state, Arguments &arguments) {
  for (auto &argument : arguments)
    argument.type = parser.getBuilder().getI64Type();
  return parser.parseRegion(*state.addRegion(), arguments);
}

/// Parses the attributes and the type that end every equation.
ParseResult parseTail(OpAsmParser &parser, OperationState &state) {
  Type type;
  if (parser.parseOptionalAttrDict(state.attributes) || parser.parseColonType(type))
    return failure();
  if (!isa<TensorType>(type))
    return parser.emitError(parser.getNameLoc(), "an equation defines a cascade tensor");
  state.addTypes(type);
  return success();
}

void printName(OpAsmPrinter &printer, StringAttr name) { printer << ' ' << name << ' '; }

void printIndices(OpAsmPrinter &printer, ArrayRef<BlockArgument> arguments) {
  printer << '(';
  llvm::interleaveComma(arguments, printer,
                        [&](BlockArgument argument) { printer.printOperand(argument); });
  printer << ')';
}

void printBoundIndices(OpAsmPrinter &printer, ArrayRef<BlockArgument> arguments, ArrayAttr ranks) {
  printer << '(';
  llvm::interleaveComma(llvm::zip(arguments, ranks.getAsValueRange<StringAttr>()), printer,
                        [&](auto pair) {
                          printer.printOperand(std::get<0>(pair));
                          printer << " = ";
                          printer.printKeywordOrString(std::get<1>(pair));
                        });
  printer << ')';
}

void printTail(OpAsmPrinter &printer, Operation *op, ArrayRef<StringRef> elided) {
  printer.printOptionalAttrDict(op->getAttrs(), elided);
  printer << " : " << op->getResult(0).getType();
}

void printBody(OpAsmPrinter &printer, Region &region) {
  printer << ' ';
  printer.printRegion(region, /*printEntryBlockArgs=*/false);
}

/// The body's arguments split after those of the first `count` ranks.
std::pair<ArrayRef<BlockArgument>, ArrayRef<BlockArgument>> splitArguments(Region &region,
                                                                          size_t count) {
  ArrayRef<BlockArgument> all = region.getArguments();
  return {all.take_front(count), all.drop_front(std::min(count, all.size()))};
}

/// Parses `NAME (indices) combiner (bound indices) region`, common to Einsums and states.
ParseResult parseReduction(OpAsmParser &parser, OperationState &state, Arguments &indices) {
  Arguments bound;
  CombinerAttr combiner;
  SmallVector<Attribute> ranks;
  if (parseName(parser, state) || parseIndices(parser, indices) ||
      parseCombiner(parser, combiner) || parseBoundIndices(parser, bound, ranks))
    return failure();
  state.addAttribute("combiner", combiner);
  state.addAttribute("reduced", parser.getBuilder().getArrayAttr(ranks));
  Arguments all(indices);
  llvm::append_range(all, bound);
  return parseIndexed(parser, state, all);
}

template <typename OpType> void printReduction(OpType op, OpAsmPrinter &printer) {
  auto [indices, bound] = splitArguments(op.getBody(), op.getTensorType().getRank());
  printName(printer, op.getNameAttr());
  printIndices(printer, indices);
  printer << ' ' << stringifyCombiner(op.getCombiner()) << ' ';
  printBoundIndices(printer, bound, op.getReduced());
  printBody(printer, op.getBody());
}

SmallVector<StringAttr> ranksOf(TensorType type, ArrayAttr reduced) {
  SmallVector<StringAttr> ranks(type.getRanks());
  llvm::append_range(ranks, reduced.getAsRange<StringAttr>());
  return ranks;
}

void nameArguments(Equation op, Region &region, OpAsmSetValueNameFn setName) {
  for (auto [argument, rank] : llvm::zip(region.getArguments(), op.getBodyRanks()))
    setName(argument, rank.getValue());
}

} // namespace

//===-- Einsum --------------------------------------------------------------===//

SmallVector<StringAttr> EinsumOp::getBodyRanks() { return ranksOf(getTensorType(), getReduced()); }

ParseResult EinsumOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments indices;
  return failure(parseReduction(parser, state, indices) || parseTail(parser, state));
}

void EinsumOp::print(OpAsmPrinter &printer) {
  printReduction(*this, printer);
  printTail(printer, *this, {"name", "combiner", "reduced"});
}

//===-- Prefix --------------------------------------------------------------===//

SmallVector<StringAttr> PrefixOp::getBodyRanks() {
  return SmallVector<StringAttr>(getTensorType().getRanks());
}

ParseResult PrefixOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments indices;
  CombinerAttr combiner;
  StringAttr along;
  if (parseName(parser, state) || parseIndices(parser, indices) ||
      parseCombiner(parser, combiner) || parser.parseKeyword("along") ||
      parseRankName(parser, along))
    return failure();
  state.addAttribute("combiner", combiner);
  state.addAttribute("along", along);
  for (StringRef flag : {"exclusive", "reverse"})
    if (succeeded(parser.parseOptionalKeyword(flag)))
      state.addAttribute(flag, parser.getBuilder().getUnitAttr());
  return failure(parseIndexed(parser, state, indices) || parseTail(parser, state));
}

void PrefixOp::print(OpAsmPrinter &printer) {
  printName(printer, getNameAttr());
  printIndices(printer, getBody().getArguments());
  printer << ' ' << stringifyCombiner(getCombiner()) << " along ";
  printer.printKeywordOrString(getAlong());
  printer << (getExclusive() ? " exclusive" : "") << (getReverse() ? " reverse" : "");
  printBody(printer, getBody());
  printTail(printer, *this, {"name", "combiner", "along", "exclusive", "reverse"});
}

//===-- Selection -----------------------------------------------------------===//

SmallVector<StringAttr> TopKOp::getBodyRanks() {
  SmallVector<StringAttr> ranks;
  llvm::copy_if(getTensorType().getRanks(), std::back_inserter(ranks),
                [&](StringAttr rank) { return rank != getIntoAttr(); });
  ranks.push_back(getAlongAttr());
  return ranks;
}

ParseResult TopKOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments indices, bound;
  SmallVector<Attribute> along;
  StringAttr into;
  if (parseName(parser, state) || parseIndices(parser, indices) || parser.parseKeyword("along") ||
      parseBoundIndices(parser, bound, along) || parser.parseKeyword("into") ||
      parseRankName(parser, into))
    return failure();
  if (along.size() != 1)
    return parser.emitError(parser.getNameLoc(), "selects along exactly one rank");
  state.addAttribute("along", along.front());
  state.addAttribute("into", into);
  llvm::append_range(indices, bound);
  return failure(parseIndexed(parser, state, indices) || parseTail(parser, state));
}

void TopKOp::print(OpAsmPrinter &printer) {
  ArrayRef<BlockArgument> all = getBody().getArguments();
  printName(printer, getNameAttr());
  printIndices(printer, all.drop_back());
  printer << " along ";
  printBoundIndices(printer, all.take_back(), ArrayAttr::get(getContext(), {getAlongAttr()}));
  printer << " into ";
  printer.printKeywordOrString(getInto());
  printBody(printer, getBody());
  printTail(printer, *this, {"name", "along", "into"});
}

SmallVector<StringAttr> RankOfOp::getBodyRanks() {
  return SmallVector<StringAttr>(getTensorType().getRanks());
}

ParseResult RankOfOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments indices;
  StringAttr along;
  if (parseName(parser, state) || parseIndices(parser, indices) || parser.parseKeyword("along") ||
      parseRankName(parser, along))
    return failure();
  state.addAttribute("along", along);
  return failure(parseIndexed(parser, state, indices) || parseTail(parser, state));
}

void RankOfOp::print(OpAsmPrinter &printer) {
  printName(printer, getNameAttr());
  printIndices(printer, getBody().getArguments());
  printer << " along ";
  printer.printKeywordOrString(getAlong());
  printBody(printer, getBody());
  printTail(printer, *this, {"name", "along"});
}

//===-- States of folds -----------------------------------------------------===//

SmallVector<StringAttr> StateOp::getBodyRanks() { return ranksOf(getTensorType(), getReduced()); }

/// Parses `keyword(%x : type, …)` if it is there.
static ParseResult parseTensors(OpAsmParser &parser, OperationState &state, StringRef keyword,
                                SmallVectorImpl<Type> &types) {
  if (failed(parser.parseOptionalKeyword(keyword)))
    return success();
  return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
    OpAsmParser::UnresolvedOperand operand;
    Type type;
    if (parser.parseOperand(operand) || parser.parseColonType(type) ||
        parser.resolveOperand(operand, type, state.operands))
      return failure();
    if (!isa<TensorType>(type))
      return parser.emitError(operand.location, "expected a cascade tensor");
    types.push_back(type);
    return success();
  });
}

static void printTensors(OpAsmPrinter &printer, StringRef keyword, OperandRange tensors) {
  if (tensors.empty())
    return;
  printer << ' ' << keyword << '(';
  llvm::interleaveComma(tensors, printer,
                        [&](Value tensor) { printer << tensor << " : " << tensor.getType(); });
  printer << ')';
}

/// Gives the arguments of a shift their types: indices, itself, basis, old and new references.
static ParseResult typeShift(OpAsmParser &parser, Arguments &arguments, size_t rank,
                               ArrayRef<Type> refs, ArrayRef<Type> basis) {
  if (arguments.size() != rank + 1 + basis.size() + 2 * refs.size())
    return parser.emitError(parser.getNameLoc(), "wrong number of arguments of the shift");
  SmallVector<Type> types(rank, parser.getBuilder().getI64Type());
  types.push_back({});
  for (Type type : basis)
    types.push_back(cast<TensorType>(type).getScalarType());
  for (Type type : refs)
    types.append(2, cast<TensorType>(type).getScalarType());
  for (auto [argument, type] : llvm::zip(arguments, types))
    argument.type = type;
  return success();
}

ParseResult StateOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments indices, shift;
  SmallVector<Type> refs, basis;
  if (parseReduction(parser, state, indices))
    return failure();
  Region *region = state.addRegion();
  if (succeeded(parser.parseOptionalKeyword("partial")))
    state.addAttribute("partial", parser.getBuilder().getUnitAttr());
  if (succeeded(parser.parseOptionalKeyword("shift"))) {
    Type self;
    if (parseIndices(parser, shift) || parser.parseColonType(self) ||
        parseTensors(parser, state, "refs", refs) || parseTensors(parser, state, "basis", basis) ||
        typeShift(parser, shift, indices.size(), refs, basis))
      return failure();
    shift[indices.size()].type = self;
    if (parser.parseRegion(*region, shift))
      return failure();
  }
  state.getOrAddProperties<Properties>().operandSegmentSizes = {static_cast<int32_t>(refs.size()),
                                                                static_cast<int32_t>(basis.size())};
  return parseTail(parser, state);
}

void StateOp::print(OpAsmPrinter &printer) {
  printReduction(*this, printer);
  printer << (getPartial() ? " partial" : "");
  if (!getShift().empty()) {
    printer << " shift ";
    printIndices(printer, getShift().getArguments());
    printer << " : " << getTensorType().getScalarType();
    printTensors(printer, "refs", getRefs());
    printTensors(printer, "basis", getBasis());
    printBody(printer, getShift());
  }
  printTail(printer, *this, {"name", "combiner", "reduced", "partial", "operandSegmentSizes"});
}

SmallVector<StringAttr> ReferenceOp::getBodyRanks() {
  return SmallVector<StringAttr>(getTensorType().getRanks());
}

ParseResult ReferenceOp::parse(OpAsmParser &parser, OperationState &state) {
  Arguments indices;
  return failure(parseName(parser, state) || parseIndices(parser, indices) ||
                 parseIndexed(parser, state, indices) || parseTail(parser, state));
}

void ReferenceOp::print(OpAsmPrinter &printer) {
  printName(printer, getNameAttr());
  printIndices(printer, getBody().getArguments());
  printBody(printer, getBody());
  printTail(printer, *this, {"name"});
}

//===-- Names of values -----------------------------------------------------===//

void EinsumOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), getName()); }
void PrefixOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), getName()); }
void TopKOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), getName()); }
void RankOfOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), getName()); }
void StateOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), getName()); }
void ReferenceOp::getAsmResultNames(OpAsmSetValueNameFn set) { set(getResult(), getName()); }

void EinsumOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn set) {
  nameArguments(*this, region, set);
}
void PrefixOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn set) {
  nameArguments(*this, region, set);
}
void TopKOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn set) {
  nameArguments(*this, region, set);
}
void RankOfOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn set) {
  nameArguments(*this, region, set);
}
void ReferenceOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn set) {
  nameArguments(*this, region, set);
}

void StateOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn set) {
  if (&region == &getBody())
    return nameArguments(*this, region, set);
  if (region.empty())
    return;
  auto arguments = region.getArguments();
  for (auto [argument, rank] : llvm::zip(arguments, getTensorType().getRanks()))
    set(argument, rank.getValue());
  set(arguments[getTensorType().getRank()], "self");
  for (size_t i = 0; i < getRefs().size(); ++i) {
    size_t old = getTensorType().getRank() + 1 + getBasis().size() + 2 * i;
    set(arguments[old], "old");
    set(arguments[old + 1], "new");
  }
}

} // namespace weir::cascade
