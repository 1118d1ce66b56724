// PTX's fundamental types and state spaces.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_TYPES_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_TYPES_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::ptx {

enum class Type : uint8_t {
  Pred,
  B8,
  B16,
  B32,
  B64,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F64,
};

/// Bytes in memory; a predicate has none.
constexpr unsigned bytesOf(Type type) {
  switch (type) {
  case Type::Pred:
    return 0;
  case Type::B8:
  case Type::U8:
  case Type::S8:
    return 1;
  case Type::B16:
  case Type::U16:
  case Type::S16:
  case Type::F16:
  case Type::BF16:
    return 2;
  case Type::B64:
  case Type::U64:
  case Type::S64:
  case Type::F64:
    return 8;
  default:
    return 4;
  }
}

constexpr bool isSigned(Type type) {
  return type >= Type::S8 && type <= Type::S64;
}
constexpr bool isUnsigned(Type type) {
  return type >= Type::U8 && type <= Type::U64;
}
constexpr bool isBits(Type type) {
  return type >= Type::B8 && type <= Type::B64;
}
constexpr bool isInteger(Type type) {
  return isSigned(type) || isUnsigned(type);
}
constexpr bool isFloat(Type type) { return type >= Type::F16; }

/// The type of a modifier such as "f32".
std::optional<Type> typeNamed(std::string_view name);

enum class Space : uint8_t { Generic, Global, Shared, Local, Const, Param };

const char *nameOf(Space space);

/// Generic addresses of the other spaces are windows: window + address. Global
/// memory is where its regions are.
constexpr uint64_t windowSize = 0x1'0000'0000;
constexpr uint64_t sharedWindow = 0x10'0000'0000;
constexpr uint64_t localWindow = 0x20'0000'0000;
constexpr uint64_t constWindow = 0x30'0000'0000;
constexpr uint64_t paramWindow = 0x40'0000'0000;

constexpr uint64_t windowOf(Space space) {
  switch (space) {
  case Space::Shared:
    return sharedWindow;
  case Space::Local:
    return localWindow;
  case Space::Const:
    return constWindow;
  case Space::Param:
    return paramWindow;
  default:
    return 0;
  }
}

/// The space that a generic address lies in.
constexpr Space spaceAt(uint64_t address) {
  for (Space space : {Space::Shared, Space::Local, Space::Const, Space::Param})
    if (address - windowOf(space) < windowSize)
      return space;
  return Space::Global;
}

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_TYPES_H
