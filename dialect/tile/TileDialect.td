// The tile dialect: loops over tiles, with two levels of tiles.
#ifndef WEIR_DIALECT_TILE_DIALECT
#define WEIR_DIALECT_TILE_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::weir::tile";
  let summary = "loops over tiles, the same for every target";
  let description = [{
    A kernel is a nest of explicit loops over tiles of static shape. There are
    two levels of tiles. **Block tiles** lie in memory and are named by a
    `!tile.ref`: *staged* ones hold an expression in the encoding that a
    contraction wants, *carried* ones a state that is updated. **Sub-tiles**
    (`!tile.sub`) are values, born and consumed inside one `tile.subtile`, where
    a target keeps them in registers.

    The region of `tile.subtile` is written for one sub-tile: its arguments are
    the row index and the column index, of type `index`, and stand for all rows
    and columns of the sub-tile at once. A load of `%X[%b, %m, %n]` is therefore
    a whole sub-tile, one of `%L[%b, %m]` a value a row, one of `%S[%n]` a value
    a column. All of them broadcast where they meet.

    A domain is written a rank at a time: `%$d` is all of 0 to `%$d`;
    `%m0+192 to %$m` is a tile of 192 indices from `%m0`, of which those below
    `%$m` are valid. Nothing is loaded from or stored to invalid points; loads
    give 0 there.

    Vectors, memrefs, lanes and intrinsics do not occur: they begin where a
    target lowers a whole sub-tile region.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

//===-- Types -------------------------------------------------------------===//

def Tile_RefType : TypeDef<Tile_Dialect, "Ref"> {
  let mnemonic = "ref";
  let summary = "reference to memory: a tensor of the caller or a block tile";
  let description = [{
    Shape, element type and encoding are those of what it refers to: an argument
    of the kernel, or the one `tile.stage`, `tile.carry` or `tile.convert` that
    defines it.
  }];
}

def Tile_SubType : TypeDef<Tile_Dialect, "Sub"> {
  let mnemonic = "sub";
  let summary = "sub-tile: a register block of rows and columns";
  let description = [{
    Either extent may be 1, for a value that is the same in all columns or in
    all rows. What varies in neither is a plain scalar.

    Example: `!tile.sub<6x64xf32>`, `!tile.sub<6x1xf32>`, `!tile.sub<6x64xi1>`.
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$columns, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Tile_Ref : Type<CPred<"::mlir::isa<::weir::tile::RefType>($_self)">, "tile reference",
                    "::weir::tile::RefType">,
               BuildableType<"::weir::tile::RefType::get($_builder.getContext())">;
def Tile_Sub : Type<CPred<"::mlir::isa<::weir::tile::SubType>($_self)">, "sub-tile",
                    "::weir::tile::SubType">;
def Tile_Scalar : AnyTypeOf<[F32, F64, I<64>, I<1>, Index], "scalar">;
def Tile_Value : AnyTypeOf<[Tile_Sub, Tile_Scalar], "sub-tile or scalar">;
def Tile_Operand : AnyTypeOf<[Tile_Sub, Tile_Scalar, Tile_Ref], "sub-tile, scalar or reference">;

//===-- Enumerations and attributes ---------------------------------------===//

class Tile_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::weir::tile";
  let genSpecializedAttr = 0;
}
class Tile_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Tile_Dialect, info, mnemonic>;

def Tile_OrderEnum : Tile_Enum<"Order", "order in which a loop may run", [
  I32EnumAttrCase<"Any", 0, "any">, I32EnumAttrCase<"Ascending", 1, "ascending">,
  I32EnumAttrCase<"Descending", 2, "descending">]>;
def Tile_Order : Tile_EnumAttr<Tile_OrderEnum, "order">;

def Tile_ReductionEnum : Tile_Enum<"Reduction", "how a reduction combines", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Prod", 1, "prod">,
  I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
  I32EnumAttrCase<"Any", 4, "any">, I32EnumAttrCase<"All", 5, "all">]>;
def Tile_Reduction : Tile_EnumAttr<Tile_ReductionEnum, "reduction">;

def Tile_BoundEnum : Tile_Enum<"Bound", "which of several indices", [
  I32EnumAttrCase<"Only", 0, "only">, I32EnumAttrCase<"Min", 1, "min">,
  I32EnumAttrCase<"Max", 2, "max">]>;
def Tile_Bound : Tile_EnumAttr<Tile_BoundEnum, "bound">;

def Tile_DirectionEnum : Tile_Enum<"Direction", "role of a kernel's argument", [
  I32EnumAttrCase<"In", 0, "in">, I32EnumAttrCase<"Param", 1, "param">,
  I32EnumAttrCase<"Out", 2, "out">]>;
def Tile_Direction : Tile_EnumAttr<Tile_DirectionEnum, "direction">;

def Tile_ArgumentAttr : AttrDef<Tile_Dialect, "Argument"> {
  let mnemonic = "argument";
  let summary = "argument of a kernel: name, role, ranks, storage type";
  let description = [{ Example: `#tile.argument<"Q", in, ["m", "d"], f32>`. }];
  let parameters = (ins "::mlir::StringAttr":$name, "::weir::tile::Direction":$direction,
                        "::mlir::ArrayAttr":$ranks, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $name `,` $direction `,` $ranks `,` $elementType `>`";
}

def Tile_RowsAttr : AttrDef<Tile_Dialect, "Rows"> {
  let mnemonic = "rows";
  let summary = "row-major encoding";
}

def Tile_PanelAttr : AttrDef<Tile_Dialect, "Panel"> {
  let mnemonic = "panel";
  let summary = "encoding in panels";
  let description = [{
    The last two ranks (x, k) as panels of `width` indices of x: within a panel,
    k is outer and the panel's indices of x lie side by side; invalid ones hold
    0. Example: `#tile.panel<64>`.
  }];
  let parameters = (ins "int64_t":$width);
  let assemblyFormat = "`<` $width `>`";
}

def Tile_RunsAttr : AttrDef<Tile_Dialect, "Runs"> {
  let mnemonic = "runs";
  let summary = "encoding that keeps a bound of each run";
  let description = [{
    Of each run of `width` indices of the last rank the least (`min`) or greatest
    (`max`) element; that rank's subscript is the number of a run. Written
    `least<64xi64>` and `greatest<64xi64>`. Example: `#tile.runs<min, 64>`.
  }];
  let parameters = (ins "::weir::tile::Bound":$bound, "int64_t":$width);
  let assemblyFormat = "`<` $bound `,` $width `>`";
}

#endif // WEIR_DIALECT_TILE_DIALECT
