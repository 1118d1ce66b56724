// Kernels compiled for other processors, and run by a command that has one.
#ifndef WEIR_CODEGEN_COMPILE_REMOTEKERNEL_H
#define WEIR_CODEGEN_COMPILE_REMOTEKERNEL_H

#include "codegen/Backend.h"

namespace weir {

/// Adds an instruction set that this machine does not have, where the
/// environment says how to run code for it: $WEIR_RUN_AARCH64 is a command to
/// which the words of tools/weir-call's command line are added, such as
/// `qemu-aarch64 -L /usr/aarch64-linux-gnu ./weir-call`.
void registerRemoteBackend(BackendRegistry &registry, llvm::StringRef level);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_REMOTEKERNEL_H
