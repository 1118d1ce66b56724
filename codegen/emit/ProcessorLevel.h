// Code that asks the processor which level of x86-64 it has.
#ifndef WEIR_CODEGEN_EMIT_PROCESSORLEVEL_H
#define WEIR_CODEGEN_EMIT_PROCESSORLEVEL_H

#include "codegen/abi/Emitter.h"

namespace weir::emit {

/// Emits the highest level, 1 to 4, that the processor and the operating system
/// support: an i32. No library is needed for it.
abi::Value emitProcessorLevel(abi::Emitter &emit);

} // namespace weir::emit

#endif // WEIR_CODEGEN_EMIT_PROCESSORLEVEL_H
