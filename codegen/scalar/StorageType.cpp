// The table of storage types.
#include "codegen/scalar/StorageType.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

static std::optional<weir::io::ElementType> integerType(IntegerType type) {
  if (type.isUnsigned())
    return WEIR_U8;
  switch (type.getWidth()) {
  case 64:
    return WEIR_I64;
  case 32:
    return WEIR_I32;
  case 16:
    return WEIR_I16;
  case 8:
    return WEIR_I8;
  case 4:
    return WEIR_I4;
  case 1:
    return WEIR_BOOL;
  default:
    return std::nullopt;
  }
}

std::optional<weir::io::ElementType> weir::storageTypeOf(Type type) {
  using Result = std::optional<io::ElementType>;
  return TypeSwitch<Type, Result>(type)
      .Case<Float64Type>([](auto) -> Result { return WEIR_F64; })
      .Case<Float32Type>([](auto) -> Result { return WEIR_F32; })
      .Case<Float16Type>([](auto) -> Result { return WEIR_F16; })
      .Case<BFloat16Type>([](auto) -> Result { return WEIR_BF16; })
      .Case<Float8E4M3FNType>([](auto) -> Result { return WEIR_F8E4M3; })
      .Case<Float8E5M2Type>([](auto) -> Result { return WEIR_F8E5M2; })
      .Case<IntegerType>(integerType)
      .Default([](Type) -> Result { return std::nullopt; });
}

llvm::StringRef weir::storageNameOf(Type type) {
  auto storage = storageTypeOf(type);
  if (!storage)
    return "?";
  auto name = io::elementName(*storage);
  return {name.data(), name.size()};
}
