// What keeps a pass over a rank that a derived cascade still needs.
#ifndef WEIR_PASSES_DERIVE_BLOCKERS_H
#define WEIR_PASSES_DERIVE_BLOCKERS_H

#include "passes/Explain.h"
#include "passes/analysis/Passes.h"

namespace weir::derive {

/// The ranks that `op` reduces, if a state of a fold could do it; else none.
llvm::SmallVector<mlir::StringAttr> foldableRanks(cascade::EinsumOp op);

/// True if the ranks are the same, in any order.
bool areSame(llvm::ArrayRef<mlir::StringAttr> a, llvm::ArrayRef<mlir::StringAttr> b);

/// The maps that `op` reads, directly or through maps.
llvm::SetVector<mlir::Operation *> mapsInto(mlir::Operation *op);

/// Why the reader of `barrier` waits, where no derivation was tried that could say so: by what kind of
/// operation it is, and what kind it waits for. `passes` has found the barrier in a derived kernel.
Explanation blockerOf(RankPasses &passes, const Barrier &barrier);

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_BLOCKERS_H
