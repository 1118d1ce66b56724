// The cascade dialect: types, scalar operations, equations, folds.
#ifndef WEIR_DIALECT_CASCADE_CASCADE_H
#define WEIR_DIALECT_CASCADE_CASCADE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/cascade/CascadeDialect.h.inc"
#include "dialect/cascade/CascadeEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/cascade/CascadeAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/cascade/CascadeTypes.h.inc"

#include "dialect/cascade/CascadeInterfaces.h.inc"

namespace weir::cascade {
class RankOp;
} // namespace weir::cascade

#define GET_OP_CLASSES
#include "dialect/cascade/CascadeOps.h.inc"

namespace weir::cascade {
/// The scalar type in which elements of storage type `type` are computed.
mlir::Type scalarTypeOf(mlir::Type type);

/// True if `type` may be the element type of a tensor.
bool isStorageType(mlir::Type type);
} // namespace weir::cascade

#endif // WEIR_DIALECT_CASCADE_CASCADE_H
