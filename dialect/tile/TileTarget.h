// The interface between tile programs and the targets that lower them.
#ifndef WEIR_DIALECT_TILE_TILETARGET_H
#define WEIR_DIALECT_TILE_TILETARGET_H

#include "dialect/tile/Tile.h"

namespace weir::tile {

/// The shapes that suit a target, for sub-tiles of one element type.
struct TilePlan {
  int64_t rows;      ///< of a sub-tile, and width of a left operand's panels
  int64_t columns;   ///< of a sub-tile, and width of a right operand's panels
  int64_t blockRows; ///< of a block that stays while columns stream by; a
                     ///< multiple of `rows`
};

/// Decides where tiles live and how a tile contraction is done. What makes tile
/// programs asks for shapes before; the target lowers whole sub-tile regions.
class TileTarget {
public:
  virtual ~TileTarget() = default;

  /// The shapes for work on elements of type `element` (f32 or f64).
  virtual TilePlan plan(mlir::Type element) const = 0;
};

} // namespace weir::tile

#endif // WEIR_DIALECT_TILE_TILETARGET_H
