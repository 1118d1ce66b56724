// What subscripts say: which own ranks a read follows, and which ranks are parts of others.
#include "passes/analysis/Subscripts.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {

StringAttr ownRank(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto equation = argument ? dyn_cast<Equation>(argument.getOwner()->getParentOp()) : Equation();
  if (!equation || argument.getOwner() != &equation.getEquationBody().front())
    return {};
  auto ranks = equation.getBodyRanks();
  return argument.getArgNumber() < ranks.size() ? ranks[argument.getArgNumber()] : StringAttr();
}

bool variesWith(Value subscript, StringAttr rank) {
  if (isa<BlockArgument>(subscript))
    return ownRank(subscript) == rank;
  return llvm::any_of(subscript.getDefiningOp()->getOperands(), [&](Value operand) {
    return !isa<cascade::TensorType>(operand.getType()) && variesWith(operand, rank);
  });
}

/// True if `value` has to do with `rank`: varies with its index or is made of its extent.
static bool involves(Value value, StringAttr rank) {
  if (isa<BlockArgument>(value))
    return ownRank(value) == rank;
  Operation *op = value.getDefiningOp();
  if (auto extent = dyn_cast<ExtentOp>(op))
    return extent.getRankAttr() == rank;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return !isa<cascade::TensorType>(operand.getType()) && involves(operand, rank);
  });
}

bool followsRank(Value subscript, StringAttr rank) {
  if (ownRank(subscript) == rank)
    return true;
  auto binary = subscript.getDefiningOp<BinaryOp>();
  if (!binary)
    return false;
  bool isSum = binary.getFn() == BinaryFn::Add;
  if ((isSum || binary.getFn() == BinaryFn::Sub) && !involves(binary.getRhs(), rank))
    return followsRank(binary.getLhs(), rank);
  return isSum && !involves(binary.getLhs(), rank) && followsRank(binary.getRhs(), rank);
}

/// True if `value` is the extent of `rank`, in symbols or as the number that it is pinned to.
static bool isExtentOf(Value value, StringAttr rank) {
  if (auto extent = value.getDefiningOp<ExtentOp>())
    return extent.getRankAttr() == rank;
  auto constant = value.getDefiningOp<ConstOp>();
  RankOp declaration = value.getDefiningOp()->getParentOfType<KernelOp>().getRankDeclaration(rank);
  auto size = declaration ? declaration.getSize() : std::nullopt;
  auto number = constant ? dyn_cast<IntegerAttr>(constant.getValue()) : IntegerAttr();
  return size && number && uint64_t(number.getInt()) == *size;
}

/// The ranks of `outer` as a subscript that strides by the extent of `inner`: `n1 * #inner`, where
/// `n1` may be a partition itself.
static bool collectParts(Value subscript, SmallVectorImpl<StringAttr> &parts) {
  if (StringAttr own = ownRank(subscript)) {
    parts.push_back(own);
    return true;
  }
  auto sum = subscript.getDefiningOp<BinaryOp>();
  if (!sum || sum.getFn() != BinaryFn::Add)
    return false;
  for (auto [high, low] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())}) {
    auto product = high.getDefiningOp<BinaryOp>();
    StringAttr inner = ownRank(low);
    if (!product || product.getFn() != BinaryFn::Mul || !inner)
      continue;
    for (auto [outer, stride] : {std::pair(product.getLhs(), product.getRhs()),
                                 std::pair(product.getRhs(), product.getLhs())}) {
      SmallVector<StringAttr> above;
      if (stride.getDefiningOp() && isExtentOf(stride, inner) && collectParts(outer, above)) {
        parts.append(above);
        parts.push_back(inner);
        return true;
      }
    }
  }
  return false;
}

std::optional<Partition> partitionBy(Value subscript, StringAttr whole) {
  Partition partition{whole, {}};
  if (!collectParts(subscript, partition.parts) || partition.parts.size() < 2)
    return std::nullopt;
  return partition;
}

SmallVector<Partition> partitionsOf(KernelOp kernel) {
  SmallVector<Partition> all;
  kernel.walk([&](ReadOp read) {
    auto ranks = cast<cascade::TensorType>(read.getTensor().getType()).getRanks();
    for (auto [subscript, rank] : llvm::zip(read.getIndices(), ranks)) {
      auto found = partitionBy(subscript, rank);
      bool isNew = found && llvm::none_of(all, [&](const Partition &known) {
        return known.whole == found->whole && known.parts == found->parts;
      });
      if (isNew)
        all.push_back(*found);
    }
  });
  return all;
}

} // namespace weir
