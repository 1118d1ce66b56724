// Builds scalar code: arithmetic on integers and reals, memory, loops, calls.
#include "codegen/abi/Emitter.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace weir::abi {

//===-- Values
//-------------------------------------------------------------===//

Value Emitter::integer(Type type, int64_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getIntegerAttr(type, value));
}

Value Emitter::real(Type type, double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

Value Emitter::number(Type type, double value) {
  return isa<FloatType>(type) ? real(type, value)
                              : integer(type, static_cast<int64_t>(value));
}

Value Emitter::null() { return LLVM::ZeroOp::create(builder, loc, pointer()); }

template <typename Integer, typename Real>
static Value arithmetic(Emitter &emit, Value a, Value b) {
  if (isa<FloatType>(getElementTypeOrSelf(a.getType())))
    return Real::create(emit.builder, emit.loc, a, b);
  return Integer::create(emit.builder, emit.loc, a, b);
}

Value Emitter::add(Value a, Value b) {
  return arithmetic<arith::AddIOp, arith::AddFOp>(*this, a, b);
}
Value Emitter::sub(Value a, Value b) {
  return arithmetic<arith::SubIOp, arith::SubFOp>(*this, a, b);
}
Value Emitter::mul(Value a, Value b) {
  return arithmetic<arith::MulIOp, arith::MulFOp>(*this, a, b);
}
Value Emitter::divide(Value a, Value b) {
  return arithmetic<arith::DivSIOp, arith::DivFOp>(*this, a, b);
}
Value Emitter::both(Value a, Value b) {
  return arith::AndIOp::create(builder, loc, a, b);
}
Value Emitter::either(Value a, Value b) {
  return arith::OrIOp::create(builder, loc, a, b);
}
Value Emitter::invert(Value a) {
  return arith::XOrIOp::create(builder, loc, a, integer(a.getType(), -1));
}

Value Emitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value Emitter::bitcast(Type type, Value value) {
  return arith::BitcastOp::create(builder, loc, type, value);
}

Value Emitter::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

Value Emitter::compare(arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(builder, loc, predicate, a, b);
}

Value Emitter::least(Value a, Value b) {
  return arith::MinSIOp::create(builder, loc, a, b);
}
Value Emitter::greatest(Value a, Value b) {
  return arith::MaxSIOp::create(builder, loc, a, b);
}

Value Emitter::inRange(Value index, Value extent) {
  return compare(arith::CmpIPredicate::ult, index, extent);
}

SmallVector<Value> Emitter::delinearise(Value index, ArrayRef<Value> counts) {
  SmallVector<Value> indices(counts.size());
  for (size_t i = counts.size(); i-- > 1;) {
    indices[i] = arith::RemUIOp::create(builder, loc, index, counts[i]);
    index = arith::DivUIOp::create(builder, loc, index, counts[i]);
  }
  if (!counts.empty())
    indices[0] = index;
  return indices;
}

//===-- Memory
//-------------------------------------------------------------===//

Value Emitter::at(Type element, Value base, Value index) {
  return LLVM::GEPOp::create(builder, loc, pointer(), element, base,
                             ValueRange(index));
}

Value Emitter::at(Value base, int64_t bytes) {
  return bytes ? at(i8(), base, integer(bytes)) : base;
}

Value Emitter::load(Type type, Value address) {
  return LLVM::LoadOp::create(builder, loc, type, address);
}

void Emitter::store(Value value, Value address) {
  LLVM::StoreOp::create(builder, loc, value, address);
}

Value Emitter::allocate(Type element, int64_t count) {
  return LLVM::AllocaOp::create(builder, loc, pointer(), element,
                                integer(count), 64);
}

//===-- Control
//------------------------------------------------------------===//

void Emitter::loop(Value from, Value to, Value step,
                   llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(builder, loc, from, to, step);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> Emitter::carry(Value from, Value to, ValueRange start,
                                  CarryBody body) {
  auto loop = scf::ForOp::create(builder, loc, from, to, integer(1), start);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  auto next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, next);
  return llvm::to_vector_of<Value>(loop.getResults());
}

SmallVector<Value> Emitter::follow(Value first, ValueRange start, CarryBody body) {
  SmallVector<Value> state{first};
  llvm::append_range(state, start);
  SmallVector<Type> types = llvm::to_vector(ValueRange(state).getTypes());
  SmallVector<Location> locations(state.size(), loc);
  auto loop = scf::WhileOp::create(builder, loc, types, state);
  OpBuilder::InsertionGuard guard(builder);
  ValueRange now = builder.createBlock(&loop.getBefore(), {}, types, locations)->getArguments();
  scf::ConditionOp::create(builder, loc, invert(less(now[0], integer(0))), now);
  now = builder.createBlock(&loop.getAfter(), {}, types, locations)->getArguments();
  scf::YieldOp::create(builder, loc, body(now[0], now.drop_front()));
  return llvm::to_vector_of<Value>(loop.getResults().drop_front());
}

void Emitter::when(Value condition, llvm::function_ref<void()> body) {
  auto branch =
      scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

SmallVector<Value> Emitter::choose(Value condition, TypeRange types,
                                   Branch onTrue, Branch onFalse) {
  auto op =
      scf::IfOp::create(builder, loc, types, condition, /*addThenBlock=*/true,
                        /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(builder);
  auto fill = [&](Block *block, Branch branch) {
    builder.setInsertionPointToStart(block);
    auto values = branch();
    scf::YieldOp::create(builder, loc, values);
  };
  fill(op.thenBlock(), onTrue);
  fill(op.elseBlock(), onFalse);
  return llvm::to_vector_of<Value>(op.getResults());
}

//===-- Functions
//----------------------------------------------------------===//

ModuleOp Emitter::module() {
  return builder.getInsertionBlock()
      ->getParentOp()
      ->getParentOfType<ModuleOp>();
}

LLVM::LLVMFuncOp Emitter::declare(StringRef name, Type result,
                                  TypeRange operands) {
  ModuleOp top = module();
  if (auto known = top.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(top.getBody());
  auto type = LLVM::LLVMFunctionType::get(result, llvm::to_vector(operands));
  return LLVM::LLVMFuncOp::create(builder, loc, name, type);
}

Value Emitter::call(StringRef name, Type result, ValueRange operands) {
  auto function = declare(name, result, operands.getTypes());
  auto call = LLVM::CallOp::create(builder, loc, function, operands);
  return isa<LLVM::LLVMVoidType>(result) ? Value() : call.getResult();
}

Value Emitter::libm(StringRef name, ValueRange operands) {
  Type type = operands[0].getType();
  return call(type.isF32() ? (name + "f").str() : name.str(), type, operands);
}

LLVM::LLVMFuncOp makeFunction(Emitter &emit, ModuleOp module, StringRef name,
                              Type result, TypeRange operands, bool exported) {
  emit.builder.setInsertionPointToEnd(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(result, llvm::to_vector(operands));
  auto linkage = exported ? LLVM::Linkage::External : LLVM::Linkage::Internal;
  auto function =
      LLVM::LLVMFuncOp::create(emit.builder, emit.loc, name, type, linkage);
  emit.builder.setInsertionPointToStart(function.addEntryBlock(emit.builder));
  return function;
}

} // namespace weir::abi
