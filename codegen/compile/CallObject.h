// Machine code for one call of a kernel, compiled or found in the cache.
#ifndef WEIR_CODEGEN_COMPILE_CALLOBJECT_H
#define WEIR_CODEGEN_COMPILE_CALLOBJECT_H

#include "codegen/binding/Binding.h"
#include "codegen/compile/Compile.h"

#include "llvm/Support/MemoryBuffer.h"

namespace weir {

struct CallObject {
  std::unique_ptr<llvm::MemoryBuffer> code; ///< an object file
  bool fromCache = false;
};

/// The object of a call's kernel, in which constants have the call's values, and
/// ranks that no input has the call's extents. Remarks are made by compiling:
/// who asks for them does without what is in the cache.
mlir::FailureOr<CallObject> compileForCall(const Call &call, const Target &target, bool mayCache);

} // namespace weir

#endif // WEIR_CODEGEN_COMPILE_CALLOBJECT_H
