// Storage types of elements: names, sizes, and the numbers their bits stand
// for.
#ifndef WEIR_RUNTIME_IO_ELEMENTTYPE_H
#define WEIR_RUNTIME_IO_ELEMENTTYPE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <weir/runtime.h>

namespace weir::io {

/// One of the constants WEIR_F64 … WEIR_BOOL.
using ElementType = weir_type;

inline constexpr ElementType firstElementType = WEIR_F64;
inline constexpr ElementType lastElementType = WEIR_BOOL;

/// The type's name in the language, such as "f8e4m3".
std::string_view elementName(ElementType type);
std::optional<ElementType> parseElementType(std::string_view name);

/// Bits of storage of one element: 4 for i4, 8 for bool.
int elementBits(ElementType type);
bool isFloat(ElementType type);

/// Element `index` of a buffer, counted in elements from its begin. Integers
/// over 2^53 round to the nearest double; bools are 0 and 1.
double loadReal(ElementType type, const std::byte *data, int64_t index);

/// The same as an integer. Floats round half to even and saturate; NaN is 0.
int64_t loadInt(ElementType type, const std::byte *data, int64_t index);

/// Stores a number in a narrower type as the language's casts do: rounded once,
/// half to even, and saturated. A finite value becomes at most the largest
/// finite one; infinities and NaN stay where the type has them, otherwise an
/// infinity saturates and NaN becomes 0. A bool is whether the value is not 0.
void storeReal(ElementType type, std::byte *data, int64_t index, double value);
void storeInt(ElementType type, std::byte *data, int64_t index, int64_t value);

/// A float format of at most 16 bits, by its fields.
struct FloatFormat {
  int exponentBits;
  int mantissaBits;
  bool hasInfinity; ///< else only the pattern of all ones is not finite (NaN)

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  uint32_t infinity() const {
    return ((1u << exponentBits) - 1) << mantissaBits;
  }
  uint32_t allOnes() const { return (1u << (exponentBits + mantissaBits)) - 1; }
  uint32_t largest() const {
    return (hasInfinity ? infinity() : allOnes()) - 1;
  }
};

/// The format of f16, bf16 and the f8 types; none for others.
std::optional<FloatFormat> narrowFormat(ElementType type);

double decode(const FloatFormat &format, uint32_t bits);
/// Rounds and saturates like storeReal.
uint32_t encode(const FloatFormat &format, double value);

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_ELEMENTTYPE_H
