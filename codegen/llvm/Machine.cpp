// From the LLVM dialect to machine code: object files, assembly, code to call.
#include "codegen/llvm/Machine.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace weir::llvmir {

// Level 2 without LLVM's optimisation pipeline: it gains nothing on this code.
static constexpr auto codegenLevel = llvm::CodeGenOptLevel::Default;

static void initialize() {
  [[maybe_unused]] static const bool once = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
}

static std::string tripleOf(const Processor &processor) {
  return processor.triple.empty() ? llvm::sys::getDefaultTargetTriple()
                                  : processor.triple;
}

static FailureOr<std::unique_ptr<llvm::TargetMachine>>
makeMachine(ModuleOp module, const Processor &processor) {
  initialize();
  std::string error;
  llvm::Triple triple(tripleOf(processor));
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return module.emitError("no code generator for '")
           << triple.str() << "': " << error;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, processor.cpu, processor.features, llvm::TargetOptions(),
      llvm::Reloc::PIC_, std::nullopt, codegenLevel));
}

static FailureOr<std::unique_ptr<llvm::Module>>
translate(ModuleOp module, llvm::LLVMContext &context,
          llvm::TargetMachine &machine) {
  MLIRContext *mlirContext = module.getContext();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  mlirContext->appendDialectRegistry(registry);
  auto translated = translateModuleToLLVMIR(module, context, "weir");
  if (!translated)
    return module.emitError("cannot translate to LLVM IR");
  translated->setTargetTriple(machine.getTargetTriple());
  translated->setDataLayout(machine.createDataLayout());
  return translated;
}

FailureOr<llvm::SmallVector<char, 0>>
emitFile(ModuleOp module, const Processor &processor, FileKind kind) {
  auto machine = makeMachine(module, processor);
  if (failed(machine))
    return failure();
  llvm::LLVMContext context;
  auto translated = translate(module, context, **machine);
  if (failed(translated))
    return failure();
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  auto type = kind == FileKind::Object ? llvm::CodeGenFileType::ObjectFile
                                       : llvm::CodeGenFileType::AssemblyFile;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, type))
    return module.emitError(
        "this processor's code generator cannot write such a file");
  passes.run(**translated);
  return bytes;
}

FailureOr<std::string> emitText(ModuleOp module, const Processor &processor) {
  auto machine = makeMachine(module, processor);
  if (failed(machine))
    return failure();
  llvm::LLVMContext context;
  auto translated = translate(module, context, **machine);
  if (failed(translated))
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*translated)->print(stream, nullptr);
  return text;
}

//===-- JIT ---------------------------------------------------------------===//

Jit::Jit(std::unique_ptr<llvm::orc::LLJIT> jit) : jit(std::move(jit)) {}
Jit::~Jit() = default;

static LogicalResult report(ModuleOp module, llvm::Error error) {
  return module.emitError("cannot load the code: ")
         << llvm::toString(std::move(error));
}

FailureOr<std::unique_ptr<Jit>> Jit::create(ModuleOp module,
                                            const Processor &processor) {
  auto machine = makeMachine(module, processor);
  if (failed(machine))
    return failure();
  auto context = std::make_unique<llvm::LLVMContext>();
  auto translated = translate(module, *context, **machine);
  if (failed(translated))
    return failure();
  llvm::orc::JITTargetMachineBuilder builder{llvm::Triple(tripleOf(processor))};
  builder.setCPU(processor.cpu);
  builder.addFeatures(
      llvm::SubtargetFeatures(processor.features).getFeatures());
  builder.setCodeGenOptLevel(codegenLevel);
  auto jit = llvm::orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(builder))
                 .create();
  if (!jit)
    return report(module, jit.takeError());
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return report(module, process.takeError());
  (*jit)->getMainJITDylib().addGenerator(std::move(*process));
  llvm::orc::ThreadSafeModule code(std::move(*translated), std::move(context));
  if (auto error = (*jit)->addIRModule(std::move(code)))
    return report(module, std::move(error));
  return std::unique_ptr<Jit>(new Jit(std::move(*jit)));
}

void *Jit::lookup(StringRef name) {
  auto address = jit->lookup(name);
  if (!address) {
    llvm::consumeError(address.takeError());
    return nullptr;
  }
  return address->toPtr<void *>();
}

} // namespace weir::llvmir
