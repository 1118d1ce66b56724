// A kernel in two: what computes some tensors, and what reads them.
#ifndef WEIR_PASSES_SCHEDULE_CUT_H
#define WEIR_PASSES_SCHEDULE_CUT_H

#include "dialect/cascade/Cascade.h"

#include "mlir/IR/OwningOpRef.h"

namespace weir::schedule {

/// Two kernels that compute together, one after the other, what one did. Tensors that
/// pass from `before` to `after` are outputs of one and inputs of the other, of the
/// same name.
struct Halves {
  mlir::OwningOpRef<cascade::KernelOp> before, after;
  /// Names of reductions that both compute, and on which real numbers that are passed
  /// depend: these have to be rounded alike.
  llvm::SmallVector<mlir::StringAttr> repeated;
};

/// Names of arguments, and of tensors that pass between the pieces of a kernel.
using Names = llvm::DenseSet<mlir::StringAttr>;
Names argumentNames(cascade::KernelOp kernel);

/// Where a tensor has absent points: nowhere, everywhere if an extent that it reduces
/// is 0 and else nowhere, or where only its values tell.
enum class Absence { Never, OverNothing, Anywhere };

/// When a tensor takes no more room than another one: by its ranks, or at pinned or typical
/// extents.
enum class Room { Always, Typically };

/// Cuts a kernel of equations and recurrences so that `targets` are computed in the
/// first half. What the second half reads beside them is passed too if it may be
/// (`hasRoom`) and is no map, else computed again. A tensor that may be absent anywhere
/// is passed with its presence. Their names are `taken` from then on. Fails where
/// one of the halves would have all the reductions, or nothing is passed.
mlir::FailureOr<Halves> cut(cascade::KernelOp kernel, llvm::ArrayRef<mlir::Value> targets, Room room,
                            llvm::function_ref<Absence(mlir::Value)> absenceOf, Names &taken);

/// True if all readers take `tensor` as a factor of a sum's product and, if `isShared`,
/// use it at more than one point of their ranks beside the last, as all queries use the
/// products of keys and values.
bool isFactorOfSums(mlir::Value tensor, bool isShared);

/// True if a tensor takes no more room than an argument of the kernel, or is but a shared
/// factor of sums.
bool hasRoom(cascade::KernelOp kernel, mlir::Value tensor, Room room);

/// True for an equation that is no map, and for a recurrence.
bool isReduction(mlir::Operation *op);

/// The tensors that an operation of a kernel's body reads, itself and in its regions.
llvm::SmallVector<mlir::Value> tensorsReadBy(mlir::Operation *op);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_CUT_H
