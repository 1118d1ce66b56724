// Differences between what a target computes and what it should.
#ifndef WEIR_CODEGEN_VALIDATE_COMPARE_H
#define WEIR_CODEGEN_VALIDATE_COMPARE_H

#include <string>

#include "runtime/io/Tensor.h"

namespace weir {

/// The worst element of a tensor.
struct Worst {
  double error = 0; ///< relative to the largest expected magnitude, or to 1
  double found = 0, expected = 0;
  std::string position; ///< as "[3, 5]"

  void keepWorse(const Worst &other) {
    if (other.error > error)
      *this = other;
  }

  /// "[3, 5] is 1.5, expected 1.25 (error 2.0e-01, limit 1.0e-09)"
  std::string text(double limit) const;
};

/// Compares two tensors of one shape. Infinities and NaN must stand in the same
/// places, else the error is infinite. So it is where integers or truth values
/// differ, unless `gauge`, the expected values with rounding errors, differs
/// too.
Worst compare(const io::Tensor &found, const io::Tensor &expected,
              const io::Tensor *gauge = nullptr);

/// The relative error that storing a number in this type makes; 0 of integers.
double storageError(io::ElementType type);

} // namespace weir

#endif // WEIR_CODEGEN_VALIDATE_COMPARE_H
