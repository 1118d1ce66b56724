// The plan of a kernel's loops: what is inlined, what shares outer loops, where
// tensors lie.
#ifndef WEIR_CODEGEN_LOOPS_PLAN_H
#define WEIR_CODEGEN_LOOPS_PLAN_H

#include "codegen/abi/Frame.h"
#include "codegen/loops/Presence.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <map>
#include <vector>

namespace weir::loops {

using Ranks = llvm::SmallVector<StringAttr>;

/// Scratch memory of a tensor: dense over `kept`, the ranks that are not those
/// of loops which all its users share.
struct Place {
  Ranks kept;
  mlir::Type cell;        ///< storage type of an element
  bool hasPlane = false;  ///< a byte a point that says whether it is present
  bool isPrivate = false; ///< one a worker
  int64_t data = -1, plane = -1; ///< slots of the frame
};

/// An element of a stage: an equation, a fold, a recurrence or an output.
struct Stage {
  Ranks outer; ///< ranks of the parallel loop
  llvm::SmallVector<mlir::Operation *> items;
};

/// A loop of a recurrence and what it repeats, or an equation.
struct Nest {
  mlir::Operation *equation = nullptr;
  StringAttr rank;
  bool isDescending = false;
  std::vector<Nest> children;
};

/// A read as its equation's loops see it: for each subscript the rank of the
/// loop whose index it is, or null. Reads through inlined equations are
/// followed.
struct Access {
  Value tensor;
  Ranks subscripts;
};

class Plan {
public:
  Plan(cascade::KernelOp kernel, abi::Frame &frame);

  /// False if a recurrence cannot be ordered; it has been reported.
  bool isValid() const { return valid; }

  const Presence presence;
  llvm::SmallVector<Stage> stages;

  bool isInlined(Value tensor) const {
    return inlined.contains(definingTensor(tensor));
  }
  const Place &placeOf(Value tensor) const {
    return places.find(definingTensor(tensor))->second;
  }
  /// A second place of a tensor: of a fold's state, its value before the part
  /// at hand.
  const Place &formerPlaceOf(Value tensor) const {
    return formers.find(definingTensor(tensor))->second;
  }
  bool hasFormer(Value tensor) const {
    return formers.contains(definingTensor(tensor));
  }
  /// Scratch of an operation itself, in an equation's selection.
  llvm::ArrayRef<Place> scratchOf(mlir::Operation *op) const;
  const std::vector<Nest> &nestOf(cascade::RecurrenceOp op) const {
    return nests.find(op)->second;
  }
  /// Every place there is.
  void forEachPlace(llvm::function_ref<void(const Place &)> visit) const;

private:
  void inlineMaps();
  void formStages();
  void buildNests();
  void assignPlaces(abi::Frame &frame);

  int costOf(cascade::Equation op) const;
  bool isWorthInlining(cascade::EinsumOp op,
                       llvm::ArrayRef<cascade::ReadOp> readers) const;
  /// All reads of an item, or of an equation within one.
  llvm::SmallVector<Access> accessesOf(mlir::Operation *item) const;
  void collect(mlir::Region &region, llvm::ArrayRef<StringAttr> arguments,
               llvm::SmallVectorImpl<Access> &into) const;
  void followStarts(llvm::SmallVectorImpl<Access> &accesses) const;
  /// The equations that an item computes by loops of their own.
  llvm::SmallVector<cascade::Equation> equationsOf(mlir::Operation *item) const;
  /// Ranks over whose points an item's work may be split.
  Ranks parallelRanks(mlir::Operation *item) const;
  bool join(Stage &stage, mlir::Operation *item) const;
  std::vector<Nest> order(cascade::RecurrenceOp group,
                          llvm::ArrayRef<mlir::Operation *> equations,
                          Ranks opened);
  void dropLoopRanks(cascade::RecurrenceOp group);

  cascade::KernelOp kernel;
  bool valid = true;
  llvm::DenseSet<Value> inlined;
  llvm::MapVector<Value, Place> places, formers;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Place>> scratch;
  std::map<mlir::Operation *, std::vector<Nest>> nests;
};

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_PLAN_H
