// The lexer of the Weir language: bytes to tokens.
#ifndef WEIR_FRONTENDS_WEIR_LEXER_H
#define WEIR_FRONTENDS_WEIR_LEXER_H

#include "frontends/weir/Diagnostics.h"

#include "llvm/ADT/StringRef.h"

namespace weir::frontend {

enum class TokenKind {
  End,
  Identifier,
  Extent, ///< `#name`; the text is the name
  Integer,
  Real,
  String, ///< the text is without quotes
  Symbol, ///< an operator or a bracket, told apart by its text
  Invalid ///< already reported
};

struct Token {
  TokenKind kind = TokenKind::End;
  llvm::StringRef text;
  llvm::SMRange range;
  bool startsLine = false; ///< the first token of its line

  bool is(llvm::StringRef symbol) const {
    return kind == TokenKind::Symbol && text == symbol;
  }
  bool isWord(llvm::StringRef word) const {
    return kind == TokenKind::Identifier && text == word;
  }
};

class Lexer {
public:
  Lexer(llvm::StringRef buffer, Diagnostics &diagnostics)
      : cursor(buffer.begin()), end(buffer.end()), diagnostics(diagnostics) {}

  Token next();
  /// The comment lines directly above the token last returned, without `#`.
  llvm::StringRef lastComment() const { return comment; }

private:
  void skipBlanks();
  Token lexNumber(const char *start);
  Token lexString(const char *start);
  Token lexUnknown(const char *start);
  Token make(TokenKind kind, const char *start, llvm::StringRef text);

  const char *cursor, *end;
  Diagnostics &diagnostics;
  llvm::StringRef comment;
  bool atLineStart = true;
};

/// True if `word` cannot be the name of a rank, tensor, function or kernel.
bool isKeyword(llvm::StringRef word);

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_LEXER_H
