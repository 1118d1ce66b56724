// All targets of this build.
#ifndef WEIR_TOOLS_WEIR_TARGETS_H
#define WEIR_TOOLS_WEIR_TARGETS_H

#include "codegen/Backend.h"

namespace weir::tool {

/// Every back end of this build.
const BackendRegistry &targets();

/// What `--target` is without being given.
inline constexpr const char *defaultTarget = "host";

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_TARGETS_H
