// A call of a kernel: inputs checked against what it declares, outputs to fill.
#ifndef WEIR_CODEGEN_BINDING_BINDING_H
#define WEIR_CODEGEN_BINDING_BINDING_H

#include "codegen/binding/Extents.h"
#include "runtime/io/Tensor.h"

namespace weir {

using TensorMap = std::map<std::string, io::Tensor>;

/// A kernel and everything that it is given.
struct Call {
  cascade::KernelOp kernel;
  Resolution resolution;
  TensorMap inputs;
};

/// Checks names and element types of inputs; a type that holds fewer values
/// than the declared one is widened. Not all inputs need be there yet.
mlir::LogicalResult checkTypes(cascade::KernelOp kernel, TensorMap &inputs);

/// Checks that every input is there and its elements lie in the declared range.
mlir::LogicalResult checkInputs(const Call &call);

/// The bounds of an input's elements, upper one excluded, if it declares any.
mlir::FailureOr<std::optional<std::pair<int64_t, int64_t>>>
rangeOf(cascade::InputOp input, cascade::KernelOp kernel,
        const Resolution &resolution);

/// Zeroed tensors for the outputs, in the kernel's order. When `wide`, reals
/// are f64 whatever the kernel stores.
mlir::FailureOr<std::vector<io::Tensor>> allocateOutputs(const Call &call,
                                                         bool wide = false);

} // namespace weir

#endif // WEIR_CODEGEN_BINDING_BINDING_H
