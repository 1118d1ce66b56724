// The constant that describes a kernel to its callers: weir_kernel_info.
#ifndef WEIR_CODEGEN_ABI_INFO_H
#define WEIR_CODEGEN_ABI_INFO_H

#include "codegen/abi/Frame.h"

namespace weir::abi {

/// Defines `<kernel>_info`; the functions that it names are in the module. It has
/// no function that runs the kernel where that takes a stream.
void emitInfo(Emitter &emit, mlir::ModuleOp module, cascade::KernelOp kernel,
              const Frame &frame, llvm::StringRef target,
              bool takesStream = false);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_INFO_H
