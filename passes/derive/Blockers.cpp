// What keeps a pass over a rank that a derived cascade still needs.
#include "passes/derive/Blockers.h"

#include "dialect/cascade/Names.h"

#include <algorithm>

using namespace mlir;
using namespace weir::cascade;

namespace weir::derive {

SmallVector<StringAttr> foldableRanks(EinsumOp op) {
  bool known = llvm::is_contained({Combiner::Sum, Combiner::Mean, Combiner::Max, Combiner::Min}, op.getCombiner());
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  bool isReal = isa<FloatType>(yield.getValues()[0].getType());
  return known && isReal ? llvm::to_vector(op.getReduced().getAsRange<StringAttr>()) : SmallVector<StringAttr>();
}

bool areSame(ArrayRef<StringAttr> a, ArrayRef<StringAttr> b) {
  return std::is_permutation(a.begin(), a.end(), b.begin(), b.end());
}

llvm::SetVector<Operation *> mapsInto(Operation *op) {
  llvm::SetVector<Operation *> maps;
  SmallVector<Operation *> open{op};
  while (!open.empty())
    open.pop_back_val()->walk([&](ReadOp read) {
      auto map = read.getTensor().getDefiningOp<EinsumOp>();
      if (map && map.getCombiner() == Combiner::None && maps.insert(map))
        open.push_back(map);
    });
  return maps;
}

namespace {

/// The two ends of a barrier, as text and by kind.
struct Ends {
  std::string rank;
  Operation *reader, *source;
  StringRef readerName, sourceName;

  std::string quoted(StringRef name) const { return "'" + name.str() + "'"; }
  std::string alongRank() const { return "'" + rank + "'"; }
  Explanation refuse(StringRef reason, const std::string &detail, StringRef remedy, Operation *at) const {
    return {"correctable-reduction", detail, reason.str(), remedy.str(), at->getLoc(), {rank}, {readerName.str()}};
  }
};

bool isSelection(Operation *op) { return isa<TopKOp, RankOfOp>(op); }

/// A reduction that no state can do.
bool hasNoState(Operation *op) {
  auto einsum = dyn_cast<EinsumOp>(op);
  return einsum && einsum.getCombiner() != Combiner::None && foldableRanks(einsum).empty();
}

/// The ranks that a reduction or fold goes over.
SmallVector<StringAttr> reducedBy(Operation *op) {
  if (auto fold = dyn_cast<FoldOp>(op))
    return fold.getOverRanks();
  auto einsum = dyn_cast<EinsumOp>(op);
  return einsum ? llvm::to_vector(einsum.getReduced().getAsRange<StringAttr>()) : SmallVector<StringAttr>();
}

/// Two reductions over other ranks each.
bool reduceUnlike(Operation *a, Operation *b) {
  auto ofA = reducedBy(a), ofB = reducedBy(b);
  return !ofA.empty() && !ofB.empty() && !areSame(ofA, ofB);
}

Explanation refuseSelection(const Ends &ends, bool isReader) {
  auto name = isReader ? ends.readerName : ends.sourceName;
  return ends.refuse("REDUCER_STATE",
                     ends.quoted(name) + " selects among all points of " + ends.alongRank() +
                         "; what it selects is known after the last one" +
                         (isReader ? "" : ", and " + ends.quoted(ends.readerName) + " reads it"),
                     "select by a predicate that each point decides alone, such as a threshold, or, as a condition by "
                     "itself, by `rank_of[" + ends.rank + "](…) < k` for a constant `k`",
                     isReader ? ends.reader : ends.source);
}

Explanation refuseStateless(const Ends &ends, bool isReader) {
  auto op = cast<EinsumOp>(isReader ? ends.reader : ends.source);
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  std::string what = stringifyCombiner(op.getCombiner()).str();
  if (llvm::is_contained({Combiner::Sum, Combiner::Max, Combiner::Min}, op.getCombiner()) &&
      !isa<FloatType>(yield.getValues()[0].getType()))
    what = "integer " + what;
  std::string detail =
      isReader ? "what the " + what + " " + ends.quoted(ends.readerName) + " has collected cannot follow " +
                     ends.quoted(ends.sourceName) + " as it runs"
               : "the " + what + " " + ends.quoted(ends.sourceName) + " is not known while it runs, and " +
                     ends.quoted(ends.readerName) + " reads it";
  return ends.refuse("REDUCER_STATE", detail, "write it as a sum, mean, max or min of real numbers", op);
}

Explanation refuseUnlike(const Ends &ends) {
  auto list = [](Operation *op) {
    std::string text;
    for (StringAttr rank : reducedBy(op))
      text += (text.empty() ? "'" : ", '") + rank.str() + "'";
    return text;
  };
  return ends.refuse("SEVERAL_RANKS",
                     ends.quoted(ends.readerName) + " reduces " + list(ends.reader) + " and reads " +
                         ends.quoted(ends.sourceName) + ", which reduces " + list(ends.source) +
                         "; states of one pass go over the same ranks",
                     "reduce both over the same ranks", ends.reader);
}

/// A reader that is made at every point of the rank.
Explanation refuseDense(const Ends &ends) {
  auto map = dyn_cast<EinsumOp>(ends.reader);
  if (map)
    return ends.refuse("DENSE_USE",
                       ends.quoted(ends.readerName) + " is wanted at every " + ends.alongRank() +
                           ", once what it waits for is complete",
                       "reduce it over '" + ends.rank + "' instead of storing it", ends.reader);
  return ends.refuse("BARRIER",
                     ends.quoted(ends.readerName) + " runs along " + ends.alongRank() + " and needs " +
                         ends.quoted(ends.sourceName) + " in full at its first point",
                     "let it follow a running value of " + ends.quoted(ends.sourceName) + " instead", ends.reader);
}

} // namespace

Explanation blockerOf(RankPasses &passes, const Barrier &barrier) {
  Value source = passes.completionOf(barrier.tensor);
  Ends ends{passes.getRank().str(), barrier.reader, source.getDefiningOp(), nameOf(barrier.reader), nameOf(source)};
  if (barrier.kind == Barrier::Against)
    return ends.refuse("DIRECTION",
                       ends.quoted(ends.readerName) + " runs along " + ends.alongRank() + " against " +
                           ends.quoted(ends.sourceName) + ", which it reads",
                       "let both run along '" + ends.rank + "' in one direction", ends.reader);
  for (bool isReader : {false, true}) {
    Operation *op = isReader ? ends.reader : ends.source;
    if (isSelection(op))
      return refuseSelection(ends, isReader);
    if (hasNoState(op))
      return refuseStateless(ends, isReader);
  }
  if (reduceUnlike(ends.reader, ends.source))
    return refuseUnlike(ends);
  if (barrier.kind == Barrier::Whole)
    return ends.refuse("BARRIER",
                       ends.quoted(ends.readerName) + " reads " + ends.quoted(ends.sourceName) + " at other points of " +
                           ends.alongRank() + " than its own",
                       "read it at its own point, or at a bounded distance from there", ends.reader);
  return refuseDense(ends);
}

} // namespace weir::derive
