// Work of reductions in multiply-adds, with typical extents where none is known.
#include "passes/derive/Work.h"

#include "passes/algebra/Bodies.h"
#include "passes/algebra/Evaluate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace weir::algebra;
using namespace weir::cascade;

namespace weir::derive {

static constexpr double typicalPositions = 4096, typicalFeatures = 64, typicalBatch = 8;

static constexpr llvm::StringLiteral likelyExtents = "cascade.likely";

void setLikelyExtents(KernelOp kernel, const std::map<std::string, int64_t> &extents) {
  Builder builder(kernel.getContext());
  SmallVector<NamedAttribute> entries;
  for (const auto &[rank, extent] : extents)
    entries.push_back(builder.getNamedAttr(rank, builder.getI64IntegerAttr(extent)));
  if (entries.empty())
    kernel->removeDiscardableAttr(likelyExtents);
  else
    kernel->setDiscardableAttr(likelyExtents, builder.getDictionaryAttr(entries));
}

Work::Work(KernelOp kernel) {
  for (auto rank : kernel.getBody().getOps<RankOp>()) {
    StringAttr name = rank.getNameAttr();
    roots[name] = kernel.getExtentOwner(name);
    if (rank.getSize())
      sizes[roots[name]] = static_cast<double>(*rank.getSize());
    if (!rank.getExtent().empty())
      derived[name] = readBody(*terms, rank.getExtent().front(), {}, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  }
  if (auto extents = kernel->getAttrOfType<DictionaryAttr>(likelyExtents))
    for (NamedAttribute entry : extents)
      likely[rootOf(entry.getName())] = static_cast<double>(cast<IntegerAttr>(entry.getValue()).getInt());
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
  if (auto it = likely.find(rootOf(rank)); it != likely.end())
    return it->second;
  if (auto it = derived.find(rootOf(rank)); it != derived.end()) {
    double extent = evaluate(it->second, [&](Expr leaf) { return typicalValue(leaf); });
    return extent >= 1 ? extent : 1; // none, or not defined: as good as one
  }
  return isFeatures(rank) ? typicalFeatures : isPositions(rank) ? typicalPositions : typicalBatch;
}

bool Work::isPositions(StringAttr rank) const {
  StringAttr root = rootOf(rank);
  return positions.contains(root) || (rows.contains(root) && !features.contains(root));
}

bool Work::isFeatures(StringAttr rank) const {
  return features.contains(rootOf(rank)) && !positions.contains(rootOf(rank));
}

/// What an extent may be made of: other extents, and constant parameters, which have their default.
double Work::typicalValue(Expr leaf) const {
  if (leaf->op == OpKind::Extent)
    return extentOf(leaf->rank);
  auto param = leaf->op == OpKind::Read ? leaf->tensor.getDefiningOp<ParamOp>() : ParamOp();
  if (!param || param.getInit().empty())
    return typicalBatch;
  Expr value = readBody(*terms, param.getInit().front(), {}, [](ReadOp, ArrayRef<Expr>) { return nullptr; });
  return evaluate(value, [&](Expr inner) { return typicalValue(inner); });
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
