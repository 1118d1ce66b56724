// From a derived kernel to a tile kernel.
#ifndef WEIR_PASSES_SCHEDULE_TILE_FORM_H
#define WEIR_PASSES_SCHEDULE_TILE_FORM_H

#include "passes/schedule/TileEmitter.h"

namespace weir::schedule {

/// Emits `kernel` at `at` as a tile kernel of the same name and arguments, or says
/// why it has no such form (yet). `kernel` may become another that computes the same.
mlir::FailureOr<tile::KernelOp> emitTileForm(mlir::OpBuilder &at, cascade::KernelOp kernel, TileShape shape,
                                             std::optional<Refusal> &refusal);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_TILE_FORM_H
