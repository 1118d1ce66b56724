// Recorded calls of a kernel, with the outputs that they should give.
#ifndef WEIR_TOOLS_WEIR_VERIFYCASES_H
#define WEIR_TOOLS_WEIR_VERIFYCASES_H

#include "codegen/binding/Binding.h"

namespace weir::tool {

using Outputs = std::vector<io::Tensor>;

/// A call to verify a kernel at.
struct Case {
  std::string name; ///< a file; empty: a size that was drawn
  Call call;
  Outputs expected; ///< empty where nothing was recorded
};

/// Reads the cases of a kernel: every `.npz` of a folder, in order. Each holds
/// the kernel's inputs, scalars and outputs by name, and extents as `#n`; a
/// scalar may be left to its default. Errors are emitted.
mlir::FailureOr<std::vector<Case>> readCases(cascade::KernelOp kernel,
                                             const std::string &folder);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_VERIFYCASES_H
