// Kernels compiled into this process, and their calls.
#include "codegen/compile/CompiledKernel.h"

#include "codegen/compile/ObjectCache.h"
#include "codegen/llvm/Machine.h"
#include "codegen/scalar/Program.h"
#include "codegen/scalar/StorageType.h"
#include "dialect/Refuse.h"

#include <weir/pool.h>

#include "llvm/ADT/StringSet.h"

#include <cstdlib>

using namespace mlir;

namespace weir {
namespace {

/// Whether a rank has the extent that its declaration derives from others; a
/// caller may have given it another one.
bool isAsDerived(cascade::RankOp rank, const Call &call) {
  auto source = const_cast<cascade::KernelOp &>(call.kernel);
  auto program = scalar::Program::compile(rank.getExtent(), call.resolution.environment(source));
  if (failed(program))
    return true;
  program->run();
  scalar::Value derived = program->result();
  return derived.isPresent() && derived.integer == call.resolution.extents.at(rank.getName().str());
}

/// What a caller decides before compiling: constants, and extents that nothing
/// else in the kernel determines.
OwningOpRef<cascade::KernelOp> specialize(const Call &call) {
  auto source = const_cast<cascade::KernelOp &>(call.kernel);
  OwningOpRef<cascade::KernelOp> kernel(cast<cascade::KernelOp>(source->clone()));
  llvm::StringSet<> carried;
  for (auto input : kernel->getBody().getOps<cascade::InputOp>())
    for (StringAttr rank : cast<cascade::TensorType>(input.getType()).getRanks())
      carried.insert(rank.getValue());
  for (auto [declared, rank] : llvm::zip(source.getBody().getOps<cascade::RankOp>(),
                                         kernel->getBody().getOps<cascade::RankOp>())) {
    if (carried.contains(rank.getName()) || rank.getSize())
      continue;
    if (!rank.getExtent().empty() && isAsDerived(declared, call))
      continue;
    rank.getExtent().getBlocks().clear();
    rank.setSize(call.resolution.extents.at(rank.getName().str()));
  }
  for (auto param : kernel->getBody().getOps<cascade::ParamOp>())
    if (param.getConstant())
      fixParameter(param, call.resolution.params.at(param.getName().str()));
  return kernel;
}

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

using Object = std::unique_ptr<llvm::MemoryBuffer>;

FailureOr<Object> compileObject(cascade::KernelOp kernel, const Target &target) {
  auto module = compileKernel(kernel, target);
  if (failed(module))
    return failure();
  const cpu::Level &level = target.processor();
  auto bytes = llvmir::emitFile(**module, {level.name, level.features, ""}, llvmir::FileKind::Object);
  if (failed(bytes))
    return failure();
  return llvm::MemoryBuffer::getMemBufferCopy({bytes->data(), bytes->size()});
}

/// A kernel's object, compiled or from the cache. Remarks are made by compiling.
FailureOr<Object> findObject(cascade::KernelOp kernel, const Target &target, bool mayCache, bool &fromCache) {
  auto cache = mayCache ? ObjectCache::ofUser() : std::nullopt;
  auto key = cache ? cacheKey(kernel, target) : std::nullopt;
  if (key && !target.remarks)
    if (Object object = cache->load(*key)) {
      fromCache = true;
      return object;
    }
  auto object = compileObject(kernel, target);
  if (succeeded(object) && key)
    if (auto error = cache->store(*key, (*object)->getBuffer()))
      kernel.emitRemark() << "not kept in the cache: " << llvm::toString(std::move(error));
  return object;
}

FailureOr<std::unique_ptr<Executable>> compileCall(const Call &call, Target target, const CompileOptions &options) {
  target.remarks = options.remarks;
  auto kernel = specialize(call);
  bool fromCache = false;
  auto object = findObject(*kernel, target, options.cache, fromCache);
  if (failed(object))
    return failure();
  std::string message;
  auto jit = llvmir::Jit::load(std::move(*object), message);
  if (!jit)
    return kernel->emitError() << "cannot load the code: " << message;
  std::string symbol = (kernel->getSymName() + "_info").str();
  const auto *info = static_cast<const weir_kernel_info *>(jit->lookup(symbol));
  if (!info)
    return kernel->emitError() << "compiled without '" << symbol << "'";
  return std::unique_ptr<Executable>(new CompiledKernel(std::move(jit), info, options.threads, fromCache));
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
    add(registry, level.name, "as host, for the instruction set " + level.name);
    if (&level == &cpu::hostLevel())
      break;
  }
}

} // namespace weir
