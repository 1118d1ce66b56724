// Start values stand in a tensor that has one index along their own rank.
#include "codegen/interp/StartValues.h"

#include "llvm/ADT/STLExtras.h"

using namespace weir::scalar;

namespace weir::interp {

/// Inner ranks' start values begin where these are read at an inner index that
/// is outside too; outer ranks' come before these.
const StartValues::Start *StartValues::allocate(int64_t dimension) {
  auto start = llvm::find_if(starts, [&](Start &candidate) {
    return int64_t(candidate.dimension) == dimension;
  });
  if (start == starts.end())
    return nullptr;
  Extents shape = extents;
  start->first.assign(extents.size(), 0);
  for (const Start &inner : llvm::make_range(start, starts.end())) {
    ++shape[inner.dimension];
    start->first[inner.dimension] = std::min<int64_t>(inner.index, 0);
  }
  shape[dimension] = 1;
  start->first[dimension] = start->index;
  start->values = Tensor::create(kind, shape, State::Pending);
  return &*start;
}

Value StartValues::read(llvm::ArrayRef<int64_t> indices) {
  for (const Start &start : starts)
    if (indices[start.dimension] == start.index && lieInside(indices))
      return at(start, indices);
  return absentOf(kind);
}

/// Whether all indices are in range or those of start values.
bool StartValues::lieInside(llvm::ArrayRef<int64_t> indices) const {
  for (size_t i = 0; i < indices.size(); ++i) {
    bool isStart = llvm::any_of(starts, [&](const Start &start) {
      return start.dimension == i && start.index == indices[i];
    });
    if (!isStart && uint64_t(indices[i]) >= uint64_t(extents[i]))
      return false;
  }
  return true;
}

Value StartValues::at(const Start &start,
                      llvm::ArrayRef<int64_t> indices) const {
  if (!start.values)
    return kind == Kind::Real ? Value::of(0.0) : Value::of(int64_t(0));
  int64_t position = 0;
  for (auto [index, first, stride] :
       llvm::zip_equal(indices, start.first, start.values->strides()))
    position += (index - first) * stride;
  return start.values->at(position);
}

} // namespace weir::interp
