// Kernels compiled into this process: the targets `host`, `loops`, and instruction-set levels.
#ifndef WEIR_CODEGEN_COMPILE_COMPILEDKERNEL_H
#define WEIR_CODEGEN_COMPILE_COMPILEDKERNEL_H

#include "codegen/Backend.h"

namespace weir {

/// Adds `host` (tiles, and loops for what does not tile), `loops`, and each
/// instruction-set level that this machine has.
void registerCompiledBackends(BackendRegistry &registry);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_COMPILEDKERNEL_H
