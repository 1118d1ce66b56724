// Encodings: products, operands of matrix instructions, swizzled shared memory.
#include "codegen/nvptx/Encoding.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

namespace weir::nvptx {

Place imageOf(const Basis &basis, uint64_t bits) {
  Place sum;
  for (unsigned i = 0; i < basis.size(); ++i)
    if (bits >> i & 1)
      sum = sum ^ basis[i];
  return sum;
}

static Basis run(unsigned bits, Place unit) {
  Basis basis;
  for (unsigned i = 0; i < bits; ++i)
    basis.push_back(unit * (int64_t(1) << i));
  return basis;
}

Encoding Encoding::registers(unsigned bits, Place unit) {
  Encoding result;
  result.registerBits = run(bits, unit);
  (unit.row ? result.rows : result.columns) <<= bits;
  return result;
}
Encoding Encoding::lanes(unsigned bits, Place unit) {
  Encoding result = registers(bits, unit);
  std::swap(result.laneBits, result.registerBits);
  return result;
}
Encoding Encoding::warps(unsigned bits, Place unit) {
  Encoding result = registers(bits, unit);
  std::swap(result.warpBits, result.registerBits);
  return result;
}

Encoding operator*(const Encoding &inner, const Encoding &outer) {
  Encoding result = inner;
  auto append = [&](Basis &to, const Basis &from) {
    for (Place place : from)
      to.push_back({place.row * inner.rows, place.column * inner.columns});
  };
  append(result.registerBits, outer.registerBits);
  append(result.laneBits, outer.laneBits);
  append(result.warpBits, outer.warpBits);
  result.rows *= outer.rows;
  result.columns *= outer.columns;
  return result;
}

Encoding Encoding::transposed() const {
  Encoding result = *this;
  for (Basis *basis : {&result.registerBits, &result.laneBits, &result.warpBits})
    for (Place &place : *basis)
      std::swap(place.row, place.column);
  std::swap(result.rows, result.columns);
  return result;
}

static llvm::SmallVector<int64_t> spanOf(const Basis &basis, int64_t Place::*part) {
  llvm::SmallVector<int64_t> span{0};
  for (Place place : basis) {
    if (place.*part == 0)
      continue;
    for (size_t i = 0, size = span.size(); i < size; ++i)
      span.push_back(span[i] ^ place.*part);
  }
  return span;
}

llvm::SmallVector<int64_t> Encoding::registerRows() const { return spanOf(registerBits, &Place::row); }
llvm::SmallVector<int64_t> Encoding::registerColumns() const { return spanOf(registerBits, &Place::column); }

//===-- Matrix instructions -------------------------------------------------===//

/// Eight rows of eight elements, as lanes hold them: two neighbours each.
static Encoding mmaBlock() {
  return Encoding::registers(1, alongColumns) * Encoding::lanes(2, alongColumns) * Encoding::lanes(3, alongRows);
}

Encoding mmaLeft() {
  return mmaBlock() * Encoding::registers(1, alongRows) * Encoding::registers(1, alongColumns);
}
Encoding mmaRight() { return mmaBlock().transposed() * Encoding::registers(1, alongRows); }
Encoding mmaResult() { return mmaBlock() * Encoding::registers(1, alongRows); }

std::optional<MatrixLoad> matrixLoad(const Encoding &fragment, bool alongRow) {
  const Basis &registers = fragment.ofRegisters(), &lanes = fragment.ofLanes();
  if (registers.size() != 3 || lanes.size() != 5)
    return std::nullopt;
  // A lane gets two neighbours; lanes 0 to 3 have those of one row of a matrix,
  // or of one column where the matrix is transposed.
  Basis neighbours{registers[0], lanes[0], lanes[1]}, others{lanes[2], lanes[3], lanes[4]};
  Place unit = alongRow ? alongColumns : alongRows;
  auto isRun = [&](const Basis &basis) { return basis == run(3, unit); };
  MatrixLoad load;
  if (isRun(neighbours))
    load = {false, others};
  else if (isRun(others))
    load = {true, neighbours};
  else
    return std::nullopt;
  load.addresses.append({registers[1], registers[2]});
  return load;
}

//===-- Shared memory -------------------------------------------------------===//

// Sixteen bytes of eight addresses are served together if they differ in these bits.
static constexpr int64_t bankBits = 0x70;

/// Adds a vector to a space in which each member has a leading bit of its own;
/// false if it was in the space.
static bool extend(llvm::SmallVectorImpl<int64_t> &space, int64_t vector) {
  for (int64_t member : space)
    vector = std::min(vector, vector ^ member);
  if (vector)
    space.push_back(vector);
  return vector != 0;
}

SharedLayout::SharedLayout(int64_t rows, int64_t columns, int64_t elementBytes)
    : rows(rows), pitch(columns * elementBytes), elementBytes(elementBytes) {
  if (isPadded()) {
    pitch = (llvm::divideCeil(pitch, 16) | 1) * 16;
    return;
  }
  llvm::SmallVector<int64_t> space;
  for (int64_t bit = 1; bit < 8; bit *= 2) {
    int64_t flip = 0;
    if (!extend(space, bit * pitch & bankBits))
      for (flip = 16; flip < pitch && !extend(space, flip);)
        flip *= 2;
    swizzle.push_back(flip < pitch ? flip : 0);
  }
}

int64_t SharedLayout::at(Place place) const {
  int64_t byte = place.row * pitch + place.column * elementBytes;
  for (unsigned i = 0; i < swizzle.size(); ++i)
    if (place.row >> i & 1)
      byte ^= swizzle[i];
  return byte;
}

} // namespace weir::nvptx
