// Parsing of the expressions of maps and updates.
#include "dialect/tile/ExpressionTables.h"
#include "dialect/tile/Syntax.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace weir::tile {
namespace {

//===-- Parsing -----------------------------------------------------------===//

/// A parsed expression; types come only after it, with those of the operands.
struct Node {
  enum class Kind { Operand, Real, Integer, Call } kind = Kind::Call;
  std::string name = {}; // of a call
  unsigned operand = 0;
  double real = 0;
  int64_t integer = 0;
  std::vector<Node> arguments = {};

  bool isLiteral() const { return kind == Kind::Real || kind == Kind::Integer; }
};

class Parser {
public:
  Parser(OpAsmParser &parser) : parser(parser) {}

  ParseResult parseSum(Node &node) {
    if (parseProduct(node))
      return failure();
    while (true) {
      StringRef name;
      if (succeeded(parser.parseOptionalPlus()))
        name = "+";
      else if (succeeded(parser.parseOptionalMinus()))
        name = "-";
      else
        return success();
      if (parseRest(node, name, &Parser::parseProduct))
        return failure();
    }
  }

  SmallVector<OpAsmParser::UnresolvedOperand> operands;

private:
  using Rule = ParseResult (Parser::*)(Node &);

  ParseResult parseRest(Node &node, StringRef name, Rule rule) {
    Node call{.name = name.str()};
    call.arguments.push_back(std::move(node));
    call.arguments.emplace_back();
    node = std::move(call);
    return (this->*rule)(node.arguments.back());
  }

  ParseResult parseProduct(Node &node) {
    if (parseFactor(node))
      return failure();
    while (true) {
      StringRef name;
      if (succeeded(parser.parseOptionalStar()))
        name = "*";
      else if (succeeded(parser.parseOptionalSlash()))
        name = "/";
      else
        return success();
      if (parseRest(node, name, &Parser::parseFactor))
        return failure();
    }
  }

  ParseResult parseFactor(Node &node) {
    if (succeeded(parser.parseOptionalLParen()))
      return failure(parseSum(node) || parser.parseRParen());
    if (succeeded(parser.parseOptionalMinus())) {
      if (parseFactor(node))
        return failure();
      if (node.kind == Node::Kind::Call || node.kind == Node::Kind::Operand) {
        Node negation{.name = "neg"};
        negation.arguments.push_back(std::move(node));
        node = std::move(negation);
      }
      node.real = -node.real;
      node.integer = -node.integer;
      return success();
    }
    OpAsmParser::UnresolvedOperand operand;
    if (auto parsed = parser.parseOptionalOperand(operand); parsed.has_value())
      return failure(*parsed || parseOperand(operand, node));
    StringRef word;
    if (succeeded(parser.parseOptionalKeyword(&word)))
      return parseWord(word, node);
    int64_t integer;
    if (auto parsed = parser.parseOptionalInteger(integer);
        parsed.has_value()) {
      node = {.kind = Node::Kind::Integer};
      node.integer = integer;
      return *parsed;
    }
    node = {.kind = Node::Kind::Real};
    return parser.parseFloat(node.real);
  }

  ParseResult parseOperand(OpAsmParser::UnresolvedOperand &operand,
                           Node &node) {
    auto *known = llvm::find_if(operands, [&](auto &other) {
      return other.name == operand.name && other.number == operand.number;
    });
    node = {.kind = Node::Kind::Operand};
    node.operand = known - operands.begin();
    if (known == operands.end())
      operands.push_back(operand);
    return success();
  }

  ParseResult parseWord(StringRef word, Node &node) {
    if (word == "inf" || word == "nan") {
      node = {.kind = Node::Kind::Real};
      node.real = word == "inf" ? std::numeric_limits<double>::infinity()
                                : std::numeric_limits<double>::quiet_NaN();
      return success();
    }
    node = {.name = word.str()};
    return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&] {
      node.arguments.emplace_back();
      return parseSum(node.arguments.back());
    });
  }

  OpAsmParser &parser;
};

//===-- Building ----------------------------------------------------------===//

