// The algebra of one fold: which reductions over a rank one pass can make together.
#ifndef WEIR_PASSES_DERIVE_FOLD_PLAN_H
#define WEIR_PASSES_DERIVE_FOLD_PLAN_H

#include "passes/Explain.h"
#include "passes/algebra/Presence.h"

#include <deque>

namespace weir::derive {

using algebra::Conditions;
using algebra::Expr;
using algebra::Monomial;
using algebra::Polynomial;
using algebra::Product;
using algebra::Sum;

/// A state of the fold to be.
struct State {
  cascade::EinsumOp owner;       ///< The reduction that first needed it.
  std::string name;
  cascade::Combiner combiner;
  Sum form;                      ///< What is combined, in normal form: its identity.
  Conditions conditions;         ///< Where, besides present references.
  Expr body;                     ///< What is combined; references stand for their running values.
  mlir::SmallVector<mlir::StringAttr> ranks;
  mlir::SmallVector<mlir::Value> references; ///< Reductions whose running values the body reads.
  mlir::SmallVector<unsigned> basis;         ///< States that the shift reads.
  Expr shift = nullptr;          ///< Over `Self`, `Basis`, `Old` and `New`.
  bool partial = false;          ///< Absent over no present point.
  bool isAuxiliary = false;      ///< Needed by a shift or a mean alone.
};

/// A reduction of the kernel and how the fold's states give it.
struct Reduction {
  cascade::EinsumOp op;
  Expr summand;                  ///< Maps inlined, earlier reductions of the plan read.
  Conditions conditions;         ///< Of its points.
  Conditions whole;              ///< Of all points alike: they depend on references alone.
  Expr finish = nullptr;         ///< Over `State`s and earlier reductions.
  Expr running = nullptr;        ///< The same while the fold runs, where it differs.
  std::optional<unsigned> only;  ///< The state that is the result as it stands.
  bool zeroWhereEmpty = false;   ///< `finish` over no present point is 0, not absent.
  std::optional<Polynomial> centre; ///< What the result lies in the middle, or at an end, of.
  bool isUpperBound = false;     ///< The result is the maximum of `centre`.
  bool dependsOnPlan = false;    ///< Reads an earlier reduction of the plan.
};

/// What the `Given`s of shifts and finishes stand for.
enum class Symbol { Self, Basis, Old, New, State };
Expr givenSymbol(algebra::Terms &terms, Symbol symbol, unsigned number, mlir::Type type);
Expr stateValue(algebra::Terms &terms, unsigned state, mlir::Type type);
/// What a `Given` stands for, with its number among those of its kind.
std::pair<Symbol, unsigned> symbolOf(Expr given);

/// The number of points of `ranks` together.
Expr extentOver(algebra::Terms &terms, llvm::ArrayRef<mlir::StringAttr> ranks);

/// Takes constants, and the outer factors of a single product, out of `form`.
std::pair<Product, double> extractScale(Sum &form, llvm::function_ref<bool(Expr)> isOuter);

/// Builds up the states for reductions over the same ranks, in order of dependence.
class FoldPlan {
public:
  explicit FoldPlan(llvm::ArrayRef<mlir::StringAttr> ranks);

  /// Adds a reduction; where it cannot join, says why and leaves the plan as it was.
  std::optional<Refusal> add(cascade::EinsumOp op);

  llvm::ArrayRef<mlir::StringAttr> getRanks() const { return ranks; }
  algebra::Terms &getTerms() { return terms; }
  std::deque<Reduction> &getReductions() { return reductions; }
  std::deque<State> &getStates() { return states; }
  Reduction *reductionOf(mlir::Value tensor);
  /// The running value of a reduction, over states and running values of others.
  Expr runningValue(Reduction &reduction);
  /// True if the reduction is a state as it stands.
  bool isState(Reduction &reduction) const {
    return reduction.only &&
           llvm::equal(states[*reduction.only].ranks, reduction.op.getTensorType().getRanks());
  }
  /// True if no state follows a running reference.
  bool isDeferralOnly() const {
    return llvm::all_of(states, [](const State &state) { return state.references.empty(); });
  }
  /// Notes on what is not proven, for the explanation.
  llvm::ArrayRef<std::string> getNotes() const { return notes; }

private:
  struct Group {
    Product coefficient; ///< References applied at the end.
    Polynomial moving;   ///< References in the exponent: followed while running.
    Sum form;
  };

  // Reading.
  std::optional<Refusal> read(cascade::EinsumOp op, Reduction &into);
  Expr inlined(cascade::ReadOp read, llvm::ArrayRef<Expr> indices, std::optional<Refusal> &refusal);
  bool dependsOnPlan(mlir::Value tensor);
  bool isReference(Expr expr);
  bool isLocation(Expr expr);

  // Separating.
  std::optional<Refusal> separate(Reduction &reduction);
  std::optional<Refusal> separateBound(Reduction &reduction, const Sum &form);
  std::optional<Refusal> checkPure(const Sum &form);
  std::vector<Group> group(const Sum &form, const Conditions &conditions);
  Polynomial followed(const Product &stream, const Polynomial &references, const Conditions &conditions);
  void restrictFinish(Reduction &reduction);
  Sum recentred(const Sum &form);
  std::optional<Refusal> checkConditioned(Reduction &reduction, llvm::ArrayRef<Group> groups);
  Expr whereNotEmpty(Reduction &reduction);
  std::optional<Refusal> finishFrom(Reduction &reduction, llvm::ArrayRef<Group> groups, Expr asWritten);
  void readKnownStates(Reduction &reduction);
  Expr withoutCoefficient(const Reduction &reduction, const Group &group);
  bool isBetterStaged(Reduction &reduction);
  void findCentre(Reduction &reduction, const Sum &form, llvm::ArrayRef<Group> groups);
  Expr meanFactor(Reduction &reduction);
  Expr atOwnPoint(Reduction &reduction);

  // States.
  std::optional<Refusal> addState(const Reduction &owner, cascade::Combiner combiner, const Sum &form,
                                  Expr body, unsigned &index, bool isAuxiliary = false);
  std::optional<Refusal> makeShift(const Reduction &owner, State &state);
  std::optional<Refusal> checkSupport(const Reduction &owner, const State &state);
  std::optional<Refusal> checkRange(const Reduction &owner, const State &state);
  unsigned countState(const Reduction &owner);

  // Checking.
  bool holds(const Reduction &reduction);
  bool shiftHolds(const State &state);

  llvm::SmallVector<mlir::StringAttr> ranks;
  algebra::Terms terms;
  algebra::Expander expander;
  std::deque<Reduction> reductions;
  std::deque<State> states;
  llvm::DenseMap<mlir::Value, unsigned> reductionIndex;
  llvm::DenseMap<Expr, mlir::Value> shifted; ///< `X - reference` to its reference.
  llvm::DenseMap<mlir::Value, bool> depends;
  std::vector<std::string> notes;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_FOLD_PLAN_H
