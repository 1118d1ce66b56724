// Globals of a module, and the aggregates that they start as.
#ifndef WEIR_CODEGEN_ABI_CONSTANTS_H
#define WEIR_CODEGEN_ABI_CONSTANTS_H

#include "codegen/abi/Emitter.h"

namespace weir::abi {

/// An array, or a structure laid out as in C, of these elements.
Value emitArray(Emitter &emit, Type element, llvm::ArrayRef<Value> elements);
Value emitStruct(Emitter &emit, llvm::ArrayRef<Value> elements);

/// A global whose value `build` emits.
mlir::LLVM::GlobalOp emitGlobal(Emitter &emit, mlir::ModuleOp module,
                                llvm::StringRef name,
                                mlir::LLVM::Linkage linkage,
                                llvm::function_ref<Value()> build,
                                bool isConstant = true);

/// The address of a function or global of the module.
Value emitAddress(Emitter &emit, llvm::StringRef symbol);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_CONSTANTS_H
