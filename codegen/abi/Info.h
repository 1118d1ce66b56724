// The constant that describes a kernel to its callers: weir_kernel_info.
#ifndef WEIR_CODEGEN_ABI_INFO_H
#define WEIR_CODEGEN_ABI_INFO_H

#include "codegen/abi/Frame.h"

namespace weir::abi {

/// Defines `<kernel>_info`; the functions that it names are in the module.
void emitInfo(Emitter &emit, mlir::ModuleOp module, cascade::KernelOp kernel,
              const Frame &frame, llvm::StringRef target);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_INFO_H
