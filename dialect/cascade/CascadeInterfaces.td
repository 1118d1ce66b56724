// The interface of equations: what a pass needs to know of any of them.
#ifndef WEIR_DIALECT_CASCADE_INTERFACES
#define WEIR_DIALECT_CASCADE_INTERFACES

include "mlir/IR/OpBase.td"

def Cascade_EquationInterface : OpInterface<"Equation"> {
  let cppNamespace = "::weir::cascade";
  let description = [{
    A tensor defined point by point: a scalar region over named indices.
  }];
  let methods = [
    InterfaceMethod<"The equation's name: the spec's, or one made from it.",
      "::llvm::StringRef", "getEquationName", (ins), [{}], [{ return $_op.getName(); }]>,
    InterfaceMethod<"The names of the ranks whose indices are the region's arguments, in their order.",
      "::llvm::SmallVector<::mlir::StringAttr>", "getBodyRanks">,
    InterfaceMethod<"The region that gives the value at one point.",
      "::mlir::Region &", "getEquationBody", (ins), [{}], [{ return $_op.getBody(); }]>,
    InterfaceMethod<"The type of the tensor that the equation defines.",
      "::weir::cascade::TensorType", "getTensorType", (ins), [{}],
      [{ return ::mlir::cast<::weir::cascade::TensorType>($_op.getResult().getType()); }]>,
  ];
}

#endif // WEIR_DIALECT_CASCADE_INTERFACES
