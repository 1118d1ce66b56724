// Code that asks the processor which level of x86-64 it has.
#include "codegen/emit/ProcessorLevel.h"

using namespace mlir;

namespace weir::emit {
namespace {

using abi::Emitter;

constexpr int64_t bits(std::initializer_list<int> positions) {
  int64_t mask = 0;
  for (int position : positions)
    mask |= int64_t(1) << position;
  return mask;
}

// Bits of CPUID's answers and of XCR0, as Intel's manual numbers them (volume 2A, table 3-8 and on).
constexpr int64_t level2 = bits({0, 9, 13, 19, 20, 23});          // 1.ecx: SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT
constexpr int64_t level3 = bits({12, 22, 27, 28, 29});            // 1.ecx: FMA MOVBE OSXSAVE AVX F16C
constexpr int64_t level3Extended = bits({3, 5, 8});               // 7.ebx: BMI1 AVX2 BMI2
constexpr int64_t level3Amd = bits({5});                          // 80000001.ecx: LZCNT
constexpr int64_t level3State = bits({1, 2});                     // XCR0: the system saves xmm, ymm
constexpr int64_t level4Extended = bits({16, 17, 28, 30, 31});    // 7.ebx: AVX512F DQ CD BW VL
constexpr int64_t level4State = level3State | bits({5, 6, 7});    // XCR0: and mask registers, zmm
enum Register { Eax, Ebx, Ecx, Edx };

Value assembly(Emitter &emit, Type result, ValueRange operands, StringRef text, StringRef constraints) {
  return LLVM::InlineAsmOp::create(emit.builder, emit.loc, result, operands, text, constraints,
                                   /*has_side_effects=*/true, /*is_align_stack=*/false,
                                   LLVM::tailcallkind::TailCallKind::None, nullptr, nullptr)
      .getResult(0);
}

Value askProcessor(Emitter &emit, int64_t leaf, Register answer) {
  SmallVector<Type> registers(4, emit.i32());
  auto type = LLVM::LLVMStructType::getLiteral(emit.builder.getContext(), registers);
  Value answers = assembly(emit, type, {emit.integer(emit.i32(), leaf), emit.integer(emit.i32(), 0)}, "cpuid",
                           "={ax},={bx},={cx},={dx},{ax},{cx}");
  return LLVM::ExtractValueOp::create(emit.builder, emit.loc, answers, static_cast<int64_t>(answer));
}

/// XCR0: what of the registers the operating system saves.
Value askSavedState(Emitter &emit) {
  SmallVector<Type> registers(2, emit.i32());
  auto type = LLVM::LLVMStructType::getLiteral(emit.builder.getContext(), registers);
  Value state = assembly(emit, type, emit.integer(emit.i32(), 0), "xgetbv", "={ax},={dx},{cx}");
  return LLVM::ExtractValueOp::create(emit.builder, emit.loc, state, int64_t(0));
}

Value hasAll(Emitter &emit, Value answer, int64_t mask) {
  Value wanted = emit.integer(emit.i32(), static_cast<int32_t>(mask));
  return emit.equal(emit.both(answer, wanted), wanted);
}

/// The level of a processor that has what leaf 1 says of level 3.
Value emitUpperLevel(Emitter &emit) {
  Value extended = askProcessor(emit, 7, Ebx), saved = askSavedState(emit);
  Value amd = askProcessor(emit, static_cast<int32_t>(0x80000001), Ecx);
  Value is3 = emit.both(emit.both(hasAll(emit, extended, level3Extended), hasAll(emit, amd, level3Amd)),
                        hasAll(emit, saved, level3State));
  Value is4 = emit.both(hasAll(emit, extended, level4Extended), hasAll(emit, saved, level4State));
  auto level = [&](int64_t number) { return emit.integer(emit.i32(), number); };
  return emit.select(is3, emit.select(is4, level(4), level(3)), level(2));
}

} // namespace

Value emitProcessorLevel(Emitter &emit) {
  Value basic = askProcessor(emit, 1, Ecx);
  Value is2 = hasAll(emit, basic, level2);
  Value hasLeaf7 = emit.compare(arith::CmpIPredicate::sge, askProcessor(emit, 0, Eax), emit.integer(emit.i32(), 7));
  Value mayBe3 = emit.both(emit.both(is2, hasAll(emit, basic, level3)), hasLeaf7);
  return emit.choose(
      mayBe3, emit.i32(), [&]() -> SmallVector<Value> { return {emitUpperLevel(emit)}; },
      [&]() -> SmallVector<Value> {
        return {emit.select(is2, emit.integer(emit.i32(), 2), emit.integer(emit.i32(), 1))};
      })[0];
}

} // namespace weir::emit
