// The pass that turns reductions of the best few points into reductions over these alone.
#include "passes/Passes.h"
#include "passes/algebra/Bodies.h"
#include "passes/algebra/Presence.h"
#include "passes/derive/BuildFold.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir {

#define GEN_PASS_DEF_SELECT
#include "passes/Passes.h.inc"

namespace {

/// A predicate that some points of a rank fulfil, and these points.
struct Selection {
  Expr predicate;
  StringAttr rank;      ///< Counts them.
  Expr position;        ///< Where the point that its index counts lies.
  Expr place = nullptr; ///< What is the index itself there; may be null.
  Value source;         ///< What selects.
};

class Selector {
public:
  explicit Selector(KernelOp kernel) : kernel(kernel) {}

  /// Rewrites `op` if it reduces selected points; says how.
  std::optional<std::string> rewrite(EinsumOp op);

private:
  Expr read(EinsumOp op, StringAttr rank);
  bool isOfSelection(Value tensor, StringAttr rank);
  std::optional<Selection> find(Expr summand, StringAttr rank);
  std::optional<Selection> matchPlace(Expr predicate, StringAttr rank);
  std::optional<Selection> matchMember(Expr predicate, StringAttr rank);
  bool isConstant(Expr count);
  Value select(RankOfOp rankOf, Expr count);
  StringAttr declareRank(RankOfOp rankOf, Expr count);
  std::string build(EinsumOp op, StringAttr rank, Expr summand, const Selection &selection);
  Type i64() { return IntegerType::get(kernel.getContext(), 64); }

