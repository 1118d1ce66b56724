// Fuzz target of the whole program: what the front end takes is compiled and run at small extents, or refused with an
// identifier.
#include "codegen/compile/CompiledKernel.h"
#include "dialect/Refuse.h"
#include "frontends/weir/Frontend.h"
#include "test/fuzz/Require.h"
#include "tools/weir/Sizes.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace weir;

static const BackendRegistry &targets() {
  static const BackendRegistry registry = [] {
    BackendRegistry all;
    registerCompiledBackends(all);
    return all;
  }();
  return registry;
}

/// Whether a call has so few points that any way to compute them is quick.
static bool isSmall(const Call &call) {
  constexpr int64_t most = 1'000'000;
  int64_t points = 1;
  for (auto &[rank, extent] : call.resolution.extents)
    if (__builtin_mul_overflow(points, std::max<int64_t>(extent, 1), &points) || points > most)
      return false;
  return true;
}

static void run(const Call &call, llvm::StringRef target) {
  std::string message;
  auto backend = targets().find(target, message);
  require(succeeded(backend), "there is such a target");
  auto executable = backend->first->compile(call, {backend->second, 1});
  if (failed(executable))
    return;
  auto outputs = allocateOutputs(call, false);
  if (succeeded(outputs))
    (void)(*executable)->run(call, *outputs);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "fuzz.weir"), llvm::SMLoc());
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler([](mlir::Diagnostic &diagnostic) {
    bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    if (isError && identifierOf(diagnostic).empty())
      std::fprintf(stderr, "%s\n", diagnostic.str().c_str());
    require(!isError || !identifierOf(diagnostic).empty(), "a refusal has an identifier");
  });
  auto module = frontend::parseWeir(context, sources, {}, [](const frontend::Diagnostic &) {});
  if (!module)
    return 0;
  for (auto kernel : module->getOps<cascade::KernelOp>())
    for (const Call &call : tool::chooseSizes(kernel, 2, /*large=*/false, /*seed=*/size))
      if (isSmall(call)) {
        run(call, "host");
        run(call, "loops");
      }
  return 0;
}
