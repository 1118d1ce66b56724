// The tokens of a PTX text.
#include "codegen/nvptx/executor/Lexer.h"

#include <bit>
#include <cctype>
#include <cstdlib>
#include <string>

using namespace weir::ptx;

static bool startsName(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         c == '%';
}

static bool continuesName(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$';
}

void Lexer::skipBlanks() {
  while (at < text.size()) {
    if (text[at] == '\n')
      ++line;
    if (std::isspace(static_cast<unsigned char>(text[at])) ||
        text[at] == '\0') {
      ++at;
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      size_t end = std::min(text.find("*/", at + 2), text.size());
      for (; at < end; ++at)
        line += text[at] == '\n';
      at = std::min(end + 2, text.size());
    } else {
      return;
    }
  }
}

Token Lexer::take(Token::Kind kind, size_t length) {
  Token token{kind, line, text.substr(at, length)};
  at += length;
  return token;
}

/// 12, 0x1f, 0b11, 017, each perhaps with U; 0f… and 0d… are bits; 1.5e3.
Token Lexer::number() {
  auto digits = [&](size_t from, auto &&belongs) {
    while (from < text.size() && belongs(text[from]))
      ++from;
    return from;
  };
  auto isHex = [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  };
  auto isDigit = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  };
  auto value = [&](size_t from, size_t to, int base) {
    return std::strtoull(std::string(text.substr(from, to - from)).c_str(),
                         nullptr, base);
  };

  char second = at + 1 < text.size() && text[at] == '0' ? text[at + 1] : '\0';
  if (second == 'f' || second == 'F' || second == 'd' || second == 'D') {
    bool single = second == 'f' || second == 'F';
    size_t end = digits(at + 2, isHex);
    uint64_t bits = value(at + 2, end, 16);
    Token token = take(end - at == (single ? 10 : 18)
                           ? (single ? Token::Kind::F32 : Token::Kind::F64)
                           : Token::Kind::Bad,
                       end - at);
    token.value = bits;
    return token;
  }
  size_t end = digits(at, isDigit);
  uint64_t bits = 0;
  if (second == 'x' || second == 'X') {
    end = digits(at + 2, isHex);
    bits = value(at + 2, end, 16);
  } else if (second == 'b' || second == 'B') {
    end = digits(at + 2, isDigit);
    bits = value(at + 2, end, 2);
  } else if (end < text.size() &&
             (text[end] == '.' || text[end] == 'e' || text[end] == 'E')) {
    char *stop = nullptr;
    std::string spelling(text.substr(at, 64));
    double real = std::strtod(spelling.c_str(), &stop);
    Token token = take(Token::Kind::F64, stop - spelling.c_str());
    token.value = std::bit_cast<uint64_t>(real);
    return token;
  } else {
    bits = value(at, end, text[at] == '0' ? 8 : 10);
  }
  if (end < text.size() && text[end] == 'U')
    ++end;
  Token token = take(Token::Kind::Integer, end - at);
  token.value = bits;
  return token;
}

Token Lexer::next() {
  skipBlanks();
  if (at >= text.size())
    return Token{Token::Kind::End, line, {}};
  char c = text[at];
  size_t end = at + 1;
  if (startsName(c)) {
    while (end < text.size() && continuesName(text[end]))
      ++end;
    return take(Token::Kind::Name, end - at);
  }
  if (c == '.' && end < text.size() && continuesName(text[end])) {
    while (end < text.size() &&
           (continuesName(text[end]) || text.substr(end, 2) == "::"))
      end += text[end] == ':' ? 2 : 1;
    Token token = take(Token::Kind::Dotted, end - at);
    token.text.remove_prefix(1);
    return token;
  }
  if (std::isdigit(static_cast<unsigned char>(c)))
    return number();
  if (c == '"') {
    end = std::min(text.find('"', end), text.size());
    Token token =
        take(Token::Kind::String, std::min(end + 1, text.size()) - at);
    token.text = token.text.substr(1, token.text.size() - 2);
    return token;
  }
  return take(Token::Kind::Mark, 1);
}
