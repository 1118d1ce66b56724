// Shared pieces of the tile dialect's assembly.
#ifndef WEIR_DIALECT_TILE_SYNTAX_H
#define WEIR_DIALECT_TILE_SYNTAX_H

#include "dialect/tile/Tile.h"

namespace weir::tile {

/// A value's type as operations print it: `6x64xf32`, `f32`, `ref<f32>`.
mlir::ParseResult parseShortType(mlir::OpAsmParser &parser, mlir::Type &type);
void printShortType(mlir::OpAsmPrinter &printer, mlir::Value value);

/// A constant in its shortest exact form: `0.0`, `-inf`, `1.442695e+00`.
void printReal(mlir::OpAsmPrinter &printer, const llvm::APFloat &value);

/// Keeps the name of the operation's first result as an attribute.
void keepResultName(mlir::OpAsmParser &parser, mlir::OperationState &state);

/// `[expressions of SSA names]`, resolved as indices; the map is added as
/// `name`.
mlir::ParseResult parseSubscripts(mlir::OpAsmParser &parser,
                                  mlir::OperationState &state,
                                  llvm::StringRef name, int32_t &count);

/// An expression over SSA names and the types of its operands, as the body of a
/// map or an update; operands are appended to the state. `result` is the type
/// of its value, a sub-tile of the operands' joint shape.
mlir::ParseResult parseExpression(mlir::OpAsmParser &parser,
                                  mlir::OperationState &state,
                                  mlir::Type &result);
void printExpression(mlir::OpAsmPrinter &printer, mlir::Region &body,
                     mlir::ValueRange operands);

/// The type of a region argument for an operand of a map or an update.
mlir::Type pointTypeOf(mlir::Type operand, mlir::Type refElement);

} // namespace weir::tile

#endif // WEIR_DIALECT_TILE_SYNTAX_H
