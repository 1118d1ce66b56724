// From a fold's plan to operations.
#ifndef WEIR_PASSES_DERIVE_BUILD_FOLD_H
#define WEIR_PASSES_DERIVE_BUILD_FOLD_H

#include "passes/derive/FoldPlan.h"

namespace weir::derive {

/// Replaces the plan's reductions by a fold, or by plain reductions where no state follows
/// another and no computed stream would be read twice, with maps for what is deferred.
/// Erases what becomes dead and restores the order of the kernel's operations.
void build(FoldPlan &plan, cascade::KernelOp kernel);

/// Reads `sum[n](x) / #n` as `mean[n](x)` in sums over `n`, so that they can be taken relative to it.
void useMeans(cascade::KernelOp kernel);

/// Erases equations of `kernel` that nothing uses; returns how many.
unsigned eraseDeadEquations(cascade::KernelOp kernel);

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_BUILD_FOLD_H
