// What is settled before a kernel becomes code: extents, parameters, target.
#ifndef WEIR_TOOLS_WEIR_SETTLE_H
#define WEIR_TOOLS_WEIR_SETTLE_H

#include "codegen/compile/Compile.h"
#include "tools/weir/Source.h"

namespace weir::tool {

/// The kernels to work on: the one called `name`, or all of the module where
/// that is empty. None after a message.
std::vector<cascade::KernelOp> findKernels(mlir::ModuleOp module,
                                           const std::string &name);

/// What `--set` and `--param` give.
struct Settings {
  Assignments sets, params;
};

/// Splits the words of `--set` and `--param`; failure after a message.
mlir::FailureOr<Settings> parseSettings(const std::vector<std::string> &sets,
                                        const std::vector<std::string> &params);

/// Pins the extents that the front end has not taken, and makes `params` the
/// values that parameters have without a caller's. Errors are emitted.
mlir::LogicalResult settle(cascade::KernelOp kernel, const Settings &settings);

/// Reads a file into `source` and settles the one kernel of it that is meant;
/// failure after messages.
mlir::FailureOr<LoadedKernel> readKernel(Source &source, const std::string &file, const std::string &name,
                                         Settings &settings);

/// The target called `name`, if code can be made for it; failure after a
/// message.
mlir::FailureOr<Target> findCodeTarget(const std::string &name);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_SETTLE_H
