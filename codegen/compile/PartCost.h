// What ways to cut a kernel cost.
#ifndef WEIR_CODEGEN_COMPILE_PARTCOST_H
#define WEIR_CODEGEN_COMPILE_PARTCOST_H

#include "codegen/compile/Parts.h"

namespace weir {

/// The ranks over whose points a contraction of tiles is computed again and again.
llvm::SetVector<mlir::StringAttr> ranksOfRepeats(tile::KernelOp tiles);

/// What keeps parts from the machine's speed, in operations of plain loops at typical extents: these, and what tiles
/// compute again, which they do much faster.
double costOf(cascade::KernelOp whole, llvm::ArrayRef<Part> parts);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_PARTCOST_H
