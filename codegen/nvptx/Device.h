// GPU kernels run on an NVIDIA GPU of this machine.
#ifndef WEIR_CODEGEN_NVPTX_DEVICE_H
#define WEIR_CODEGEN_NVPTX_DEVICE_H

#include "codegen/Backend.h"

namespace weir::nvptx {

/// Code for the first device of NVIDIA's driver; an error where there is no driver or device.
mlir::FailureOr<std::unique_ptr<Executable>> compileForDevice(const Call &call, const CompileOptions &options);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_DEVICE_H
