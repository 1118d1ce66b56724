// Scalar operations of the cascade dialect: what an equation does at one point.
#ifndef WEIR_DIALECT_CASCADE_SCALAR_OPS
#define WEIR_DIALECT_CASCADE_SCALAR_OPS

include "dialect/cascade/CascadeDialect.td"

class Cascade_ScalarOp<string mnemonic, list<Trait> traits = []>
    : Cascade_Op<mnemonic, [Pure] # traits>;
class Cascade_InferredScalarOp<string mnemonic, list<Trait> traits = []>
    : Cascade_ScalarOp<mnemonic, [SameOperandsAndResultType] # traits>;

def Cascade_ConstOp : Cascade_ScalarOp<"const", [AllTypesMatch<["value", "result"]>]> {
  let summary = "constant scalar";
  let description = [{
    A number or truth value, always present.

    ```mlir
    %c = cascade.const 5.000000e-01 : f32
    ```
  }];
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "attr-dict $value";
}

def Cascade_AbsentOp : Cascade_ScalarOp<"absent"> {
  let summary = "absent scalar";
  let description = [{
    The point at which it is yielded is absent.

    ```mlir
    %a = cascade.absent : f32
    ```
  }];
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Cascade_ExtentOp : Cascade_ScalarOp<"extent"> {
  let summary = "extent of a rank";
  let description = [{
    The number of indices of the rank called `rank`, `#rank` in the language.

    ```mlir
    %n = cascade.extent "n"
    ```
  }];
  let arguments = (ins StrAttr:$rank);
  let results = (outs Cascade_Index:$result);
  let assemblyFormat = "$rank attr-dict";
}

def Cascade_ReadOp : Cascade_ScalarOp<"read", [
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "element of a tensor";
  let description = [{
    The tensor at the given indices, one for each of its ranks (C1). Absent where
    the tensor is, and where an index is absent or out of range; negative indices
    do not wrap. The result of a `cascade.recurrence` read at index -1 of an
    iterative rank (at the extent, when descending) is its start value.

    ```mlir
    %k = cascade.read %K[%b, %n, %d] : !cascade.tensor<[b, n, d], bf16>
    ```
  }];
  let arguments = (ins Cascade_AnyTensor:$tensor, Variadic<Cascade_Index>:$indices);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$tensor `[` $indices `]` attr-dict `:` type($tensor)";
  let hasVerifier = 1;
}

def Cascade_UnaryOp : Cascade_InferredScalarOp<"unary"> {
  let summary = "function of one scalar";
  let description = [{
    `isqrt` and `ilog2` (floors of square root and logarithm) take integers,
    `not` a truth value, `neg`, `abs`, `sign` and `relu` any number, the others
    reals (C1). `gelu` is the exact form with `erf`.

    ```mlir
    %e = cascade.unary exp %x : f32
    ```
  }];
  let arguments = (ins Cascade_Unary:$fn, Cascade_Scalar:$operand);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$fn $operand attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Cascade_BinaryOp : Cascade_InferredScalarOp<"binary"> {
  let summary = "function of two scalars";
  let description = [{
    Integers are exact; their `floordiv` and `mod` round to minus infinity and are
    absent for a zero divisor, as is a negative power. `div` is real division, `and`
    and `or` are of truth values, the others of numbers (C1). `max` and `min`
    propagate NaN and ignore one absent operand; all others are absent with it.

    ```mlir
    %y = cascade.binary sub %s, %m : f32
    ```
  }];
  let arguments = (ins Cascade_Binary:$fn, Cascade_Scalar:$lhs, Cascade_Scalar:$rhs);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$fn $lhs `,` $rhs attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Cascade_CompareOp : Cascade_ScalarOp<"compare", [SameTypeOperands]> {
  let summary = "comparison of two scalars";
  let description = [{
    Never absent: false with an absent operand, and with a NaN except for `ne`.
    Truth values compare by `eq` and `ne` only (C1).

    ```mlir
    %p = cascade.compare le %n, %m : i64
    ```
  }];
  let arguments = (ins Cascade_Predicate:$predicate, Cascade_Scalar:$lhs, Cascade_Scalar:$rhs);
  let results = (outs Cascade_Bool:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasVerifier = 1;
}

def Cascade_SelectOp : Cascade_ScalarOp<"select", [
    AllTypesMatch<["onTrue", "onFalse", "result"]>]> {
  let summary = "one of two scalars";
  let description = [{
    The value and the presence of the branch that the condition takes.

    ```mlir
    %y = cascade.select %p, %a, %b : f32
    ```
  }];
  let arguments = (ins Cascade_Bool:$condition, Cascade_Scalar:$onTrue, Cascade_Scalar:$onFalse);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$condition `,` $onTrue `,` $onFalse attr-dict `:` type($result)";
}

def Cascade_WhereOp : Cascade_ScalarOp<"where", [AllTypesMatch<["value", "result"]>]> {
  let summary = "scalar restricted by a predicate";
  let description = [{
    The value where the predicate holds, absent elsewhere. A truth value is false
    there instead, for it is never absent.

    ```mlir
    %y = cascade.where %s, %p : f32
    ```
  }];
  let arguments = (ins Cascade_Scalar:$value, Cascade_Bool:$predicate);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$value `,` $predicate attr-dict `:` type($result)";
}

def Cascade_ElseOp : Cascade_InferredScalarOp<"else"> {
  let summary = "scalar with a replacement where absent";
  let description = [{
    The first operand where it is present, otherwise the second.

    ```mlir
    %y = cascade.else %x, %zero : f32
    ```
  }];
  let arguments = (ins Cascade_Scalar:$value, Cascade_Scalar:$fallback);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$value `,` $fallback attr-dict `:` type($result)";
}

def Cascade_PresentOp : Cascade_ScalarOp<"present"> {
  let summary = "test for presence";
  let description = [{
    True where the operand is present; itself never absent.

    ```mlir
    %p = cascade.present %x : f32
    ```
  }];
  let arguments = (ins Cascade_Scalar:$value);
  let results = (outs Cascade_Bool:$result);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Cascade_CastOp : Cascade_ScalarOp<"cast"> {
  let summary = "conversion of a scalar";
  let description = [{
    Converts between scalar types, rounding to the storage type `via` if one is
    named: half to even, and saturating at its ends. A real becomes an integer
    by truncation, absent for NaN; a number becomes a truth value by `!= 0`.

    ```mlir
    %y = cascade.cast %n : i64 to f32
    %z = cascade.cast %x via bf16 : f32 to f32
    ```
  }];
  let arguments = (ins Cascade_Scalar:$value, OptionalAttr<TypeAttr>:$via);
  let results = (outs Cascade_Scalar:$result);
  let assemblyFormat = "$value (`via` $via^)? attr-dict `:` type($value) `to` type($result)";
}

def Cascade_RoundOp : Cascade_ScalarOp<"round"> {
  let summary = "real rounded to an integer";
  let description = [{
    `floor`, `ceil` or `nearest` (half to even); absent for NaN.

    ```mlir
    %i = cascade.round floor %x : f32
    ```
  }];
  let arguments = (ins Cascade_Rounding:$mode, Cascade_Real:$value);
  let results = (outs Cascade_Index:$result);
  let assemblyFormat = "$mode $value attr-dict `:` type($value)";
}

def Cascade_YieldOp : Cascade_ScalarOp<"yield", [Terminator, ReturnLike]> {
  let summary = "value of an equation at one point";
  let description = [{
    Ends a scalar region with the value at its indices.

    ```mlir
    cascade.yield %y : f32
    ```
  }];
  let arguments = (ins Variadic<Cascade_Scalar>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // WEIR_DIALECT_CASCADE_SCALAR_OPS
