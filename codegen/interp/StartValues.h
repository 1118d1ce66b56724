// What a recurrent tensor reads as just outside an iterative rank.
#ifndef WEIR_CODEGEN_INTERP_STARTVALUES_H
#define WEIR_CODEGEN_INTERP_STARTVALUES_H

#include <vector>

#include "codegen/scalar/Tensor.h"

namespace weir::interp {

/// The start values of one tensor of a group. Where they are given they stand
/// in tensors of their own, which the group evaluates like its equations.
class StartValues : public scalar::Border {
public:
  struct Start {
    size_t dimension;
    int64_t index; ///< -1, or the extent of a descending rank
    std::shared_ptr<scalar::Tensor> values = nullptr; ///< null: 0 or false
    scalar::Extents first = {}; ///< indices of the first element of `values`
  };

  StartValues(scalar::Kind kind, scalar::Extents extents)
      : kind(kind), extents(std::move(extents)) {}

  /// Adds an iterative rank; outermost first.
  void add(size_t dimension, int64_t index) {
    starts.push_back({dimension, index});
  }

  /// Makes room for the start values along a dimension, all pending; null where
  /// it is not iterative. `values` stays null where memory does not suffice.
  const Start *allocate(int64_t dimension);

  scalar::Value read(llvm::ArrayRef<int64_t> indices) override;

private:
  bool lieInside(llvm::ArrayRef<int64_t> indices) const;
  scalar::Value at(const Start &start, llvm::ArrayRef<int64_t> indices) const;

  scalar::Kind kind;
  scalar::Extents extents;
  std::vector<Start> starts;
};

} // namespace weir::interp

#endif // WEIR_CODEGEN_INTERP_STARTVALUES_H
