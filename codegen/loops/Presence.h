// Which values of a kernel may be absent, and which subscripts may be out of
// range.
#ifndef WEIR_CODEGEN_LOOPS_PRESENCE_H
#define WEIR_CODEGEN_LOOPS_PRESENCE_H

#include "dialect/cascade/Names.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace weir::loops {

using cascade::definingTensor;
using mlir::StringAttr;
using mlir::Value;

/// The recurrence in whose group a tensor is, or null.
cascade::RecurrenceOp recurrenceOf(Value tensor);

/// The recurrence's start of a tensor along a rank, or null.
cascade::StartOp startOf(Value tensor, StringAttr along);

/// A subscript as a rank's index plus a constant.
struct Offset {
  StringAttr rank;
  int64_t constant = 0;

  /// Whether it is the rank's index itself.
  bool operator==(StringAttr index) const {
    return rank == index && constant == 0;
  }
};
std::optional<Offset> offsetOf(Value index);
/// The same where a region's arguments are given; without a rank if the
/// subscript is not of this form.
Offset offsetIn(Value index, llvm::ArrayRef<Offset> arguments);

/// A static analysis, conservative: what it calls present is.
class Presence {
public:
  explicit Presence(cascade::KernelOp kernel);

  /// Whether a tensor has points that may be absent.
  bool mayBeAbsent(Value tensor) const {
    return partial.contains(definingTensor(tensor));
  }

  /// Whether all that an equation combines is present: then it is absent only where
  /// it has nothing to combine.
  bool combinesPresent(cascade::Equation op) const;

  /// Whether what a read gives may be absent.
  bool mayBeAbsent(cascade::ReadOp read) const { return isPartialRead(read); }

  enum class Range {
    Inside,        ///< within the extent
    InsideOrStart, ///< within, or at the start of the iterative rank
    Unknown
  };
  /// Where subscript `dimension` of a read can lie, if it is present.
  Range rangeOf(cascade::ReadOp read, unsigned dimension) const;

private:
  bool isPartial(Value scalar) const;
  bool isPartialOp(mlir::Operation *op) const;
  bool isPartialRead(cascade::ReadOp op) const;
  bool isPartialEquation(cascade::Equation op) const;
  bool haveSameExtent(StringAttr a, StringAttr b) const;

  cascade::KernelOp kernel;
  llvm::DenseSet<Value> partial;
  mutable llvm::DenseMap<Value, bool>
      known; ///< of scalars, while `partial` stands
};

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_PRESENCE_H
