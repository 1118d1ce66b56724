// The lexer of the Weir language.
#include "frontends/weir/Lexer.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

using namespace llvm;

namespace weir::frontend {

static bool isNameStart(char c) { return isAlpha(c) || c == '_'; }
static bool isNamePart(char c) { return isAlnum(c) || c == '_'; }

bool isKeyword(StringRef word) {
  static const StringSet<> words = {
      "absent", "and", "else", "false",  "fn",   "from", "if",
      "import", "in",  "inf",  "kernel", "let",  "like", "not",
      "or",     "pi",  "rank", "then",   "true", "where"};
  return words.contains(word);
}

Token Lexer::make(TokenKind kind, const char *start, StringRef text) {
  bool first = atLineStart;
  atLineStart = false;
  return {kind,
          text,
          {SMLoc::getFromPointer(start), SMLoc::getFromPointer(cursor)},
          first};
}

/// Skips white space and comments; keeps the block of comments that ends on the
/// line before.
void Lexer::skipBlanks() {
  const char *commentStart = nullptr, *commentEnd = nullptr;
  unsigned breaks = 2;
  while (cursor != end) {
    if (*cursor == '\n') {
      atLineStart = true;
      ++breaks;
      ++cursor;
    } else if (isSpace(*cursor)) {
      ++cursor;
    } else if (*cursor == '#' &&
               (cursor + 1 == end || !isNameStart(cursor[1]))) {
      if (!commentStart || breaks > 1)
        commentStart = atLineStart ? cursor : nullptr;
      cursor = std::find(cursor, end, '\n');
      commentEnd = cursor;
      breaks = 0;
    } else {
      break;
    }
  }
  comment = commentStart && breaks <= 1
                ? StringRef(commentStart, commentEnd - commentStart)
                : "";
}

Token Lexer::lexNumber(const char *start) {
  auto digits = [&] {
    while (cursor != end && isDigit(*cursor))
      ++cursor;
  };
  bool isReal = false;
  digits();
  bool isRange = end - cursor >= 2 && cursor[0] == '.' && cursor[1] == '.';
  if (cursor != end && *cursor == '.' && !isRange) {
    isReal = true;
    ++cursor;
    digits();
  }
  if (cursor != end && (*cursor == 'e' || *cursor == 'E')) {
    const char *exponent = cursor + 1;
    if (exponent != end && (*exponent == '+' || *exponent == '-'))
      ++exponent;
    if (exponent != end && isDigit(*exponent)) {
      isReal = true;
      cursor = exponent;
      digits();
    }
  }
  if (cursor != end && isNamePart(*cursor)) {
    while (cursor != end && isNamePart(*cursor))
      ++cursor;
    StringRef text(start, cursor - start);
    Token token = make(TokenKind::Invalid, start, text);
    diagnostics.error("malformed-number", token.range,
                      "malformed number '" + text + "'");
    return token;
  }
  return make(isReal ? TokenKind::Real : TokenKind::Integer, start,
              {start, size_t(cursor - start)});
}

Token Lexer::lexString(const char *start) {
  const char *stop =
      std::find_if(cursor, end, [](char c) { return c == '"' || c == '\n'; });
  StringRef text(cursor, stop - cursor);
  bool closed = stop != end && *stop == '"';
  cursor = closed ? stop + 1 : stop;
  Token token =
      make(closed ? TokenKind::String : TokenKind::Invalid, start, text);
  if (!closed)
    diagnostics.error("unterminated-string", token.range,
                      "string has no closing '\"' on its line");
  return token;
}

/// What stands in this language for a sign of others, or an empty string.
static std::string remedyFor(StringRef text) {
  static constexpr std::pair<StringRef, StringRef> signs[] = {
      {"&", "and"},  {"!", "not"},  {"~", "not"},   {"×", "*"},
      {"·", "*"},    {"−", "-"},    {"≤", "<="},    {"≥", ">="},
      {"≠", "!="},   {"→", "->"},   {"∞", "inf"},   {"π", "pi"},
      {"∧", "and"},  {"∨", "or"},   {"¬", "not"},   {"∈", "in"},
      {"Σ", "sum"},  {"∑", "sum"},  {"√", "sqrt"},  {"'", "\""}};
  for (auto [sign, word] : signs)
    if (text.starts_with(sign))
      return ("; write '" + word + "'").str();
  return "";
}

/// Reports a run of bytes that begin no token, once.
Token Lexer::lexUnknown(const char *start) {
  auto belongs = [&](char c) {
    return c == *start || (!isSpace(c) && !isPrint(c));
  };
  while (cursor != end && belongs(*cursor))
    ++cursor;
  StringRef text(start, cursor - start);
  Token token = make(TokenKind::Invalid, start, text);
  std::string shown;
  if (json::isUTF8(text) && all_of(text, [](uint8_t c) { return c >= ' '; }))
    shown = text.str();
  else
    for (char c : text.take_front(16))
      shown += isPrint(c) ? std::string(1, c)
                          : "\\x" + utohexstr(uint8_t(c), true, 2);
  diagnostics.error("unknown-character", token.range,
                    "no token begins with '" + shown + "'" + remedyFor(text));
  return token;
}

Token Lexer::next() {
  skipBlanks();
  const char *start = cursor;
  if (cursor == end)
    return make(TokenKind::End, start, {});
  char c = *cursor++;
  if (isNameStart(c) || c == '#') {
    while (cursor != end && isNamePart(*cursor))
      ++cursor;
    StringRef text(start, cursor - start);
    bool isExtent = c == '#';
    return make(isExtent ? TokenKind::Extent : TokenKind::Identifier, start,
                isExtent ? text.drop_front() : text);
  }
  bool startsFraction = c == '.' && cursor != end && isDigit(*cursor);
  if (isDigit(c) || startsFraction) {
    --cursor;
    return lexNumber(start);
  }
  if (c == '"')
    return lexString(start);
  static constexpr StringRef pairs[] = {
      "//", "<=", ">=", "==", "!=", "->", ".."};
  StringRef two(start, std::min<size_t>(2, end - start));
  if (llvm::is_contained(pairs, two)) {
    ++cursor;
    return make(TokenKind::Symbol, start, two);
  }
  if (StringRef("+-*/%^<>=()[]{},;:|.").contains(c))
    return make(TokenKind::Symbol, start, two.take_front());
  return lexUnknown(start);
}

} // namespace weir::frontend
