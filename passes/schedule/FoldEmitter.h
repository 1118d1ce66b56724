// The loop over tiles that folds the states of a nest, and its finish.
#ifndef WEIR_PASSES_SCHEDULE_FOLD_EMITTER_H
#define WEIR_PASSES_SCHEDULE_FOLD_EMITTER_H

#include "passes/schedule/Coverage.h"
#include "passes/schedule/TileEmitter.h"

namespace weir::schedule {

bool isExtremum(cascade::Combiner combiner);
/// The value of a state over no points.
mlir::TypedAttr neutral(cascade::Combiner combiner, mlir::Type type);

/// Emits the fold of one nest.
class FoldEmitter {
public:
  FoldEmitter(Expressions &ex, Inliner &inliner, Nest &nest, TileEmitter &emit)
      : ex(ex), inliner(inliner), nest(nest), emit(emit) {}

  /// Checks that everything can be emitted; a refusal says what not.
  std::optional<Refusal> check();
  void run();

private:
  struct Carried {
    mlir::Value ref;             ///< the state's block
    mlir::Value present;         ///< block of 0 and 1: whether a point was present; may be null
    mlir::Value old, current;    ///< a reference before and after the current points, a value a row
    const Node *running = nullptr; ///< what bodies read
  };

  mlir::StringAttr extraOf(OutputPlan &output);
  std::optional<std::string> whyNotFinished(OutputPlan &output);
  void openCarries();
  void foldByRange();
  void foldByVerdict();
  Verdict judge(Coverage &box);
  void whenJudged(Verdict verdict, llvm::function_ref<void()> body);
  void step();
  void openKeep(StatePlan &state);
  const Node *keep(const Predicate &predicate);
  const Node *kept(StatePlan &state);
  void takeExtremum(StatePlan &state);
  void takeSum(StatePlan &state);
  void shiftStates();
  void moveStates(llvm::ArrayRef<StatePlan *> states, llvm::ArrayRef<mlir::Value> refs);
  const Node *shifted(StatePlan &state);
  /// The shift of a state: what it was, as the states that it is made from; what references were, and are.
  using OfState = llvm::function_ref<const Node *(cascade::StateOp)>;
  const Node *moved(StatePlan &state, OfState before, OfState oldReference, OfState newReference);
  void notePresence(const Predicate &predicate, mlir::Value flags);
  void finish();

  // FoldParts.cpp: columns that several blocks share.
  void storeParts();
  /// Puts what the parts are together in place of states in outputs.
  void mergeParts();
  const Node *partOf(cascade::StateOp state, int64_t part);
  const Node *merged(StatePlan &state);
  const Node *presentInParts(mlir::Value flags);
  void storeOutputs(llvm::ArrayRef<OutputPlan *> outputs, mlir::StringAttr extra);

  void overOuter(llvm::ArrayRef<Nest::Outer> outer, llvm::function_ref<void()> body);

  // The range of column tiles.
  struct Range {
    mlir::Value lower, upper, fullLower, fullUpper;
  };
  Range range(const Predicate &predicate);
  Range joinedRange();
  llvm::SmallVector<Predicate> predicates();
  llvm::SmallVector<mlir::Value> rowsWithWork();

  Expressions &ex;
  Inliner &inliner;
  Nest &nest;
  TileEmitter &emit;
  llvm::DenseMap<mlir::Value, Carried> carried;
  llvm::SmallVector<std::pair<Predicate, const Node *>> keeps; ///< of the current sub-tile
  /// Blocks of 0 and 1 that say in which rows a point satisfied a predicate.
  llvm::SmallVector<std::pair<Predicate, mlir::Value>> presences;
  mlir::StringAttr part; ///< the number of the block among those that share columns; null: none do
  llvm::DenseMap<mlir::Value, mlir::Value> parts; ///< of states and flags, by the blocks that carry them
  bool isMerged = false; ///< outputs are made of parts
};

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_FOLD_EMITTER_H
