// The plan of a kernel's loops: what is inlined, what shares outer loops, where
// tensors lie.
#ifndef WEIR_CODEGEN_LOOPS_PLAN_H
#define WEIR_CODEGEN_LOOPS_PLAN_H

#include "codegen/abi/Frame.h"
#include "codegen/loops/Presence.h"
#include "passes/algebra/Guards.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <map>
#include <vector>

namespace weir::loops {

using Ranks = llvm::SmallVector<StringAttr>;
using Offsets = llvm::SmallVector<Offset>;

/// Scratch memory of a tensor: dense over `kept`, the ranks that are not those
/// of loops which all its users share.
struct Place {
  Ranks kept;
  mlir::Type cell;        ///< storage type of an element
  bool hasPlane = false;  ///< a byte a point that says whether it is present
  bool isPrivate = false; ///< one a worker
  int64_t data = -1, plane = -1; ///< slots of the frame
  /// A rank of which the last `window` points are kept, a power of two, or
  /// null: that of a loop in which all users read so far back at most.
  StringAttr rolling = {};
  int64_t window = 1;
};

/// A sequential loop and what it repeats, or an item: an equation, a fold, an
/// output.
struct Nest {
  mlir::Operation *item = nullptr;
  StringAttr rank = {};
  bool isDescending = false;
  std::vector<Nest> children = {};
};

/// What shares a parallel loop.
struct Stage {
  Ranks outer; ///< ranks of the parallel loop
  /// Equations, folds, recurrences and outputs.
  llvm::SmallVector<mlir::Operation *> items;
  /// Those of the items that share one sequential loop, over `scan`.
  llvm::SetVector<mlir::Operation *> scanned;
  StringAttr scan; ///< null: there is no such loop
  bool isDescending = false;
  std::vector<Nest> nests; ///< the items in their loops
};

/// A read as its equation's loops see it: for each subscript the loop of whose
/// index it is, plus a constant; no rank for others. Reads through inlined
/// equations are followed.
struct Access {
  Value tensor;
  Offsets subscripts;
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
  /// Scratch of an operation itself: of a selection, or of buckets.
  llvm::ArrayRef<Place> scratchOf(mlir::Operation *op) const;

  /// For each rank that an equation reduces, which of its points it need visit.
  llvm::ArrayRef<algebra::Guard> guardsOf(mlir::Operation *op) const { return guards.find(op)->second; }
  /// A reduction whose points at hand lie in lists, one for each index of the guard's pinned rank. Its scratch holds
  /// their heads, and for each point the next.
  struct Buckets {
    const algebra::Guard *guard;
    StringAttr rank; ///< whose points lie in them
    Ranks key;       ///< other ranks on whose indices they depend
    Ranks outer;     ///< ranks over whose points work may be split
  };
  std::optional<Buckets> bucketsOf(cascade::EinsumOp op) const;
  /// Every place there is.
  void forEachPlace(llvm::function_ref<void(const Place &)> visit) const;

private:
  void inlineMaps();
  void solveGuards();
  llvm::SmallVector<algebra::Guard> solve(cascade::Equation op, cascade::Combiner combiner, llvm::ArrayRef<StringAttr> reduced);
  void formStages();
  void buildNests();
  void nestStages();
  void assignPlaces(abi::Frame &frame);
  llvm::SmallVector<Place> scratchFor(cascade::Equation op) const;

  int costOf(cascade::Equation op) const;
  bool isWorthInlining(cascade::EinsumOp op,
                       llvm::ArrayRef<cascade::ReadOp> readers) const;
  /// All reads of an item, or of an equation within one.
  llvm::SmallVector<Access> accessesOf(mlir::Operation *item) const;
  void collect(mlir::Region &region, llvm::ArrayRef<Offset> arguments,
               llvm::SmallVectorImpl<Access> &into) const;
  void followStarts(llvm::SmallVectorImpl<Access> &accesses) const;
  /// The equations that an item computes by loops of their own.
  llvm::SmallVector<cascade::Equation> equationsOf(mlir::Operation *item) const;
  /// Ranks over whose points an item's work may be split.
  Ranks parallelRanks(mlir::Operation *item) const;
  bool join(Stage &stage, mlir::Operation *item) const;
  bool hasRankOf(const Stage &stage, const llvm::SmallDenseSet<Value> &tensors,
                 llvm::ArrayRef<StringAttr> ranks) const;
  bool joinScan(Stage &stage, mlir::Operation *item) const;
  bool runsAlong(const Stage &stage, mlir::Operation *item) const;
  bool isReady(const Stage &stage, mlir::Operation *item) const;
  void openScan(Stage &stage, mlir::Operation *item) const;
  std::vector<Nest> order(cascade::RecurrenceOp group,
                          llvm::ArrayRef<mlir::Operation *> equations,
                          Ranks opened);
  void roll(const Stage &stage, const Nest &loop);

  cascade::KernelOp kernel;
  bool valid = true;
  llvm::DenseSet<Value> inlined;
  llvm::MapVector<Value, Place> places, formers;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Place>> scratch;
  algebra::Terms terms; ///< of guards
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<algebra::Guard>> guards;
  std::map<mlir::Operation *, std::vector<Nest>> nests;
};

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_PLAN_H
