// Elementwise comparison with an error that does not depend on scale.
#include "codegen/validate/Compare.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir {

std::string Worst::text(double limit) const {
  std::string text;
  llvm::raw_string_ostream(text)
      << position << llvm::format(" is %.9g, expected %.9g (error %.1e, limit %.1e)", found, expected, error, limit);
  return text;
}

/// Outputs smaller than this everywhere are what cancellation leaves of inputs
/// near 1: their error is taken relative to this, not to themselves.
static constexpr double leastScale = 1e-3;

static std::string positionOf(int64_t element, const io::Shape &shape) {
  io::Shape indices(shape.size());
  for (size_t i = shape.size(); i-- > 0; element /= shape[i])
    indices[i] = element % shape[i];
  return io::toString(indices);
}

static double stored(double value, io::ElementType type) {
  std::byte place[sizeof(double)];
  io::storeReal(type, place, 0, value);
  return io::loadReal(type, place, 0);
}

/// What reals are in a type that has no numbers as large; they are not rounded.
class Saturation {
public:
  explicit Saturation(io::ElementType type)
      : type(type), largest(stored(std::numeric_limits<double>::max(), type)) {}

  double operator()(double value) const {
    return std::isfinite(value) ? std::clamp(value, -largest, largest)
                                : stored(value, type);
  }

private:
  io::ElementType type;
  double largest;
};

/// The largest finite magnitude, at least `least`.
static double scaleOf(const io::Tensor &tensor, const Saturation &saturated,
                      double least) {
  double scale = least;
  for (int64_t i = 0; i < tensor.size(); ++i)
    if (double value = std::fabs(saturated(tensor.getReal(i)));
        std::isfinite(value))
      scale = std::max(scale, value);
  return scale;
}

/// Also of infinities: equal ones have no difference, others an infinite one.
static double differenceOf(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b)))
    return 0;
  double difference = std::fabs(a - b);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                : difference;
}

Worst compare(const io::Tensor &found, const io::Tensor &expected,
              const io::Tensor *gauge) {
  bool isReal = io::isFloat(expected.type());
  Saturation saturated(found.type());
  double scale = isReal ? scaleOf(expected, saturated, leastScale) : 1;
  Worst worst;
  for (int64_t i = 0; i < expected.size(); ++i) {
    Worst here;
    here.found = found.getReal(i);
    here.expected = isReal ? saturated(expected.getReal(i))
                           : expected.getReal(i);
    if (isReal)
      here.error = differenceOf(here.found, here.expected) / scale;
    else if (found.getInt(i) != expected.getInt(i) &&
             !(gauge && gauge->getInt(i) != expected.getInt(i)))
      here.error = std::numeric_limits<double>::infinity();
    if (here.error > worst.error) {
      here.position = positionOf(i, expected.shape());
      worst = here;
    }
  }
  return worst;
}

double storageError(io::ElementType type) {
  switch (type) {
  case WEIR_F64:
    return 0x1p-53;
  case WEIR_F32:
    return 0x1p-24;
  default:
    break;
  }
  auto format = io::narrowFormat(type);
  return format ? std::ldexp(1.0, -format->mantissaBits - 1) : 0;
}

} // namespace weir
