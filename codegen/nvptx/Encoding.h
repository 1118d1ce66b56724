// Encodings: which register, lane and warp holds which element of a tile, as linear maps over bits.
#ifndef WEIR_CODEGEN_NVPTX_ENCODING_H
#define WEIR_CODEGEN_NVPTX_ENCODING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace weir::nvptx {

/// A place in a tile. Places are added bit by bit: `^` is the addition of a
/// vector space over {0, 1}, in which encodings are linear maps.
struct Place {
  int64_t row = 0, column = 0;

  Place operator^(Place other) const { return {row ^ other.row, column ^ other.column}; }
  Place operator*(int64_t factor) const { return {row * factor, column * factor}; }
  bool operator==(const Place &) const = default;
};

inline constexpr Place alongRows{1, 0}, alongColumns{0, 1};

/// The images of single bits; the image of a number is the sum of those of its bits.
using Basis = llvm::SmallVector<Place, 8>;
Place imageOf(const Basis &basis, uint64_t bits);

/// What each bit of a register's, lane's and warp's number means. A tile is
/// built from the innermost bits outwards: in `a * b`, `a` is repeated as `b` says.
class Encoding {
public:
  /// `bits` bits of a register's (lane's, warp's) number, along `unit`.
  static Encoding registers(unsigned bits, Place unit);
  static Encoding lanes(unsigned bits, Place unit);
  static Encoding warps(unsigned bits, Place unit);

  friend Encoding operator*(const Encoding &inner, const Encoding &outer);
  /// Rows and columns exchanged.
  Encoding transposed() const;

  /// Rows and columns of the tile.
  Place extents() const { return {rows, columns}; }

  const Basis &ofRegisters() const { return registerBits; }
  const Basis &ofLanes() const { return laneBits; }
  const Basis &ofWarps() const { return warpBits; }

  /// Rows (columns) to which registers belong, relative to those of the lane.
  /// Every register is one of these rows and one of these columns.
  llvm::SmallVector<int64_t> registerRows() const;
  llvm::SmallVector<int64_t> registerColumns() const;

  bool operator==(const Encoding &) const = default;

private:
  Basis registerBits, laneBits, warpBits;
  int64_t rows = 1, columns = 1;
};

// The operands of mma.sync m16n8k16 on 16-bit elements, two to a register:
// rows × columns are m × k, k × n and m × n.
Encoding mmaLeft();
Encoding mmaRight();
Encoding mmaResult();

/// A tile in shared memory, of which eight successive rows meet all banks at any
/// column. Rows of a power of two of bytes are swizzled: bytes are a linear map of
/// the bits of a place, which `^` adds. Others are padded to an odd number of
/// chunks of 16 bytes: bytes are a linear map of its numbers, which `+` adds.
class SharedLayout {
public:
  SharedLayout() = default;
  /// Room for rows of `columns` elements.
  SharedLayout(int64_t rows, int64_t columns, int64_t elementBytes);

  int64_t size() const { return rows * pitch; }
  int64_t getPitch() const { return pitch; } ///< bytes of a row
  bool isPadded() const { return pitch & (pitch - 1); }
  /// The byte at which a place lies.
  int64_t at(Place place) const;

private:
  int64_t rows = 0, pitch = 0, elementBytes = 0;
  llvm::SmallVector<int64_t, 8> swizzle; ///< what bit i of the row's number flips
};

/// How ldmatrix brings two or four 8 × 8 parts of a tile into registers.
struct MatrixLoad {
  bool transposes;
  Basis addresses; ///< whose row of 8 elements each bit of a lane's number points to
};

/// The load that gives `fragment` (of four 32-bit registers) from a tile whose
/// rows, or columns if `alongRow` is false, are contiguous; none if ldmatrix cannot.
std::optional<MatrixLoad> matrixLoad(const Encoding &fragment, bool alongRow);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_ENCODING_H
