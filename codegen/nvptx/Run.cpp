// GPU kernels run on the PTX executor, which checks every access.
#include "codegen/nvptx/Run.h"

#include "codegen/nvptx/Nvptx.h"
#include "codegen/nvptx/executor/Executor.h"
#include "dialect/Refuse.h"

using namespace mlir;

namespace weir::nvptx {
namespace {

/// Code for some extents of the ranks that it fixes.
struct Version {
  Code code;
  ptx::Module module;
  std::map<std::string, int64_t> fixed;
};

/// PTX of a kernel: LLVM's, or what nvcc makes of CUDA C++.
using MakePtx = FailureOr<std::string> (*)(cascade::KernelOp source, const Code &code, const Architecture &architecture);

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
};

LogicalResult ExecutedKernel::prepare(const Call &call) {
  auto extentOf = [&](StringRef rank) { return call.resolution.extents.at(rank.str()); };
  auto isRight = [&](auto &entry) { return extentOf(entry.first) == entry.second; };
  if (version && llvm::all_of(version->fixed, isRight))
    return success();
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  auto code = compile(kernel, options.remarks, extentOf, /*splits=*/true);
  if (failed(code))
    return failure();
  auto text = makePtx(kernel, *code, architecture);
  if (failed(text))
    return failure();
  std::vector<ptx::Diagnostic> diagnostics;
  auto module = ptx::parse(*text, diagnostics);
  for (const ptx::Diagnostic &diagnostic : diagnostics)
    kernel.emitError() << "line " << diagnostic.line << " of the PTX: " << diagnostic.message;
  if (!module)
    return failure();
  std::map<std::string, int64_t> fixed;
  for (const std::string &rank : code->fixedRanks)
    fixed[rank] = extentOf(rank);
  version.emplace(Version{std::move(*code), std::move(*module), std::move(fixed)});
  return success();
}

/// Tensors as the GPU sees them, by name.
struct Device {
  ptx::GlobalMemory memory;
  std::map<std::string, std::pair<io::Tensor *, uint64_t>> tensors;

  void map(const std::string &name, io::Tensor &tensor, bool isOutput) {
    uint64_t address = memory.map(name, tensor.data(), tensor.bytes(), isOutput, !isOutput);
    tensors[name] = {&tensor, address};
  }
};

ptx::Argument argumentOf(const Parameter &parameter, const Call &call, Device &device) {
  switch (parameter.kind) {
  case Parameter::Pointer:
    return ptx::Argument::of(device.tensors.at(parameter.name).second);
  case Parameter::Stride:
    return ptx::Argument::of(int32_t(device.tensors.at(parameter.name).first->strides()[parameter.dimension]));
  case Parameter::Extent:
    return ptx::Argument::of(int32_t(call.resolution.extents.at(parameter.name)));
  case Parameter::Scalar:
    break;
  }
  const scalar::Value &value = call.resolution.params.at(parameter.name);
  for (auto param : const_cast<cascade::KernelOp &>(call.kernel).getBody().getOps<cascade::ParamOp>())
    if (param.getName() == parameter.name) {
      Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
      if (isa<FloatType>(type))
        return ptx::Argument::of(float(value.real));
      if (type.isInteger(1))
        return ptx::Argument::of(uint8_t(value.integer));
    }
  return ptx::Argument::of(int32_t(value.integer));
}

LogicalResult ExecutedKernel::run(const Call &call, std::vector<io::Tensor> &outputs) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  if (failed(prepare(call)))
    return failure();
  const Code &code = version->code;
  Device device;
  std::vector<io::Tensor> inputs; // keeps dense copies alive
  inputs.reserve(call.inputs.size());
  for (auto &[name, tensor] : call.inputs) {
    auto dense = tensor.convert(tensor.type());
    if (!dense)
      return weir::refuse(kernel, "no-memory") << dense.message();
    device.map(name, inputs.emplace_back(*dense), /*isOutput=*/false);
  }
  auto output = outputs.begin();
  for (auto op : kernel.getBody().getOps<cascade::OutputOp>())
    device.map(op.getName().str(), *output++, /*isOutput=*/true);
  auto extentOf = [&](StringRef rank) { return call.resolution.extents.at(rank.str()); };
  std::vector<io::Tensor> between;
  between.reserve(code.scratch.size());
  for (const Scratch &scratch : code.scratch) {
    auto tensor = io::Tensor::zeros(WEIR_F32, code.shapeOf(scratch, extentOf));
    if (!tensor)
      return weir::refuse(kernel, "no-memory") << tensor.message();
    device.map(scratch.name, between.emplace_back(*tensor), /*isOutput=*/true);
  }
  for (const Launch &launch : code.launches) {
    ptx::Launch what;
    what.kernel = launch.entry;
    Grid grid = code.gridOf(launch, extentOf);
    if (llvm::is_contained(grid, 0))
      continue;
    what.grid = {unsigned(grid[0]), unsigned(grid[1]), unsigned(grid[2])};
    what.block.x = launch.threads;
    what.dynamicShared = launch.sharedBytes;
    for (const Parameter &parameter : code.parameters)
      what.arguments.push_back(argumentOf(parameter, call, device));
    ptx::Options checks;
    checks.threads = options.threads;
    ptx::Report report = ptx::launch(version->module, what, device.memory, checks);
    if (!report.ok())
      return kernel.emitError() << "the generated PTX does what it must not:\n" << report.text();
    if (const char *path = std::getenv("WEIR_PTX_COUNTERS"); path && *path)
      llvm::errs() << launch.entry << ": " << report.counters.warpInstructions << " warp instructions, "
                   << report.counters.bankConflicts() << " bank conflicts (ldmatrix "
                   << report.counters.ldmatrix.conflicts << ", copies " << report.counters.copy.conflicts << ")\n";
  }
  return success();
}

FailureOr<std::string> ptxOfLlvm(cascade::KernelOp, const Code &code, const Architecture &architecture) {
  return emitPtx(code, architecture);
}

template <MakePtx makePtx>
FailureOr<std::unique_ptr<Executable>> compileCall(const Call &call, const CompileOptions &options) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  auto architecture = findArchitecture(options.variant);
  if (failed(architecture))
    return weir::refuse(kernel, "unknown-target")
           << "no code is made for architecture '" << options.variant << "' (there is sm_80)";
  auto executable = std::make_unique<ExecutedKernel>(makePtx, *architecture, options);
  if (failed(executable->prepare(call)))
    return failure();
  return std::unique_ptr<Executable>(std::move(executable));
}

} // namespace

void registerBackend(BackendRegistry &registry) {
  registry.add({"cuda-exec", "CUDA C++ for an NVIDIA GPU, compiled by nvcc, its PTX run and checked on this machine",
                compileCall<compileCuda>});
  registry.add({"ptx-exec", "PTX for an NVIDIA GPU, run and checked on this machine", compileCall<ptxOfLlvm>});
}

} // namespace weir::nvptx
