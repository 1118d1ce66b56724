// An estimate of the registers that a sub-tile takes, from its tile program.
#ifndef WEIR_CODEGEN_NVPTX_PRESSURE_H
#define WEIR_CODEGEN_NVPTX_PRESSURE_H

#include "dialect/tile/Tile.h"

namespace weir::nvptx {

/// The most registers of a lane that states and values of a sub-tile take at once. What the assembler needs beside them
/// (fragments, addresses) is not counted.
int64_t pressureOf(tile::ParallelOp loop);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_PRESSURE_H
