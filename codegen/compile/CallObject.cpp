// Machine code for one call of a kernel, compiled or found in the cache.
#include "codegen/compile/CallObject.h"

#include "codegen/compile/ObjectCache.h"
#include "codegen/compile/Transform.h"
#include "passes/Passes.h"
#include "passes/derive/Work.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace weir {

/// Whether a rank has the extent that its declaration derives from others; a
/// caller may have given it another one.
static bool isAsDerived(cascade::RankOp rank, const Call &call) {
  return call.resolution.derivedExtent(rank) == call.resolution.extents.at(rank.getName().str());
}

/// What a caller decides before compiling: constants, and extents that nothing
/// else in the kernel determines.
static OwningOpRef<cascade::KernelOp> specialize(const Call &call) {
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

/// A kernel after sums have found their order, as text; empty where that fails.
static std::string reordered(cascade::KernelOp kernel) {
  std::string text;
  auto module = transformed(kernel, /*remarks=*/false, buildReorderPipeline);
  if (failed(module))
    return text;
  for (auto made : (*module)->getOps<cascade::KernelOp>())
    derive::setLikelyExtents(made, {});
  llvm::raw_string_ostream(text) << **module;
  return text;
}

/// Lets the call's extents decide the orders of sums that depend on them. They are taken as the next powers of two,
/// so that calls of like sizes share an object, and left out where they decide nothing.
static void chooseOrders(cascade::KernelOp kernel, const Call &call) {
  std::string undecided = reordered(kernel);
  std::map<std::string, int64_t> likely;
  for (const auto &[rank, extent] : call.resolution.extents)
    likely[rank] = extent > 0 ? llvm::PowerOf2Ceil(extent) : 1;
  derive::setLikelyExtents(kernel, likely);
  if (reordered(kernel) == undecided)
    derive::setLikelyExtents(kernel, {});
}

static FailureOr<CallObject> compileObject(cascade::KernelOp kernel, const Target &target) {
  auto module = compileKernel(kernel, target);
  if (failed(module))
    return failure();
  auto bytes = llvmir::emitFile(**module, target.processor(), llvmir::FileKind::Object);
  if (failed(bytes))
    return failure();
  return CallObject{llvm::MemoryBuffer::getMemBufferCopy({bytes->data(), bytes->size()})};
}

FailureOr<CallObject> compileForCall(const Call &call, const Target &target, bool mayCache) {
  auto kernel = specialize(call);
  chooseOrders(*kernel, call);
  auto cache = mayCache ? ObjectCache::ofUser() : std::nullopt;
  auto key = cache ? cacheKey(*kernel, target) : std::nullopt;
  if (key && !target.remarks)
    if (auto code = cache->load(*key))
      return CallObject{std::move(code), true};
  auto object = compileObject(*kernel, target);
  if (succeeded(object) && key)
    if (auto error = cache->store(*key, object->code->getBuffer()))
      kernel->emitRemark() << "not kept in the cache: " << llvm::toString(std::move(error));
  return object;
}

} // namespace weir
