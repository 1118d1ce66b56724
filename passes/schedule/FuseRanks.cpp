// Sums over several ranks as sums over one that numbers their points.
#include "passes/schedule/FuseRanks.h"

#include "passes/schedule/FoldSums.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {
namespace {

Value extentOf(OpBuilder &b, Location loc, StringAttr rank) {
  return ExtentOp::create(b, loc, b.getI64Type(), rank);
}

/// The rank that numbers the points of `ranks`, the last one fastest: declared if it is not.
StringAttr declareFused(KernelOp kernel, ArrayRef<StringAttr> ranks) {
  std::string name;
  for (StringAttr rank : ranks)
    name += (name.empty() ? "" : ".") + rank.str();
  auto fused = StringAttr::get(kernel.getContext(), name);
  if (kernel.getRankDeclaration(fused))
    return fused;
  RankOp last = kernel.getRankDeclaration(ranks.front());
  for (StringAttr rank : ranks)
    if (RankOp other = kernel.getRankDeclaration(rank); last->isBeforeInBlock(other))
      last = other;
  OpBuilder b(kernel.getContext());
  b.setInsertionPointAfter(last);
  std::optional<int64_t> size = 1;
  for (StringAttr rank : ranks) {
    auto own = kernel.getRankDeclaration(rank).getSize();
    size = own && size ? std::optional(*own * *size) : std::nullopt;
  }
  auto declaration = RankOp::create(b, last.getLoc(), fused, StringAttr(), size ? b.getI64IntegerAttr(*size) : IntegerAttr());
  if (size)
    return fused;
  b.createBlock(&declaration.getExtent());
  Value product = extentOf(b, last.getLoc(), ranks.back());
  for (StringAttr rank : llvm::reverse(ranks.drop_back()))
    product = BinaryOp::create(b, last.getLoc(), BinaryFn::Mul, extentOf(b, last.getLoc(), rank), product);
  YieldOp::create(b, last.getLoc(), product);
  return fused;
}

void fuse(KernelOp kernel, EinsumOp op) {
  auto ranks = llvm::to_vector(op.getReduced().getAsRange<StringAttr>());
  OpBuilder b(op);
  Location loc = op.getLoc();
  auto fused = EinsumOp::create(b, loc, op.getType(), op.getNameAttr(), op.getCombinerAttr(),
                                b.getArrayAttr({declareFused(kernel, ranks)}));
  size_t results = op.getTensorType().getRanks().size();
  SmallVector<Type> types(results + 1, b.getI64Type());
  Block *block = b.createBlock(&fused.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
  Block &old = op.getBody().front();
  IRMapping mapping;
  mapping.map(old.getArguments().take_front(results), block->getArguments().take_front(results));
  Value rest = block->getArgument(results);
  for (size_t i = ranks.size(); i-- > 0;) {
    Value extent = extentOf(b, loc, ranks[i]);
    bool isFirst = i == 0; // what is left of the number
    mapping.map(old.getArgument(results + i), isFirst ? rest : BinaryOp::create(b, loc, BinaryFn::Mod, rest, extent));
    if (!isFirst)
      rest = BinaryOp::create(b, loc, BinaryFn::FloorDiv, rest, extent);
  }
  for (Operation &inner : old)
    b.clone(inner, mapping);
  op.getResult().replaceAllUsesWith(fused.getResult());
  op.erase();
}

} // namespace

void fuseReducedRanks(KernelOp kernel) {
  for (auto op : llvm::make_early_inc_range(kernel.getBody().getOps<EinsumOp>()))
    if (llvm::is_contained({Combiner::Sum, Combiner::Mean}, op.getCombiner()) && op.getReduced().size() > 1 &&
        foldedRanks(op).empty())
      fuse(kernel, op);
}

} // namespace weir::schedule
