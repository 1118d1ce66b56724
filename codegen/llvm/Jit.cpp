// Loads object files into this process: what runs is what files hold.
#include "codegen/llvm/Machine.h"

#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;

namespace weir::llvmir {

Jit::Jit(std::unique_ptr<llvm::orc::LLJIT> jit) : jit(std::move(jit)) {}
Jit::~Jit() = default;

static llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> link(std::unique_ptr<llvm::MemoryBuffer> object) {
  llvm::InitializeNativeTarget();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  char prefix = (*jit)->getDataLayout().getGlobalPrefix();
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix);
  if (!process)
    return process.takeError();
  (*jit)->getMainJITDylib().addGenerator(std::move(*process));
  if (auto error = (*jit)->addObjectFile(std::move(object)))
    return std::move(error);
  return jit;
}

std::unique_ptr<Jit> Jit::load(std::unique_ptr<llvm::MemoryBuffer> object, std::string &message) {
  auto jit = link(std::move(object));
  if (jit)
    return std::unique_ptr<Jit>(new Jit(std::move(*jit)));
  message = llvm::toString(jit.takeError());
  return nullptr;
}

FailureOr<std::unique_ptr<Jit>> Jit::create(ModuleOp module, const Processor &processor) {
  auto object = emitFile(module, processor, FileKind::Object);
  if (failed(object))
    return failure();
  std::string message;
  auto jit = load(llvm::MemoryBuffer::getMemBufferCopy({object->data(), object->size()}), message);
  if (!jit)
    return module.emitError("cannot load the code: ") << message;
  return jit;
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
