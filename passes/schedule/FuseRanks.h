// Sums over several ranks as sums over one that numbers their points.
#ifndef WEIR_PASSES_SCHEDULE_FUSE_RANKS_H
#define WEIR_PASSES_SCHEDULE_FUSE_RANKS_H

#include "dialect/cascade/Cascade.h"

namespace weir::schedule {

/// Rewrites each sum or mean over several ranks, `sum[h,d]`, to one over a rank `h.d` of extent `#h * #d`, which reads at
/// `h.d // #d` and `h.d % #d`: a contraction has one rank. Sums of what was reduced along one of their ranks stay: they
/// are for folds.
void fuseReducedRanks(cascade::KernelOp kernel);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_FUSE_RANKS_H
