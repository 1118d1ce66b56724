// Globals of a module, and the aggregates that they start as.
#include "codegen/abi/Constants.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::abi {

/// A constant aggregate from its elements.
static Value emitAggregate(Emitter &emit, Type type, ArrayRef<Value> elements) {
  Value aggregate = LLVM::UndefOp::create(emit.builder, emit.loc, type);
  for (auto [i, element] : llvm::enumerate(elements))
    aggregate = LLVM::InsertValueOp::create(emit.builder, emit.loc, aggregate,
                                            element, static_cast<int64_t>(i));
  return aggregate;
}

Value emitArray(Emitter &emit, Type element, ArrayRef<Value> elements) {
  return emitAggregate(emit, LLVM::LLVMArrayType::get(element, elements.size()),
                       elements);
}

Value emitStruct(Emitter &emit, ArrayRef<Value> elements) {
  auto types = llvm::to_vector_of<Type>(ValueRange(elements).getTypes());
  return emitAggregate(
      emit, LLVM::LLVMStructType::getLiteral(emit.builder.getContext(), types),
      elements);
}

LLVM::GlobalOp emitGlobal(Emitter &emit, ModuleOp module, StringRef name,
                          LLVM::Linkage linkage,
                          llvm::function_ref<Value()> build, bool isConstant) {
  emit.builder.setInsertionPointToEnd(module.getBody());
  auto global =
      LLVM::GlobalOp::create(emit.builder, emit.loc, emit.pointer(),
                             isConstant, linkage, name, Attribute());
  emit.builder.setInsertionPointToStart(
      emit.builder.createBlock(&global.getInitializer()));
  Value value = build();
  LLVM::ReturnOp::create(emit.builder, emit.loc, value);
  global.setGlobalType(value.getType());
  return global;
}

Value emitAddress(Emitter &emit, StringRef symbol) {
  return LLVM::AddressOfOp::create(
      emit.builder, emit.loc, emit.pointer(),
      SymbolRefAttr::get(emit.builder.getContext(), symbol));
}

} // namespace weir::abi
