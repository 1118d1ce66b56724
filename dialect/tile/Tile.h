// The tile dialect: types, domains, and what a reference refers to.
#ifndef WEIR_DIALECT_TILE_TILE_H
#define WEIR_DIALECT_TILE_TILE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weir::tile {

/// One rank of a domain: all of [0, end), or where `tile` is not 0 the part
/// below `end` of [origin, origin + tile).
struct DomainRank {
  mlir::Value origin;
  mlir::Value end;
  int64_t tile;
};

/// The index space of a block tile or of work on it.
struct Domain {
  mlir::ValueRange origins;
  mlir::ValueRange ends;
  llvm::ArrayRef<int64_t> tiles;

  size_t size() const { return tiles.size(); }
  DomainRank operator[](size_t i) const;
};

} // namespace weir::tile

#include "dialect/tile/TileDialect.h.inc"
#include "dialect/tile/TileEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/tile/TileAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/tile/TileTypes.h.inc"

#define GET_OP_CLASSES
#include "dialect/tile/TileOps.h.inc"

namespace weir::tile {

/// The type in which elements of storage type `type` are computed.
mlir::Type computeTypeOf(mlir::Type type);

/// `type` if both extents are 1, else the sub-tile of that shape.
mlir::Type shapedType(int64_t rows, int64_t columns, mlir::Type type);

/// Rows, columns and element type of a sub-tile or scalar (1, 1, itself).
int64_t rowsOf(mlir::Type type);
int64_t columnsOf(mlir::Type type);
mlir::Type elementOf(mlir::Type type);

/// True if `index` is the row (column) index of the sub-tile region around it.
bool isRowIndex(mlir::Value index);
bool isColumnIndex(mlir::Value index);

/// The sub-tile type of element type `element` that varies as do `indices`.
mlir::Type shapeOfIndices(mlir::ValueRange indices, mlir::Type element);

/// The number of ranks of what a reference refers to, and its storage type.
int64_t rankOf(mlir::Value ref);
mlir::Type storageTypeOf(mlir::Value ref);

/// The name of rank `rank`'s extent in the assembly: `$m`.
std::string extentName(llvm::StringRef rank);

} // namespace weir::tile

#endif // WEIR_DIALECT_TILE_TILE_H
