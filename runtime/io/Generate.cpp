// Inputs made up from a seed.
#include "runtime/io/Generate.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace weir::io;

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text)
    hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

RandomWords::RandomWords(uint64_t seed, std::string_view name)
    : key(mix(seed + fnv1a(name))) {}

uint64_t RandomWords::operator[](uint64_t index) const {
  return mix(key + (index + 1) * 0x9e3779b97f4a7c15);
}

static void fillNormal(Tensor &tensor, const RandomWords &words) {
  for (int64_t i = 0; i < tensor.size(); i += 2) {
    double u = ((words[i] >> 11) + 1) * 0x1p-53;
    double v = (words[i + 1] >> 11) * 0x1p-53;
    double radius = std::sqrt(-2 * std::log(u));
    double angle = 2 * std::numbers::pi * v;
    tensor.setReal(i, radius * std::cos(angle));
    if (i + 1 < tensor.size())
      tensor.setReal(i + 1, radius * std::sin(angle));
  }
}

static bool canHold(ElementType type, int64_t value) {
  if (type == WEIR_U8)
    return value == static_cast<uint8_t>(value);
  int64_t most =
      std::numeric_limits<int64_t>::max() >> (64 - elementBits(type));
  return value >= -most - 1 && value <= most;
}

static Status fillIntegers(Tensor &tensor, const RandomWords &words,
                           IntRange range) {
  if (tensor.size() == 0)
    return ok;
  std::string text = "[" + std::to_string(range.begin) + ", " +
                     std::to_string(range.end) + ")";
  if (range.begin >= range.end)
    return Error{"no integer lies in the range " + text, "undefined-range"};
  if (!canHold(tensor.type(), range.begin) ||
      !canHold(tensor.type(), range.end - 1))
    return Error{std::string(elementName(tensor.type())) +
                 " cannot hold the range " + text,
                 "undefined-range"};
  uint64_t width = uint64_t(range.end) - uint64_t(range.begin);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    auto step = static_cast<uint64_t>(
        (static_cast<unsigned __int128>(words[i]) * width) >> 64);
    tensor.setInt(i, static_cast<int64_t>(uint64_t(range.begin) + step));
  }
  return ok;
}

Result<Tensor> weir::io::generate(ElementType type, const Shape &shape,
                                  uint64_t seed, std::string_view name,
                                  std::optional<IntRange> range) {
  auto tensor = Tensor::zeros(type, shape);
  if (!tensor)
    return tensor;
  RandomWords words(seed, name);
  if (isFloat(type)) {
    fillNormal(*tensor, words);
  } else if (type == WEIR_BOOL) {
    for (int64_t i = 0; i < tensor->size(); ++i)
      tensor->setInt(i, words[i] >> 63);
  } else {
    IntRange usual = type == WEIR_U8 ? IntRange{0, 16} : IntRange{-8, 8};
    auto filled = fillIntegers(*tensor, words, range.value_or(usual));
    if (!filled)
      return filled.error();
  }
  return tensor;
}
