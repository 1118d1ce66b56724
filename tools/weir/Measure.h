// The description of the machine that Weir runs on.
#ifndef WEIR_TOOLS_WEIR_MEASURE_H
#define WEIR_TOOLS_WEIR_MEASURE_H

#include "passes/analysis/Machine.h"

namespace weir::tool {

/// What the system says of this machine: sizes of caches, no rates.
Machine describeHost();

/// Measures rates as well: multiply-adds, exponentials and reads of main memory. Takes about a second.
Machine measureHost();

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_MEASURE_H
