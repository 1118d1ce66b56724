// Small operations on lists of ranks.
#ifndef WEIR_CODEGEN_LOOPS_RANKLISTS_H
#define WEIR_CODEGEN_LOOPS_RANKLISTS_H

#include "codegen/loops/Plan.h"

namespace weir::loops {

inline cascade::TensorType typeOf(Value tensor) {
  return mlir::cast<cascade::TensorType>(tensor.getType());
}

/// The ranks that are not among `others`, in their order.
inline Ranks without(llvm::ArrayRef<StringAttr> ranks,
                     llvm::ArrayRef<StringAttr> others) {
  Ranks result;
  llvm::copy_if(ranks, std::back_inserter(result), [&](StringAttr rank) {
    return !llvm::is_contained(others, rank);
  });
  return result;
}

/// The ranks that are among `others` too.
inline Ranks common(llvm::ArrayRef<StringAttr> ranks,
                    llvm::ArrayRef<StringAttr> others) {
  return without(ranks, without(ranks, others));
}

/// The loops whose indices the arguments of an equation's body are; null for
/// those that the equation reduces, scans or sorts over itself.
Ranks loopsOf(cascade::Equation op);

/// Ranks of `outer` at which every access to what is `made` is at the loop's own
/// index; `reads` becomes true if there is one.
Ranks sharedRanks(Ranks outer, llvm::ArrayRef<Access> accesses,
                  const llvm::SmallDenseSet<Value> &made, bool &reads);

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_RANKLISTS_H
