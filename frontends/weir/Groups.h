// Dependences between equations: their order, and the recurrences among them.
#ifndef WEIR_FRONTENDS_WEIR_GROUPS_H
#define WEIR_FRONTENDS_WEIR_GROUPS_H

#include "frontends/weir/Diagnostics.h"
#include "frontends/weir/Program.h"

namespace weir::frontend {

/// Fills `program.groups` in an order of evaluation; finds the iterative ranks
/// of each recurrence and their directions. False if a dependence has no order.
bool orderEquations(Program &program, Diagnostics &diagnostics);

/// Where the index that a read takes lies, relative to the reader's own.
enum class Relation { Same, Earlier, NotLater, Later, NotEarlier, Unknown };

/// A read of one equation of a recurrence by another.
struct GroupRead {
  Tensor *reader, *target;
  llvm::SMRange range;
  llvm::SmallVector<Relation, 4> relations; ///< for each rank of the target
};

/// The reads that `reader` makes of tensors for which `isMember` holds; false
/// if there are too many to look at.
bool collectReads(Tensor &reader,
                  llvm::function_ref<bool(const Tensor *)> isMember,
                  std::vector<GroupRead> &reads);

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_GROUPS_H
