// Operations of the tile dialect.
#ifndef WEIR_DIALECT_TILE_OPS
#define WEIR_DIALECT_TILE_OPS

include "dialect/tile/TileDialect.td"

/// An operation that names its results.
defvar NamesResults = DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>;
/// An operation whose assembly is written by hand.
class Tile_CustomOp<string mnemonic, list<Trait> traits = []> : Tile_Op<mnemonic, traits> {
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

//===-- Kernels and control -----------------------------------------------===//

def Tile_KernelOp : Tile_CustomOp<"kernel", [
    IsolatedFromAbove, Symbol, SingleBlock, NoTerminator,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "kernel: a function of tensors";
  let description = [{
    `sizes` lists the ranks of the arguments; the extent of rank `m` is `%$m`,
    pinned where a number is given. The arguments are inputs and scalar
    parameters, then, after the arrow, outputs. In the body, a tensor is a
    `!tile.ref`; a parameter is its value: `f32` or `f64` for floats, `index` for
    integers, `i1` for truth values.

    (C1) block arguments are the extents, then the arguments, of these types.
    (C2) every rank of an argument is in `sizes`; names are unique.

    ```mlir
    tile.kernel @scale sizes(m, d = 64) (%X: f32[m, d], %c: f32) -> (%Y: f32[m, d]) {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$ranks, DenseI64ArrayAttr:$pinned,
                       ArrayAttr:$arguments);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = [{
    /// The arguments' descriptions, in order.
    auto getArgumentAttrs() { return getArguments().getAsRange<::weir::tile::ArgumentAttr>(); }
    /// The type of the block argument of a tensor or parameter.
    static ::mlir::Type valueTypeOf(::weir::tile::ArgumentAttr argument);
    /// The block argument of argument `i`; that of rank `i`'s extent.
    ::mlir::BlockArgument getValue(unsigned i) {
      return getBody().getArgument(getRanks().size() + i);
    }
    ::mlir::BlockArgument getExtent(unsigned i) { return getBody().getArgument(i); }
  }];
}

def Tile_IndexOp : Tile_CustomOp<"index", [Pure, NamesResults]> {
  let summary = "arithmetic on indices";
  let description = [{
    An affine expression of indices, or the least or greatest of several; a
    divisor that is not a constant is written `symbol(…)`. Division is floor
    division.

    (C1) `only` has one expression, `min` and `max` at least one.

    ```mlir
    %end = tile.index min [%m0 + 192, %$n]
    %g = tile.index [%h floordiv symbol(%r)]
    ```
  }];
  let arguments = (ins Tile_Bound:$bound, AffineMapAttr:$map, Variadic<Index>:$indices);
  let results = (outs Index:$result);
}

/// An operation over a domain: for each rank all of [0, end), or a tile from an origin.
class Tile_DomainOp<string mnemonic, list<Trait> traits = []> : Tile_CustomOp<mnemonic, traits> {
  code domainAccessors = [{
    /// The domain: rank `i` is [0, end) if its tile is 0, else the valid part
    /// of the tile [origin, origin + tile).
    ::weir::tile::Domain getDomain() { return {getOrigins(), getEnds(), getTiles()}; }
  }];
}

def Tile_ParallelOp : Tile_CustomOp<"parallel", [
    SingleBlock, NoTerminator,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "loop whose iterations may run at the same time";
  let description = [{
    Iterates over the first index slowest; each index steps from 0 to its end by
    its step. Iterations begin in this order, so that what takes longest should
    come first: `descending` turns an index round.

    (C1) steps are positive. (C2) it stands directly in a kernel.

    ```mlir
    tile.parallel (%m0 descending, %b) in (%$m by 192, %$b) {
    }
    ```
  }];
  let arguments = (ins Variadic<Index>:$ends, DenseI64ArrayAttr:$steps,
                       DenseBoolArrayAttr:$descending);
  let regions = (region SizedRegion<1>:$body);
}

def Tile_ForOp : Tile_CustomOp<"for", [
    SingleBlock, NoTerminator,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "loop over tiles of one rank, by class";
  let description = [{
    Steps from `lower` to below `upper`. Tiles that begin in the `full` range are
    full: every `tile.mask` in the body is true there, and the tile's columns are
    all valid; the body may be compiled apart for them. Without the range all tiles
    are partial. `order` says in which order the tiles may be taken; `any` takes
    full ones together.

    (C1) `step` is positive; `lower`, and the full range if not empty, are
    multiples of `step`.

    ```mlir
    tile.for %n0 = %first to %last step 64 full %from to %to any {
    }
    ```
  }];
  let arguments = (ins Index:$lower, Index:$upper, Variadic<Index>:$full, I64Attr:$step,
                       Tile_Order:$order);
  let regions = (region SizedRegion<1>:$body);
}

def Tile_SubtileOp : Tile_DomainOp<"subtile", [
    AttrSizedOperandSegments, SingleBlock, NoTerminator,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "work on the sub-tiles of one block";
  let description = [{
    Takes the rows of the domain's first rank in groups, and one tile of columns
    of its second rank (or none: only rows). The region is written for one
    sub-tile of the given shape. `only` bounds the rows that have any work.

    (C1) the shape has as many extents as the domain has ranks. (C2) the second
    rank is a tile as wide as the shape.

    ```mlir
    tile.subtile (%m, %n) in (%m0+192 to %$m, %n0+64 to %$n) shape 6x64 only %n0 to %$m {
    }
    ```
  }];
  let arguments = (ins Variadic<Index>:$origins, Variadic<Index>:$ends, DenseI64ArrayAttr:$tiles,
                       DenseI64ArrayAttr:$shape, Variadic<Index>:$only);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = domainAccessors # [{
    int64_t getRows() { return getShape()[0]; }
    int64_t getColumns() { return getShape().size() > 1 ? getShape()[1] : 1; }
  }];
}

def Tile_WhenOp : Tile_CustomOp<"when", [SingleBlock, NoTerminator]> {
  let summary = "work only if any element of a condition is true";
  let description = [{
    Where `full` is true as well, so is every `tile.mask` in the body, and columns
    are all valid; the body is compiled apart for that.

    (C1) conditions are truth values. (C2) `full` stands in a loop over tiles, not in
    a sub-tile.

    ```mlir
    tile.when %moved : 6x1xi1 {
      tile.update %Z[%m] = %Z * %t : ref<f32>, 6x1xf32
    }
    tile.when %some full %all : i1 {
      tile.subtile (%m, %n) in (%m1+6 to %$m, %n0+64 to %$n) shape 6x64 {
      }
    }
    ```
  }];
  let arguments = (ins Tile_Value:$condition, Optional<I1>:$full);
  let regions = (region SizedRegion<1>:$body);
}

//===-- Block tiles -------------------------------------------------------===//

def Tile_StageOp : Tile_DomainOp<"stage", [
    AttrSizedOperandSegments, SingleBlock, NamesResults,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "block tile that holds an expression";
  let description = [{
    Evaluates the region at every point of the domain and stores it in the
    encoding. The last two indices are the row and the column of the region's
    sub-tiles. Directly in a kernel it is filled in parallel and lies in the
    call's workspace, elsewhere in that of the thread. A block that is one load
    is written `= %K[…]`.

    (C1) `panel` takes at least two ranks; ranks before the last two are whole.
    (C2) the region yields a value of the element type. (C3) `least` and `greatest`
    are of `i64` over whole ranks, directly in a kernel.

    ```mlir
    %Kp = tile.stage (%b, %n, %d) in (%$b, %$n, %$d) as panel<64xf32> = %K[%b, %n, %d]
    ```
  }];
  let arguments = (ins Variadic<Index>:$origins, Variadic<Index>:$ends, DenseI64ArrayAttr:$tiles,
                       AnyAttr:$encoding, TypeAttr:$elementType);
  let results = (outs Tile_Ref:$result);
  let regions = (region SizedRegion<1>:$body);
  let extraClassDeclaration = domainAccessors;
}

def Tile_CarryOp : Tile_DomainOp<"carry", [AttrSizedOperandSegments, NamesResults]> {
  let summary = "block tile that carries a state";
  let description = [{
    A state for every point of the domain, with an initial value if one is given.
    Within `tile.parallel` it belongs to the iteration. Directly in a kernel it is
    an intermediate tensor in the call's workspace.

    (C1) the initial value has the element type.

    ```mlir
    %A = tile.carry (%m0+192 to %$m, %$f) of f32 = 0.0
    ```
  }];
  let arguments = (ins Variadic<Index>:$origins, Variadic<Index>:$ends, DenseI64ArrayAttr:$tiles,
                       TypeAttr:$elementType, OptionalAttr<TypedAttrInterface>:$init);
  let results = (outs Tile_Ref:$result);
  let extraClassDeclaration = domainAccessors;
}

def Tile_ConvertOp : Tile_CustomOp<"convert", [NamesResults]> {
  let summary = "sub-tile as a block tile, for a contraction";
  let description = [{
    What a later phase contracts leaves its phase in the encoding given.

    ```mlir
    %Pp = tile.convert %p : 6x64xf32 to rows
    ```
  }];
  let arguments = (ins Tile_Sub:$value, AnyAttr:$encoding);
  let results = (outs Tile_Ref:$result);
}

//===-- Access ------------------------------------------------------------===//

def Tile_LoadOp : Tile_CustomOp<"load", [AttrSizedOperandSegments, NamesResults]> {
  let summary = "sub-tile of a tensor or a block tile";
  let description = [{
    Subscripts are affine in the indices. The result varies with the rows or the
    columns if a subscript does. Points that are invalid, or where the mask is
    false, are not read and give 0. Subscripts may also use values of `i64`, as
    read from a table of blocks; these are listed with their types.

    (C1) as many subscripts as the reference has ranks. (C2) the result's shape is
    that of the subscripts; in a `tile.stage`, a scalar. (C3) values in subscripts
    are `i64`.

    ```mlir
    %k = tile.load %pages[%p, %n mod 16] of %p : 1x64xi64 where %keep : 1x64xf32
    %x = tile.load %bias[%h, %m - %n + %$n] : 6x64xf32
    %y = tile.load %bias[%h, %m - %n] where %keep : 6x64xf32
    ```
  }];
  let arguments = (ins Tile_Ref:$ref, AffineMapAttr:$map, Variadic<Tile_Value>:$indices,
                       Optional<Tile_Value>:$mask);
  let results = (outs Tile_Value:$result);
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "::mlir::Value":$ref,
                                 "::mlir::ValueRange":$subscripts)>];
}

def Tile_StoreOp : Tile_CustomOp<"store"> {
  let summary = "store of a sub-tile";
  let description = [{
    Stores valid points of the sub-tile, converted to the storage type. Absent
    points must have been given a value.

    (C1) as `tile.load`. (C2) the value's shape is that of the subscripts, or
    broadcasts to it.

    ```mlir
    tile.store %y, %O[%b, %h, %m, %f] : 6x64xf32
    ```
  }];
  let arguments = (ins Tile_Value:$value, Tile_Ref:$ref, AffineMapAttr:$map,
                       Variadic<Index>:$indices);
}

def Tile_MaskOp : Tile_CustomOp<"mask", [AttrSizedOperandSegments, Pure, NamesResults]> {
  let summary = "predicate that decides what takes part";
  let description = [{
    True where every expression is at least 0 and the condition, if there is one, is
    true; true everywhere in full tiles.

    (C1) the condition is a truth value of the result's shape, or broadcasts to it.

    ```mlir
    %keep = tile.mask [%m - %n, %$n - %n - 1] : 6x64xi1
    %same = tile.mask [%$n - %n - 1] where %alike : 6x64xi1
    ```
  }];
  let arguments = (ins AffineMapAttr:$map, Variadic<Index>:$indices,
                       Optional<Tile_Value>:$condition);
  let results = (outs Tile_Sub:$result);
}

//===-- Computation on sub-tiles ------------------------------------------===//

def Tile_MapOp : Tile_CustomOp<"map", [
    Pure, SingleBlock, NamesResults]> {
  let summary = "pointwise expression";
  let description = [{
    The region's arguments are one element of each operand (an `index` is `i64`
    there); it holds `arith` and `math` operations on scalars and yields one.
    Operands that are the same in all rows or columns broadcast. It is written as
    an expression: `+ - * /`, and functions by the name of their operation, with
    `max min eq ne lt le gt ge and or not select f32 f64 i64` for the common ones.

    (C1) a region argument for each operand, of its element type. (C2) the result
    has the operands' joint shape.

    ```mlir
    %p = tile.map exp2(%s * %c - %r) : 6x64xf32, f32, 6x1xf32
    ```
  }];
  let arguments = (ins Variadic<Tile_Value>:$inputs);
  let results = (outs Tile_Value:$result);
  let regions = (region SizedRegion<1>:$body);
}

def Tile_UpdateOp : Tile_CustomOp<"update", [SingleBlock]> {
  let summary = "update of a carried block's rows in place";
  let description = [{
    Replaces every element of the rows by an expression of carried elements at
    the same place and of values a row, as in `tile.map`. Covers all of the
    block's second rank, if it has one.

    (C1) the block is carried; inputs are carried blocks of its domain, values a
    row or scalars.

    ```mlir
    tile.update %A[%m] = %A * %t : ref<f32>, 6x1xf32
    ```
  }];
  let arguments = (ins Tile_Ref:$ref, Index:$row, Variadic<Tile_Operand>:$inputs);
  let regions = (region SizedRegion<1>:$body);
}

def Tile_ReduceOp : Tile_CustomOp<"reduce", [Pure, NamesResults]> {
  let summary = "reduction of each row of a sub-tile";
  let description = [{
    Combines the columns at which the mask is true; over none: 0, 1, -inf, inf,
    false, true. `max` and `min` give NaN if there is one.

    (C1) the value or the mask varies with the columns; either broadcasts. (C2)
    the result has the rows of both.

    ```mlir
    %rm = tile.reduce max %s where %keep : 6x64xf32
    ```
  }];
  let arguments = (ins Tile_Reduction:$kind, Tile_Value:$value, Optional<Tile_Value>:$mask);
  let results = (outs Tile_Value:$result);
}

def Tile_ContractOp : Tile_CustomOp<"contract", [AttrSizedOperandSegments, NamesResults]> {
  let summary = "contraction of two staged blocks into a sub-tile";
  let description = [{
    The sum, over the common last rank of both blocks, of products: rows are the
    left block's second to last rank, columns that of the right. Blocks in rows are
    read along the contracted rank, which pays where there are few rows.

    (C1) both are staged in panels, or both in rows. (C2) subscripts are those of all
    ranks but the last.

    ```mlir
    %s = tile.contract %Qp[%m], %Kp[%b, %h floordiv 4, %n] : 6x64xf32
    ```
  }];
  let arguments = (ins Tile_Ref:$lhs, Tile_Ref:$rhs, AffineMapAttr:$lhsMap, AffineMapAttr:$rhsMap,
                       Variadic<Index>:$lhsIndices, Variadic<Index>:$rhsIndices);
  let results = (outs Tile_Sub:$result);
}

def Tile_AccumulateOp : Tile_CustomOp<"accumulate", [AttrSizedOperandSegments]> {
  let summary = "contraction added to a carried block";
  let description = [{
    Adds to the rows of a carried block (m, f) the sum, over the sub-tile's
    columns n, of the converted sub-tile at (m, n) times the staged block at
    (…, f, n). Subscripts of the staged block are its leading ranks, then n. Where
    a mask is given, a point at which the sub-tile is 0 takes no part: 0 times
    infinity is not added for a point that the mask has left out.

    (C1) the left block is a converted sub-tile, the right staged in panels.

    ```mlir
    tile.accumulate %A[%m] += %Pp, %Vp[%b, %h, %n] where %keep : 6x64xi1
    ```
  }];
  let arguments = (ins Tile_Ref:$ref, Index:$row, Tile_Ref:$lhs, Tile_Ref:$rhs,
                       AffineMapAttr:$rhsMap, Variadic<Index>:$rhsIndices,
                       Optional<Tile_Value>:$mask);
}

def Tile_YieldOp : Tile_CustomOp<"yield", [Terminator, ReturnLike, Pure]> {
  let summary = "value of a region at one point";
  let description = [{ Ends a `tile.stage`, `tile.map` or `tile.update`. }];
  let arguments = (ins Tile_Value:$value);
}

#endif // WEIR_DIALECT_TILE_OPS
