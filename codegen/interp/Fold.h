// Interprets folds: states that are updated together, part by part.
#ifndef WEIR_CODEGEN_INTERP_FOLD_H
#define WEIR_CODEGEN_INTERP_FOLD_H

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir::interp {

/// How the points of a fold are traversed. All ways give the same, up to rounding.
struct FoldOptions {
  int64_t part = 1;    ///< points that are taken together
  bool halves = false; ///< fold two halves apart and merge them
};

/// Evaluates a fold and adds its results to the environment.
mlir::LogicalResult interpret(cascade::FoldOp op,
                              scalar::Environment &environment,
                              const FoldOptions &options);

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_FOLD_H
