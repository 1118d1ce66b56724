// Shared pieces of the tile dialect's assembly.
#ifndef WEIR_DIALECT_TILE_SYNTAX_H
#define WEIR_DIALECT_TILE_SYNTAX_H

#include "dialect/tile/Tile.h"

namespace weir::tile {

using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OperationState;
using mlir::ParseResult;

/// A value's type as operations print it: `6x64xf32`, `f32`, `ref<f32>`.
ParseResult parseShortType(OpAsmParser &parser, mlir::Type &type);
void printShortType(OpAsmPrinter &printer, mlir::Type type);
void printShortType(OpAsmPrinter &printer, mlir::Value value);

/// A constant in its shortest exact form: `0.0`, `-inf`, `1.442695e+00`.
void printReal(OpAsmPrinter &printer, const llvm::APFloat &value);

/// Keeps the name of the operation's first result as an attribute.
void keepResultName(OpAsmParser &parser, OperationState &state);
/// Prints attributes but for names, operand segments and the operation's `own`.
void printAttributes(OpAsmPrinter &printer, mlir::Operation *op,
                     llvm::ArrayRef<llvm::StringRef> own);

/// One operand, an index or a reference.
ParseResult parseIndex(OpAsmParser &parser,
                       llvm::SmallVectorImpl<mlir::Value> &values);
ParseResult parseRef(OpAsmParser &parser, OperationState &state);

/// `[expressions of SSA names]`, resolved as indices; the map is added as
/// `name`.
ParseResult parseSubscripts(OpAsmParser &parser, OperationState &state,
                            llvm::StringRef name, int32_t &count);
void printSubscripts(OpAsmPrinter &printer, mlir::AffineMapAttr map,
                     mlir::ValueRange operands);

/// `(%m descending, %b)`: the indices that a region has as arguments.
ParseResult
parseArguments(OpAsmParser &parser, OperationState &state,
               llvm::SmallVectorImpl<OpAsmParser::Argument> &arguments,
               llvm::SmallVectorImpl<bool> *descending = nullptr);
void printArguments(OpAsmPrinter &printer, mlir::ValueRange arguments);

/// `(%m0+192 to %$m, %$d)`: origins, then ends, are added as operands.
ParseResult parseDomain(OpAsmParser &parser, OperationState &state,
                        llvm::SmallVectorImpl<int32_t> &segments);
void printDomain(OpAsmPrinter &printer, Domain domain);

/// `rows` or `panel<64>`; with the type of elements `rows<f32>`,
/// `panel<64xf32>`.
ParseResult parseEncoding(OpAsmParser &parser, OperationState &state,
                          mlir::Type *element = nullptr);
void printEncoding(OpAsmPrinter &printer, mlir::Attribute encoding,
                   mlir::Type element = {});

void addSegments(OpAsmParser &parser, OperationState &state,
                 llvm::ArrayRef<int32_t> sizes);

ParseResult parseBody(OpAsmParser &parser, OperationState &state,
                      llvm::ArrayRef<OpAsmParser::Argument> arguments = {});
void printBody(OpAsmPrinter &printer, mlir::Region &body,
               bool terminator = false);

/// An expression over SSA names and the types of its operands, as the body of a
/// map or an update; operands are appended to the state. `result` is the type
/// of its value, a sub-tile of the operands' joint shape.
ParseResult parseExpression(OpAsmParser &parser, OperationState &state,
                            mlir::Type &result);
void printExpression(OpAsmPrinter &printer, mlir::Region &body,
                     mlir::ValueRange operands);

} // namespace weir::tile

#endif // WEIR_DIALECT_TILE_SYNTAX_H
