// Weights between query and stream as steps of a recurrence.
#ifndef WEIR_PASSES_DERIVE_WEIGHTS_H
#define WEIR_PASSES_DERIVE_WEIGHTS_H

#include "passes/derive/Chain.h"

namespace weir::derive {

/// A maximum that has become a prefix form: what it is the maximum of.
struct RunningBound {
  Linear of;
  OneSided bound;
  algebra::Conditions conditions; ///< Of the stream's points.
};
using RunningBounds = llvm::DenseMap<mlir::Value, RunningBound>;

/// Takes exponents apart along a scan whose index is the query's.
class Weights {
public:
  Weights(algebra::Terms &terms, ChainReader &reader, Expr stream, Expr query, const OneSided &bound,
          const RunningBounds &maxima)
      : terms(terms), reader(reader), stream(stream), query(query), bound(bound), maxima(maxima) {}

  /// The exponent at the query minus that at the query before it. Differences of prefix sums
  /// become their summands.
  Linear step(const Linear &exponent);
  /// The exponent where the stream is at the query.
  Linear diagonal(const Linear &exponent);
  /// The query before (after, in a scan that descends).
  Expr queryBefore();
  /// `base^exponent` or the exponential, a running maximum that is still -inf read as 0.
  Expr write(const Decay &decay, const Linear &exponent, mlir::Type type);

  /// Why the scan keeps this weight in range; empty if it may not. `conditions` are those of the
  /// stream's points.
  std::string whyInRange(const Decay &decay, const algebra::Conditions &conditions);

private:
  Linear stepOfFactor(Expr factor);
  Expr summandOf(Expr read);
  bool isAtQuery(Expr read);

  algebra::Terms &terms;
  ChainReader &reader;
  Expr stream, query;
  const OneSided &bound;
  const RunningBounds &maxima;
};

} // namespace weir::derive

#endif // WEIR_PASSES_DERIVE_WEIGHTS_H
