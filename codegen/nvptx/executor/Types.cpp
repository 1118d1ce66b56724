// Names of types and state spaces.
#include "codegen/nvptx/executor/Types.h"

#include <array>
#include <utility>

using namespace weir::ptx;

std::optional<Type> weir::ptx::typeNamed(std::string_view name) {
  using T = Type;
  static constexpr std::array<std::pair<std::string_view, Type>, 20> table{{
      {"pred", T::Pred}, {"b8", T::B8},         {"b16", T::B16},
      {"b32", T::B32},   {"b64", T::B64},       {"u8", T::U8},
      {"u16", T::U16},   {"u32", T::U32},       {"u64", T::U64},
      {"s8", T::S8},     {"s16", T::S16},       {"s32", T::S32},
      {"s64", T::S64},   {"f16", T::F16},       {"f16x2", T::F16x2},
      {"bf16", T::BF16}, {"bf16x2", T::BF16x2}, {"tf32", T::TF32},
      {"f32", T::F32},   {"f64", T::F64},
  }};
  for (const auto &[spelling, type] : table)
    if (spelling == name)
      return type;
  return std::nullopt;
}

const char *weir::ptx::nameOf(Space space) {
  switch (space) {
  case Space::Generic:
    return "generic";
  case Space::Global:
    return "global";
  case Space::Shared:
    return "shared";
  case Space::Local:
    return "local";
  case Space::Const:
    return "constant";
  case Space::Param:
    return "parameter";
  }
  return "";
}
