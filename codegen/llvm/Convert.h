// From scf, cf and arith to the LLVM dialect: one conversion, whatever the target.
#ifndef WEIR_CODEGEN_LLVM_CONVERT_H
#define WEIR_CODEGEN_LLVM_CONVERT_H

#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir::llvmir {

/// What a target converts beside the common dialects, and what it leaves as it is.
using Extension =
    llvm::function_ref<void(mlir::LLVMTypeConverter &, mlir::RewritePatternSet &, mlir::LLVMConversionTarget &)>;

/// Converts a module wholly, and turns marks on conditions into weights of branches, by which
/// registers are allocated: nothing is spilled for the sake of what seldom runs.
mlir::LogicalResult convertToLLVM(mlir::ModuleOp module, Extension extend);

} // namespace weir::llvmir

#endif // WEIR_CODEGEN_LLVM_CONVERT_H
