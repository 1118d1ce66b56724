// What an item reads, as its loops see it: through inlined equations and
// starts.
#include "codegen/loops/RankLists.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;

namespace weir::loops {

using cascade::Equation;

SmallVector<Equation> Plan::equationsOf(Operation *item) const {
  SmallVector<Equation> result;
  item->walk([&](Equation op) {
    if (!isInlined(op->getResult(0)))
      result.push_back(op);
  });
  return result;
}

/// The indices of loops over `ranks`.
static Offsets indicesOf(ArrayRef<StringAttr> ranks) {
  return llvm::map_to_vector(ranks,
                             [](StringAttr rank) { return Offset{rank}; });
}

void Plan::collect(Region &region, ArrayRef<Offset> arguments,
                   SmallVectorImpl<Access> &into) const {
  region.walk([&](cascade::ReadOp read) {
    Value tensor = definingTensor(read.getTensor());
    Offsets subscripts = llvm::map_to_vector(
        read.getIndices(),
        [&](Value index) { return offsetIn(index, arguments); });
    if (isInlined(tensor))
      return collect(tensor.getDefiningOp<Equation>().getEquationBody(),
                     subscripts, into);
    into.push_back({tensor, subscripts});
  });
}

Ranks loopsOf(Equation op) {
  auto hidden = llvm::TypeSwitch<Operation *, StringAttr>(op)
                    .Case<cascade::PrefixOp, cascade::RankOfOp>(
                        [](auto op) { return op.getAlongAttr(); })
                    .Default([](Operation *) { return StringAttr(); });
  size_t shown =
      op.getTensorType().getRank() - (isa<cascade::TopKOp>(op) ? 1 : 0);
  Ranks ranks = op.getBodyRanks();
  for (auto [i, rank] : llvm::enumerate(ranks))
    if (i >= shown || rank == hidden)
      rank = {};
  return ranks;
}

SmallVector<Access> Plan::accessesOf(Operation *item) const {
  SmallVector<Access> result;
  if (auto output = dyn_cast<cascade::OutputOp>(item)) {
    Value tensor = definingTensor(output.getTensor());
    Offsets indices = indicesOf(typeOf(tensor).getRanks());
    if (isInlined(tensor))
      collect(tensor.getDefiningOp<Equation>().getEquationBody(), indices,
              result);
    else
      result.push_back({tensor, indices});
    return result;
  }
  for (Equation op : equationsOf(item)) {
    collect(op.getEquationBody(), indicesOf(loopsOf(op)), result);
    auto state = dyn_cast<cascade::StateOp>(*op);
    if (!state || state.getShift().empty())
      continue;
    Offsets indices = indicesOf(typeOf(state.getResult()).getRanks());
    indices.resize(state.getShift().getNumArguments());
    collect(state.getShift(), indices, result);
    for (ValueRange tensors :
         {ValueRange(state.getRefs()), ValueRange(state.getBasis())})
      for (Value tensor : tensors)
        result.push_back(
            {definingTensor(tensor), indicesOf(typeOf(tensor).getRanks())});
  }
  followStarts(result);
  return result;
}

/// Adds what the starts read that are reached by accesses to recurrent tensors.
void Plan::followStarts(SmallVectorImpl<Access> &accesses) const {
  std::set<std::pair<Operation *, std::vector<const void *>>> seen;
  for (size_t i = 0; i < accesses.size(); ++i) {
    auto [tensor, subscripts] = accesses[i];
    auto group = recurrenceOf(tensor);
    if (!group)
      continue;
    for (auto start : group.getBody().getOps<cascade::StartOp>()) {
      int64_t along = typeOf(tensor).indexOf(start.getAlongAttr());
      if (definingTensor(start.getTensor()) != tensor ||
          subscripts[along] == start.getAlongAttr())
        continue;
      // Offsets are not followed from start to start: there is no end to them.
      Offsets indices = subscripts;
      for (Offset &index : indices)
        if (index.constant != 0)
          index = {};
      indices[along] = {};
      std::vector<const void *> key;
      for (const Offset &index : indices)
        key.push_back(index.rank.getAsOpaquePointer());
      if (seen.insert({start, key}).second)
        collect(start.getBody(), indices, accesses);
    }
  }
}

} // namespace weir::loops
