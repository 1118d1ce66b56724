// Builds scalar code: arithmetic on integers and reals, memory, loops, calls.
#ifndef WEIR_CODEGEN_ABI_EMITTER_H
#define WEIR_CODEGEN_ABI_EMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace weir::abi {

using mlir::Type;
using mlir::Value;

/// A builder with a location and short names for what compiled kernels are made
/// of. Code is `arith` and `scf` on `i64`, `i1`, `f32`, `f64` and pointers.
class Emitter {
public:
  Emitter(mlir::OpBuilder builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::OpBuilder builder;
  mlir::Location loc;

  Type i1() { return builder.getI1Type(); }
  Type i8() { return builder.getI8Type(); }
  Type i32() { return builder.getI32Type(); }
  Type i64() { return builder.getI64Type(); }
  Type f32() { return builder.getF32Type(); }
  Type f64() { return builder.getF64Type(); }
  Type pointer() {
    return mlir::LLVM::LLVMPointerType::get(builder.getContext());
  }

  Value integer(int64_t value) { return integer(i64(), value); }
  Value integer(Type type, int64_t value);
  Value real(Type type, double value);
  Value truth(bool value) { return integer(i1(), value); }
  /// The number `value` as any scalar type.
  Value number(Type type, double value);
  Value null();

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value divide(Value a, Value b);
  Value both(Value a, Value b);
  Value either(Value a, Value b);
  Value invert(Value a);
  Value select(Value condition, Value a, Value b);
  Value bitcast(Type type, Value value);
  Value compare(mlir::arith::CmpIPredicate predicate, Value a, Value b);
  Value compare(mlir::arith::CmpFPredicate predicate, Value a, Value b);
  Value equal(Value a, Value b) {
    return compare(mlir::arith::CmpIPredicate::eq, a, b);
  }
  Value less(Value a, Value b) {
    return compare(mlir::arith::CmpIPredicate::slt, a, b);
  }
  Value least(Value a, Value b);    ///< of signed integers
  Value greatest(Value a, Value b); ///< of signed integers
  /// 0 <= index < extent.
  Value inRange(Value index, Value extent);

  /// Splits a linear index into one for each count, the last one fastest.
  llvm::SmallVector<Value> delinearise(Value index, llvm::ArrayRef<Value> counts);

  Value at(Type element, Value base, Value index);
  Value at(Value base, int64_t bytes);
  Value load(Type type, Value address);
  void store(Value value, Value address);
  /// A place on the stack; call it in an entry block.
  Value allocate(Type element, int64_t count);

  /// A loop over [from, to) in steps of `step`.
  void loop(Value from, Value to, Value step,
            llvm::function_ref<void(Value)> body);
  void loop(Value to, llvm::function_ref<void(Value)> body) {
    loop(integer(0), to, integer(1), body);
  }
  /// The same with values carried from iteration to iteration.
  using CarryBody =
      llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)>;
  llvm::SmallVector<Value> carry(Value from, Value to, mlir::ValueRange start,
                                 CarryBody body);
  /// The same over a list: the body gives the next position before what it carries; a negative one ends it.
  llvm::SmallVector<Value> follow(Value first, mlir::ValueRange start, CarryBody body);
  void when(Value condition, llvm::function_ref<void()> body);
  /// The values of one of two branches.
  using Branch = llvm::function_ref<llvm::SmallVector<Value>()>;
  llvm::SmallVector<Value> choose(Value condition, mlir::TypeRange types,
                                  Branch onTrue, Branch onFalse);

  /// Calls a function of libm on reals: `exp` becomes `expf` for f32.
  Value libm(llvm::StringRef name, mlir::ValueRange operands);
  /// Calls `name`, which is declared in the module if need be.
  Value call(llvm::StringRef name, Type result, mlir::ValueRange operands);
  mlir::LLVM::LLVMFuncOp declare(llvm::StringRef name, Type result,
                                 mlir::TypeRange operands);

  mlir::ModuleOp module();
};

/// A function with a body of one block, in which `builder` then stands.
mlir::LLVM::LLVMFuncOp makeFunction(Emitter &emit, mlir::ModuleOp module,
                                    llvm::StringRef name, Type result,
                                    mlir::TypeRange operands, bool exported);

} // namespace weir::abi

#endif // WEIR_CODEGEN_ABI_EMITTER_H
