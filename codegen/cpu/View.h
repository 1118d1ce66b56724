// Stages that are a tensor's own elements: the tensor can serve in their place.
#ifndef WEIR_CODEGEN_CPU_VIEW_H
#define WEIR_CODEGEN_CPU_VIEW_H

#include "codegen/cpu/Layout.h"

namespace weir::cpu {

/// A stage that is nothing but a tensor's own elements in order, so that the
/// tensor can serve as the panels where its strides happen to be right.
struct View {
  tile::LoadOp load;
  llvm::SmallVector<unsigned>
      dimensions; ///< the tensor's, of each rank of the stage
};

std::optional<View> viewOf(tile::StageOp stage);

/// Whether the tensor can serve as the rows or panels: by an innermost stride of 1 and
/// whole panels.
Value isServed(Scope &scope, tile::StageOp stage, View view);

/// Lets a loop's own block be where the tensor has its elements, if it can.
void redirect(Scope &scope, tile::StageOp stage, View view, Ref &ref);

} // namespace weir::cpu

#endif // WEIR_CODEGEN_CPU_VIEW_H
