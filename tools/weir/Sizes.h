// Extents to verify a kernel at: small awkward ones that its constraints allow.
#ifndef WEIR_TOOLS_WEIR_SIZES_H
#define WEIR_TOOLS_WEIR_SIZES_H

#include "codegen/binding/Binding.h"

namespace weir::tool {

/// Calls with generated inputs at up to `count` different sizes, the least one
/// (1 where it is allowed) first if there are several. Fewer, or none, where
/// random search does not find extents that fulfil the kernel's constraints.
std::vector<Call> chooseSizes(cascade::KernelOp kernel, unsigned count,
                              bool large, uint64_t seed);

/// `--set m=3 --set n=5 --param w=2`: what makes the call again.
std::string settingsOf(const Call &call);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_SIZES_H
