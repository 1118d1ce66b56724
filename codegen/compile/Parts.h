// The parts in which a kernel is computed: one of tiles, or several of tiles and loops.
#ifndef WEIR_CODEGEN_COMPILE_PARTS_H
#define WEIR_CODEGEN_COMPILE_PARTS_H

#include "codegen/compile/Compile.h"
#include "passes/schedule/Nest.h"

#include "llvm/ADT/SetVector.h"

#include <vector>

namespace weir {

/// A kernel that takes one road.
struct Part {
  mlir::OwningOpRef<cascade::KernelOp> plain; ///< what loops are made of
  mlir::OwningOpRef<mlir::ModuleOp> forms;    ///< owns the derived form and the tiles
  cascade::KernelOp derived;
  tile::KernelOp tiles;                    ///< null: plain loops
  std::optional<schedule::Refusal> whyNot; ///< why there are no tiles
  llvm::SetVector<mlir::StringAttr> repeats; ///< ranks over whose points tiles compute contractions again
};

/// The parts of a kernel of plain equations, in the order in which they run. A kernel
/// without a tile form is cut at the equations that stand in its way, if that gives
/// tiles the contractions of one piece at least.
mlir::FailureOr<std::vector<Part>> makeParts(cascade::KernelOp plain, const Target &target);

/// Says of each of several parts what it makes, what it takes from those before it, and what
/// it computes again since keeping that would need more room than the arguments have.
void explainParts(llvm::ArrayRef<Part> parts);

/// Says of the parts without tiles why, which equations they are, and which points they visit.
void explainLoops(llvm::ArrayRef<Part> parts);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_PARTS_H
