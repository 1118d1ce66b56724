// The limits of what is compiled. Each is the identifier of the error that says it is passed.
#ifndef WEIR_FRONTENDS_WEIR_LIMITS_H
#define WEIR_FRONTENDS_WEIR_LIMITS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace weir::frontend {

struct Limit {
  llvm::StringLiteral id;
  uint64_t most;
  llvm::StringLiteral what; ///< is counted
};

namespace limits {
inline constexpr Limit fileSize{"file-size-limit", uint64_t(16) << 20, "bytes of one source file"};
inline constexpr Limit files{"file-limit", 200, "files that one file imports, directly or through others"};
inline constexpr Limit nesting{"nesting-limit", 200, "brackets, signs, 'not', 'if' or '^' inside one another"};
inline constexpr Limit chain{"nesting-limit", 1000, "operators in one expression as written, along its deepest path"};
inline constexpr Limit depth{"nesting-limit", 2000, "operators along an expression's deepest path, functions inlined"};
inline constexpr Limit dimensions{"dimension-limit", 8, "ranks of an input or an output"};
inline constexpr Limit ranks{"rank-limit", 1000, "ranks of a kernel"};
inline constexpr Limit equations{"equation-limit", 500, "equations of a kernel, those of reductions within others too"};
inline constexpr Limit operations{"operation-limit", 500000, "operations of a kernel while functions are inlined"};
inline constexpr Limit lowered{"operation-limit", 50000, "operations of a kernel in all its equations"};
inline constexpr Limit inference{"inference-limit", 100, "equations in a cycle whose ranks are inferred from each other"};
inline constexpr Limit reads{"recurrence-limit", 20000, "ways in which one recurrence may read itself"};
inline constexpr Limit substitutions{"substitution-limit", 20000, "expressions taken at other indices, functions inlined"};
inline constexpr Limit extent{"bad-setting", uint64_t(1) << 48, "elements along a rank that is set"};
inline constexpr Limit errors{"", 50, "errors reported in one run; there may be more"};
} // namespace limits

/// All of them, in the order of the stages.
llvm::ArrayRef<Limit> allLimits();

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_LIMITS_H