class ExpressionBuilder {
public:
  ExpressionBuilder(OpAsmParser &parser, Block *block, Location location,
                    FloatType real)
      : parser(parser), builder(location.getContext()), block(block),
        location(location), real(real) {
    builder.setInsertionPointToEnd(block);
  }

  /// The value of `node`; a literal is of type `wanted` where that is given.
  Value build(const Node &node, Type wanted = {}) {
    switch (node.kind) {
    case Node::Kind::Operand:
      return block->getArgument(node.operand);
    case Node::Kind::Real:
    case Node::Kind::Integer:
      return buildLiteral(node, wanted);
    case Node::Kind::Call:
      return buildCall(node, wanted);
    }
    return {};
  }

  OpBuilder &getBuilder() { return builder; }

private:
  Value buildLiteral(const Node &node, Type wanted) {
    if (node.kind == Node::Kind::Integer && wanted && wanted.isInteger())
      return arith::ConstantOp::create(
          builder, location, builder.getIntegerAttr(wanted, node.integer));
    if (node.kind == Node::Kind::Integer)
      return arith::ConstantOp::create(builder, location,
                                       builder.getI64IntegerAttr(node.integer));
    auto type =
        isa_and_nonnull<FloatType>(wanted) ? cast<FloatType>(wanted) : real;
    return arith::ConstantOp::create(builder, location,
                                     FloatAttr::get(type, node.real));
  }

  Value fail(const Node &node) {
    parser.emitError(parser.getNameLoc(), "cannot apply '")
        << node.name << "' to these operands in an expression";
    return {};
  }

  Value buildConversion(const Node &node) {
    Type to = node.name == "f32"   ? Type(builder.getF32Type())
              : node.name == "f64" ? Type(builder.getF64Type())
                                   : Type(builder.getI64Type());
    Value value = build(node.arguments[0], isa<FloatType>(to) ? to : Type());
    if (!value || value.getType() == to)
      return value;
    if (value.getType().isInteger(1))
      return isa<FloatType>(to)
                 ? arith::UIToFPOp::create(builder, location, to, value)
                       .getResult()
                 : arith::ExtUIOp::create(builder, location, to, value)
                       .getResult();
    if (value.getType().isInteger())
      return arith::SIToFPOp::create(builder, location, to, value);
    if (!isa<FloatType>(to))
      return arith::FPToSIOp::create(builder, location, to, value);
    return to.isF64()
               ? arith::ExtFOp::create(builder, location, to, value).getResult()
               : arith::TruncFOp::create(builder, location, to, value)
                     .getResult();
  }

  /// Builds the arguments from `first` on, literals with the type of the
  /// others.
  LogicalResult buildArguments(const Node &node, size_t first, Type wanted,
                               SmallVectorImpl<Value> &values) {
    SmallVector<Value> built(node.arguments.size());
    for (bool literals : {false, true})
      for (size_t i = first; i < node.arguments.size(); ++i)
        if (node.arguments[i].isLiteral() == literals) {
          if (!(built[i] = build(node.arguments[i], wanted)))
            return failure();
          wanted = built[i].getType();
        }
    values.append(built.begin() + first, built.end());
    return success();
  }

  Value buildCall(const Node &node, Type wanted) {
    SmallVector<Value> values;
    if (node.arguments.size() == 1 &&
        (node.name == "f32" || node.name == "f64" || node.name == "i64"))
      return buildConversion(node);
    if (node.name == "select" && node.arguments.size() == 3) {
      Value condition = build(node.arguments[0]);
      if (!condition || failed(buildArguments(node, 1, wanted, values)) ||
          values[0].getType() != values[1].getType() ||
          !condition.getType().isInteger(1))
        return fail(node);
      return arith::SelectOp::create(builder, location, condition, values[0],
                                     values[1]);
    }
    const auto *comparison = llvm::find_if(
        comparisons, [&](auto &entry) { return entry.first == node.name; });
    bool compares = comparison != std::end(comparisons);
    if (node.arguments.empty() ||
        failed(buildArguments(node, 0, compares ? Type() : wanted, values)))
      return fail(node);
    Type type = values[0].getType();
    if (!llvm::all_of(values,
                      [&](Value value) { return value.getType() == type; }))
      return fail(node);
    if (node.name == "not" && type.isInteger(1)) {
      Value one = arith::ConstantOp::create(builder, location,
                                            builder.getBoolAttr(true));
      return arith::XOrIOp::create(builder, location, values[0], one);
    }
    if (compares && values.size() == 2)
      return isa<FloatType>(type)
                 ? arith::CmpFOp::create(builder, location,
                                         comparison->second.first, values[0],
                                         values[1])
                       .getResult()
                 : arith::CmpIOp::create(builder, location,
                                         comparison->second.second, values[0],
                                         values[1])
                       .getResult();
    return buildOperation(node, values);
  }

