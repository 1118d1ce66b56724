// A tile kernel compiled and called by itself, without a cascade: for
// benchmarks and tests.
#include "bench/TileProgram.h"

#include "codegen/abi/EntryPoints.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"

#include <ctime>

using namespace mlir;

namespace weir::bench {

/// Milliseconds of processor time: other work on the machine does not count.
static double msSince(std::clock_t start) {
  return 1e3 * double(std::clock() - start) / CLOCKS_PER_SEC;
}

TileProgram::TileProgram() {
  context.loadDialect<cascade::CascadeDialect, tile::TileDialect,
                      arith::ArithDialect, cf::ControlFlowDialect,
                      LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
                      vector::VectorDialect>();
  context.disableMultithreading();
}

std::unique_ptr<TileProgram> TileProgram::compile(const std::string &file,
                                                  const std::string &level,
                                                  bool isAccurate) {
  std::unique_ptr<TileProgram> program(new TileProgram);
  program->source = parseSourceFile<ModuleOp>(file, &program->context);
  return program->build(level, isAccurate) ? std::move(program) : nullptr;
}

std::unique_ptr<TileProgram> TileProgram::compileText(const std::string &text,
                                                      const std::string &level,
                                                      bool isAccurate) {
  std::unique_ptr<TileProgram> program(new TileProgram);
  program->source = parseSourceString<ModuleOp>(text, &program->context);
  return program->build(level, isAccurate) ? std::move(program) : nullptr;
}

/// A cascade kernel of the same signature, which is what the ABI is made for.
static std::string signatureOf(tile::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "cascade.kernel @" << kernel.getSymName() << " {\n";
  for (StringRef rank : kernel.getRanks().getAsValueRange<StringAttr>())
    stream << "cascade.rank \"" << rank << "\"\n";
  for (auto argument : kernel.getArgumentAttrs()) {
    std::string ranks =
        llvm::join(argument.getRanks().getAsValueRange<StringAttr>(), ", ");
    std::string type;
    llvm::raw_string_ostream(type) << "!cascade.tensor<[" << ranks << "], "
                                   << argument.getElementType() << ">";
    StringRef name = argument.getName().getValue();
    if (argument.getDirection() == tile::Direction::In)
      stream << "%" << name << " = cascade.input \"" << name << "\" : " << type
             << "\n";
    else if (argument.getDirection() == tile::Direction::Param)
      stream << "%" << name << " = cascade.param \"" << name << "\" : " << type
             << "\n";
    else {
      SmallVector<std::string> indices;
      for (StringRef rank : argument.getRanks().getAsValueRange<StringAttr>())
        indices.push_back(("%" + rank).str());
      Type scalar = cascade::scalarTypeOf(argument.getElementType());
      stream << "%" << name << " = cascade.einsum \"" << name << "\" ("
             << llvm::join(indices, ", ") << ") map () {\n%c = cascade.const "
             << (isa<FloatType>(scalar) ? "0.0" : "0") << " : " << scalar
             << "\ncascade.yield %c : " << scalar << "\n} : " << type
             << "\ncascade.output \"" << name << "\" %" << name << " : " << type
             << " as " << argument.getElementType() << "\n";
    }
  }
  stream << "}\n";
  return text;
}

bool TileProgram::lower() {
  auto signature = parseSourceString<ModuleOp>(signatureOf(kernel), &context);
  if (!signature)
    return false;
  auto cascadeKernel = *signature->getOps<cascade::KernelOp>().begin();
  abi::Frame frame(cascadeKernel);
  module = ModuleOp::create(UnknownLoc::get(&context));
  return succeeded(cpu::lowerKernel(kernel, frame, *target, *module)) &&
         succeeded(abi::emitEntryPoints(*module, cascadeKernel, frame,
                                        target->getLevel().name)) &&
         succeeded(cpu::convertToLLVM(*module));
}

static llvmir::Processor processorOf(const cpu::CpuTarget &target) {
  return {target.getLevel().name, target.getLevel().features, ""};
}

bool TileProgram::build(const std::string &level, bool isAccurate) {
  const cpu::Level *found = cpu::findLevel(level);
  if (!found || !source || source->getOps<tile::KernelOp>().empty()) {
    llvm::errs() << "no target '" << level << "', or no tile kernel\n";
    return false;
  }
  target.emplace(*found, isAccurate);
  kernel = *source->getOps<tile::KernelOp>().begin();
  auto start = std::clock();
  if (!lower())
    return false;
  loweringMs = msSince(start);
  start = std::clock();
  auto code = llvmir::Jit::create(*module, processorOf(*target));
  if (failed(code))
    return false;
  jit = std::move(*code);
  entry = jit->lookupAs<weir_status(weir_context *, const weir_tensor *)>(
      kernel.getSymName());
  workspace = jit->lookupAs<int64_t(const weir_tensor *, int64_t)>(
      (kernel.getSymName() + "_workspace").str());
  codegenMs = msSince(start);
  return entry && workspace;
}

std::string TileProgram::assembly() {
  auto text = llvmir::emitFile(*module, processorOf(*target),
                               llvmir::FileKind::Assembly);
  return failed(text) ? "" : std::string(text->begin(), text->end());
}

weir_status TileProgram::run(weir_context &call,
                             const std::vector<weir_tensor> &tensors) {
  if (!call.workspace) {
    int64_t size =
        workspace(tensors.data(), std::max<int64_t>(1, call.workers));
    if (size < 0)
      return static_cast<weir_status>(-size);
    scratch.resize(size + WEIR_ALIGNMENT);
    auto address = reinterpret_cast<uintptr_t>(scratch.data());
    call.workspace = scratch.data() + (-address & (WEIR_ALIGNMENT - 1));
    call.workspace_size = size;
  }
  return entry(&call, tensors.data());
}

} // namespace weir::bench
