// A reduction whose sums are taken in another order: stream first, or along a scan.
#ifndef WEIR_PASSES_DERIVE_REORDER_H
#define WEIR_PASSES_DERIVE_REORDER_H

#include "passes/derive/Weights.h"
#include "passes/derive/Work.h"

namespace weir::derive {

/// How a reduction over `stream` can be taken apart from `query`.
struct Reordering {
  cascade::EinsumOp op;
  mlir::StringAttr stream, query;
  Expr summand = nullptr;
  std::optional<OneSided> bound;          ///< What makes it a scan.
  Expr secondBound = nullptr;             ///< What keeps it from being one.
  bool isAligned = false;                 ///< The scan runs along the query's own rank.
  algebra::Conditions ofStream, ofQuery;  ///< Presence, the bound apart.
  std::vector<Chain> chains;              ///< Of a sum.
  Linear exponent;                        ///< Of a maximum: what it is the maximum of.
  std::shared_ptr<ChainReader> reader;
  std::vector<std::string> whyInRange;
  std::string assumed;                    ///< Extents that were taken.
  double before = 0, after = 0;           ///< Multiply-adds.
};

/// Finds reorderings of reductions and makes them.
class Reorderer {
public:
  explicit Reorderer(cascade::KernelOp kernel) : kernel(kernel), work(kernel) {}

  /// The reordering of `op` that saves most work; a refusal where one is near but must not be.
  std::optional<Reordering> find(cascade::EinsumOp op, std::optional<Refusal> &refusal);
  /// Replaces the reduction. It stays where it is, unused, until the pass ends: terms know it.
  void build(Reordering &reordering);
  /// What was done, for people.
  std::string describe(Reordering &reordering);

private:
  std::optional<Refusal> plan(Reordering &plan);
  std::optional<Refusal> sortConditions(Reordering &plan, const algebra::Conditions &conditions);
  std::optional<Refusal> checkScan(Reordering &plan);
  std::optional<Refusal> checkCancellation(Reordering &plan);
  bool isClear(Reordering &plan);
  void countWork(Reordering &plan);
  std::string assumptions(Reordering &plan);
  Weights weightsOf(Reordering &plan) {
    return {terms, *plan.reader, streamOf(plan), queryOf(plan), *plan.bound, maxima};
  }
  Expr streamOf(Reordering &plan) { return terms.bound(plan.stream, i64()); }
  Expr queryOf(Reordering &plan) { return terms.index(plan.query, i64()); }
  mlir::Type i64() { return mlir::IntegerType::get(kernel.getContext(), 64); }
  mlir::Type typeOf(Reordering &plan) { return plan.summand->type; }

  struct Parts;
  Parts split(Reordering &plan, const Chain &chain);
  mlir::Value buildChain(Reordering &plan, const Chain &chain, llvm::StringRef name, bool isWhole);
  mlir::Value buildMaximum(Reordering &plan);
  mlir::Value buildScan(Reordering &plan, llvm::StringRef name, llvm::ArrayRef<mlir::StringAttr> ranks,
                        llvm::function_ref<Expr(Expr)> next, bool startsAbsent);
  mlir::Value buildEinsum(Reordering &plan, llvm::StringRef name, cascade::TensorType type, Expr body,
                          llvm::ArrayRef<mlir::StringAttr> reduced);
  Expr readScan(Reordering &plan, mlir::Value scan);
  Expr atScan(Reordering &plan, Expr expr);
  mlir::StringAttr scanRank(Reordering &plan) { return plan.isAligned ? plan.query : plan.stream; }
  mlir::SmallVector<mlir::StringAttr> orderOf(Reordering &plan, llvm::ArrayRef<mlir::StringAttr> inner);
  void declareFreshRanks(Reordering &plan);

  cascade::KernelOp kernel;
  algebra::Terms terms;
  Work work;
  RunningBounds maxima;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_REORDER_H
