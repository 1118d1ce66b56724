// The step to the LLVM dialect: what the CPU has beside the common dialects.
#include "codegen/cpu/CpuTarget.h"
#include "codegen/llvm/Convert.h"

#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

LogicalResult convertToLLVM(ModuleOp module) {
  return llvmir::convertToLLVM(
      module, [](LLVMTypeConverter &converter, RewritePatternSet &patterns, LLVMConversionTarget &) {
        arith::populateCeilFloorDivExpandOpsPatterns(patterns);
        populateVectorToLLVMConversionPatterns(converter, patterns);
      });
}

} // namespace weir::cpu