  KernelOp kernel;
  Terms terms;
  llvm::DenseMap<std::pair<Value, Expr>, Value> selected; ///< Positions that a `rank_of` and a number select.
};

static bool dependsOn(Expr expr, Expr index) {
  bool found = false;
  walk(expr, [&](Expr e) { found |= e == index; });
  return found;
}

/// True for a `rank_of` along `rank`, for membership in what `topk` found along it, and for maps of them.
bool Selector::isOfSelection(Value tensor, StringAttr rank) {
  if (auto rankOf = tensor.getDefiningOp<RankOfOp>())
    return rankOf.getAlongAttr() == rank;
  if (auto topk = tensor.getDefiningOp<TopKOp>())
    return topk.getAlongAttr() == rank;
  auto equation = tensor.getDefiningOp<EinsumOp>();
  if (!equation || (equation.getCombiner() != Combiner::None && equation.getCombiner() != Combiner::Any))
    return false;
  bool found = false;
  equation.getBody().walk([&](ReadOp read) { found = found || isOfSelection(read.getTensor(), rank); });
  return found;
}

/// What `op` reduces, seen through maps of selections along `rank`.
Expr Selector::read(EinsumOp op, StringAttr rank) {
  terms.location = op.getLoc();
  auto hook = [&](auto &&self, ReadOp read, ArrayRef<Expr> at) -> Expr {
    auto map = read.getTensor().getDefiningOp<EinsumOp>();
    if (!map || map.getCombiner() != Combiner::None || !isOfSelection(map.getResult(), rank))
      return nullptr;
    return readMap(terms, map, at, [&](ReadOp inner, ArrayRef<Expr> inside) { return self(self, inner, inside); });
  };
  return readEquation(terms, op, [&](ReadOp read, ArrayRef<Expr> at) { return hook(hook, read, at); });
}

/// True for what an extent can be: sums and products of integers, extents and constant parameters.
bool Selector::isConstant(Expr count) {
  switch (count->op) {
  case OpKind::Integer: case OpKind::Extent:
    return true;
  case OpKind::Read: {
    auto param = count->tensor.getDefiningOp<ParamOp>();
    return param && param.getConstant();
  }
  case OpKind::Binary: { // a division may have no result
    bool isTotal = count->is(BinaryFn::Add) || count->is(BinaryFn::Sub) || count->is(BinaryFn::Mul) ||
                   count->is(BinaryFn::Min) || count->is(BinaryFn::Max);
    return isTotal && llvm::all_of(count->operands, [&](Expr e) { return isConstant(e); });
  }
  default:
    return false;
  }
}

/// `place < count`, where `place` reads what a `rank_of` makes at the index that is reduced.
std::optional<Selection> Selector::matchPlace(Expr predicate, StringAttr rank) {
  if (predicate->op != OpKind::Compare)
    return std::nullopt;
  Expr place = predicate->operands[0], count = predicate->operands[1], index = terms.bound(rank, i64());
  auto relation = static_cast<Predicate>(predicate->code);
  if (relation == Predicate::Gt || relation == Predicate::Ge) {
    std::swap(place, count);
    relation = relation == Predicate::Gt ? Predicate::Lt : Predicate::Le;
  }
  if ((relation != Predicate::Lt && relation != Predicate::Le) || place->op != OpKind::Read || !isConstant(count))
    return std::nullopt;
  auto rankOf = place->tensor.getDefiningOp<RankOfOp>();
  if (!rankOf || rankOf.getAlongAttr() != rank)
    return std::nullopt;
  for (auto [at, of] : llvm::zip(place->operands, rankOf.getTensorType().getRanks()))
    if (of == rank ? at != index : dependsOn(at, index))
      return std::nullopt;
  if (relation == Predicate::Le)
    count = terms.binary(BinaryFn::Add, count, terms.integer(1, i64()));
  Value positions = select(rankOf, count);
  StringAttr counter = positions.getDefiningOp<TopKOp>().getIntoAttr();
  SmallVector<Expr> at(place->operands);
  llvm::replace(at, index, terms.bound(counter, i64()));
  return Selection{predicate, counter, terms.read(positions, at), place, rankOf};
}

/// `n in I[…, :]`, where `topk` finds the positions `I`, each once.
std::optional<Selection> Selector::matchMember(Expr predicate, StringAttr rank) {
  auto any = predicate->op == OpKind::Read ? predicate->tensor.getDefiningOp<EinsumOp>() : EinsumOp();
  if (!any || any.getCombiner() != Combiner::Any || any.getReduced().size() != 1)
    return std::nullopt;
  Expr index = terms.bound(rank, i64()), counter = terms.bound(cast<StringAttr>(any.getReduced()[0]), i64());
  SmallVector<Expr> at(predicate->operands);
  at.push_back(counter);
  Expr equal = readBody(terms, any.getBody().front(), at, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  if (equal->op != OpKind::Compare || static_cast<Predicate>(equal->code) != Predicate::Eq ||
      !llvm::is_contained(equal->operands, index))
    return std::nullopt;
  Expr position = equal->operands[equal->operands[0] == index];
  auto topk = position->op == OpKind::Read ? position->tensor.getDefiningOp<TopKOp>() : TopKOp();
  if (!topk || topk.getAlongAttr() != rank || counter->rank != topk.getIntoAttr())
    return std::nullopt;
  for (auto [at, of] : llvm::zip(position->operands, topk.getTensorType().getRanks()))
    if (of == counter->rank ? at != counter : dependsOn(at, index) || dependsOn(at, counter))
      return std::nullopt;
  return Selection{predicate, counter->rank, position, nullptr, topk};
}

std::optional<Selection> Selector::find(Expr summand, StringAttr rank) {
  for (Atom condition : presenceOf(terms, summand)) {
    auto selection = matchPlace(condition.expr, rank);
    if (!selection)
      selection = matchMember(condition.expr, rank);
    if (selection)
      return selection;
  }
  return std::nullopt;
}

/// A rank as long as what is selected: no longer than the rank it is from, and nothing where the number is negative.
StringAttr Selector::declareRank(RankOfOp rankOf, Expr count) {
  OpBuilder builder(rankOf);
  std::string base = rankOf.getAlong().str() + ".best", name = base;
  for (unsigned i = 2; kernel.getRankDeclaration(builder.getStringAttr(name)); ++i)
    name = base + std::to_string(i);
  StringAttr rank = builder.getStringAttr(name);
  auto op = RankOp::create(builder, rankOf.getLoc(), rank, StringAttr(), IntegerAttr());
  Expr extent = terms.binary(BinaryFn::Min, count, terms.extent(rankOf.getAlongAttr(), i64()));
  extent = terms.binary(BinaryFn::Max, extent, terms.integer(0, i64()));
  writeBody(op.getExtent(), op.getLoc(), {}, {}, extent, TensorMap());
  return rank;
}

/// The positions of the `count` points that `rankOf` puts first.
Value Selector::select(RankOfOp rankOf, Expr count) {
  Value &made = selected[{rankOf.getResult(), count}];
  if (made)
    return made;
  StringAttr along = rankOf.getAlongAttr(), counter = declareRank(rankOf, count);
  auto ranks = llvm::to_vector(rankOf.getTensorType().getRanks()), others = ranks;
  llvm::erase(others, along);
  llvm::replace(ranks, along, counter);
  Expr score = readEquation(terms, rankOf, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  score = terms.substitute(score, {{terms.index(along, i64()), terms.bound(along, i64())}});
  OpBuilder builder(rankOf);
  auto op = TopKOp::create(builder, rankOf.getLoc(), cascade::TensorType::get(ranks, i64()),
                           builder.getStringAttr(rankOf.getName() + ".best"), along, counter);
  writeBody(op.getBody(), op.getLoc(), others, {along}, score, TensorMap());
  return made = op.getResult();
}

/// At a selected position the predicate holds, and its place counts the positions before it.
std::string Selector::build(EinsumOp op, StringAttr rank, Expr summand, const Selection &selection) {
  Type i1 = IntegerType::get(kernel.getContext(), 1);
  Expr body = terms.substitute(summand, {{selection.predicate, terms.truth(true, i1)}});
  llvm::DenseMap<Expr, Expr> atPosition{{terms.bound(rank, i64()), selection.position}};
  if (selection.place)
    atPosition[selection.place] = terms.bound(selection.rank, i64());
  body = restrict(terms, terms.substitute(body, atPosition), {Atom{terms.present(selection.position, i1)}});

  auto reduced = llvm::to_vector(op.getReduced().getAsRange<StringAttr>());
  llvm::replace(reduced, rank, selection.rank);
  OpBuilder builder(op);
  auto result = EinsumOp::create(builder, op.getLoc(), op.getTensorType(), op.getNameAttr(), op.getCombinerAttr(),
                                 builder.getArrayAttr(SmallVector<Attribute>(reduced.begin(), reduced.end())));
  writeBody(result.getBody(), op.getLoc(), op.getTensorType().getRanks(), reduced, body, TensorMap());
  op.getResult().replaceAllUsesWith(result.getResult());
  auto name = selection.source.getDefiningOp()->getAttrOfType<StringAttr>("name").str();
  return "'" + op.getName().str() + "' over the points of '" + rank.str() + "' that '" + name + "' selects, at " +
         print(selection.position);
}

/// True if `op` has `rank` already.
static bool isTaken(EinsumOp op, StringAttr rank) {
  return llvm::is_contained(op.getReduced(), rank) || llvm::is_contained(op.getTensorType().getRanks(), rank);
}

std::optional<std::string> Selector::rewrite(EinsumOp op) {
  bool isPlaced = op.getCombiner() == Combiner::ArgMax || op.getCombiner() == Combiner::ArgMin;
  if (op.getCombiner() == Combiner::None || isPlaced) // a position among the selected is none among all
    return std::nullopt;
  for (auto rank : op.getReduced().getAsRange<StringAttr>()) {
    Expr summand = read(op, rank);
    auto selection = find(summand, rank);
    if (selection && !isTaken(op, selection->rank))
      return build(op, rank, summand, *selection);
  }
  return std::nullopt;
}

struct SelectPass : impl::SelectBase<SelectPass> {
  void runOnOperation() override {
    KernelOp kernel = getOperation();
    Selector selector(kernel);
    for (auto op : llvm::to_vector(kernel.getBody().getOps<EinsumOp>()))
      if (auto how = selector.rewrite(op)) {
        std::vector<std::string> ranks;
        for (auto rank : op.getReduced().getAsRange<StringAttr>())
          ranks.push_back(rank.str());
        explain({"bounded-selection", *how, "", "", op.getLoc(), ranks, {op.getName().str()}});
        ++numSelected;
      }
    if (!numSelected)
      return;
    derive::eraseDeadEquations(kernel);
    sortTopologically(&kernel.getBody().front());
  }
};

} // namespace
} // namespace weir
