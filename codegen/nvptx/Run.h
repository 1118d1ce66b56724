// GPU kernels run on the PTX executor: the target `ptx-exec`.
#ifndef WEIR_CODEGEN_NVPTX_RUN_H
#define WEIR_CODEGEN_NVPTX_RUN_H

#include "codegen/Backend.h"

namespace weir::nvptx {

/// Adds `ptx-exec`, whose variant is an architecture.
void registerBackend(BackendRegistry &registry);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_RUN_H
