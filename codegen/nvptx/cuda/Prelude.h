// The text that every CUDA C++ source begins with.
#ifndef WEIR_CODEGEN_NVPTX_CUDA_PRELUDE_H
#define WEIR_CODEGEN_NVPTX_CUDA_PRELUDE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace weir::nvptx::cuda {

struct PreludeFile {
  llvm::StringRef name, text;
};

/// Prelude.cuh, embedded.
llvm::ArrayRef<PreludeFile> preludeFiles();

} // namespace weir::nvptx::cuda

#endif // WEIR_CODEGEN_NVPTX_CUDA_PRELUDE_H
