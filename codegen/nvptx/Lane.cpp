// Index arithmetic that folds, and instructions of the GPU by their intrinsics.
#include "codegen/nvptx/Lane.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace weir::nvptx {

//===-- Indices -------------------------------------------------------------===//

std::optional<int64_t> Lane::constant(Value value) {
  APInt known;
  if (matchPattern(value, m_ConstantInt(&known)))
    return known.getSExtValue();
  return std::nullopt;
}

Value Lane::plus(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
Value Lane::minus(Value a, Value b) { return builder.createOrFold<arith::SubIOp>(loc, a, b); }
Value Lane::times(Value a, Value b) { return builder.createOrFold<arith::MulIOp>(loc, a, b); }
Value Lane::smaller(Value a, Value b) { return builder.createOrFold<arith::MinSIOp>(loc, a, b); }
Value Lane::greater(Value a, Value b) { return builder.createOrFold<arith::MaxSIOp>(loc, a, b); }
Value Lane::flip(Value a, Value b) { return builder.createOrFold<arith::XOrIOp>(loc, a, b); }
Value Lane::every(Value a, Value b) { return builder.createOrFold<arith::AndIOp>(loc, a, b); }
Value Lane::isLess(Value a, Value b) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, a, b);
}
Value Lane::choice(Value condition, Value a, Value b) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, a, b);
}
Value Lane::wide(Value index) {
  return index.getType().isInteger(64) ? index : builder.createOrFold<arith::ExtSIOp>(loc, i64(), index);
}

static Value moved(Lane &emit, Value index, bool isVolatile) {
  auto move = LLVM::InlineAsmOp::create(emit.builder, emit.loc, index.getType(), index, "mov.b32 $0, $1;", "=r,r",
                                        /*has_side_effects=*/isVolatile, /*is_align_stack=*/false,
                                        LLVM::tailcallkind::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  return move.getRes();
}

Value Lane::opaque(Value index) { return moved(*this, index, /*isVolatile=*/false); }
Value Lane::renewed(Value index) { return moved(*this, index, /*isVolatile=*/true); }

Value Lane::quotient(Value a, Value b) {
  auto divisor = constant(b);
  if (divisor && llvm::isPowerOf2_64(*divisor))
    return builder.createOrFold<arith::ShRSIOp>(loc, a, integer(a.getType(), llvm::Log2_64(*divisor)));
  Value q = builder.createOrFold<arith::DivSIOp>(loc, a, b);
  Value zero = integer(a.getType(), 0), rest = minus(a, times(q, b));
  Value isInexact = builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, rest, zero);
  Value isBelow = every(isInexact, isLess(flip(rest, b), zero));
  return choice(isBelow, minus(q, integer(a.getType(), 1)), q);
}

Value Lane::remainder(Value a, Value b) { return minus(a, times(quotient(a, b), b)); }

Value Lane::expand(AffineExpr expression, unsigned dimensions, ArrayRef<Value> operands) {
  if (auto dimension = dyn_cast<AffineDimExpr>(expression))
    return operands[dimension.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expression))
    return operands[dimensions + symbol.getPosition()];
  if (auto known = dyn_cast<AffineConstantExpr>(expression))
    return number(known.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expression);
  Value a = expand(binary.getLHS(), dimensions, operands), b = expand(binary.getRHS(), dimensions, operands);
  // A value of a table is i64, an index i32.
  if (a.getType() != b.getType()) {
    a = wide(a);
    b = wide(b);
  }
  switch (expression.getKind()) {
  case AffineExprKind::Add:
    return plus(a, b);
  case AffineExprKind::Mul:
    return times(a, b);
  case AffineExprKind::FloorDiv:
    return quotient(a, b);
  case AffineExprKind::CeilDiv:
    return quotient(plus(a, minus(b, integer(b.getType(), 1))), b);
  default:
    return remainder(a, b);
  }
}

Value Lane::expand(tile::IndexOp op, llvm::function_ref<Value(Value)> valueOf) {
  auto operands = llvm::map_to_vector(op.getIndices(), valueOf);
  Value result;
  for (AffineExpr expression : op.getMap().getResults()) {
    Value value = expand(expression, op.getMap().getNumDims(), operands);
    if (result && result.getType() != value.getType()) {
      result = wide(result);
      value = wide(value);
    }
    result = !result ? value : op.getBound() == tile::Bound::Min ? smaller(result, value) : greater(result, value);
  }
  return result;
}

//===-- Memory and instructions ---------------------------------------------===//

