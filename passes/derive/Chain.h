// A reduction over one rank as a sum of chains: products whose factors know the stream or the query.
#ifndef WEIR_PASSES_DERIVE_CHAIN_H
#define WEIR_PASSES_DERIVE_CHAIN_H

#include "passes/Explain.h"
#include "passes/algebra/Presence.h"
#include "passes/derive/Linear.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace weir::derive {

/// What a term depends on: the rank being reduced (the stream), the rank of the result that is
/// to be kept from it (the query), neither or both.
enum Side : unsigned { Neither = 0, Stream = 1, Query = 2, Both = 3 };

/// A weight between query and stream: an exponential, or a power, of a sum of one-sided parts.
struct Decay {
  Expr base = nullptr; ///< Null: `fn` of the exponent.
  cascade::UnaryFn fn = cascade::UnaryFn::Exp;
  Linear exponent;
};

/// `scale * product of factors / product of divisors * decays`, summed over `ranks`.
struct Chain {
  double scale = 1;
  mlir::SmallVector<Expr> factors, divisors;
  mlir::SmallVector<mlir::StringAttr> ranks;
  mlir::SmallVector<Decay> decays;
  algebra::Conditions conditions; ///< Of the sums that were opened.
  bool hasContraction = false;    ///< Holds a sum that was opened, hence is rounded anyway.
};

/// `stream <= query + offset`, or `>=`.
struct OneSided {
  bool isBelow;
  Linear offset;
};

/// Opens terms that depend on stream and query until no factor does.
class ChainReader {
public:
  ChainReader(algebra::Terms &terms, cascade::KernelOp kernel, mlir::StringAttr stream, mlir::StringAttr query)
      : terms(terms), kernel(kernel), stream(stream), query(query) {}

  /// Chains that sum up to `expr`; `taken` are names of ranks that a sum's own must not have.
  std::optional<Refusal> open(Expr expr, llvm::SetVector<mlir::StringAttr> taken, std::vector<Chain> &chains);
  unsigned sideOf(Expr expr);
  unsigned sideOf(llvm::ArrayRef<Expr> exprs);
  /// The truth of `condition` as a bound of the stream by the query.
  std::optional<OneSided> boundOf(Expr condition);

  /// The reductions that were opened.
  const llvm::SetVector<mlir::Operation *> &getContractions() const { return contractions; }
  /// Ranks that stand for a second index over another's extent.
  const llvm::MapVector<mlir::StringAttr, mlir::StringAttr> &getFreshRanks() const { return freshRanks; }

private:
  using Taken = llvm::SetVector<mlir::StringAttr>;

  std::optional<Refusal> openSum(cascade::EinsumOp op, Expr read, Taken &taken, std::vector<Chain> &chains);
  std::optional<Refusal> openBoth(Expr expr, Taken &taken, std::vector<Chain> &chains);
  std::optional<Refusal> openBinary(Expr expr, Taken &taken, std::vector<Chain> &chains);
  std::optional<Refusal> openDecay(Expr whole, Decay decay, Expr exponent, std::vector<Chain> &chains);
  std::optional<Refusal> multiply(llvm::ArrayRef<Expr> factors, Expr whole, Taken &taken, std::vector<Chain> &chains);
  mlir::StringAttr freshRank(mlir::StringAttr like, Taken &taken);

  algebra::Terms &terms;
  cascade::KernelOp kernel;
  mlir::StringAttr stream, query;
  llvm::DenseMap<Expr, unsigned> sides;
  llvm::SetVector<mlir::Operation *> contractions;
  llvm::MapVector<mlir::StringAttr, mlir::StringAttr> freshRanks;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_CHAIN_H
