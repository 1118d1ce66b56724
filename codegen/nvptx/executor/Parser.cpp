// Parsing of PTX modules: directives and functions.
#include "codegen/nvptx/executor/Parser.h"
#include "codegen/nvptx/executor/Executor.h"

using namespace weir::ptx;

void Parser::advance() {
  token = ahead;
  ahead = lexer.next();
}

bool Parser::fail(std::string message) {
  if (error.empty()) {
    error = std::move(message);
    errorLine = token.line;
  }
  return false;
}

bool Parser::skip(char mark) {
  if (!token.is(mark))
    return false;
  advance();
  return true;
}

bool Parser::expect(char mark) {
  return skip(mark) || fail(std::string("expected '") + mark + "' before '" +
                            std::string(token.text) + "'");
}

/// Skips a directive that ends with its line, such as .loc.
void Parser::skipLine() {
  for (unsigned line = token.line;
       token.line == line && token.kind != Token::Kind::End;)
    advance();
}

/// Skips `{ … }`, nested ones included.
bool Parser::skipBraces() {
  if (!expect('{'))
    return false;
  for (unsigned depth = 1; depth; advance()) {
    if (token.kind == Token::Kind::End)
      return fail("'{' without '}'");
    depth += token.is('{');
    depth -= token.is('}');
  }
  return true;
}

bool Parser::name(std::string_view &out) {
  if (token.kind != Token::Kind::Name)
    return fail("expected a name before '" + std::string(token.text) + "'");
  out = token.text;
  advance();
  return true;
}

bool Parser::integer(uint64_t &out) {
  if (token.kind != Token::Kind::Integer)
    return fail("expected an integer before '" + std::string(token.text) + "'");
  out = token.value;
  advance();
  return true;
}

bool Parser::module(ModuleSyntax &out) {
  while (token.kind != Token::Kind::End)
    if (!topLevel(out))
      return false;
  return true;
}

bool Parser::topLevel(ModuleSyntax &out) {
  if (token.kind != Token::Kind::Dotted)
    return fail("expected a directive before '" + std::string(token.text) +
                "'");
  std::string_view word = token.text;
  if (word == "version" || word == "target" || word == "file" ||
      word == "loc") {
    skipLine();
    return true;
  }
  if (word == "address_size") {
    advance();
    if (token.value != 64)
      return fail("only 64-bit addresses are modelled");
    advance();
    return true;
  }
  if (word == "section") {
    advance();
    advance();
    return skipBraces();
  }
  if (word == "pragma") {
    skipLine();
    return true;
  }
  bool external = false;
  while (token.isDotted("visible") || token.isDotted("extern") ||
         token.isDotted("weak") || token.isDotted("common")) {
    external |= token.text == "extern";
    advance();
  }
  if (token.isDotted("entry") || token.isDotted("func")) {
    bool entry = token.text == "entry";
    advance();
    return function(out, entry);
  }
  if (token.kind == Token::Kind::Dotted && isSpace(token.text))
    return declarations(out.variables, external);
  return fail("directive '." + std::string(token.text) + "' is not modelled");
}

bool Parser::function(ModuleSyntax &out, bool entry) {
  FunctionSyntax function;
  function.entry = entry;
  function.line = token.line;
  while (token.isDotted("noreturn"))
    advance();
  if (!entry && token.is('(') && !parameters(function.returns))
    return false;
  if (!name(function.name))
    return false;
  if (token.is('(') && !parameters(function.parameters))
    return false;
  if (!performance(function))
    return false;
  if (!skip(';')) {
    function.defined = true;
    if (!expect('{') || !body(function.body))
      return false;
  }
  FunctionSyntax &known = out.functions[function.name];
  if (!known.defined)
    known = std::move(function);
  return true;
}

bool Parser::parameters(std::vector<Declaration> &out) {
  if (!expect('('))
    return false;
  if (skip(')'))
    return true;
  do {
    Declaration one;
    if (!qualifiers(one) || !declarator(one))
      return false;
    out.push_back(std::move(one));
  } while (skip(','));
  return expect(')');
}

bool Parser::counts(uint32_t (&out)[3]) {
  out[0] = out[1] = out[2] = 1;
  for (unsigned i = 0; i < 3; ++i) {
    uint64_t value = 0;
    if (!integer(value))
      return false;
    out[i] = value;
    if (!skip(','))
      break;
  }
  return true;
}

/// Directives between a function's head and its body.
bool Parser::performance(FunctionSyntax &out) {
  while (token.kind == Token::Kind::Dotted) {
    std::string_view word = token.text;
    uint32_t numbers[3];
    if (word == "noreturn") {
      advance();
      continue;
    }
    if (word == "pragma") {
      advance();
      advance();
      if (!expect(';'))
        return false;
      continue;
    }
    if (word != "maxntid" && word != "reqntid" && word != "minnctapersm" &&
        word != "maxnctapersm" && word != "maxnreg")
      return fail("directive '." + std::string(word) + "' is not modelled");
    advance();
    if (!counts(numbers))
      return false;
    if (word == "reqntid")
      std::copy(numbers, numbers + 3, out.required);
    if (word == "maxntid")
      out.maxThreads = numbers[0] * numbers[1] * numbers[2];
  }
  return true;
}

/// Statements up to the closing brace.
bool Parser::body(std::vector<Statement> &out) {
  unsigned depth = 1;
  while (true) {
    if (token.kind == Token::Kind::End)
      return fail("'{' without '}'");
    if (token.is('{') || token.is('}')) {
      bool open = token.is('{');
      depth += open ? 1 : -1;
      Statement brace;
      brace.kind = open ? Statement::Kind::Open : Statement::Kind::Close;
      brace.line = token.line;
      advance();
      if (depth == 0)
        return true;
      out.push_back(std::move(brace));
    } else if (!statement(out)) {
      return false;
    }
  }
}

std::optional<ModuleSyntax>
weir::ptx::parseSyntax(std::string_view text,
                       std::vector<Diagnostic> &diagnostics) {
  ModuleSyntax module;
  Parser parser(text);
  if (parser.module(module))
    return module;
  diagnostics.push_back({parser.errorLine, parser.error});
  return std::nullopt;
}
