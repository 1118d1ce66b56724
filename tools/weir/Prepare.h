// From the command line's words to a call of a kernel.
#ifndef WEIR_TOOLS_WEIR_PREPARE_H
#define WEIR_TOOLS_WEIR_PREPARE_H

#include "codegen/binding/Binding.h"
#include "tools/weir/Source.h"

namespace weir::tool {

struct CallOptions {
  Assignments inputs; ///< paths of tensors
  Assignments params;
  Assignments sets; ///< extents of ranks
  uint64_t seed = 0;
};

/// Reads inputs, resolves extents, and generates the inputs that are not given.
/// Errors are emitted.
mlir::FailureOr<Call> prepare(cascade::KernelOp kernel,
                              const CallOptions &options);

/// A parameter's value from its text, by the parameter's type.
mlir::FailureOr<scalar::Value> parseValue(cascade::ParamOp param,
                                          llvm::StringRef text);

/// Generates every input that the call lacks, from its declaration and a seed.
mlir::LogicalResult generateInputs(Call &call, uint64_t seed);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_PREPARE_H
