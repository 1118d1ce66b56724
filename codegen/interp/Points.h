// Walks index spaces in row-major order.
#ifndef WEIR_CODEGEN_INTERP_POINTS_H
#define WEIR_CODEGEN_INTERP_POINTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace weir::interp {

/// Calls `visit(indices, changed)` at every point; indices before number
/// `changed` are those of the call before.
template <class Visit>
void forEachPoint(llvm::ArrayRef<int64_t> extents, Visit visit) {
  if (llvm::is_contained(extents, 0))
    return;
  llvm::SmallVector<int64_t, 8> indices(extents.size(), 0);
  for (size_t changed = 0;;) {
    visit(llvm::ArrayRef<int64_t>(indices), changed);
    size_t next = extents.size();
    while (next > 0 && ++indices[next - 1] == extents[next - 1])
      indices[--next] = 0;
    if (next == 0)
      return;
    changed = next - 1;
  }
}

/// The row-major number of a point.
inline int64_t positionOf(llvm::ArrayRef<int64_t> indices,
                          llvm::ArrayRef<int64_t> strides) {
  int64_t position = 0;
  for (auto [index, stride] : llvm::zip_equal(indices, strides))
    position += index * stride;
  return position;
}

/// The point with a row-major number.
inline llvm::SmallVector<int64_t, 8> pointAt(int64_t position,
                                             llvm::ArrayRef<int64_t> extents) {
  llvm::SmallVector<int64_t, 8> indices(extents.size());
  for (size_t i = extents.size(); i-- > 0; position /= extents[i])
    indices[i] = position % extents[i];
  return indices;
}

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_POINTS_H
