// One kernel compiled for several instruction sets, in one object.
#include "codegen/emit/Variants.h"

#include "codegen/abi/Checks.h"
#include "codegen/abi/EntryPoints.h"
#include "codegen/abi/Info.h"
#include "codegen/abi/Message.h"
#include "codegen/cpu/CpuTarget.h"
#include "codegen/emit/ProcessorLevel.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using weir::abi::Emitter;
using weir::abi::Status;

namespace weir::emit {
namespace {

/// What the variable of the choice holds before one is made; then the number of
/// a variant from 0 on, or `none`.
constexpr int64_t undecided = -1, none = -2;

class Chooser {
public:
  Chooser(cascade::KernelOp kernel, ArrayRef<std::string> targets)
      : emit(OpBuilder(kernel.getContext()), kernel.getLoc()), kernel(kernel), name(kernel.getSymName()) {
    for (const std::string &target : targets)
      variants.push_back({target, levelOf(target)});
    llvm::sort(variants, [](const Variant &a, const Variant &b) { return a.level > b.level; });
  }

  FailureOr<OwningOpRef<ModuleOp>> build();

private:
  struct Variant {
    std::string target;
    int level;
  };
  using Body = llvm::function_ref<SmallVector<Value>()>;

  Value word(int64_t value) { return emit.integer(emit.i32(), value); }
  Value status(Status value) { return word(static_cast<int>(value)); }
  std::string own(StringRef what) { return (name + what).str(); }
  Value choiceAddress() {
    auto symbol = SymbolRefAttr::get(emit.builder.getContext(), own(".choice"));
    return LLVM::AddressOfOp::create(emit.builder, emit.loc, emit.pointer(), symbol);
  }
  void setChoice(Value value) {
    LLVM::StoreOp::create(emit.builder, emit.loc, value, choiceAddress(), 4, false, false, false,
                          LLVM::AtomicOrdering::monotonic);
  }
  std::string targets() {
    auto names = llvm::map_range(llvm::reverse(variants), [](const Variant &variant) { return variant.target; });
    return llvm::join(names, ",");
  }

  void defineChoice();
  void defineChoose();
  void defineUse();
  void defineEntry(StringRef suffix, Type result, TypeRange operands, Body refuse);
  void defineEntries();
  Value isText(Value text, StringRef expected);

  Emitter emit;
  cascade::KernelOp kernel;
  StringRef name;
  SmallVector<Variant> variants; ///< the best first
  ModuleOp module;
  LLVM::LLVMFuncOp function; ///< the one being defined
};

void Chooser::defineChoice() {
  emit.builder.setInsertionPointToEnd(module.getBody());
  LLVM::GlobalOp::create(emit.builder, emit.loc, emit.i32(), /*isConstant=*/false, LLVM::Linkage::Internal,
                         own(".choice"), emit.builder.getI32IntegerAttr(undecided), 4);
}

/// i32 <kernel>.choose(): the number of the variant in use.
void Chooser::defineChoose() {
  abi::makeFunction(emit, module, own(".choose"), emit.i32(), {}, false);
  Value known = LLVM::LoadOp::create(emit.builder, emit.loc, emit.i32(), choiceAddress(), 4, false, false, false,
                                     false, LLVM::AtomicOrdering::monotonic);
  Value choice = emit.choose(
      emit.equal(known, word(undecided)), emit.i32(),
      [&]() -> SmallVector<Value> {
        Value level = emitProcessorLevel(emit), best = word(none);
        for (size_t i = variants.size(); i-- > 0;)
          best = emit.select(emit.compare(arith::CmpIPredicate::sge, level, word(variants[i].level)), word(i), best);
        setChoice(best);
        return {best};
      },
      [&]() -> SmallVector<Value> { return {known}; })[0];
  LLVM::ReturnOp::create(emit.builder, emit.loc, choice);
}

/// Whether a text is the expected one; nothing beyond its end is read.
Value Chooser::isText(Value text, StringRef expected) {
  Value same = emit.truth(true);
  for (size_t i = 0; i <= expected.size(); ++i)
    same = emit.choose(
        same, emit.i1(),
        [&]() -> SmallVector<Value> {
          Value letter = emit.integer(emit.i8(), i < expected.size() ? expected[i] : 0);
          return {emit.equal(emit.load(emit.i8(), emit.at(text, i)), letter)};
        },
        [&]() -> SmallVector<Value> { return {emit.truth(false)}; })[0];
  return same;
}

/// weir_status <kernel>_use_variant(ptr name)
void Chooser::defineUse() {
  auto use = abi::makeFunction(emit, module, own("_use_variant"), emit.i32(), emit.pointer(), true);
  Value text = use.getArgument(0);
  Value isNone = emit.equal(LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), text), emit.integer(0));
  Value level = emitProcessorLevel(emit);
  auto search = [&]() -> SmallVector<Value> {
    Value found = word(none);
    for (auto [i, variant] : llvm::enumerate(variants)) {
      Value runs = emit.compare(arith::CmpIPredicate::sge, level, word(variant.level));
      found = emit.select(emit.both(isText(text, variant.target), runs), word(i), found);
    }
    return {found};
  };
  Value choice =
      emit.choose(isNone, emit.i32(), [&]() -> SmallVector<Value> { return {word(undecided)}; }, search)[0];
  Value isFound = emit.compare(arith::CmpIPredicate::ne, choice, word(none));
  emit.when(isFound, [&] { setChoice(choice); });
  LLVM::ReturnOp::create(emit.builder, emit.loc, emit.select(isFound, word(0), status(Status::Unsupported)));
}

