// The passes of Weir and the pipelines made of them.
#ifndef WEIR_PASSES_PASSES_H
#define WEIR_PASSES_PASSES_H

#include "dialect/cascade/Cascade.h"
#include "dialect/tile/Tile.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace weir {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

/// Takes sums in the order that is least work: another cascade of plain equations and recurrences.
void buildReorderPipeline(mlir::OpPassManager &pm);

/// Folds in place of dependent reductions.
void buildFoldPipeline(mlir::OpPassManager &pm);

/// From the cascade as written to the derived one: reordered, then folded.
void buildDerivePipeline(mlir::OpPassManager &pm);

/// Registers all passes and pipelines under their flags.
void registerPasses();

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace weir

#endif // WEIR_PASSES_PASSES_H
