// Expressions: precedence climbs from `else` over `if`, `or`, `and`, `not`,
// comparisons to `^`.
#include "frontends/weir/Limits.h"
#include "frontends/weir/Parser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace llvm;

namespace weir::frontend {

using ast::Expr;
using ast::ExprKind;

/// Counts one level of nesting; inside brackets, lines do not end expressions.
struct Parser::Nesting {
  Parser &parser;
  bool outer;
  Nesting(Parser &parser, bool inBrackets)
      : parser(parser), outer(parser.newlinesIgnored) {
    parser.newlinesIgnored |= inBrackets;
    ++parser.depth;
  }
  ~Nesting() {
    parser.newlinesIgnored = outer;
    --parser.depth;
  }
  bool tooDeep() const { return parser.depth > limits::nesting.most; }
};

static SMRange join(SMRange first, SMRange last) {
  return {first.Start, last.End};
}

Expr *Parser::tooDeep() {
  fail("nesting-limit", token.range,
       "expression nests deeper than " + Twine(limits::nesting.most) + " brackets or " +
           Twine(limits::chain.most) + " operators; name a part of it");
  return nullptr;
}

Expr *Parser::make(ExprKind kind, SMRange mark, StringRef text,
                   ArrayRef<Expr *> args) {
  Expr &e = file->expressions.emplace_back();
  e.kind = kind;
  e.mark = e.range = mark;
  e.text = text;
  for (Expr *argument : args) {
    e.args.push_back(argument);
    e.depth = std::max(e.depth, argument->depth + 1);
    const char *start = std::min(e.range.Start.getPointer(),
                                 argument->range.Start.getPointer());
    const char *end =
        std::max(e.range.End.getPointer(), argument->range.End.getPointer());
    e.range = {SMLoc::getFromPointer(start), SMLoc::getFromPointer(end)};
  }
  return e.depth > limits::chain.most ? tooDeep() : &e;
}

Expr *Parser::parseArgumentExpr() {
  Expr *value = parseExpr();
  if (!value || !token.isWord("where"))
    return value;
  SMRange mark = token.range;
  advance();
  Expr *predicate = parseExpr();
  return predicate ? make(ExprKind::Where, mark, "where", {value, predicate})
                   : nullptr;
}

Expr *Parser::parseExpr() {
  Expr *left = parseIfOrOr();
  while (left && token.isWord("else")) {
    SMRange mark = token.range;
    advance();
    Expr *right = parseIfOrOr();
    left = right ? make(ExprKind::Else, mark, "else", {left, right}) : nullptr;
  }
  return left;
}

Expr *Parser::parseIfOrOr() {
  return token.isWord("if") && continues() ? parseIf() : parseInfix(0);
}

Expr *Parser::parseIf() {
  Nesting nesting(*this, false);
  if (nesting.tooDeep())
    return tooDeep();
  SMRange mark = token.range;
  advance();
  Expr *condition = parseIfOrOr();
  if (!condition || !expectWord("then"))
    return nullptr;
  Expr *onTrue = parseIfOrOr();
  if (!onTrue || !expectWord("else"))
    return nullptr;
  Expr *onFalse = parseIfOrOr();
  return onFalse ? make(ExprKind::If, mark, "if", {condition, onTrue, onFalse})
                 : nullptr;
}

/// Levels of left-associative operators, loosest first; `not` and comparisons
/// stand between.
static bool isInfix(const Token &token, unsigned level) {
  switch (level) {
  case 0:
    return token.isWord("or");
  case 1:
    return token.isWord("and");
  case 2:
    return token.is("+") || token.is("-");
  default:
    return token.is("*") || token.is("/") || token.is("//") || token.is("%");
  }
}

Expr *Parser::parseInfix(unsigned level) {
  auto operand = [&]() -> Expr * {
    switch (level) {
    case 1:
      return parseNot();
    case 3:
      return parseUnary();
    default:
      return parseInfix(level + 1);
    }
  };
  Expr *left = operand();
  while (left && isInfix(token, level)) {
    Token symbol = token;
    advance();
    Expr *right = operand();
    left =
        right ? make(ExprKind::Binary, symbol.range, symbol.text, {left, right})
              : nullptr;
  }
  return left;
}

Expr *Parser::parseNot() {
  if (!token.isWord("not") || !continues())
    return parseComparison();
  Nesting nesting(*this, false);
  if (nesting.tooDeep())
    return tooDeep();
  SMRange mark = token.range;
  advance();
  Expr *operand = parseNot();
  return operand ? make(ExprKind::Unary, mark, "not", operand) : nullptr;
}

Expr *Parser::parseComparison() {
  auto isComparison = [&] {
    return token.is("<") || token.is("<=") || token.is(">") || token.is(">=") ||
           token.is("==") || token.is("!=");
  };
  Expr *left = parseInfix(2);
  if (left && token.isWord("in"))
    return parseMembership(left);
  if (!left || !isComparison())
    return left;
  SMRange mark = token.range;
  SmallVector<Expr *> operands = {left};
  SmallVector<StringRef> operators;
  while (isComparison()) {
    operators.push_back(token.text);
    advance();
    Expr *right = parseInfix(2);
    if (!right)
      return nullptr;
    operands.push_back(right);
  }
  Expr *chain = make(ExprKind::Compare, mark, operators.front(), operands);
  if (chain)
    chain->operators.append(operators.begin(), operators.end());
  return chain;
}

Expr *Parser::parseMembership(Expr *left) {
  SMRange mark = token.range;
  advance();
  Expr *first = parseInfix(2);
  if (!first || !consume(".."))
    return first ? make(ExprKind::In, mark, "in", {left, first}) : nullptr;
  Expr *last = parseInfix(2);
  return last ? make(ExprKind::In, mark, "in", {left, first, last}) : nullptr;
}

Expr *Parser::parseUnary() {
  if (!token.is("-") || !continues())
    return parsePower();
  Nesting nesting(*this, false);
  if (nesting.tooDeep())
    return tooDeep();
  SMRange mark = token.range;
  advance();
  Expr *operand = parseUnary();
  return operand ? make(ExprKind::Unary, mark, "-", operand) : nullptr;
}

Expr *Parser::parsePower() {
  Expr *base = parsePrimary();
  if (!base || !token.is("^"))
    return base;
  Nesting nesting(*this, false);
  if (nesting.tooDeep())
    return tooDeep();
  SMRange mark = token.range;
  advance();
  Expr *exponent = parseUnary();
  return exponent ? make(ExprKind::Binary, mark, "^", {base, exponent})
                  : nullptr;
}

Expr *Parser::parseNumber() {
  Token number = token;
  advance();
  bool isInteger = number.kind == TokenKind::Integer;
  Expr *e = make(isInteger ? ExprKind::Integer : ExprKind::Real, number.range,
                 number.text);
  if (isInteger && number.text.getAsInteger(10, e->integer)) {
    fail("number-limit", number.range,
         "integer '" + number.text + "' does not fit in 64 bits");
    return nullptr;
  }
  if (!isInteger &&
      (number.text.getAsDouble(e->real) || std::isinf(e->real))) {
    fail("number-limit", number.range,
         "number '" + number.text + "' is out of the range of f64");
    return nullptr;
  }
  return e;
}

Expr *Parser::parsePrimary() {
  if (!continues()) {
    failHere("expected an expression before the end of the line");
    return nullptr;
  }
  if (token.kind == TokenKind::Integer || token.kind == TokenKind::Real)
    return parseNumber();
  if (token.kind == TokenKind::Extent) {
    Token extent = token;
    advance();
    return make(ExprKind::Extent, extent.range, extent.text);
  }
  if (token.is("(")) {
    Nesting nesting(*this, true);
    if (nesting.tooDeep())
      return tooDeep();
    advance();
    Expr *inner = parseArgumentExpr();
    return inner && expect(")", "the parenthesised expression") ? inner
                                                                : nullptr;
  }
  if (token.isWord("if"))
    return parseIf();
  if (token.kind == TokenKind::Identifier)
    return parseName();
  failHere("expected an expression");
  return nullptr;
}

Expr *Parser::parseName() {
  Token name = token;
  static constexpr StringRef constants[] = {"inf", "pi", "true", "false",
                                            "absent"};
  if (is_contained(constants, name.text)) {
    advance();
    return make(ExprKind::Constant, name.range, name.text);
  }
  if (isKeyword(name.text)) {
    failHere("expected an expression");
    return nullptr;
  }
  advance();
  Expr *e = make(ExprKind::Reference, name.range, name.text);
  if (token.is("[") && continues()) {
    e->kind = ExprKind::Subscript;
    if (!parseBrackets(*e))
      return nullptr;
  }
  if (token.is("(") && continues()) {
    e->kind = ExprKind::Call;
    if (!parseCallArguments(*e))
      return nullptr;
  }
  e->range = join(name.range, previous.range);
  return e->depth > limits::chain.most ? tooDeep() : e;
}

bool Parser::parseBrackets(Expr &e) {
  Nesting nesting(*this, true);
  if (nesting.tooDeep())
    return tooDeep();
  advance();
  while (!token.is("]")) {
    if (!parseItem(e))
      return false;
    parseOptions(e);
    if (token.is("|")) {
      advance();
      if (!(e.filter = parseExpr()))
        return false;
      break;
    }
    if (!consume(",") && !token.is("]"))
      return failHere("expected ',' or ']' in the brackets of '" + e.text +
                      "'");
    parseOptions(e);
  }
  if (e.items.empty() && e.text.empty())
    return failHere("expected a rank or a subscript");
  return expect("]", "the brackets of '" + e.text + "'");
}

/// Takes the options of a prefix form that stand here: `exclusive`, `reverse`.
void Parser::parseOptions(Expr &e) {
  bool hasOptions =
      e.text.starts_with("cum") && (!e.items.empty() || !e.args.empty());
  while (hasOptions && (token.isWord("exclusive") || token.isWord("reverse"))) {
    e.options.push_back({token.text, token.range});
    advance();
    if (token.is(","))
      advance();
  }
}

bool Parser::parseItem(Expr &e) {
  ast::Item item;
  item.range = token.range;
  if (consume(":")) {
    item.kind = ast::Item::All;
    e.items.push_back(item);
    return true;
  }
  if (!(item.value = parseExpr()))
    return false;
  if (token.is(":") && item.value->kind == ExprKind::Reference) {
    advance();
    item.kind = ast::Item::Named;
    item.name = {item.value->text, item.value->range};
    if (!(item.value = parseExpr()))
      return false;
  }
  if (consume("->") && !expectName(e.into, "a rank"))
    return false;
  item.range = join(item.range, previous.range);
  e.depth = std::max(e.depth, item.value->depth + 1);
  e.items.push_back(item);
  return true;
}

bool Parser::parseCallArguments(Expr &e) {
  Nesting nesting(*this, true);
  if (nesting.tooDeep())
    return tooDeep();
  advance();
  while (!token.is(")")) {
    Expr *argument = parseArgumentExpr();
    if (!argument)
      return false;
    e.args.push_back(argument);
    e.depth = std::max(e.depth, argument->depth + 1);
    if (!consume(",") && !token.is(")"))
      return failHere("expected ',' or ')' in the arguments of '" + e.text +
                      "'");
    parseOptions(e);
  }
  return expect(")", "the arguments of '" + e.text + "'");
}

} // namespace weir::frontend
