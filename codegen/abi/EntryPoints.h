// The functions that <weir/runtime.h> promises of a kernel: checks, workspace,
// run, description.
#ifndef WEIR_CODEGEN_ABI_ENTRYPOINTS_H
#define WEIR_CODEGEN_ABI_ENTRYPOINTS_H

#include "codegen/abi/Frame.h"

namespace weir::abi {

/// Offsets in the structures of <weir/runtime.h>.
struct TensorLayout {
  static constexpr int64_t data = 0, type = 8, rank = 12, extents = 16,
                           strides = 80, size = 144;
};
struct ContextLayout {
  static constexpr int64_t abiVersion = 0, parallel = 8, pool = 16,
                           workers = 24, workspace = 32, workspaceSize = 40,
                           message = 48, messageSize = 256;
};

/// What a target defines in the module before the entry points are emitted:
///   i64 <kernel>.layout(ptr frame, ptr workspace, i64 workers)
///     stores the addresses of scratch in the target's slots; returns its
///     bytes;
///   void <kernel>.run(ptr context, ptr frame)
///     computes the outputs; everything is checked.
/// A target whose data is in a device's memory defines instead:
///   i32 <kernel>.limits(ptr frame, ptr message, i64 size)
///     refuses extents and strides that the device's code does not take;
///   i32 <kernel>.launch(ptr frame, ptr stream, ptr message, i64 size)
///     puts the work into the stream.
std::string layoutName(cascade::KernelOp kernel);
std::string runName(cascade::KernelOp kernel);
std::string limitsName(cascade::KernelOp kernel);
std::string launchName(cascade::KernelOp kernel);

/// Where inputs and outputs are. Data of a device is not looked at.
enum class Memory { Host, Device };

/// Emits `<kernel>`, `<kernel>_workspace`, `<kernel>_check`, `<kernel>_variant`
/// and `<kernel>_info`, for a frame in which the target has reserved its slots.
/// `target` is what the description names.
mlir::LogicalResult emitEntryPoints(mlir::ModuleOp module,
                                    cascade::KernelOp kernel,
                                    const Frame &frame, llvm::StringRef target,
                                    Memory memory = Memory::Host);

/// Emits a call of `body`, a `void(ptr frame, i64 index, i64 worker)`, for each
/// index in [0, count): by the context's pool, or else by the calling thread.
void emitParallel(Emitter &emit, Value context, Value frame, Value count,
                  llvm::StringRef body);

/// The number of workers for which a call must lay out scratch.
Value emitWorkers(Emitter &emit, Value context);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_ENTRYPOINTS_H
