// The tokens of a PTX text.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_LEXER_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_LEXER_H

#include <cstdint>
#include <string_view>

namespace weir::ptx {

struct Token {
  enum class Kind : uint8_t {
    End,
    Name,   ///< an identifier: %r1, $L__BB0_1, ld
    Dotted, ///< .name, with :: inside: .L2::128B
    Integer,
    F32, ///< 0f3f800000
    F64, ///< 0d…, or 1.5
    String,
    Mark, ///< one character
    Bad,
  };
  Kind kind = Kind::End;
  unsigned line = 1;
  std::string_view
      text; ///< of a dotted name without the dot, of a string without quotes
  uint64_t value = 0; ///< an integer, or a number's bits

  bool is(char mark) const { return kind == Kind::Mark && text[0] == mark; }
  bool isDotted(std::string_view name) const {
    return kind == Kind::Dotted && text == name;
  }
};

/// Reads tokens one by one; comments and white space lie between them.
class Lexer {
public:
  explicit Lexer(std::string_view source) : text(source) {}

  Token next();

private:
  void skipBlanks();
  Token take(Token::Kind kind, size_t length);
  Token number();

  std::string_view text;
  size_t at = 0;
  unsigned line = 1;
};

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_LEXER_H
