// Parsing of PTX function bodies: labels, instructions, operands.
#include "codegen/nvptx/executor/Parser.h"

using namespace weir::ptx;

bool Parser::statement(std::vector<Statement> &out) {
  if (token.kind == Token::Kind::Dotted)
    return directive(out);
  if (skip(';'))
    return true;
  Statement one;
  one.line = token.line;
  if (token.kind == Token::Kind::Name && ahead.is(':')) {
    one.kind = Statement::Kind::Label;
    one.opcode = token.text;
    advance();
    advance();
    if (token.isDotted("branchtargets") && !targets(one))
      return false;
    if (token.isDotted("callprototype"))
      return fail(
          "'.callprototype' (a call through a register) is not modelled");
    out.push_back(std::move(one));
    return true;
  }
  const char *start = token.text.data();
  if (!instruction(one))
    return false;
  one.text = std::string_view(start, token.text.data() + 1 - start);
  if (!expect(';'))
    return false;
  out.push_back(std::move(one));
  return true;
}

bool Parser::directive(std::vector<Statement> &out) {
  if (token.isDotted("loc") || token.isDotted("file") ||
      token.isDotted("pragma")) {
    skipLine();
    return true;
  }
  if (!isSpace(token.text))
    return fail("directive '." + std::string(token.text) + "' is not modelled");
  Statement one;
  one.kind = Statement::Kind::Declare;
  one.line = token.line;
  if (!declarations(one.declarations, false))
    return false;
  out.push_back(std::move(one));
  return true;
}

bool Parser::targets(Statement &out) {
  out.kind = Statement::Kind::Targets;
  advance();
  do {
    std::string_view label;
    if (!name(label))
      return false;
    out.modifiers.push_back(label);
  } while (skip(','));
  return expect(';');
}

bool Parser::instruction(Statement &out) {
  if (skip('@')) {
    out.guardNegated = skip('!');
    if (!name(out.guard))
      return false;
  }
  if (!name(out.opcode))
    return false;
  while (token.kind == Token::Kind::Dotted) {
    out.modifiers.push_back(token.text);
    advance();
  }
  if (token.is(';'))
    return true;
  do {
    Operand one;
    if (!operand(one))
      return false;
    out.operands.push_back(std::move(one));
  } while (skip(','));
  return token.is(';') ||
         fail("expected ';' before '" + std::string(token.text) + "'");
}

bool Parser::operand(Operand &out) {
  if (skip('{'))
    return list(out, Operand::Kind::List, '}');
  if (skip('('))
    return list(out, Operand::Kind::Group, ')');
  if (skip('['))
    return address(out);
  if (token.kind == Token::Kind::Name)
    return named(out);
  if (skip('!')) {
    out.negated = true;
    return token.kind == Token::Kind::Name
               ? named(out)
               : fail("expected a predicate after '!'");
  }
  bool negative = skip('-');
  switch (token.kind) {
  case Token::Kind::Integer:
    out.kind = Operand::Kind::Integer;
    out.value = negative ? -token.value : token.value;
    break;
  case Token::Kind::F32:
    out.kind = Operand::Kind::F32;
    out.value = token.value ^ (negative ? 0x8000'0000u : 0);
    break;
  case Token::Kind::F64:
    out.kind = Operand::Kind::F64;
    out.value = token.value ^ (negative ? uint64_t(1) << 63 : 0);
    break;
  default:
    return fail("'" + std::string(token.text) + "' is no operand");
  }
  advance();
  return true;
}

/// A register, a special register's component, a symbol with an offset, p|q.
bool Parser::named(Operand &out) {
  out.kind = token.text == "_" ? Operand::Kind::Sink : Operand::Kind::Name;
  out.name = token.text;
  advance();
  if (token.kind == Token::Kind::Dotted) {
    out.component = token.text;
    advance();
  }
  if (token.is('+'))
    return offset(out.value);
  if (!skip('|'))
    return true;
  Operand second;
  if (token.kind != Token::Kind::Name || !named(second))
    return fail("expected a predicate after '|'");
  Operand first = std::move(out);
  out = Operand();
  out.kind = Operand::Kind::Pair;
  out.parts.push_back(std::move(first));
  out.parts.push_back(std::move(second));
  return true;
}

/// The inside of [ ]: a name, an offset, or both.
bool Parser::address(Operand &out) {
  out.kind = Operand::Kind::Address;
  if (token.kind == Token::Kind::Name) {
    out.name = token.text;
    advance();
    if ((token.is('+') || token.is('-')) && !offset(out.value))
      return false;
  } else {
    bool negative = skip('-');
    if (!integer(out.value))
      return false;
    if (negative)
      out.value = -out.value;
  }
  return expect(']');
}

bool Parser::list(Operand &out, Operand::Kind kind, char end) {
  out.kind = kind;
  if (skip(end))
    return true;
  do {
    Operand one;
    if (!operand(one))
      return false;
    out.parts.push_back(std::move(one));
  } while (skip(','));
  return expect(end);
}

/// +8, -8, +-8
bool Parser::offset(uint64_t &out) {
  bool negative = false;
  while (token.is('+') || token.is('-')) {
    negative ^= token.is('-');
    advance();
  }
  uint64_t value = 0;
  if (!integer(value))
    return false;
  out = negative ? -value : value;
  return true;
}
