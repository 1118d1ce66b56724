// From the LLVM dialect to machine code: object files and assembly.
#include "codegen/llvm/Machine.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace weir::llvmir {
namespace {

/// Level 2 without LLVM's optimisation pipeline: it gains nothing on this code.
constexpr auto codegenLevel = llvm::CodeGenOptLevel::Default;

void initialize() {
  [[maybe_unused]] static const bool once = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser(); // of inline assembly
    return true;
  }();
}

/// Makes all processors known that LLVM has code generators for.
void initializeOthers() {
  [[maybe_unused]] static const bool once = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
}

InFlightDiagnostic report(const Unit &unit) { return mlir::emitError(const_cast<ModuleOp &>(unit.module).getLoc()); }

FailureOr<std::unique_ptr<llvm::TargetMachine>> makeMachine(const Unit &unit) {
  initialize();
  const Processor &processor = unit.processor;
  std::string error;
  llvm::Triple triple(processor.triple.empty() ? llvm::sys::getDefaultTargetTriple() : processor.triple);
  if (triple.getArch() != llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch())
    initializeOthers();
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return report(unit) << "no code generator for '" << triple.str() << "': " << error;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, processor.cpu, processor.features, llvm::TargetOptions(), llvm::Reloc::PIC_,
                                  std::nullopt, codegenLevel));
}

/// Units translated into one module, and the machine to make code for.
class Program {
public:
  static FailureOr<std::unique_ptr<Program>> create(ArrayRef<Unit> units);

  llvm::LLVMContext context; ///< outlives the module
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;

private:
  LogicalResult add(const Unit &unit);
  void rename(llvm::Module &part, const Unit &unit);
  void hide();

  llvm::SmallVector<std::string> hidden;
};

/// Ends the names of definitions with the unit's suffix, and ties functions to
/// its processor.
void Program::rename(llvm::Module &part, const Unit &unit) {
  for (llvm::GlobalValue &global : part.global_values())
    if (!global.isDeclaration()) {
      global.setName(global.getName() + unit.suffix);
      if (!global.hasLocalLinkage())
        hidden.push_back(global.getName().str());
    }
  for (llvm::Function &function : part)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", unit.processor.cpu);
      function.addFnAttr("target-features", unit.processor.features);
    }
}

void Program::hide() {
  for (const std::string &name : hidden)
    module->getNamedValue(name)->setLinkage(llvm::GlobalValue::InternalLinkage);
}

LogicalResult Program::add(const Unit &unit) {
  auto part = translateModuleToLLVMIR(unit.module, context, "weir");
  if (!part)
    return report(unit) << "cannot translate to LLVM IR";
  part->setTargetTriple(machine->getTargetTriple());
  part->setDataLayout(machine->createDataLayout());
  if (!unit.suffix.empty())
    rename(*part, unit);
  if (!module)
    module = std::move(part);
  else if (llvm::Linker::linkModules(*module, std::move(part)))
    return report(unit) << "cannot be linked with what was compiled before";
  return success();
}

FailureOr<std::unique_ptr<Program>> Program::create(ArrayRef<Unit> units) {
  auto machine = makeMachine(units.front());
  if (failed(machine))
    return failure();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  units.front().module->getContext()->appendDialectRegistry(registry);
  auto program = std::make_unique<Program>();
  program->machine = std::move(*machine);
  for (const Unit &unit : units)
    if (failed(program->add(unit)))
      return failure();
  program->hide();
  return program;
}

} // namespace

Processor anyProcessor() {
  llvm::Triple machine(llvm::sys::getDefaultTargetTriple());
  return {machine.getArch() == llvm::Triple::x86_64 ? "x86-64" : "generic", "", ""};
}

FailureOr<llvm::SmallVector<char, 0>> emitFile(ArrayRef<Unit> units, FileKind kind) {
  auto program = Program::create(units);
  if (failed(program))
    return failure();
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  auto type = kind == FileKind::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if ((*program)->machine->addPassesToEmitFile(passes, stream, nullptr, type))
    return report(units.front()) << "this processor's code generator cannot write such a file";
  passes.run(*(*program)->module);
  return bytes;
}

FailureOr<llvm::SmallVector<char, 0>> emitFile(ModuleOp module, const Processor &processor, FileKind kind) {
  return emitFile(Unit{module, processor, ""}, kind);
}

FailureOr<std::string> emitText(ArrayRef<Unit> units) {
  auto program = Program::create(units);
  if (failed(program))
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*program)->module->print(stream, nullptr);
  return text;
}

FailureOr<std::string> emitText(ModuleOp module, const Processor &processor) {
  return emitText(Unit{module, processor, ""});
}

} // namespace weir::llvmir
