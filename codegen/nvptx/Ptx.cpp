// From the lowered module to PTX by LLVM, and to machine code by ptxas.
#include "codegen/nvptx/Nvptx.h"
#include "codegen/nvptx/Tools.h"

#include "codegen/llvm/Convert.h"
#include "dialect/Refuse.h"

#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

#include <cstdlib>

using namespace mlir;

namespace weir::nvptx {

/// What unrolled code for lanes needs: common addresses once, constants folded.
static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/false));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      passes.run(function, functions);
}

/// Addresses in shared memory take 32 bits. LLVM has only a global option for that.
static void useShortPointers() {
  auto &options = llvm::cl::getRegisteredOptions();
  if (auto option = options.find("nvptx-short-ptr"); option != options.end())
    static_cast<llvm::cl::opt<bool> *>(option->second)->setValue(true);
}

FailureOr<std::string> emitPtx(const Code &code, const Architecture &architecture) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  useShortPointers();
  ModuleOp source = code.module.get();
  OwningOpRef<ModuleOp> module = source.clone();
  auto extend = [](LLVMTypeConverter &converter, RewritePatternSet &patterns, LLVMConversionTarget &target) {
    populateMathToLLVMConversionPatterns(converter, patterns);
    target.addLegalDialect<NVVM::NVVMDialect>();
  };
  if (failed(llvmir::convertToLLVM(*module, extend)))
    return failure();
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  module->getContext()->appendDialectRegistry(registry);
  llvm::LLVMContext context;
  auto translated = translateModuleToLLVMIR(*module, context, "weir");
  std::string error;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!translated || !target)
    return module.get().emitError("cannot generate PTX: ") << error;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, architecture.name, architecture.features, llvm::TargetOptions(), llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
  translated->setTargetTriple(triple);
  translated->setDataLayout(machine->createDataLayout());
  optimise(*translated, *machine);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return module.get().emitError("LLVM's code generator for GPUs cannot write PTX");
  passes.run(*translated);
  return std::string(bytes.begin(), bytes.end());
}

//===-- ptxas ---------------------------------------------------------------===//

std::string findPtxas() { return findTool("WEIR_PTXAS", "ptxas"); }

FailureOr<std::string> emitCubin(const Code &code, const Architecture &architecture) {
  ModuleOp where = code.module.get();
  std::string program = findPtxas();
  if (program.empty())
    return weir::refuse(where, "no-ptxas") << "a cubin needs the program ptxas, which is neither in PATH nor in "
                                              "CUDA_HOME/bin; emit ptx instead, which the driver compiles";
  auto ptx = emitPtx(code, architecture);
  if (failed(ptx))
    return failure();
  return runTool(where, program, {"-arch=" + architecture.name}, *ptx, "ptx");
}

} // namespace weir::nvptx
