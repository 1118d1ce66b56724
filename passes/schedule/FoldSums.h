// Sums without a fold: reductions of what was reduced along their rank become one.
#ifndef WEIR_PASSES_SCHEDULE_FOLD_SUMS_H
#define WEIR_PASSES_SCHEDULE_FOLD_SUMS_H

#include "dialect/cascade/Cascade.h"

namespace weir::schedule {

/// The ranks of a sum or extremum that reads, through maps, another reduction along one
/// of them; else none.
llvm::SmallVector<mlir::StringAttr> foldedRanks(cascade::EinsumOp equation);

/// Sums and extrema over the same ranks that read, through maps, another reduction along
/// one of them become the states of one fold: what they read then needs no tensor of its
/// own, as the scores of a sigmoid attention. Of several such sets of ranks the first is
/// taken. False if there is none; the kernel then stays what it was.
bool foldSums(cascade::KernelOp kernel);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_FOLD_SUMS_H
