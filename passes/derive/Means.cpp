// Sums over a rank divided by its extent, read in reductions over it, as the means that they are.
#include "passes/derive/BuildFold.h"

#include "passes/algebra/Bodies.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {
namespace {

class MeanFinder {
public:
  explicit MeanFinder(KernelOp kernel) : kernel(kernel) {}

  void run() {
    for (auto op : llvm::to_vector(kernel.getBody().getOps<EinsumOp>()))
      if (op.getReduced().size() == 1 && op.getCombiner() == Combiner::Sum)
        rewrite(op, cast<StringAttr>(op.getReduced()[0]));
  }

private:
  /// Reads the reduction with what may hold a mean looked into, and replaces the means.
  void rewrite(EinsumOp op, StringAttr rank) {
    bool found = false;
    Expr body = readEquation(terms, op, [&](ReadOp read, ArrayRef<Expr> at) { return lookedInto(read, at, rank, found); });
    if (!found)
      return;
    auto ranks = op.getBodyRanks();
    size_t results = op.getTensorType().getRanks().size();
    Region fresh;
    writeBody(fresh, op.getLoc(), ArrayRef(ranks).take_front(results), ArrayRef(ranks).drop_front(results), body,
              TensorMap());
    op.getBody().takeBody(fresh);
  }

  /// A map that divides a sum over `rank` by the extent is read as the mean; null for any other.
  Expr lookedInto(ReadOp read, ArrayRef<Expr> at, StringAttr rank, bool &found) {
    auto map = read.getTensor().getDefiningOp<EinsumOp>();
    if (!map || map.getCombiner() != Combiner::None || llvm::any_of(at, [](Expr e) { return e->isStream; }) ||
        !isInRange(map.getResult(), at))
      return nullptr;
    Expr value = readBody(terms, map.getBody().front(), at, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
    if (!value->is(BinaryFn::Div) || value->operands[0]->op != OpKind::Read || !isExtent(value->operands[1], rank))
      return nullptr;
    Value mean = meanOf(value->operands[0]->tensor, rank);
    found |= mean != nullptr;
    return mean ? terms.read(mean, value->operands[0]->operands) : nullptr;
  }

  bool isExtent(Expr e, StringAttr rank) {
    RankOp declaration = kernel.getRankDeclaration(rank);
    if (declaration && declaration.getSize() && e->isReal(static_cast<double>(*declaration.getSize())))
      return true;
    return e->op == OpKind::Cast && e->operands[0]->op == OpKind::Extent && e->operands[0]->rank == rank;
  }

  /// The mean over `rank` of what `tensor` sums, where no point of it can be absent.
  Value meanOf(Value tensor, StringAttr rank) {
    auto sum = tensor.getDefiningOp<EinsumOp>();
    if (!sum || sum.getCombiner() != Combiner::Sum || sum.getReduced().size() != 1 || sum.getReduced()[0] != rank)
      return nullptr;
    if (Value known = means.lookup(tensor))
      return known;
    Expr body = readEquation(terms, sum, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
    if (!presenceOf(terms, body).empty())
      return nullptr;
    OpBuilder builder(sum);
    builder.setInsertionPointAfter(sum);
    auto mean = cast<EinsumOp>(builder.clone(*sum));
    mean.setCombiner(Combiner::Mean);
    mean.setName((sum.getName() + ".mean").str());
    return means[tensor] = mean.getResult();
  }

  KernelOp kernel;
  Terms terms;
  llvm::DenseMap<Value, Value> means;
};

} // namespace

void useMeans(KernelOp kernel) { MeanFinder(kernel).run(); }

} // namespace weir::derive
