// The cascade dialect: an attention variant as its plain mathematics.
#ifndef WEIR_DIALECT_CASCADE_DIALECT
#define WEIR_DIALECT_CASCADE_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Cascade_Dialect : Dialect {
  let name = "cascade";
  let cppNamespace = "::weir::cascade";
  let summary = "cascades of extended Einsums over named ranks";
  let description = [{
    A kernel is a list of equations over **partial tensors**: functions from an
    index space to values, defined only at the points that are *present*. Ranks
    are named and their extents symbolic. The dialect says what is computed,
    never in which order.

    Scalars inside equations are real numbers (`f32` or `f64`, the type in which
    a kernel computes), exact integers (`i64`) and truth values (`i1`). Narrow
    types exist only as storage of tensors. An operation with an absent operand
    is absent unless its description says otherwise.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Cascade_Op<string mnemonic, list<Trait> traits = []>
    : Op<Cascade_Dialect, mnemonic, traits>;

//===-- Types -------------------------------------------------------------===//

def Cascade_TensorType : TypeDef<Cascade_Dialect, "Tensor"> {
  let mnemonic = "tensor";
  let summary = "partial tensor over named ranks";
  let description = [{
    A partial function of the index space spanned by its ranks; extents are
    symbols of the kernel, so that only the names are part of the type. The
    element type is that of storage.

    Example: `!cascade.tensor<[b, h, m, d], bf16>`; a scalar is
    `!cascade.tensor<[], f32>`.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$ranks,
                        "::mlir::Type":$elementType);
  let builders = [TypeBuilderWithInferredContext<(ins
      "::llvm::ArrayRef<::mlir::StringAttr>":$ranks, "::mlir::Type":$elementType), [{
    return $_get(elementType.getContext(), ranks, elementType);
  }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getRanks().size(); }
    /// The position of the rank called `name`, or -1.
    int64_t indexOf(::mlir::StringAttr name) const;
    /// The type that an element has once read: `f64`, `f32` (any narrower
    /// float), `i64` (any integer) or `i1`.
    ::mlir::Type getScalarType() const;
  }];
}

def Cascade_AnyTensor : Type<CPred<"::mlir::isa<::weir::cascade::TensorType>($_self)">,
                             "cascade tensor">;
def Cascade_Index : I<64>;
def Cascade_Bool : I<1>;
def Cascade_Real : AnyTypeOf<[F32, F64], "real number">;
def Cascade_Number : AnyTypeOf<[F32, F64, I<64>], "number">;
def Cascade_Scalar : AnyTypeOf<[F32, F64, I<64>, I<1>], "scalar">;

//===-- Enumerations ------------------------------------------------------===//

class Cascade_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::weir::cascade";
  let genSpecializedAttr = 0;
}
class Cascade_EnumAttr<EnumAttrInfo info, string mnemonic>
    : EnumAttr<Cascade_Dialect, info, mnemonic>;

def Cascade_CombinerEnum : Cascade_Enum<"Combiner", "how a reduction combines the present points", [
  I32EnumAttrCase<"None", 0, "map">, I32EnumAttrCase<"Sum", 1, "sum">,
  I32EnumAttrCase<"Prod", 2, "prod">, I32EnumAttrCase<"Max", 3, "max">,
  I32EnumAttrCase<"Min", 4, "min">, I32EnumAttrCase<"Any", 5, "any">,
  I32EnumAttrCase<"All", 6, "all">, I32EnumAttrCase<"Count", 7, "count">,
  I32EnumAttrCase<"Mean", 8, "mean">, I32EnumAttrCase<"ArgMax", 9, "argmax">,
  I32EnumAttrCase<"ArgMin", 10, "argmin">]>;
def Cascade_Combiner : Cascade_EnumAttr<Cascade_CombinerEnum, "combiner">;

def Cascade_UnaryEnum : Cascade_Enum<"UnaryFn", "function of one scalar", [
  I32EnumAttrCase<"Neg", 0, "neg">, I32EnumAttrCase<"Exp", 1, "exp">,
  I32EnumAttrCase<"Exp2", 2, "exp2">, I32EnumAttrCase<"Log", 3, "log">,
  I32EnumAttrCase<"Log2", 4, "log2">, I32EnumAttrCase<"Log1p", 5, "log1p">,
  I32EnumAttrCase<"Expm1", 6, "expm1">, I32EnumAttrCase<"Sqrt", 7, "sqrt">,
  I32EnumAttrCase<"Rsqrt", 8, "rsqrt">, I32EnumAttrCase<"Tanh", 9, "tanh">,
  I32EnumAttrCase<"Sigmoid", 10, "sigmoid">, I32EnumAttrCase<"Relu", 11, "relu">,
  I32EnumAttrCase<"Silu", 12, "silu">, I32EnumAttrCase<"Gelu", 13, "gelu">,
  I32EnumAttrCase<"Erf", 14, "erf">, I32EnumAttrCase<"Softplus", 15, "softplus">,
  I32EnumAttrCase<"Sin", 16, "sin">, I32EnumAttrCase<"Cos", 17, "cos">,
  I32EnumAttrCase<"Abs", 18, "abs">, I32EnumAttrCase<"Sign", 19, "sign">,
  I32EnumAttrCase<"Not", 20, "not">, I32EnumAttrCase<"ISqrt", 21, "isqrt">,
  I32EnumAttrCase<"ILog2", 22, "ilog2">]>;
def Cascade_Unary : Cascade_EnumAttr<Cascade_UnaryEnum, "unary_fn">;

def Cascade_BinaryEnum : Cascade_Enum<"BinaryFn", "function of two scalars", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Sub", 1, "sub">,
  I32EnumAttrCase<"Mul", 2, "mul">, I32EnumAttrCase<"Div", 3, "div">,
  I32EnumAttrCase<"FloorDiv", 4, "floordiv">, I32EnumAttrCase<"Mod", 5, "mod">,
  I32EnumAttrCase<"Pow", 6, "pow">, I32EnumAttrCase<"Max", 7, "max">,
  I32EnumAttrCase<"Min", 8, "min">, I32EnumAttrCase<"And", 9, "and">,
  I32EnumAttrCase<"Or", 10, "or">]>;
def Cascade_Binary : Cascade_EnumAttr<Cascade_BinaryEnum, "binary_fn">;

def Cascade_PredicateEnum : Cascade_Enum<"Predicate", "comparison of two scalars", [
  I32EnumAttrCase<"Eq", 0, "eq">, I32EnumAttrCase<"Ne", 1, "ne">,
  I32EnumAttrCase<"Lt", 2, "lt">, I32EnumAttrCase<"Le", 3, "le">,
  I32EnumAttrCase<"Gt", 4, "gt">, I32EnumAttrCase<"Ge", 5, "ge">]>;
def Cascade_Predicate : Cascade_EnumAttr<Cascade_PredicateEnum, "predicate">;

def Cascade_RoundingEnum : Cascade_Enum<"Rounding", "rounding of a real to an integer", [
  I32EnumAttrCase<"Floor", 0, "floor">, I32EnumAttrCase<"Ceil", 1, "ceil">,
  I32EnumAttrCase<"Nearest", 2, "nearest">]>;
def Cascade_Rounding : Cascade_EnumAttr<Cascade_RoundingEnum, "rounding">;

#endif // WEIR_DIALECT_CASCADE_DIALECT
