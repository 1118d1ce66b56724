// The recursive-descent parser of PTX texts.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_PARSER_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_PARSER_H

#include "codegen/nvptx/executor/Lexer.h"
#include "codegen/nvptx/executor/Syntax.h"

#include <string>

namespace weir::ptx {

/// Keeps the first error; every method returns whether it could go on.
class Parser {
public:
  explicit Parser(std::string_view source) : source(source), lexer(source) {
    token = lexer.next();
    ahead = lexer.next();
  }

  bool module(ModuleSyntax &out);

  unsigned errorLine = 0;
  std::string error;

private:
  // Tokens.
  void advance();
  bool skip(char mark);
  bool expect(char mark);
  bool fail(std::string message);
  void skipLine();
  bool skipBraces();
  bool name(std::string_view &out);
  bool integer(uint64_t &out);

  // Parser.cpp: directives and functions.
  bool topLevel(ModuleSyntax &out);
  bool function(ModuleSyntax &out, bool entry);
  bool parameters(std::vector<Declaration> &out);
  bool performance(FunctionSyntax &out);
  bool counts(uint32_t (&out)[3]);
  bool body(std::vector<Statement> &out);

  // Declarations.cpp
  static bool isSpace(std::string_view directive);
  bool declarations(std::vector<Declaration> &out, bool external);
  bool qualifiers(Declaration &out);
  bool declarator(Declaration &out);
  bool initialiser(Declaration &out, std::vector<std::byte> &bytes);
  bool initialValue(Declaration &out, std::vector<std::byte> &bytes);

  // Statements.cpp
  bool statement(std::vector<Statement> &out);
  bool directive(std::vector<Statement> &out);
  bool targets(Statement &out);
  bool instruction(Statement &out);
  bool operand(Operand &out);
  bool named(Operand &out);
  bool address(Operand &out);
  bool list(Operand &out, Operand::Kind kind, char end);
  bool offset(uint64_t &out);

  std::string_view source;
  Lexer lexer;
  Token token, ahead;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_PARSER_H
