// The reference interpreter: every kernel, in f64, as its description says.
#ifndef WEIR_CODEGEN_INTERP_INTERPRETER_H
#define WEIR_CODEGEN_INTERP_INTERPRETER_H

#include "codegen/Backend.h"
#include "codegen/interp/Fold.h"

namespace weir::interp {

struct Options {
  FoldOptions fold;
  bool roundToF32 = false; ///< every real result, to gauge rounding errors
};

/// Evaluates a kernel's outputs. Reals are f64, integers i64, whatever the
/// kernel declares; results are rounded only where it casts and as outputs are
/// stored. Errors are emitted; nothing is written before the inputs are
/// checked.
mlir::LogicalResult interpret(const Call &call, const Options &options,
                              std::vector<io::Tensor> &outputs);

/// Adds the target `interp`. Its variants, joined by commas: `f32` rounds every
/// operation, `part=K` folds K points at a time, `merge=HOW` folds parts of the points
/// apart and merges their states (`Merge`).
void registerBackend(BackendRegistry &registry);

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_INTERPRETER_H
