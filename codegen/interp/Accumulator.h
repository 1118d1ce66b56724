// The running value of a reduction.
#ifndef WEIR_CODEGEN_INTERP_ACCUMULATOR_H
#define WEIR_CODEGEN_INTERP_ACCUMULATOR_H

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir::interp {

/// Combines present values one by one, as `cascade.einsum` describes.
class Accumulator {
public:
  Accumulator(cascade::Combiner combiner, scalar::Kind kind, bool roundToF32)
      : combiner(combiner), kind(kind), roundToF32(roundToF32) {
    reset();
  }

  /// Back to no points at all.
  void reset();

  /// Goes on from a result over some points (not for mean and arg*).
  void resume(scalar::Value result);

  /// Takes the value at `index` of the reduced rank; absent ones do not count.
  /// Results over disjoint points add up in the same way (not of mean and
  /// arg*).
  void add(const scalar::Value &value, int64_t index = 0);

  bool isEmpty() const { return empty; }
  scalar::Value result() const;

private:
  void addReal(double x, int64_t index);
  void addInteger(int64_t x, int64_t index);

  cascade::Combiner combiner;
  scalar::Kind kind; ///< of the values
  bool roundToF32;
  bool empty;
  double real;
  int64_t integer;
  int64_t best;  ///< index of the extremum
  int64_t count; ///< of present points
};

/// The kind of what a combiner makes of values of a kind.
scalar::Kind resultKindOf(cascade::Combiner combiner, scalar::Kind kind);

/// Whether one score stands before another in a selection: NaN after every
/// number, the lower index first among equals.
bool beats(scalar::Kind kind, const scalar::Value &a, int64_t indexOfA,
           const scalar::Value &b, int64_t indexOfB);

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_ACCUMULATOR_H
