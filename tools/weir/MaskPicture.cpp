// The present points of a tensor over two ranks, tile by tile.
#include "tools/weir/MaskPicture.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace weir::tool {

/// The present points of the box that begins at a point.
static int64_t presentIn(const Mask &mask, int64_t top, int64_t left, int64_t size) {
  int64_t sum = 0;
  for (int64_t y = top; y < std::min(top + size, mask.height); ++y)
    for (int64_t x = left; x < std::min(left + size, mask.width); ++x)
      sum += mask.isPresent.getInt(y * mask.width + x) != 0;
  return sum;
}

static int64_t pointsIn(const Mask &mask, int64_t down, int64_t across) {
  return std::min(mask.tile, mask.height - down * mask.tile) * std::min(mask.tile, mask.width - across * mask.tile);
}

int64_t Mask::present() const { return presentIn(*this, 0, 0, std::max(height, width)); }

Tile Mask::classOf(int64_t down, int64_t across) const {
  int64_t found = presentIn(*this, down * tile, across * tile, tile);
  return found == 0 ? Tile::Empty : found == pointsIn(*this, down, across) ? Tile::Full : Tile::Partial;
}

int64_t Mask::count(Tile kind) const {
  int64_t sum = 0;
  for (int64_t y = 0; y < tilesDown(); ++y)
    for (int64_t x = 0; x < tilesAcross(); ++x)
      sum += classOf(y, x) == kind;
  return sum;
}

std::string drawMask(const Mask &mask) {
  constexpr int side = 480, margin = 40;
  int64_t most = std::max<int64_t>({mask.tilesDown(), mask.tilesAcross(), 1});
  double cell = double(side) / double(most);
  std::string text;
  llvm::raw_string_ostream os(text);
  double height = cell * double(mask.tilesDown());
  os << llvm::formatv("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\">\n", side + 2 * margin,
                      height + 2.5 * margin);
  os << "<style>text { font-family: sans-serif; font-size: 12px; fill: #1b1f24 } .empty { fill: #ffffff } "
        ".full { fill: #1f6fb2 } .partial { fill: #f9a03f } rect { stroke: #d0d7de; stroke-width: 0.5 }</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  os << llvm::formatv("<text x=\"{0}\" y=\"24\">{1} &#8594;</text><text x=\"12\" y=\"{2}\">{3} &#8595;</text>\n", margin,
                      mask.column, margin + 12, mask.row);
  static const char *const classes[] = {"empty", "partial", "full"};
  for (int64_t y = 0; y < mask.tilesDown(); ++y)
    for (int64_t x = 0; x < mask.tilesAcross(); ++x) {
      Tile kind = mask.classOf(y, x);
      double share = double(presentIn(mask, y * mask.tile, x * mask.tile, mask.tile)) / double(pointsIn(mask, y, x));
      os << llvm::formatv("<rect x=\"{0:f1}\" y=\"{1:f1}\" width=\"{2:f2}\" height=\"{2:f2}\" class=\"{3}\"",
                          margin + cell * double(x), margin + cell * double(y), cell, classes[int(kind)]);
      if (kind == Tile::Partial)
        os << llvm::formatv(" fill-opacity=\"{0:f2}\"", 0.25 + 0.75 * share);
      os << "/>\n";
    }
  os << llvm::formatv("<text x=\"{0}\" y=\"{1:f0}\">{2}, tiles of {3}: {4} full (blue), {5} partial (orange), {6} empty; {7} of "
                      "{8} points</text>\n</svg>\n",
                      margin, margin + height + 24, mask.tensor, mask.tile, mask.count(Tile::Full),
                      mask.count(Tile::Partial), mask.count(Tile::Empty), mask.present(), mask.points());
  return text;
}

} // namespace weir::tool
