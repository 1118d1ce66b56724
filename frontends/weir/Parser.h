// Recursive-descent parser of the Weir language.
#ifndef WEIR_FRONTENDS_WEIR_PARSER_H
#define WEIR_FRONTENDS_WEIR_PARSER_H

#include "frontends/weir/Ast.h"
#include "frontends/weir/Lexer.h"

namespace weir::frontend {

/// Parses one buffer. Goes on after an error at the next equation, function or
/// kernel, so that one run reports several. The file holds what was understood.
class Parser {
public:
  Parser(llvm::StringRef buffer, Diagnostics &diagnostics);
  std::unique_ptr<ast::File> parseFile();

private:
  // Tokens.
  void advance();
  bool consume(llvm::StringRef symbol);
  bool consumeWord(llvm::StringRef word);
  bool expect(llvm::StringRef symbol, const llvm::Twine &after);
  bool expectWord(llvm::StringRef word);
  bool expectName(ast::Name &name, llvm::StringRef role);
  bool expectLineEnd(llvm::StringRef what);
  /// True if the next token continues the current line's expression.
  bool continues() const { return newlinesIgnored || !token.startsLine; }
  std::string describe(const Token &token) const;
  bool fail(llvm::StringRef id, llvm::SMRange range,
            const llvm::Twine &message);
  bool failHere(const llvm::Twine &expected);

  // Declarations.
  void parseImport();
  void parseFunction();
  void parseKernel();
  bool parseFunctionBody(ast::Function &function);
  bool parseKernelHead(ast::Kernel &kernel);
  void parseKernelBody(ast::Kernel &kernel);
  bool parseStatement(ast::Kernel &kernel);
  bool parseTypeParameters(ast::Kernel &kernel);
  bool parseArguments(std::vector<ast::Argument> &arguments, bool isOutput);
  bool parseArgument(ast::Argument &argument, bool isOutput);
  bool parseNames(std::vector<ast::Name> &names, llvm::StringRef close,
                  llvm::StringRef role);
  bool parseRankLine(ast::Kernel &kernel);
  bool parseEquation(ast::Kernel &kernel);
  bool parseClauses(ast::Equation &equation);
  bool skipSchedule();
  void skipToTopLevel();
  void skipStatement();

  // Expressions: each returns null after an error.
  ast::Expr *parseExpr();         ///< without `where`
  ast::Expr *parseArgumentExpr(); ///< with `where`
  ast::Expr *parseIfOrOr();
  ast::Expr *parseIf();
  ast::Expr *parseInfix(unsigned level);
  ast::Expr *parseNot();
  ast::Expr *parseComparison();
  ast::Expr *parseMembership(ast::Expr *left);
  ast::Expr *parseUnary();
  ast::Expr *parsePower();
  ast::Expr *parsePrimary();
  ast::Expr *parseNumber();
  ast::Expr *parseName();
  bool parseBrackets(ast::Expr &expression);
  bool parseItem(ast::Expr &expression);
  void parseOptions(ast::Expr &expression);
  bool parseCallArguments(ast::Expr &expression);
  ast::Expr *make(ast::ExprKind kind, llvm::SMRange mark, llvm::StringRef text,
                  llvm::ArrayRef<ast::Expr *> args = {});
  ast::Expr *tooDeep();

  struct Nesting;
  Diagnostics &diagnostics;
  Lexer lexer;
  Token token, previous;
  llvm::StringRef comment; ///< above `token`
  bool newlinesIgnored = true;
  unsigned depth = 0;
  std::unique_ptr<ast::File> file;
};

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_PARSER_H
