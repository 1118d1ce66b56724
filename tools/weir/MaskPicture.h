// The present points of a tensor over two ranks, tile by tile.
#ifndef WEIR_TOOLS_WEIR_MASKPICTURE_H
#define WEIR_TOOLS_WEIR_MASKPICTURE_H

#include "runtime/io/Tensor.h"

#include <string>

namespace weir::tool {

/// What a tile holds: no present point, some, or all.
enum class Tile { Empty, Partial, Full };

struct Mask {
  std::string tensor, row, column;
  int64_t tile;          ///< points of a tile each way
  int64_t height, width; ///< extents of the two ranks
  io::Tensor isPresent;  ///< [height, width] of truth values

  int64_t points() const { return height * width; }
  int64_t present() const;
  int64_t tilesDown() const { return (height + tile - 1) / tile; }
  int64_t tilesAcross() const { return (width + tile - 1) / tile; }
  Tile classOf(int64_t down, int64_t across) const;
  int64_t count(Tile kind) const;
};

/// An SVG: a square a tile, lighter where fewer points are present, with the counts below.
std::string drawMask(const Mask &mask);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_MASKPICTURE_H
