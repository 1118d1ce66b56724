// Inputs made up from a seed: the same everywhere, in any order, in parallel.
#ifndef WEIR_RUNTIME_IO_GENERATE_H
#define WEIR_RUNTIME_IO_GENERATE_H

#include <optional>
#include <string_view>

#include "runtime/io/Tensor.h"

namespace weir::io {

/// A sequence of random words, each a function of its number alone: with the
/// bijective mixing function `mix` of SplitMix64 (Steele, Lea, Flood, OOPSLA
/// 2014, as published by Vigna) and gamma = 0x9e3779b97f4a7c15, word i is
/// mix(key + (i + 1) * gamma), and the key is mix(seed + fnv1a(name)), where
/// fnv1a is the 64-bit FNV-1a hash. All arithmetic is modulo 2^64.
class RandomWords {
public:
  RandomWords(uint64_t seed, std::string_view name);
  uint64_t operator[](uint64_t index) const;

private:
  uint64_t key;
};

/// Integers of [begin, end).
struct IntRange {
  int64_t begin, end;
};

/// A tensor of the given type and shape for the argument `name`.
/// - Floats: normal(0, 1) by Box and Muller. Elements 2k and 2k + 1 are
///   sqrt(-2 ln u) times cos(2 pi v) and sin(2 pi v), where u in (0, 1] is
///   ((w >> 11) + 1) * 2^-53 of word 2k and v in [0, 1) is (w >> 11) * 2^-53 of
///   word 2k + 1; computed in double, then rounded to the type.
/// - Integers: begin + floor(w * (end - begin) / 2^64) of word i, for the range
///   given, [-8, 8) or, unsigned, [0, 16). An error where the range is empty
///   and the shape is not, or the type cannot hold it.
/// - Bools: the highest bit of word i.
Result<Tensor> generate(ElementType type, const Shape &shape, uint64_t seed,
                        std::string_view name,
                        std::optional<IntRange> range = std::nullopt);

} // namespace weir::io

#endif // WEIR_RUNTIME_IO_GENERATE_H