  Value buildOperation(const Node &node, ArrayRef<Value> values) {
    const auto *known = llvm::find_if(
        arithmetic, [&](auto &entry) { return entry.first == node.name; });
    bool real = isa<FloatType>(values[0].getType());
    std::string name = known == std::end(arithmetic) ? "math." + node.name
                       : real ? known->second.first.str()
                              : known->second.second.str();
    auto registered =
        RegisteredOperationName::lookup(name, builder.getContext());
    if (!registered)
      return fail(node);
    OperationState state(location, *registered);
    state.addOperands(values);
    state.addTypes(values[0].getType());
    // Unary or binary operations only: an operation of the wrong arity is
    // refused here.
    bool binary = known != std::end(arithmetic) && node.name != "neg" &&
                  node.name != "abs" && node.name != "round";
    if (values.size() != (binary ? 2u : 1u))
      return fail(node);
    return builder.create(state)->getResult(0);
  }

  OpAsmParser &parser;
  OpBuilder builder;
  Block *block;
  Location location;
  FloatType real;
};

} // namespace

/// The type of a region argument for an operand of a map or an update.
static Type pointTypeOf(Type operand, Type refElement) {
  if (isa<RefType>(operand))
    return computeTypeOf(refElement);
  Type element = elementOf(operand);
  return isa<IndexType>(element) ? IntegerType::get(operand.getContext(), 64)
                                 : element;
}

ParseResult parseExpression(OpAsmParser &parser, OperationState &state,
                            Type &result) {
  Parser expression(parser);
  Node node;
  if (expression.parseSum(node) || parser.parseColon())
    return failure();
  Builder &types = parser.getBuilder();
  FloatType real = types.getF32Type();
  Block *block = new Block;
  state.addRegion()->push_back(block);
  int64_t rows = 1, columns = 1;
  for (auto [i, operand] : llvm::enumerate(expression.operands)) {
    Type type, refElement;
    if (i && parser.parseComma())
      return failure();
    if (succeeded(parser.parseOptionalKeyword("ref"))) {
      if (parser.parseLess() || parser.parseType(refElement) ||
          parser.parseGreater())
        return failure();
      type = RefType::get(parser.getContext());
    } else if (parseShortType(parser, type)) {
      return failure();
    }
    rows = std::max(rows, rowsOf(type));
    columns = std::max(columns, columnsOf(type));
    Type point = pointTypeOf(type, refElement);
    if (point.isF64())
      real = cast<FloatType>(point);
    block->addArgument(point, state.location);
    // An index that varies is written with its shape but is an `index`.
    if (isa<IndexType>(elementOf(type)))
      type = types.getIndexType();
    if (parser.resolveOperand(operand, type, state.operands))
      return failure();
  }
  if (expression.operands.empty() && parser.parseType(result))
    return failure();
  if (isa_and_nonnull<Float64Type>(result))
    real = cast<FloatType>(result);
  ExpressionBuilder builder(parser, block, state.location, real);
  Value value = builder.build(node, result);
  if (!value)
    return failure();
  YieldOp::create(builder.getBuilder(), state.location, value);
  result = shapedType(rows, columns, value.getType());
  return success();
}

} // namespace weir::tile
