// One emitted function of a kernel: its indices, its reads, and its loops.
#ifndef WEIR_CODEGEN_LOOPS_BODY_H
#define WEIR_CODEGEN_LOOPS_BODY_H

#include "codegen/abi/Scalar.h"
#include "codegen/loops/Plan.h"
#include "codegen/loops/Reduction.h"

namespace weir::loops {

using abi::Scalar;
using Values = llvm::SmallVector<Value>;

/// What the functions of a kernel share.
struct Kernel {
  cascade::KernelOp op;
  mlir::ModuleOp module;
  abi::Frame &frame;
  const Plan &plan;
};

/// Emits into one function. The indices of enclosing loops are bound by rank;
/// an item loops over its other ranks itself.
class Body : public abi::ScalarEmitter {
public:
  /// Stands in the entry block of a function that was given these.
  Body(Kernel &kernel, abi::Emitter &emit, Value frame, Value worker);

  void bind(StringAttr rank, Value index) { bound[rank] = index; }
  Value extent(StringAttr rank) override;

  /// Emits loops and items for the bound indices.
  void emitNests(llvm::ArrayRef<Nest> nests);

  /// Bytes of a place, a multiple of the workspace's alignment.
  static Value placeBytes(abi::Emitter &emit, const Place &place,
                          mlir::Type cell,
                          llvm::function_ref<Value(StringAttr)> extent);

private:
  // Reads.
  Scalar read(cascade::ReadOp op, llvm::ArrayRef<Scalar> indices) override;
  Scalar readAt(Value tensor, llvm::ArrayRef<Value> indices, Value guard);
  Scalar readInlined(cascade::Equation op, llvm::ArrayRef<Value> indices,
                     Value guard);
  Scalar readInput(const abi::Argument &argument, llvm::ArrayRef<Value> indices,
                   Value guard);
  Scalar readPlace(Value tensor, const Place &place,
                   llvm::ArrayRef<Value> indices, Value guard);
  Scalar readRecurrent(cascade::ReadOp op, llvm::ArrayRef<Value> indices,
                       Value present);
  Scalar readStart(cascade::StartOp start, mlir::Type type,
                   llvm::ArrayRef<Value> indices);
  Value guarded(Value address, Value guard);

  // Places.
  struct Address {
    Value data, plane, offset;
  };
  Value atEntry(llvm::function_ref<Value()> build);
  Value slot(int64_t number, mlir::Type type);
  Value placeBase(const Place &place, int64_t slotNumber, mlir::Type cell);
  Value offsetIn(const Place &place,
                 llvm::function_ref<Value(StringAttr)> index);
  Value offsetAt(Value tensor, const Place &place,
                 llvm::ArrayRef<Value> indices);
  /// Stores at the bound indices.
  void storePoint(const Place &place, Scalar point);
  Scalar loadPoint(const Place &place);

  // Loops and items.
  void forEachPoint(llvm::ArrayRef<StringAttr> ranks,
                    llvm::function_ref<void()> body);
  void forEachIndex(StringAttr rank, bool descending,
                    llvm::function_ref<void()> body);
  llvm::SmallVector<Scalar> boundIndices(llvm::ArrayRef<StringAttr> ranks);
  Scalar evaluate(mlir::Region &region, llvm::ArrayRef<StringAttr> ranks,
                  Values more);
  /// The same of a term, whose reduced indices are `more`.
  Scalar evaluate(algebra::Expr term, llvm::ArrayRef<StringAttr> ranks, llvm::ArrayRef<StringAttr> reduced, Values more);

  /// Points of a rank that is reduced: the first, and that after the last.
  std::pair<Value, Value> rangeOf(const algebra::Guard &guard, StringAttr rank, llvm::ArrayRef<StringAttr> ranks,
                                  llvm::ArrayRef<StringAttr> reduced, Values indices);
  Values reduce(Reduction &reduction, cascade::EinsumOp op, const std::optional<Plan::Buckets> &buckets, Values indices,
                Values state);
  void fillBuckets(cascade::EinsumOp op, const Plan::Buckets &buckets);
  Values followBucket(cascade::EinsumOp op, const Plan::Buckets &buckets, Values state, abi::Emitter::CarryBody body);

  /// Emits an equation, fold or output.
  void emitItem(mlir::Operation *item);
  void emitEinsum(cascade::EinsumOp op);
  void emitPrefix(cascade::PrefixOp op);
  void emitOutput(cascade::OutputOp op);
  void emitTopK(cascade::TopKOp op);
  void emitRankOf(cascade::RankOfOp op);
  /// Sorts the present scores; returns their number. Their indices, best first,
  /// are then in the second of the operation's places.
  Value emitSorted(cascade::Equation op,
                   llvm::function_ref<Scalar(Value)> score);
  void emitFold(cascade::FoldOp op);
  void emitState(cascade::StateOp op, llvm::ArrayRef<Value> extents, Value from, Value to);
  void emitShift(cascade::StateOp op);
  void emitReference(cascade::ReferenceOp op);
  void startState(cascade::StateOp op);
  void rememberFormer(Value tensor);

  Kernel &kernel;
  Value frame, worker;
  mlir::Operation *lastAtEntry = nullptr;
  mlir::Block *entry;
  llvm::DenseMap<StringAttr, Value> bound, extents;
  llvm::DenseMap<int64_t, Value> slots, bases;
  llvm::DenseMap<const Place *, Values> strides;
};

} // namespace weir::loops

#endif // WEIR_CODEGEN_LOOPS_BODY_H
