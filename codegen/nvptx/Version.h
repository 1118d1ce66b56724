// What runs of a GPU kernel share, on the executor and on a device: code for a call's extents, and a launch's arguments.
#ifndef WEIR_CODEGEN_NVPTX_VERSION_H
#define WEIR_CODEGEN_NVPTX_VERSION_H

#include "codegen/Backend.h"
#include "codegen/nvptx/Nvptx.h"

#include <map>

namespace weir::nvptx {

/// PTX of a kernel: LLVM's, or what nvcc makes of CUDA C++.
using MakePtx = mlir::FailureOr<std::string> (*)(cascade::KernelOp source, const Code &code,
                                                 const Architecture &architecture);

mlir::FailureOr<std::string> ptxOfLlvm(cascade::KernelOp source, const Code &code, const Architecture &architecture);

/// Code for some extents of the ranks that it fixes.
struct Version {
  Code code;
  std::string ptx;
  std::map<std::string, int64_t> fixed;

  bool isFor(const Call &call) const;
  static mlir::FailureOr<Version> make(const Call &call, MakePtx makePtx, const Architecture &architecture,
                                       const CompileOptions &options);
};

/// The architecture that a target names after its colon, or an error at the kernel.
mlir::FailureOr<Architecture> architectureOf(const Call &call, const CompileOptions &options);

/// A tensor of a call, and where the GPU sees it.
struct Placed {
  io::Tensor tensor;
  bool isOutput = false; ///< or scratch: the GPU writes it
  uint64_t address = 0;
};
using PlacedTensors = std::map<std::string, Placed>;

/// All tensors of a call by name: dense inputs, outputs, and those between launches. Not placed yet.
mlir::FailureOr<PlacedTensors> tensorsOf(const Call &call, const Code &code, std::vector<io::Tensor> &outputs);

/// The bytes of a parameter's value.
std::vector<std::byte> argumentOf(const Parameter &parameter, const Call &call, const PlacedTensors &tensors);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_VERSION_H
