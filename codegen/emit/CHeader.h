// The C header of a compiled kernel, for the programs that call it.
#ifndef WEIR_CODEGEN_EMIT_CHEADER_H
#define WEIR_CODEGEN_EMIT_CHEADER_H

#include "codegen/abi/EntryPoints.h"
#include "dialect/cascade/Cascade.h"

#include "llvm/Support/raw_ostream.h"

namespace weir::emit {

/// Writes a header for C and C++ that declares what <weir/runtime.h> promises
/// of the kernel, names its arguments, and fills in descriptors of dense
/// tensors. `target` is a list, separated by commas, where the object holds code
/// for several. A call takes a stream where the data is in a device's memory. An
/// error, at the kernel, where its name is no identifier in C and C++.
mlir::LogicalResult writeCHeader(llvm::raw_ostream &stream,
                                 cascade::KernelOp kernel,
                                 llvm::StringRef target,
                                 abi::Memory memory = abi::Memory::Host);

} // namespace weir::emit

#endif // WEIR_CODEGEN_EMIT_CHEADER_H
