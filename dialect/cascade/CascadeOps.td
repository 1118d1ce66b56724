// Operations of the cascade dialect: kernels, their ranks and arguments, and equations.
#ifndef WEIR_DIALECT_CASCADE_OPS
#define WEIR_DIALECT_CASCADE_OPS

include "dialect/cascade/CascadeInterfaces.td"
include "dialect/cascade/ScalarOps.td"

//===-- Kernels -----------------------------------------------------------===//

def Cascade_KernelOp : Cascade_Op<"kernel", [
    IsolatedFromAbove, Symbol, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "kernel: ranks, arguments, equations, outputs";
  let description = [{
    The operations of the body stand in an order in which each uses only what
    precedes it. Inputs, parameters and outputs, in this order and each group in
    the order of the body, are the arguments of the compiled function.

    ```mlir
    cascade.kernel @row_sums {
      cascade.rank "m"
      cascade.rank "n"
      %X = cascade.input "X" : !cascade.tensor<[m, n], f32>
      %Y = cascade.einsum "Y" (%m) sum (%n = n) {
        %x = cascade.read %X[%m, %n] : !cascade.tensor<[m, n], f32>
        cascade.yield %x : f32
      } : !cascade.tensor<[m], f32>
      cascade.output "Y" %Y : !cascade.tensor<[m], f32> as f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let extraClassDeclaration = [{
    /// The declaration of the rank called `name`, or null.
    ::weir::cascade::RankOp getRankDeclaration(::mlir::StringAttr name);
    /// The rank whose extent `name` has: what it is `like`, unless it has an extent
    /// of its own, else itself.
    ::mlir::StringAttr getExtentOwner(::mlir::StringAttr name);
  }];
}

def Cascade_RankOp : Cascade_Op<"rank", [SingleBlock, NoRegionArguments]> {
  let summary = "rank: an index variable and its extent";
  let description = [{
    Declares a rank. Its extent is that of the inputs that carry it, or `size`
    where pinned, or what the region yields (an `i64` of other ranks' extents and
    constant parameters), or that of the rank it is `like`, whose family it joins.

    ```mlir
    cascade.rank "h"
    cascade.rank "s" like "t"
    cascade.rank "d" size 64
    cascade.rank "r" extent {
      %h = cascade.extent "h"
      cascade.yield %h : i64
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<StrAttr>:$family, OptionalAttr<I64Attr>:$size);
  let regions = (region MaxSizedRegion<1>:$extent);
  let assemblyFormat = "$name (`like` $family^)? (`size` $size^)? (`extent` $extent^)? attr-dict";
}

def Cascade_InputOp : Cascade_Op<"input", [
    SingleBlock, NoRegionArguments, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "input tensor";
  let description = [{
    A tensor that the caller provides, every point present. The region, if any,
    yields the bounds of its values: lower included, upper excluded; they are
    checked at present points before any output is written.

    ```mlir
    %K = cascade.input "K" : !cascade.tensor<[b, n, d], bf16>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Cascade_AnyTensor:$result);
  let regions = (region MaxSizedRegion<1>:$range);
  let assemblyFormat = "$name (`in` $range^)? attr-dict `:` type($result)";
}

def Cascade_ParamOp : Cascade_Op<"param", [
    SingleBlock, NoRegionArguments, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "scalar parameter";
  let description = [{
    A scalar that the caller provides. The region yields its default value, from
    extents. A `constant` one is known when compiling and may stand in extents.

    ```mlir
    %scale = cascade.param "scale" default {
      %d = cascade.extent "d"
      %x = cascade.cast %d : i64 to f32
      %y = cascade.unary rsqrt %x : f32
      cascade.yield %y : f32
    } : !cascade.tensor<[], f32>
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$constant);
  let results = (outs Cascade_AnyTensor:$result);
  let regions = (region MaxSizedRegion<1>:$init);
  let assemblyFormat = [{
    (`constant` $constant^)? $name (`default` $init^)? attr-dict `:` type($result)
  }];
}

def Cascade_RequireOp : Cascade_Op<"require", [SingleBlock, NoRegionArguments]> {
  let summary = "constraint on extents";
  let description = [{
    A truth of extents and constant parameters that must hold for the kernel to
    run; `text` is the constraint as written.

    ```mlir
    cascade.require "#m <= #n" {
      %m = cascade.extent "m"
      %n = cascade.extent "n"
      %p = cascade.compare le %m, %n : i64
      cascade.yield %p : i1
    }
    ```
  }];
  let arguments = (ins StrAttr:$text);
  let regions = (region SizedRegion<1>:$condition);
  let assemblyFormat = "$text attr-dict-with-keyword $condition";
}

def Cascade_OutputOp : Cascade_Op<"output"> {
  let summary = "output tensor";
  let description = [{
    Stores a tensor, in the rank order of `ranks` if given (else its own), as the
    element type `storage`; absent points as `fill` (else as 0).

    ```mlir
    cascade.output "L" %L : !cascade.tensor<[b, m], f32> as f32 fill 0xFF800000 : f32
    ```
  }];
  let arguments = (ins StrAttr:$name, Cascade_AnyTensor:$tensor, TypeAttr:$storage,
                       OptionalAttr<TypedAttrInterface>:$fill);
  let assemblyFormat = "$name $tensor `:` type($tensor) `as` $storage (`fill` $fill^)? attr-dict";
}

//===-- Equations ---------------------------------------------------------===//

/// An equation: a tensor defined point by point by a scalar region.
class Cascade_EquationOp<string mnemonic, list<Trait> traits = []>
    : Cascade_Op<mnemonic, [Pure, SingleBlock,
        DeclareOpInterfaceMethods<Cascade_EquationInterface>,
        DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames", "getAsmBlockArgumentNames"]>]
        # traits> {
  let results = (outs Cascade_AnyTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Cascade_EinsumOp : Cascade_EquationOp<"einsum"> {
  let summary = "general Einsum: map and reduce";
  let description = [{
    The value at a point of the result's ranks is the region's value there, after
    reduction of the ranks `reduced` by `combiner`, which is `map` without any
    (C2). The region's arguments are the indices of the result's ranks, then of
    the reduced ones (C1); it yields one scalar (C3) of the type of the combiner:
    truth values for `any`, `all` and `count`, else numbers (C4). A reduction
    takes the present points: over none, `sum` and `count` are 0, `prod` is 1,
    `any` false, `all` true, the others absent. `argmax` and `argmin` reduce one
    rank (C5).

    ```mlir
    %S = cascade.einsum "S" (%m, %n) sum (%d = d) {
      %q = cascade.read %Q[%m, %d] : !cascade.tensor<[m, d], f32>
      %k = cascade.read %K[%n, %d] : !cascade.tensor<[n, d], f32>
      %p = cascade.binary mul %q, %k : f32
      cascade.yield %p : f32
    } : !cascade.tensor<[m, n], f32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Cascade_Combiner:$combiner, StrArrayAttr:$reduced);
}

def Cascade_PrefixOp : Cascade_EquationOp<"prefix"> {
  let summary = "prefix reduction along a rank";
  let description = [{
    At each point, the combination (`sum`, `prod`, `max` or `min`, C2) of the
    region's present values at the same point of all other ranks and at indices
    of `along`, a rank of the result (C4), up to it; before it only, when
    `exclusive`; from the far end, when `reverse`.

    ```mlir
    %C = cascade.prefix "C" (%t) sum along t exclusive {
      %x = cascade.read %X[%t] : !cascade.tensor<[t], f32>
      cascade.yield %x : f32
    } : !cascade.tensor<[t], f32>
    ```
  }];
  let arguments = (ins StrAttr:$name, Cascade_Combiner:$combiner, StrAttr:$along,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
}

def Cascade_TopKOp : Cascade_EquationOp<"topk"> {
  let summary = "positions of the greatest scores";
  let description = [{
    Along the result's rank `into` (C4) the positions in rank `along` of the
    greatest present scores, greatest first, the lower position first among
    equals, NaN after every number; missing ones are absent. The region's
    arguments are the indices of the result's other ranks, then that of `along`.

    ```mlir
    %I = cascade.topk "I" (%m) along (%n = n) into j {
      %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
      cascade.yield %s : f32
    } : !cascade.tensor<[m, j], i64>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$along, StrAttr:$into);
}

def Cascade_RankOfOp : Cascade_EquationOp<"rank_of"> {
  let summary = "number of points that beat this one";
  let description = [{
    How many present scores along the result's rank `along` (C4) are greater than
    the one at this point, or equal and at a lower index; absent where the score is.

    ```mlir
    %R = cascade.rank_of "R" (%m, %n) along n {
      %s = cascade.read %S[%m, %n] : !cascade.tensor<[m, n], f32>
      cascade.yield %s : f32
    } : !cascade.tensor<[m, n], i64>
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$along);
}

//===-- Recurrences -------------------------------------------------------===//

def Cascade_RecurrenceOp : Cascade_Op<"recurrence", [
    SingleBlockImplicitTerminator<"ResultsOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames", "getAsmBlockArgumentNames"]>]> {
  let summary = "group of equations that read each other at earlier points";
  let description = [{
    The body's arguments are the group's tensors, read at earlier points of the
    iterative ranks (later ones, where `descending` says so; one flag a rank, C1)
    or at the same point along acyclic paths. The body holds equations and
    `cascade.start`s, and ends with the tensors in the order of arguments and
    results (C2).

    ```mlir
    %H = cascade.recurrence over ["t"] descending [false] {
    ^bb0(%H: !cascade.tensor<[t], f32>):
      %next = cascade.einsum "H" (%t) map () {
        %one = cascade.const 1 : i64
        %s = cascade.binary sub %t, %one : i64
        %h = cascade.read %H[%s] : !cascade.tensor<[t], f32>
        cascade.yield %h : f32
      } : !cascade.tensor<[t], f32>
      cascade.results %next : !cascade.tensor<[t], f32>
    } : !cascade.tensor<[t], f32>
    ```
  }];
  let arguments = (ins StrArrayAttr:$iterative, DenseBoolArrayAttr:$descending);
  let results = (outs Variadic<Cascade_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`over` $iterative `descending` $descending attr-dict-with-keyword $body `:` type($results)";
  let hasVerifier = 1;
}

def Cascade_StartOp : Cascade_Op<"start", [SingleBlock, HasParent<"RecurrenceOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "value of a recurrent tensor before its first point";
  let description = [{
    What `tensor`, an argument of the recurrence, is at index -1 (at the extent,
    when descending) of the iterative rank `along`; 0 or false without one. The
    region's arguments are the indices of all of the tensor's ranks (C1).

    ```mlir
    cascade.start %H along "t" {
    ^bb0(%t: i64):
      %c = cascade.const 0.000000e+00 : f32
      cascade.yield %c : f32
    } : !cascade.tensor<[t], f32>
    ```
  }];
  let arguments = (ins Cascade_AnyTensor:$tensor, StrAttr:$along);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$tensor `along` $along attr-dict-with-keyword $body `:` type($tensor)";
  let hasVerifier = 1;
}

def Cascade_ResultsOp : Cascade_Op<"results", [Terminator, ReturnLike, Pure]> {
  let summary = "results of a recurrence or fold";
  let description = [{
    Ends the body of a `cascade.recurrence` or a `cascade.fold`.

    ```mlir
    cascade.results %H, %Y : !cascade.tensor<[t], f32>, !cascade.tensor<[t], f32>
    ```
  }];
  let arguments = (ins Variadic<Cascade_AnyTensor>:$tensors);
  let builders = [OpBuilder<(ins)>];
  let assemblyFormat = "($tensors^ `:` type($tensors))? attr-dict";
}

//===-- Folds: the derived form -------------------------------------------===//

def Cascade_FoldOp : Cascade_Op<"fold", [
    SingleBlockImplicitTerminator<"ResultsOp">, NoRegionArguments,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "bounded state folded over one or more ranks in one pass";
  let description = [{
    A derived form: the states of the body are updated together, in their order,
    while all points of the ranks `over` are traversed once, in any order and in
    parts of any size; in parts, the last rank varies fastest. (C1) `over` names
    at least one rank, each once. A part
    is taken so: each state that references nothing is combined with its new
    points; a `cascade.reference` follows the states it is made of; a state with
    references is first moved by its shift from the references' old values to the
    new ones, then combined with its new points, which read the new values. At
    the end every state stands relative to the final references, and these are
    its results. Two folds of disjoint parts merge by the same shifts.

    ```mlir
    %M, %Z = cascade.fold over ["n"] {
      %m = cascade.state "M" (%b) max (%n = n) {
        %s = cascade.read %S[%b, %n] : !cascade.tensor<[b, n], f32>
        cascade.yield %s : f32
      } : !cascade.tensor<[b], f32>
      %z = cascade.state "Z" (%b) sum (%n = n) {
        %s = cascade.read %S[%b, %n] : !cascade.tensor<[b, n], f32>
        %r = cascade.read %m[%b] : !cascade.tensor<[b], f32>
        %x = cascade.binary sub %s, %r : f32
        %e = cascade.unary exp %x : f32
        cascade.yield %e : f32
      } shift (%b, %self, %old, %new) : f32 refs(%m : !cascade.tensor<[b], f32>) {
        %x = cascade.binary sub %old, %new : f32
        %e = cascade.unary exp %x : f32
        %y = cascade.binary mul %self, %e : f32
        cascade.yield %y : f32
      } : !cascade.tensor<[b], f32>
      cascade.results %m, %z : !cascade.tensor<[b], f32>, !cascade.tensor<[b], f32>
    } : !cascade.tensor<[b], f32>, !cascade.tensor<[b], f32>
    ```
  }];
  let arguments = (ins StrArrayAttr:$over);
  let results = (outs Variadic<Cascade_AnyTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`over` $over attr-dict-with-keyword $body `:` type($results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    llvm::SmallVector<mlir::StringAttr> getOverRanks() {
      return llvm::to_vector(getOver().getAsRange<mlir::StringAttr>());
    }
    bool isOver(mlir::StringAttr rank) { return llvm::is_contained(getOver(), rank); }
  }];
}

def Cascade_StateOp : Cascade_EquationOp<"state", [HasParent<"FoldOp">, AttrSizedOperandSegments]> {
  let summary = "state of a fold";
  let description = [{
    A reduction over the fold's ranks (C2) by `combiner` (`sum`, `max`, `min`,
    `prod`, `any`, `all` or `count`), as in `cascade.einsum`. Its region may read
    states and references before it: their running values, which are `refs`. With
    references it has a shift (C6): the region's arguments are the indices of the
    result's ranks, the state's value, the values before the move of the other
    states `basis`, then for each reference its old and its new value; it yields
    the state moved to the new ones. A state none of whose points was present is
    not shifted. Over no present point at all a `partial` state is absent; the
    others have the value that `cascade.einsum` states. A running maximum (minimum)
    that is still -inf (inf) is read as 0 by bodies, and by shifts as a new value:
    present scores of -inf weigh nothing, and leave no NaN behind.

    The example stands at `cascade.fold`.
  }];
  let arguments = (ins StrAttr:$name, Cascade_Combiner:$combiner, StrArrayAttr:$reduced,
                       Variadic<Cascade_AnyTensor>:$refs, Variadic<Cascade_AnyTensor>:$basis,
                       UnitAttr:$partial);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$shift);
}

def Cascade_ReferenceOp : Cascade_EquationOp<"reference", [HasParent<"FoldOp">]> {
  let summary = "running value computed from states of a fold";
  let description = [{
    A running estimate that is no state itself: a mean is its sum over its count.

    ```mlir
    %mu = cascade.reference "mu" (%m) {
      %s = cascade.read %sum[%m] : !cascade.tensor<[m], f32>
      %c = cascade.read %count[%m] : !cascade.tensor<[m], f32>
      %q = cascade.binary div %s, %c : f32
      cascade.yield %q : f32
    } : !cascade.tensor<[m], f32>
    ```
  }];
  let arguments = (ins StrAttr:$name);
}

#endif // WEIR_DIALECT_CASCADE_OPS
