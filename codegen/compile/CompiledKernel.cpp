// Kernels compiled into this process, and their calls.
#include "codegen/compile/CompiledKernel.h"

#include "codegen/compile/CallObject.h"
#include "codegen/compile/RemoteKernel.h"
#include "codegen/llvm/Machine.h"
#include "dialect/Refuse.h"

#include <weir/pool.h>

#include <cstdlib>

using namespace mlir;

namespace weir {
namespace {

class CompiledKernel : public Executable {
public:
  CompiledKernel(std::unique_ptr<llvmir::Jit> jit, const weir_kernel_info *info, unsigned threads, bool fromCache)
      : jit(std::move(jit)), info(info), pool(weir_pool_create(threads), weir_pool_destroy), fromCache(fromCache) {}

  LogicalResult run(const Call &call, std::vector<io::Tensor> &outputs) override;
  bool isFromCache() const override { return fromCache; }

private:
  std::vector<weir_tensor> bind(const Call &call, std::vector<io::Tensor> &outputs,
                                std::vector<io::Tensor> &params);

  std::unique_ptr<llvmir::Jit> jit;
  const weir_kernel_info *info;
  std::unique_ptr<weir_pool, void (*)(weir_pool *)> pool;
  bool fromCache;
};

/// Descriptors in the order of the arguments; `params` keeps scalars alive.
std::vector<weir_tensor> CompiledKernel::bind(const Call &call, std::vector<io::Tensor> &outputs,
                                              std::vector<io::Tensor> &params) {
  std::vector<weir_tensor> tensors;
  auto output = outputs.begin();
  for (int32_t i = 0; i < info->argument_count; ++i) {
    const weir_argument_info &argument = info->arguments[i];
    if (argument.direction == WEIR_INPUT) {
      tensors.push_back(call.inputs.at(argument.name).descriptor());
    } else if (argument.direction == WEIR_OUTPUT) {
      tensors.push_back((output++)->descriptor());
    } else {
      scalar::Value value = call.resolution.params.at(argument.name);
      params.push_back(io::Tensor::scalar(argument.type, 0));
      if (io::isFloat(argument.type))
        params.back().setReal(0, value.real);
      else
        params.back().setInt(0, value.integer);
      tensors.push_back(params.back().descriptor());
    }
  }
  return tensors;
}

LogicalResult CompiledKernel::run(const Call &call, std::vector<io::Tensor> &outputs) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  std::vector<io::Tensor> params;
  std::vector<weir_tensor> tensors = bind(call, outputs, params);
  weir_context context = {};
  context.abi_version = WEIR_ABI_VERSION;
  weir_pool_attach(pool.get(), &context);
  context.workspace_size = info->workspace(tensors.data(), context.workers);
  std::unique_ptr<void, void (*)(void *)> workspace(nullptr, std::free);
  if (context.workspace_size > 0) {
    workspace.reset(std::aligned_alloc(WEIR_ALIGNMENT, context.workspace_size));
    if (!workspace)
      return refuse(kernel, "no-memory") << "no memory for a workspace of " << context.workspace_size << " bytes";
  }
  context.workspace = workspace.get();
  if (info->run(&context, tensors.data()) != WEIR_OK)
    return refuse(kernel, "refused-call") << context.message;
  return success();
}

FailureOr<std::unique_ptr<Executable>> compileCall(const Call &call, Target target, const CompileOptions &options) {
  target.remarks = options.remarks;
  target.accurate = options.accurate;
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  auto object = compileForCall(call, target, options.cache);
  if (failed(object))
    return failure();
  std::string message;
  auto jit = llvmir::Jit::load(std::move(object->code), message);
  if (!jit)
    return kernel.emitError() << "cannot load the code: " << message;
  std::string symbol = (kernel.getSymName() + "_info").str();
  const auto *info = static_cast<const weir_kernel_info *>(jit->lookup(symbol));
  if (!info)
    return kernel.emitError() << "compiled without '" << symbol << "'";
  return std::unique_ptr<Executable>(new CompiledKernel(std::move(jit), info, options.threads, object->fromCache));
}

void add(BackendRegistry &registry, StringRef name, StringRef description) {
  auto target = findTarget(name);
  assert(succeeded(target) && "a target that is known");
  registry.add({name.str(), description.str(), [target = *target](const Call &call, const CompileOptions &options) {
                  return compileCall(call, target, options);
                }});
}

} // namespace

void registerCompiledBackends(BackendRegistry &registry) {
  add(registry, "host", "fused tiles for this machine, plain loops where a kernel does not tile");
  add(registry, "loops", "plain parallel loops, compiled for this machine; any cascade");
  for (const cpu::Level &level : cpu::allLevels()) {
    if (!findTarget(level.name)->isNative())
      registerRemoteBackend(registry, level.name);
    else if (level.vectorBits <= cpu::hostLevel().vectorBits)
      add(registry, level.name, "as host, for the instruction set " + level.name);
  }
}

} // namespace weir
