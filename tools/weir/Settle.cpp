// Settles what a caller decides before compiling.
#include "tools/weir/Settle.h"

#include "dialect/Refuse.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Prepare.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::tool {

std::vector<KernelOp> findKernels(ModuleOp module, const std::string &name) {
  auto kernels = llvm::to_vector(module.getOps<KernelOp>());
  if (name.empty() && !kernels.empty())
    return {kernels.begin(), kernels.end()};
  KernelOp kernel = findKernel(module, name);
  return kernel ? std::vector{kernel} : std::vector<KernelOp>();
}

static LogicalResult pinExtents(KernelOp kernel, const Assignments &sets) {
  std::vector<std::string> names;
  for (auto rank : kernel.getBody().getOps<RankOp>())
    names.push_back(rank.getName().str());
  for (auto &[name, text] : sets) {
    auto rank =
        kernel.getRankDeclaration(StringAttr::get(kernel.getContext(), name));
    if (!rank)
      return refuse(kernel, "unknown-setting")
             << "no rank '" << name << "'" << suggestion(name, names);
    int64_t extent;
    if (StringRef(text).getAsInteger(10, extent) || extent < 0)
      return refuse(rank, "bad-setting") << "rank '" << name << "' cannot be set to '"
                              << text << "', which is no extent";
    rank.setSize(extent);
  }
  return success();
}

static LogicalResult fixParameters(KernelOp kernel, const Assignments &params) {
  std::vector<std::string> names;
  for (auto param : kernel.getBody().getOps<ParamOp>()) {
    names.push_back(param.getName().str());
    auto it = params.find(names.back());
    if (it == params.end())
      continue;
    auto value = parseValue(param, it->second);
    if (failed(value))
      return failure();
    fixParameter(param, *value);
  }
  for (auto &[name, text] : params)
    if (!llvm::is_contained(names, name))
      return refuse(kernel, "unknown-parameter")
             << "no parameter '" << name << "'" << suggestion(name, names);
  return success();
}

FailureOr<Settings> parseSettings(const std::vector<std::string> &sets, const std::vector<std::string> &params) {
  Settings settings;
  if (!parseAssignments(sets, "--set", settings.sets) || !parseAssignments(params, "--param", settings.params))
    return failure();
  return settings;
}

LogicalResult settle(KernelOp kernel, const Settings &settings) {
  return success(succeeded(pinExtents(kernel, settings.sets)) &&
                 succeeded(fixParameters(kernel, settings.params)));
}

FailureOr<LoadedKernel> readKernel(Source &source, const std::string &file, const std::string &name,
                                   Settings &settings) {
  auto loaded = loadKernel(source, file, name, settings.sets);
  if (failed(loaded) || failed(settle(loaded->kernel, settings)))
    return failure();
  return loaded;
}

FailureOr<Target> findCodeTarget(const std::string &name) {
  auto target = findTarget(name);
  if (succeeded(target))
    return target;
  std::vector<std::string> names{"host", "loops"};
  for (const cpu::Level &level : cpu::allLevels())
    names.push_back(level.name);
  complain("unknown-target", "no code is made for target '" + name + "'" +
                                 suggestion(name, names) + " (there is " +
                                 llvm::join(names, ", ") + ")");
  return failure();
}

} // namespace weir::tool
