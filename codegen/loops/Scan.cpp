// Sequential loops that several items share: a recurrence and what reads it, point by
// point, so that of its tensors only the last points are kept.
#include "codegen/loops/RankLists.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace weir::loops {

using cascade::Equation;

//===-- What shares the loop ------------------------------------------------===//

/// True if an item has a loop over the scan's rank in which it can be computed point by
/// point.
bool Plan::runsAlong(const Stage &stage, Operation *item) const {
  if (auto group = dyn_cast<cascade::RecurrenceOp>(item)) {
    const auto &loops = nests.find(item)->second;
    return loops.size() == 1 && loops[0].rank == stage.scan &&
           loops[0].isDescending == stage.isDescending;
  }
  if (auto output = dyn_cast<cascade::OutputOp>(item))
    return typeOf(output.getTensor()).indexOf(stage.scan) >= 0;
  auto einsum = dyn_cast<cascade::EinsumOp>(item);
  return einsum && einsum.getTensorType().indexOf(stage.scan) >= 0;
}

/// How many points before its own a loop reads at `subscript`; less than 0 if that is
/// not known or none that it has computed.
static int64_t distanceBack(const Offset &subscript, StringAttr rank,
                            bool isDescending) {
  if (subscript.rank != rank)
    return -1;
  return isDescending ? subscript.constant : -subscript.constant;
}

/// True if at each point of the scan all is there that an item reads: what the scan
/// makes at this point or before, what was made before the scan.
bool Plan::isReady(const Stage &stage, Operation *item) const {
  llvm::SmallDenseSet<Value> scanned, behind;
  bool isBehind = false;
  for (Operation *other : stage.items) {
    bool isScanned = stage.scanned.contains(other);
    isBehind |= isScanned;
    for (Equation op : equationsOf(other))
      if (isScanned)
        scanned.insert(op->getResult(0));
      else if (isBehind)
        behind.insert(op->getResult(0));
  }
  bool reads = false;
  for (const Access &access : accessesOf(item)) {
    if (behind.contains(access.tensor))
      return false;
    if (!scanned.contains(access.tensor))
      continue;
    int64_t dimension = typeOf(access.tensor).indexOf(stage.scan);
    if (dimension < 0 || distanceBack(access.subscripts[dimension], stage.scan,
                                      stage.isDescending) < 0)
      return false;
    reads = true;
  }
  return reads;
}

/// Lets an item share the stage's sequential loop. The parallel loop may lose ranks by
/// that: what the scan makes is kept for a few points only, and may grow.
bool Plan::joinScan(Stage &stage, Operation *item) const {
  if (!stage.scan || !runsAlong(stage, item) || !isReady(stage, item))
    return false;
  llvm::SmallDenseSet<Value> made, before;
  for (Operation *other : stage.items)
    for (Equation op : equationsOf(other)) {
      made.insert(op->getResult(0));
      if (!stage.scanned.contains(other))
        before.insert(op->getResult(0));
    }
  bool reads = false;
  Ranks own = without(parallelRanks(item), stage.scan);
  Ranks outer = sharedRanks(common(stage.outer, own), accessesOf(item), made, reads);
  if (outer.empty() && !stage.outer.empty())
    return false;
  if (hasRankOf(stage, before, without(stage.outer, outer)))
    return false;
  stage.outer = outer;
  stage.items.push_back(item);
  stage.scanned.insert(item);
  return true;
}

/// Makes the loop of a recurrence, an item of the stage, one that others may share.
void Plan::openScan(Stage &stage, Operation *item) const {
  if (stage.scan || !isa<cascade::RecurrenceOp>(item))
    return;
  const auto &loops = nests.find(item)->second;
  if (loops.size() != 1 || loops[0].item)
    return;
  stage.scan = loops[0].rank;
  stage.isDescending = loops[0].isDescending;
  stage.scanned.insert(item);
}

void Plan::nestStages() {
  for (Stage &stage : stages) {
    std::optional<size_t> scan;
    for (Operation *item : stage.items) {
      std::vector<Nest> own{Nest{item}};
      if (isa<cascade::RecurrenceOp>(item))
        own = nests[item];
      if (!stage.scanned.contains(item)) {
        llvm::append_range(stage.nests, own);
        continue;
      }
      if (!scan) {
        scan = stage.nests.size();
        stage.nests.push_back({nullptr, stage.scan, stage.isDescending, {}});
      }
      auto &children = stage.nests[*scan].children;
      llvm::append_range(children, own[0].item ? own : own[0].children);
    }
  }
}

//===-- What is kept --------------------------------------------------------===//

static void collectItems(const Nest &nest, llvm::SetVector<Operation *> &items) {
  if (nest.item)
    items.insert(nest.item);
  for (const Nest &child : nest.children)
    collectItems(child, items);
}

/// Keeps, of tensors that are made and read in a loop, as many points of its rank as
/// are read back.
void Plan::roll(const Stage &stage, const Nest &loop) {
  constexpr int64_t farthest = 7;
  llvm::SetVector<Operation *> items;
  collectItems(loop, items);
  llvm::MapVector<Value, int64_t> back; // of tensors made in the loop; less than 0: all
  for (Operation *item : items)
    for (Equation op : equationsOf(item))
      back[op->getResult(0)] = 0;
  auto note = [&](Operation *reader) {
    for (const Access &access : accessesOf(reader)) {
      auto *found = back.find(access.tensor);
      int64_t dimension = typeOf(access.tensor).indexOf(loop.rank);
      if (found == back.end() || dimension < 0 || found->second < 0)
        continue;
      const Offset &subscript = access.subscripts[dimension];
      int64_t distance = items.contains(reader) ? distanceBack(subscript, loop.rank, loop.isDescending) : -1;
      bool isNear = distance >= 0 && distance <= farthest;
      found->second = isNear ? std::max(found->second, distance) : -1;
    }
  };
  for (Operation *item : stage.items) {
    if (!isa<cascade::RecurrenceOp>(item)) {
      note(item);
      continue;
    }
    for (Equation op : equationsOf(item))
      note(op);
  }
  for (auto [tensor, distance] : back) {
    Place &place = places[tensor];
    if (distance < 0 || !place.isPrivate || !llvm::is_contained(place.kept, loop.rank))
      continue;
    place.kept = without(place.kept, loop.rank);
    place.window = llvm::PowerOf2Ceil(distance + 1);
    if (place.window > 1)
      place.rolling = loop.rank;
  }
}

} // namespace weir::loops
