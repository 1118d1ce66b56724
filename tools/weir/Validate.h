// What --validate does before code is made.
#ifndef WEIR_TOOLS_WEIR_VALIDATE_H
#define WEIR_TOOLS_WEIR_VALIDATE_H

#include "codegen/validate/Validate.h"
#include "tools/weir/Commands.h"

namespace weir::tool {

/// Evaluates what is derived from a kernel against its source at small extents that are drawn. After an
/// error, `Difference` where an output has become another function, `WrongInput` where none could be evaluated.
ExitCode validate(cascade::KernelOp kernel, uint64_t seed);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_VALIDATE_H
