// The extents of a kernel's ranks, from shapes, pins, derivations and
// constraints.
#ifndef WEIR_CODEGEN_BINDING_EXTENTS_H
#define WEIR_CODEGEN_BINDING_EXTENTS_H

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codegen/scalar/Program.h"
#include "dialect/cascade/Cascade.h"

namespace weir {

/// What is known of a call before any extent is resolved.
struct ShapeRequest {
  std::map<std::string, std::vector<int64_t>> shapes; ///< of inputs, by name
  std::map<std::string, int64_t> pins;                ///< of ranks: `--set`
  std::map<std::string, scalar::Value> params; ///< as the kernel's types read
};

/// Extents of all ranks and values of all parameters of a kernel.
struct Resolution {
  std::map<std::string, int64_t> extents;
  std::map<std::string, scalar::Value> params;

  /// Where regions are compiled: the extents, and parameters as tensors.
  scalar::Environment environment(cascade::KernelOp kernel) const;
  std::vector<int64_t> shapeOf(cascade::TensorType type) const;
  /// What a rank's declaration derives from other extents and constant parameters; none where that is undefined.
  std::optional<int64_t> derivedExtent(cascade::RankOp rank) const;
};

/// Resolves extents and parameters, in any order in which they follow from each
/// other, and checks that everything agrees: shapes with each other, with pins,
/// with derived extents, with the kernel's constraints. Errors are emitted at
/// the declarations.
mlir::FailureOr<Resolution> resolve(cascade::KernelOp kernel,
                                    const ShapeRequest &request);

/// `; did you mean 'x'?` where a name close to `name` is known, else nothing.
std::string suggestion(llvm::StringRef name, llvm::ArrayRef<std::string> known);

} // namespace weir

#endif // WEIR_CODEGEN_BINDING_EXTENTS_H