/// A function of the kernel that calls the same one of the variant in use, or
/// returns what `refuse` emits where the processor has none.
void Chooser::defineEntry(StringRef suffix, Type result, TypeRange operands, Body refuse) {
  function = abi::makeFunction(emit, module, own(suffix), result, operands, true);
  Value choice = emit.call(own(".choose"), emit.i32(), {});
  std::function<SmallVector<Value>(size_t)> from = [&](size_t i) -> SmallVector<Value> {
    if (i == variants.size())
      return refuse();
    return emit.choose(
        emit.equal(choice, word(i)), result,
        [&]() -> SmallVector<Value> {
          std::string callee = own(suffix) + variantSuffix(variants[i].target);
          return {emit.call(callee, result, function.getArguments())};
        },
        [&] { return from(i + 1); });
  };
  LLVM::ReturnOp::create(emit.builder, emit.loc, from(0));
}

void Chooser::defineEntries() {
  SmallVector<abi::MessagePart> reason{"this processor has none of " + targets()};
  auto unsupported = [&]() -> SmallVector<Value> { return {status(Status::Unsupported)}; };
  defineEntry("", emit.i32(), {emit.pointer(), emit.pointer()}, [&] {
    Value context = function.getArgument(0);
    Value version = emit.load(emit.i32(), emit.at(context, abi::ContextLayout::abiVersion));
    return emit.choose(
        emit.equal(version, word(1)), emit.i32(),
        [&] {
          emitMessage(emit, emit.at(context, abi::ContextLayout::message),
                      emit.integer(abi::ContextLayout::messageSize), reason);
          return unsupported();
        },
        [&]() -> SmallVector<Value> { return {status(Status::BadAbi)}; });
  });
  defineEntry("_workspace", emit.i64(), {emit.pointer(), emit.i64()}, [&]() -> SmallVector<Value> {
    return {emit.integer(-static_cast<int64_t>(Status::Unsupported))};
  });
  defineEntry("_check", emit.i32(), {emit.pointer(), emit.pointer(), emit.i64()}, [&] {
    emitMessage(emit, function.getArgument(1), function.getArgument(2), reason);
    return unsupported();
  });
  defineEntry("_variant", emit.pointer(), {}, [&]() -> SmallVector<Value> { return {emit.null()}; });
}

FailureOr<OwningOpRef<ModuleOp>> Chooser::build() {
  OwningOpRef<ModuleOp> owner = ModuleOp::create(emit.loc);
  module = *owner;
  defineChoice();
  defineChoose();
  defineUse();
  defineEntries();
  abi::emitInfo(emit, module, kernel, abi::Frame(kernel), targets());
  if (failed(cpu::convertToLLVM(module)))
    return failure();
  return owner;
}

} // namespace

int levelOf(StringRef target) {
  int level;
  bool isLevel = target.consume_front("x86-64-v") && !target.getAsInteger(10, level) && level >= 2 && level <= 4;
  return isLevel ? level : 0;
}

std::string variantSuffix(StringRef target) {
  std::string suffix = "." + target.str();
  llvm::replace(suffix, '-', '_');
  return suffix;
}

FailureOr<OwningOpRef<ModuleOp>> makeChooser(cascade::KernelOp kernel, ArrayRef<std::string> targets) {
  kernel.getContext()->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, LLVM::LLVMDialect, scf::SCFDialect>();
  return Chooser(kernel, targets).build();
}

} // namespace weir::emit
