// Sums without a fold: reductions of what was reduced along their rank become one.
#ifndef WEIR_PASSES_SCHEDULE_FOLD_SUMS_H
#define WEIR_PASSES_SCHEDULE_FOLD_SUMS_H

#include "dialect/cascade/Cascade.h"

namespace weir::schedule {

/// Sums and extrema over one rank that read, through maps, another reduction along
/// that rank become the states of one fold: what they read then needs no tensor of its
/// own, as the scores of a sigmoid attention. Of several such ranks the first is
/// taken. False if there is none; the kernel then stays what it was.
bool foldSums(cascade::KernelOp kernel);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_FOLD_SUMS_H
