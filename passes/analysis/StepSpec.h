// A step before its operations are counted.
#ifndef WEIR_PASSES_ANALYSIS_STEP_SPEC_H
#define WEIR_PASSES_ANALYSIS_STEP_SPEC_H

#include "passes/analysis/Steps.h"

#include "llvm/ADT/SetVector.h"

namespace weir {

/// A step before it is counted.
struct Steps::Spec {
  std::string name;
  mlir::Operation *op;
  cascade::TensorType type;      ///< its ranks, but for those of blocks
  llvm::SmallVector<mlir::StringAttr> reduced = {};
  cascade::Combiner combiner = cascade::Combiner::None;
  algebra::Expr value = nullptr;          ///< null: a combination of operands alone
  algebra::Conditions conditions = {};
  mlir::Value tensor = {};
  llvm::ArrayRef<mlir::StringAttr> everyBlockOf = {}; ///< happens once a block of these ranks
  llvm::ArrayRef<mlir::StringAttr> block = {};        ///< reduces the points of one block of these ranks alone
  std::vector<Operand> operands = {};
};

enum class OperationClass { Free, Fma, Divide, Exp, Other };

/// What an operation of a term counts as.
OperationClass classOf(algebra::Expr e);

} // namespace weir

#endif // WEIR_PASSES_ANALYSIS_STEP_SPEC_H
