// From scf, cf and arith to the LLVM dialect: one conversion, whatever the target.
#include "codegen/llvm/Convert.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace weir::llvmir {

static void weighBranches(ModuleOp module) {
  module.walk([](LLVM::ExpectOp expect) {
    for (Operation *user : expect->getUsers())
      if (auto branch = dyn_cast<LLVM::CondBrOp>(user))
        branch.setBranchWeights(ArrayRef<int32_t>{1, 1000});
    expect.replaceAllUsesWith(expect.getVal());
    expect.erase();
  });
}

LogicalResult convertToLLVM(ModuleOp module, Extension extend) {
  MLIRContext *context = module.getContext();
  LLVMTypeConverter converter(context);
  RewritePatternSet patterns(context);
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  extend(converter, patterns, target);
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    return failure();
  weighBranches(module);
  return success();
}

} // namespace weir::llvmir
