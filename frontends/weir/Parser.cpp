// Files, functions, kernels and their statements; recovery after errors.
#include "frontends/weir/Parser.h"

using namespace llvm;

namespace weir::frontend {

Parser::Parser(StringRef buffer, Diagnostics &diagnostics)
    : diagnostics(diagnostics), lexer(buffer, diagnostics),
      file(std::make_unique<ast::File>()) {
  advance();
}

//===-- Tokens
//--------------------------------------------------------------===//

void Parser::advance() {
  previous = token;
  token = lexer.next();
  comment = lexer.lastComment();
}

bool Parser::consume(StringRef symbol) {
  if (!token.is(symbol))
    return false;
  advance();
  return true;
}

bool Parser::consumeWord(StringRef word) {
  if (!token.isWord(word))
    return false;
  advance();
  return true;
}

std::string Parser::describe(const Token &token) const {
  if (token.kind == TokenKind::End)
    return "the end of the file";
  return "'" +
         StringRef(token.range.Start.getPointer(),
                   token.range.End.getPointer() -
                       token.range.Start.getPointer())
             .take_front(40)
             .str() +
         "'";
}

bool Parser::fail(StringRef id, SMRange range, const Twine &message) {
  diagnostics.error(id, range, message);
  return false;
}

bool Parser::failHere(const Twine &expected) {
  if (token.kind == TokenKind::Invalid)
    return false; // the lexer has reported it
  bool lineEnded = token.startsLine && previous.range.isValid();
  if (!lineEnded)
    return fail("syntax", token.range, expected + ", found " + describe(token));
  // The place is the end of the line before, where something is missing.
  SMRange place(previous.range.End, previous.range.End);
  return fail("syntax", place,
              expected + ", found " +
                  (token.kind == TokenKind::End ? "the end of the file"
                                                : "the end of the line"));
}

bool Parser::expect(StringRef symbol, const Twine &after) {
  return consume(symbol) ||
         failHere("expected '" + symbol + "' after " + after);
}

bool Parser::expectWord(StringRef word) {
  return consumeWord(word) || failHere("expected '" + word + "'");
}

bool Parser::expectName(ast::Name &name, StringRef role) {
  if (token.kind != TokenKind::Identifier)
    return failHere("expected the name of " + role);
  if (isKeyword(token.text))
    return fail("keyword", token.range,
                "'" + token.text +
                    "' is a word of the language and cannot name " + role);
  name = {token.text, token.range};
  advance();
  return true;
}

bool Parser::expectLineEnd(StringRef what) {
  if (token.startsLine || token.is("}") || token.kind == TokenKind::End)
    return true;
  return failHere("expected the end of the line after " + what);
}

//===-- Recovery
//------------------------------------------------------------===//

static bool startsTopLevel(const Token &token) {
  return token.startsLine && (token.isWord("kernel") || token.isWord("fn") ||
                              token.isWord("import"));
}

void Parser::skipToTopLevel() {
  while (token.kind != TokenKind::End && !startsTopLevel(token))
    advance();
}

/// True if the line that `token` begins looks like a statement of a kernel.
static bool startsStatement(const Token &token) {
  if (!token.startsLine)
    return false;
  if (token.is("}") || token.isWord("rank") || token.isWord("descending"))
    return true;
  StringRef line(token.range.Start.getPointer());
  line = line.take_until([](char c) { return c == '\n'; });
  for (size_t at = line.find('='); at != StringRef::npos;
       at = line.find('=', at + 1)) {
    bool isComparison = line.substr(at + 1).starts_with("=") ||
                        (at && StringRef("<>=!").contains(line[at - 1]));
    if (!isComparison)
      return token.kind == TokenKind::Identifier;
  }
  return false;
}

void Parser::skipStatement() {
  while (token.kind != TokenKind::End && !startsStatement(token) &&
         !startsTopLevel(token))
    advance();
}

//===-- Files and functions
//-------------------------------------------------===//

std::unique_ptr<ast::File> Parser::parseFile() {
  while (token.kind != TokenKind::End && !diagnostics.isFull()) {
    if (token.isWord("import")) {
      parseImport();
    } else if (token.isWord("fn")) {
      parseFunction();
    } else if (token.isWord("kernel")) {
      parseKernel();
    } else {
      std::string hint =
          token.kind == TokenKind::Identifier
              ? suggestion(token.text, {"kernel", "fn", "import"})
              : "";
      fail("syntax", token.range,
           "expected 'kernel', 'fn' or 'import', found " + describe(token) +
               hint);
      advance();
      skipToTopLevel();
    }
  }
  return std::move(file);
}

void Parser::parseImport() {
  advance();
  if (token.kind != TokenKind::String) {
    failHere("expected a file in quotes after 'import'");
    return skipToTopLevel();
  }
  file->imports.push_back({token.text, token.range});
  advance();
}

bool Parser::parseNames(std::vector<ast::Name> &names, StringRef close,
                        StringRef role) {
  while (!token.is(close)) {
    if (!expectName(names.emplace_back(), role))
      return false;
    if (!consume(",") && !token.is(close))
      return failHere("expected ',' or '" + close + "' in the list");
  }
  advance();
  return true;
}

void Parser::parseFunction() {
  ast::Function function;
  function.comment = comment;
  advance();
  newlinesIgnored = true;
  const char *start = token.range.Start.getPointer();
  bool head = expectName(function.name, "a function") &&
              (!consume("[") || parseNames(function.ranks, "]", "a rank")) &&
              expect("(", "the function's name") &&
              parseNames(function.parameters, ")", "a parameter");
  function.signature =
      StringRef(start, previous.range.End.getPointer() - start);
  if (!head)
    return skipToTopLevel();
  bool whole =
      expect("{", "the function's head") && parseFunctionBody(function);
  if (!whole) { // its name is known all the same
    function.value = nullptr;
    skipToTopLevel();
  }
  file->functions.push_back(std::move(function));
}

bool Parser::parseFunctionBody(ast::Function &function) {
  while (consumeWord("let")) {
    ast::Let let;
    if (!expectName(let.name, "a local value") || !expect("=", "the name"))
      return false;
    if (!(let.value = parseArgumentExpr()) || !expect(";", "the local value"))
      return false;
    function.lets.push_back(let);
  }
  function.value = parseArgumentExpr();
  return function.value && expect("}", "the function's value");
}

//===-- Kernels
//-------------------------------------------------------------===//

void Parser::parseKernel() {
  ast::Kernel kernel;
  kernel.comment = comment;
  advance();
  newlinesIgnored = true;
  if (!parseKernelHead(kernel))
    return skipToTopLevel();
  parseKernelBody(kernel);
  file->kernels.push_back(std::move(kernel));
}

bool Parser::parseKernelHead(ast::Kernel &kernel) {
  if (!expectName(kernel.name, "a kernel") ||
      (token.is("[") && !parseTypeParameters(kernel)))
    return false;
  if (!expect("(", "the kernel's name") ||
      !parseArguments(kernel.inputs, false))
    return false;
  if (!expect("->", "the kernel's arguments") || !expect("(", "'->'") ||
      !parseArguments(kernel.outputs, true))
    return false;
  if (consumeWord("where")) {
    do {
      ast::Expr *constraint = parseExpr();
      if (!constraint)
        return false;
      kernel.constraints.push_back(constraint);
    } while (consume(","));
  }
  return expect("{", "the kernel's head");
}

bool Parser::parseTypeParameters(ast::Kernel &kernel) {
  advance();
  while (!token.is("]")) {
    ast::TypeParameter &type = kernel.types.emplace_back();
    if (!expectName(type.name, "a type parameter") ||
        !expect(":", "the type parameter") ||
        !expectName(type.initial, "a type"))
      return false;
    if (!consume(",") && !token.is("]"))
      return failHere("expected ',' or ']' after the type parameter");
  }
  advance();
  return true;
}

bool Parser::parseArguments(std::vector<ast::Argument> &arguments,
                            bool isOutput) {
  while (!token.is(")")) {
    if (!parseArgument(arguments.emplace_back(), isOutput))
      return false;
    if (!consume(",") && !token.is(")"))
      return failHere("expected ',' or ')' after '" +
                      arguments.back().name.text + "'");
  }
  advance();
  return true;
}

bool Parser::parseArgument(ast::Argument &argument, bool isOutput) {
  if (!expectName(argument.name, isOutput ? "an output" : "an input") ||
      !expect(":", "'" + argument.name.text + "'"))
    return false;
  argument.isConst = !isOutput && consumeWord("const");
  if (!expectName(argument.type, "a type"))
    return false;
  argument.isTensor = consume("[");
  if (argument.isTensor && !parseNames(argument.ranks, "]", "a rank"))
    return false;
  if (!isOutput && consumeWord("in")) {
    if (!(argument.lower = parseExpr()) || !expect("..", "the lower end") ||
        !(argument.upper = parseExpr()))
      return false;
  }
  bool hasValue = isOutput ? consumeWord("else") : consume("=");
  return !hasValue || (argument.value = parseExpr());
}

void Parser::parseKernelBody(ast::Kernel &kernel) {
  newlinesIgnored = false;
  while (!token.is("}") && token.kind != TokenKind::End &&
         !startsTopLevel(token)) {
    if (diagnostics.isFull())
      break;
    SMLoc start = token.range.Start;
    if (!parseStatement(kernel)) {
      if (token.range.Start == start)
        advance(); // each round takes something
      skipStatement();
    }
  }
  if (!expect("}", "the kernel's equations"))
    skipToTopLevel();
  newlinesIgnored = true;
}

bool Parser::parseStatement(ast::Kernel &kernel) {
  if (token.isWord("rank"))
    return parseRankLine(kernel);
  if (token.isWord("schedule"))
    return skipSchedule();
  if (!token.isWord("descending"))
    return parseEquation(kernel);
  Token word = token;
  advance();
  if (token.kind == TokenKind::Identifier && continues())
    return expectName(kernel.descending.emplace_back(), "a rank") &&
           expectLineEnd("the rank");
  return fail("syntax", word.range, "expected a rank after 'descending'");
}

bool Parser::parseRankLine(ast::Kernel &kernel) {
  advance();
  ast::RankLine rank;
  if (!expectName(rank.name, "a rank"))
    return false;
  if (consumeWord("like") && !expectName(rank.like, "a rank"))
    return false;
  if (continues() && consume("=") && !(rank.extent = parseExpr()))
    return false;
  kernel.ranks.push_back(rank);
  return expectLineEnd("the rank");
}

bool Parser::parseEquation(ast::Kernel &kernel) {
  ast::Equation equation;
  SMLoc start = token.range.Start;
  if (!expectName(equation.name, "an equation's tensor"))
    return false;
  if (continues() && consume(":") && !expectName(equation.type, "a type"))
    return false;
  equation.hasRanks = continues() && consume("[");
  if (equation.hasRanks && !parseNames(equation.ranks, "]", "a rank"))
    return false;
  // An equation with a mistake still defines its name; it has no value.
  ast::Equation &added = kernel.equations.emplace_back(std::move(equation));
  if (!continues() || !token.is("="))
    return failHere("expected '=' after '" + added.name.text + "'");
  advance();
  ast::Expr *value = parseExpr();
  if (!value || !parseClauses(added))
    return false;
  added.range = {start, previous.range.End};
  added.value = value;
  return expectLineEnd("the equation");
}

bool Parser::parseClauses(ast::Equation &equation) {
  if (consumeWord("where") && !(equation.where = parseExpr()))
    return false;
  while (token.isWord("from") || (token.isWord("descending") && continues())) {
    bool isFrom = token.isWord("from");
    SMLoc start = token.range.Start;
    advance();
    if (!isFrom) {
      if (!expectName(equation.descending.emplace_back(), "a rank"))
        return false;
      continue;
    }
    ast::FromClause from;
    if (!(from.value = parseExpr()))
      return false;
    if (from.value->kind == ast::ExprKind::Reference && token.is(":")) {
      from.rank = {from.value->text, from.value->range};
      advance();
      if (!(from.value = parseExpr()))
        return false;
    }
    from.range = {start, previous.range.End};
    equation.from.push_back(from);
  }
  return true;
}

/// A schedule never changes what is computed; it is read by nobody yet.
bool Parser::skipSchedule() {
  SMRange word = token.range;
  advance();
  if (!expect("{", "'schedule'"))
    return false;
  for (unsigned open = 1; open;) {
    if (token.kind == TokenKind::End)
      return failHere("expected '}' after the schedule");
    open += token.is("{");
    open -= token.is("}");
    advance();
  }
  diagnostics.warning("schedule-ignored", word,
                      "schedules are not taken into account yet");
  return true;
}

} // namespace weir::frontend
