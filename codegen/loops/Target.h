// The target `loops` of the command line.
#ifndef WEIR_CODEGEN_LOOPS_TARGET_H
#define WEIR_CODEGEN_LOOPS_TARGET_H

#include "codegen/Backend.h"

namespace weir::loops {

/// Adds the target `loops`: compiled in this process, run on its threads.
void registerBackend(BackendRegistry &registry);

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_TARGET_H
