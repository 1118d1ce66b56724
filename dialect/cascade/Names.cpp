// What the parts of a kernel are called.
#include "dialect/cascade/Names.h"

using namespace mlir;

namespace weir::cascade {

StringRef nameOf(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>("name");
  return name ? name.getValue() : op->getName().getStringRef();
}

Value definitionOf(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (op && !isa<FoldOp, RecurrenceOp>(op))
    return tensor;
  Block *body = op ? &op->getRegion(0).front() : cast<BlockArgument>(tensor).getOwner();
  unsigned number = op ? cast<OpResult>(tensor).getResultNumber() : cast<BlockArgument>(tensor).getArgNumber();
  return body->getTerminator()->getOperand(number);
}

StringRef nameOf(Value tensor) { return nameOf(definitionOf(tensor).getDefiningOp()); }

} // namespace weir::cascade
