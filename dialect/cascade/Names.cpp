// What the parts of a kernel are called.
#include "dialect/cascade/Names.h"

using namespace mlir;

namespace weir::cascade {

StringRef nameOf(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>("name");
  return name ? name.getValue() : op->getName().getStringRef();
}

Value definingTensor(Value tensor) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    if (auto group = dyn_cast<RecurrenceOp>(argument.getOwner()->getParentOp()))
      return group.getBody().front().getTerminator()->getOperand(argument.getArgNumber());
  auto result = dyn_cast<OpResult>(tensor);
  if (result && isa<RecurrenceOp, FoldOp>(result.getOwner()))
    return result.getOwner()->getRegion(0).front().getTerminator()->getOperand(result.getResultNumber());
  return tensor;
}

StringRef nameOf(Value tensor) { return nameOf(definingTensor(tensor).getDefiningOp()); }

} // namespace weir::cascade
