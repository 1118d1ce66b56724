// Work of reductions in multiply-adds, with typical extents where none is known.
#include "passes/derive/Work.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::derive {

static constexpr double typicalPositions = 4096, typicalFeatures = 64, typicalBatch = 8;

Work::Work(KernelOp kernel) {
  for (auto rank : kernel.getBody().getOps<RankOp>()) {
    StringAttr name = rank.getNameAttr();
    roots[name] = kernel.getExtentOwner(name);
    if (rank.getSize())
      sizes[roots[name]] = static_cast<double>(*rank.getSize());
  }
  for (auto input : kernel.getBody().getOps<InputOp>()) {
    auto ranks = cast<cascade::TensorType>(input.getType()).getRanks();
    if (!ranks.empty())
      features.insert(rootOf(ranks.back()));
    if (ranks.size() > 1)
      rows.insert(rootOf(ranks[ranks.size() - 2]));
  }
}

StringAttr Work::rootOf(StringAttr rank) const {
  auto it = roots.find(rank);
  return it == roots.end() ? rank : it->second;
}

bool Work::haveSameExtent(StringAttr a, StringAttr b) const {
  auto size = known(a);
  return rootOf(a) == rootOf(b) || (size && size == known(b));
}

std::optional<double> Work::known(StringAttr rank) const {
  auto it = sizes.find(rootOf(rank));
  return it == sizes.end() ? std::nullopt : std::optional(it->second);
}

double Work::extentOf(StringAttr rank) const {
  if (auto size = known(rank))
    return *size;
  return isFeatures(rank) ? typicalFeatures : isPositions(rank) ? typicalPositions : typicalBatch;
}

bool Work::isPositions(StringAttr rank) const {
  StringAttr root = rootOf(rank);
  return positions.contains(root) || (rows.contains(root) && !features.contains(root));
}

bool Work::isFeatures(StringAttr rank) const {
  return features.contains(rootOf(rank)) && !positions.contains(rootOf(rank));
}

double Work::pointsOf(ArrayRef<StringAttr> ranks) const {
  double points = 1;
  for (StringAttr rank : ranks)
    points *= extentOf(rank);
  return points;
}

std::string Work::assumptions(ArrayRef<StringAttr> ranks) const {
  llvm::SetVector<StringAttr> assumed;
  for (StringAttr rank : ranks)
    if (!known(rank))
      assumed.insert(rootOf(rank));
  std::string text;
  for (StringAttr rank : assumed)
    text += (text.empty() ? "#" : ", #") + rank.str() + " = " + std::to_string(static_cast<int64_t>(extentOf(rank)));
  return text;
}

} // namespace weir::derive
