// GPU kernels run on the PTX executor, which checks every access.
#include "codegen/nvptx/Run.h"

#include "codegen/nvptx/Device.h"
#include "codegen/nvptx/Version.h"
#include "codegen/nvptx/executor/Executor.h"

using namespace mlir;

namespace weir::nvptx {
namespace {

class ExecutedKernel : public Executable {
public:
  ExecutedKernel(MakePtx makePtx, Architecture architecture, const CompileOptions &options)
      : makePtx(makePtx), architecture(std::move(architecture)), options(options) {}

  /// Makes sure that there is code for a call.
  LogicalResult prepare(const Call &call);
  LogicalResult run(const Call &call, std::vector<io::Tensor> &outputs) override;

private:
  MakePtx makePtx;
  Architecture architecture;
  CompileOptions options;
  std::optional<Version> version;
  std::optional<ptx::Module> module;
};

LogicalResult ExecutedKernel::prepare(const Call &call) {
  if (version && version->isFor(call))
    return success();
  auto made = Version::make(call, makePtx, architecture, options);
  if (failed(made))
    return failure();
  std::vector<ptx::Diagnostic> diagnostics;
  auto parsed = ptx::parse(made->ptx, diagnostics);
  for (const ptx::Diagnostic &diagnostic : diagnostics)
    const_cast<cascade::KernelOp &>(call.kernel).emitError()
        << "line " << diagnostic.line << " of the PTX: " << diagnostic.message;
  if (!parsed)
    return failure();
  version.emplace(std::move(*made));
  module.emplace(std::move(*parsed));
  return success();
}

LogicalResult ExecutedKernel::run(const Call &call, std::vector<io::Tensor> &outputs) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  if (failed(prepare(call)))
    return failure();
  const Code &code = version->code;
  auto tensors = tensorsOf(call, code, outputs);
  if (failed(tensors))
    return failure();
  ptx::GlobalMemory memory;
  for (auto &[name, placed] : *tensors)
    placed.address = memory.map(name, placed.tensor.data(), placed.tensor.bytes(), placed.isOutput, !placed.isOutput);
  for (const Launch &launch : code.launches) {
    ptx::Launch what;
    what.kernel = launch.entry;
    Grid grid = code.gridOf(launch, [&](StringRef rank) { return call.resolution.extents.at(rank.str()); });
    if (llvm::is_contained(grid, 0))
      continue;
    what.grid = {unsigned(grid[0]), unsigned(grid[1]), unsigned(grid[2])};
    what.block.x = launch.threads;
    what.dynamicShared = launch.sharedBytes;
    for (const Parameter &parameter : code.parameters)
      what.arguments.push_back({argumentOf(parameter, call, *tensors)});
    ptx::Options checks;
    checks.threads = options.threads;
    ptx::Report report = ptx::launch(*module, what, memory, checks);
    if (!report.ok())
      return kernel.emitError() << "the generated PTX does what it must not:\n" << report.text();
    if (const char *path = std::getenv("WEIR_PTX_COUNTERS"); path && *path)
      llvm::errs() << launch.entry << ": " << report.counters.warpInstructions << " warp instructions, "
                   << report.counters.bankConflicts() << " bank conflicts (ldmatrix "
                   << report.counters.ldmatrix.conflicts << ", copies " << report.counters.copy.conflicts << ")\n";
  }
  return success();
}

template <MakePtx makePtx>
FailureOr<std::unique_ptr<Executable>> compileCall(const Call &call, const CompileOptions &options) {
  auto architecture = architectureOf(call, options);
  if (failed(architecture))
    return failure();
  auto executable = std::make_unique<ExecutedKernel>(makePtx, *architecture, options);
  if (failed(executable->prepare(call)))
    return failure();
  return std::unique_ptr<Executable>(std::move(executable));
}

} // namespace

void registerBackend(BackendRegistry &registry) {
  registry.add({"cuda", "an NVIDIA GPU of this machine, through its driver", compileForDevice});
  registry.add({"cuda-exec", "CUDA C++ for an NVIDIA GPU, compiled by nvcc, its PTX run and checked on this machine",
                compileCall<compileCuda>});
  registry.add({"ptx-exec", "PTX for an NVIDIA GPU, run and checked on this machine", compileCall<ptxOfLlvm>});
}

} // namespace weir::nvptx
