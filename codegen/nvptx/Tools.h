// Programs of the CUDA toolkit.
#ifndef WEIR_CODEGEN_NVPTX_TOOLS_H
#define WEIR_CODEGEN_NVPTX_TOOLS_H

#include "mlir/IR/Operation.h"

namespace weir::nvptx {

/// The path of a program: what the variable says, in $PATH or of the CUDA toolkit; empty if there is none.
std::string findTool(const char *variable, llvm::StringRef name);

/// What a program makes of a text: it is called with the flags, the text's file, -o and a file to write. An error at
/// `where`, with what the program says, if it fails.
mlir::FailureOr<std::string> runTool(mlir::Operation *where, llvm::StringRef program, llvm::ArrayRef<std::string> flags,
                                     llvm::StringRef text, llvm::StringRef suffix);

} // namespace weir::nvptx

#endif // WEIR_CODEGEN_NVPTX_TOOLS_H
