// Parsing of PTX variables, parameters and registers, with initial values.
#include "codegen/nvptx/executor/Parser.h"

#include <bit>
#include <cstring>

using namespace weir::ptx;

static std::optional<Space> spaceNamed(std::string_view directive) {
  if (directive == "reg")
    return Space::Generic;
  if (directive == "global")
    return Space::Global;
  if (directive == "shared")
    return Space::Shared;
  if (directive == "local")
    return Space::Local;
  if (directive == "const")
    return Space::Const;
  if (directive == "param")
    return Space::Param;
  return std::nullopt;
}

bool Parser::isSpace(std::string_view directive) {
  return spaceNamed(directive).has_value();
}

/// .shared .align 16 .b8 a[64], b[2][8] = {…};
bool Parser::declarations(std::vector<Declaration> &out, bool external) {
  Declaration common;
  common.external = external;
  if (!qualifiers(common))
    return false;
  do {
    Declaration one = common;
    if (!declarator(one))
      return false;
    out.push_back(std::move(one));
  } while (skip(','));
  return expect(';');
}

/// The space, alignment and type. A pointer's attributes (.ptr .global .align
/// 16) promise something about its value and are not needed.
bool Parser::qualifiers(Declaration &out) {
  bool typed = false, pointer = false;
  while (token.kind == Token::Kind::Dotted) {
    std::string_view word = token.text;
    if (word == "align") {
      advance();
      uint64_t value = 0;
      if (!integer(value))
        return false;
      if (!std::has_single_bit(value) || value > 4096)
        return fail("an alignment of " + std::to_string(value));
      if (!pointer)
        out.align = value;
      continue;
    }
    if (word == "ptr") {
      pointer = true;
    } else if (auto space = spaceNamed(word)) {
      if (!pointer)
        out.space = *space;
    } else if (auto type = typeNamed(word)) {
      out.type = *type;
      typed = true;
    } else {
      return fail("'." + std::string(word) +
                  "' in a declaration is not modelled");
    }
    advance();
  }
  return typed || fail("a declaration without a type");
}

bool Parser::declarator(Declaration &out) {
  constexpr uint64_t mostElements = 1 << 27; // of 8 bytes at most
  out.line = token.line;
  if (token.kind == Token::Kind::Name && token.text == "_") {
    out.name = "_";
    advance();
  } else if (!name(out.name)) {
    return false;
  }
  uint64_t count = 1;
  if (skip('<')) {
    uint64_t registers = 0;
    if (!integer(registers) || !expect('>'))
      return false;
    out.range = registers;
  }
  bool open = false;
  while (skip('[')) {
    uint64_t extent = 0;
    if (token.is(']'))
      open = true;
    else if (!integer(extent))
      return false;
    count *= extent;
    if (extent > mostElements || count > mostElements)
      return fail("'" + std::string(out.name) + "' is larger than 1 GiB");
    if (!expect(']'))
      return false;
  }
  out.bytes = count * bytesOf(out.type);
  out.align = std::max(out.align, bytesOf(out.type));
  if (skip('=')) {
    if (!initialiser(out, out.initial))
      return false;
    if (open)
      out.bytes = out.initial.size();
    out.initial.resize(out.bytes);
  } else if (open) {
    out.bytes = 0;
    out.external = true;
  }
  return true;
}

bool Parser::initialiser(Declaration &out, std::vector<std::byte> &bytes) {
  if (!skip('{'))
    return initialValue(out, bytes);
  if (skip('}'))
    return true;
  do {
    if (!initialiser(out, bytes))
      return false;
  } while (skip(','));
  return expect('}');
}

/// A number, or a variable's address: name+8, generic(name)+8.
bool Parser::initialValue(Declaration &out, std::vector<std::byte> &bytes) {
  unsigned size = bytesOf(out.type);
  uint64_t bits = 0;
  if (token.kind == Token::Kind::Name) {
    Declaration::Relocation relocation{bytes.size(), token.text, 0, false};
    advance();
    if (relocation.symbol == "generic" && skip('(')) {
      relocation.generic = true;
      if (!name(relocation.symbol) || !expect(')'))
        return false;
    }
    if (token.is('+') && !offset(relocation.offset))
      return false;
    if (size != 8)
      return fail("an address in fewer than 8 bytes");
    out.relocations.push_back(relocation);
  } else {
    bool negative = skip('-');
    bool real =
        token.kind == Token::Kind::F32 || token.kind == Token::Kind::F64;
    if (!real && token.kind != Token::Kind::Integer)
      return fail("expected a value before '" + std::string(token.text) + "'");
    bits = token.value;
    if (token.kind == Token::Kind::F64 && size == 4)
      bits = std::bit_cast<uint32_t>(
          static_cast<float>(std::bit_cast<double>(bits)));
    if (!real && isFloat(out.type) && size >= 4) {
      double value = static_cast<double>(bits);
      bits = size == 8 ? std::bit_cast<uint64_t>(value)
                       : std::bit_cast<uint32_t>(static_cast<float>(value));
    }
    if (negative)
      bits = isFloat(out.type) ? bits ^ (uint64_t(1) << (8 * size - 1)) : -bits;
    advance();
  }
  size_t at = bytes.size();
  bytes.resize(at + size);
  std::memcpy(bytes.data() + at, &bits, size);
  return true;
}
