// Interprets folds: states that are updated together, part by part.
#ifndef WEIR_CODEGEN_INTERP_FOLD_H
#define WEIR_CODEGEN_INTERP_FOLD_H

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir::interp {

/// What is folded apart, and in which order the states are merged. Merging is associative and commutative,
/// and a state of no points is its identity: all give the same, up to rounding.
enum class Merge {
  None,      ///< all points are folded one after the other
  Halves,    ///< A + B
  Backwards, ///< B + A
  Left,      ///< (A + B) + C
  Right,     ///< A + (B + C)
  Nothing    ///< (0 + A) + 0
};

/// How the points of a fold are traversed. All ways give the same, up to rounding.
struct FoldOptions {
  int64_t part = 1; ///< points that are taken together
  Merge merge = Merge::None;
};

/// Evaluates a fold and adds its results to the environment.
mlir::LogicalResult interpret(cascade::FoldOp op,
                              scalar::Environment &environment,
                              const FoldOptions &options);

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_FOLD_H