static constexpr unsigned globalSpace = 1, sharedSpace = 3;

Type Lane::sharedPointer() { return LLVM::LLVMPointerType::get(builder.getContext(), sharedSpace); }

Value Lane::shared(Value byte) { return LLVM::IntToPtrOp::create(builder, loc, sharedPointer(), byte); }

Value Lane::intrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(builder, loc, result, builder.getStringAttr(name), operands).getResults();
}

SmallVector<Value> Lane::intrinsics(StringRef name, Type member, unsigned count, ValueRange operands) {
  auto type = LLVM::LLVMStructType::getLiteral(builder.getContext(), SmallVector<Type>(count, member));
  Value all = intrinsic(name, type, operands);
  SmallVector<Value> members;
  for (unsigned i = 0; i < count; ++i)
    members.push_back(LLVM::ExtractValueOp::create(builder, loc, all, i));
  return members;
}

void Lane::instruct(StringRef name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr(name), operands);
}

void Lane::barrier() { instruct("llvm.nvvm.barrier.cta.sync.aligned.all", number(0)); }

void Lane::copyAsync(Value sharedByte, Value global, Value bytes) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext(), globalSpace);
  SmallVector<Value> operands{shared(sharedByte), LLVM::AddrSpaceCastOp::create(builder, loc, pointer, global)};
  if (bytes)
    operands.push_back(bytes);
  instruct(bytes ? "llvm.nvvm.cp.async.cg.shared.global.16.s" : "llvm.nvvm.cp.async.cg.shared.global.16", operands);
}

SmallVector<Value> Lane::loadMatrices(Value sharedByte, bool transposes) {
  StringRef name = transposes ? "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3"
                              : "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3";
  return intrinsics(name, i32(), 4, shared(sharedByte));
}

void Lane::multiply(Type element, ArrayRef<Value> left, ArrayRef<Value> right, MutableArrayRef<Value> sums) {
  SmallVector<Value> operands;
  auto pair = VectorType::get(2, element);
  for (ArrayRef<Value> side : {left, right})
    for (Value word : side)
      operands.push_back(element.isBF16() ? word : Value(LLVM::BitcastOp::create(builder, loc, pair, word)));
  operands.append(sums.begin(), sums.end());
  StringRef name = element.isBF16() ? "llvm.nvvm.mma.m16n8k16.row.col.bf16" : "llvm.nvvm.mma.m16n8k16.row.col.f32.f32";
  llvm::copy(intrinsics(name, f32(), 4, operands), sums.begin());
}

void Lane::multiplyTf32(ArrayRef<Value> left, ArrayRef<Value> right, MutableArrayRef<Value> sums) {
  SmallVector<Value> operands(left);
  operands.append(right.begin(), right.end());
  operands.append(sums.begin(), sums.end());
  llvm::copy(intrinsics("llvm.nvvm.mma.m16n8k8.row.col.tf32", f32(), 4, operands), sums.begin());
}

Value Lane::pack(Type element, Value low, Value high) {
  StringRef name = element.isBF16() ? "llvm.nvvm.ff2bf16x2.rn" : "llvm.nvvm.ff2f16x2.rn";
  Value both = intrinsic(name, VectorType::get(2, element), {high, low});
  return LLVM::BitcastOp::create(builder, loc, i32(), both);
}

// All lanes of a warp take part; the last operand says that lanes are those of a whole warp.
Value Lane::exchange(Value value, unsigned bits) {
  if (value.getType().isF32())
    return intrinsic("llvm.nvvm.shfl.sync.bfly.f32", f32(), {number(-1), value, number(bits), number(31)});
  Value word = arith::ExtUIOp::create(builder, loc, i32(), value);
  Value other = intrinsic("llvm.nvvm.shfl.sync.bfly.i32", i32(), {number(-1), word, number(bits), number(31)});
  return arith::TruncIOp::create(builder, loc, value.getType(), other);
}

Value Lane::fromLane(Value value, Value lane) {
  return intrinsic("llvm.nvvm.shfl.sync.idx.f32", f32(), {number(-1), value, lane, number(31)});
}

Value Lane::anyLane(Value condition) { return intrinsic("llvm.nvvm.vote.any.sync", i1(), {number(-1), condition}); }
Value Lane::exp2(Value x) { return intrinsic("llvm.nvvm.ex2.approx.ftz", f32(), x); }
Value Lane::fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(builder, loc, f32(), {a, b, c}); }

} // namespace weir::nvptx
