// The parts in which a kernel is computed: one of tiles, or several of tiles and loops.
#include "codegen/compile/Parts.h"

#include "codegen/compile/PartCost.h"
#include "codegen/compile/Transform.h"
#include "codegen/loops/Presence.h"
#include "dialect/cascade/Names.h"
#include "passes/schedule/Cut.h"
#include "passes/schedule/TileForm.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace weir {
namespace {

using Parts = std::vector<Part>;

/// f64 if any value of the kernel is, else f32: what register blocks are planned for.
Type widestReal(cascade::KernelOp kernel) {
  Type widest = Float32Type::get(kernel.getContext());
  kernel.walk([&](cascade::Equation equation) {
    if (equation.getTensorType().getScalarType().isF64())
      widest = Float64Type::get(kernel.getContext());
  });
  return widest;
}

/// A kernel as a part by itself: with its tile form if it has one.
FailureOr<Part> makePart(OwningOpRef<cascade::KernelOp> kernel, const Target &target, bool absorbs, bool remarks) {
  auto forms = deriveFolds(*kernel, target, remarks);
  if (failed(forms))
    return failure();
  Part part{std::move(kernel), std::move(*forms), {}, {}, {}, {}};
  part.derived = *part.forms->getOps<cascade::KernelOp>().begin();
  if (!target.level)
    return part;
  tile::TilePlan plan = cpu::CpuTarget(*target.level).plan(widestReal(part.derived));
  OpBuilder at = OpBuilder::atBlockEnd(part.forms->getBody());
  schedule::TileShape shape{plan.rows, plan.columns, plan.blockRows, absorbs};
  auto tiles = schedule::emitTileForm(at, part.derived, shape, part.whyNot);
  if (succeeded(tiles)) {
    part.tiles = *tiles;
    part.repeats = ranksOfRepeats(part.tiles);
  }
  return part;
}

bool hasContractions(const Part &part) {
  return part.tiles && part.tiles->walk([](Operation *op) {
    return isa<tile::ContractOp, tile::AccumulateOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
  }).wasInterrupted();
}

bool haveContractions(const Parts &parts) { return llvm::any_of(parts, hasContractions); }

/// True if one of `names` is computed in loops: with other rounding than tiles have.
bool haveInLoops(Parts &parts, ArrayRef<StringAttr> names) {
  return llvm::any_of(parts, [&](Part &part) {
    return !part.tiles && llvm::any_of(part.plain->getBody().getOps(), [&](Operation &op) {
      auto equation = dyn_cast<cascade::Equation>(op);
      return equation && llvm::is_contained(names, equation->getAttr("name"));
    });
  });
}

/// True for tiles that compute nothing again.
bool isWhole(const Part &part) { return part.tiles && part.repeats.empty(); }

/// Splits kernels into parts.
class Splitter {
public:
  /// `room`: what may be passed from part to part.
  Splitter(cascade::KernelOp whole, const Target &target, schedule::Room room)
      : target(target), room(room), taken(schedule::argumentNames(whole)) {}

  /// `absorbs`: factors may go into the operands of contractions.
  FailureOr<Parts> split(OwningOpRef<cascade::KernelOp> kernel, bool absorbs, bool remarks);

private:
  /// Where a kernel may be cut.
  struct Candidate {
    SmallVector<Value> targets;
    bool isFrontier; ///< what an equation reads that cannot be of tiles: it is to be worth it
  };
  SmallVector<Candidate> candidatesOf(Part &part);
  Operation *plainOf(Part &part, Operation *derived);
  SmallVector<Value> sourcesOf(Part &part, Operation *op);
  SmallVector<Value> roomyFrom(Part &part, ArrayRef<Value> tensors);
  bool mayPass(Part &part, Value tensor);
  SmallVector<Candidate> candidatesAgainstRepeats(Part &part);
  std::optional<Parts> tryCut(Part &part, const Candidate &candidate, bool absorbs);

  const Target &target;
  schedule::Room room;
  schedule::Names taken;
  unsigned cuts = 0;
  static constexpr unsigned maximalCuts = 32;
};

/// The operation of the plain kernel that an equation of the derived one comes from, or null.
Operation *Splitter::plainOf(Part &part, Operation *derived) {
  if (!isa<cascade::Equation, cascade::RecurrenceOp>(derived))
    return nullptr;
  StringRef name = cascade::nameOf(derived->getResult(0));
  Operation *found = nullptr;
  for (Operation &op : part.plain->getBody().getOps())
    if (schedule::isReduction(&op) && llvm::any_of(op.getResults(), [&](Value v) { return cascade::nameOf(v) == name; }))
      found = &op;
  return found;
}

/// True if a tensor may lie in memory: it has room, and is not as large as the tiles
/// that a fold of the derived kernel goes through. Factors of sums may without the rank
/// of any fold, as projected queries.
bool Splitter::mayPass(Part &part, Value tensor) {
  auto ranks = cast<cascade::TensorType>(tensor.getType()).getRanks();
  auto folds = part.derived.getBody().getOps<cascade::FoldOp>();
  auto hasRankOf = [&](cascade::FoldOp fold) { return llvm::any_of(ranks, [&](StringAttr rank) { return fold.isOver(rank); }); };
  auto covers = [&](cascade::FoldOp fold) {
    auto states = fold.getBody().getOps<cascade::StateOp>();
    return llvm::all_of((*states.begin()).getTensorType().getRanks(), [&](StringAttr rank) {
      StringAttr extent = part.plain->getExtentOwner(rank);
      bool isPoint = llvm::all_of(states, [&](auto state) { return state.getTensorType().indexOf(rank) >= 0; });
      return !isPoint || llvm::any_of(ranks, [&](StringAttr own) { return part.plain->getExtentOwner(own) == extent; });
    });
  };
  if (llvm::any_of(folds, [&](cascade::FoldOp fold) { return hasRankOf(fold) && covers(fold); }))
    return false;
  bool isApart = !folds.empty() && llvm::none_of(folds, hasRankOf);
  return schedule::hasRoom(*part.plain, tensor, room) || (isApart && schedule::isFactorOfSums(tensor, /*isShared=*/false));
}

/// `tensors`, or in place of those that may not pass what is computed from them.
SmallVector<Value> Splitter::roomyFrom(Part &part, ArrayRef<Value> tensors) {
  llvm::SetVector<Value> visited(tensors.begin(), tensors.end());
  SmallVector<Value> found;
  for (unsigned i = 0; i < visited.size(); ++i) {
    Value tensor = visited[i];
    if (schedule::isReduction(tensor.getDefiningOp()) && mayPass(part, tensor)) {
      found.push_back(tensor);
      continue;
    }
    for (Operation *user : tensor.getUsers()) {
      Operation *reader = part.plain->getBody().findAncestorOpInRegion(*user);
      visited.insert(reader->result_begin(), reader->result_end());
    }
  }
  return found;
}

/// The reductions that `op` reads, directly or through maps, as far as they may pass.
SmallVector<Value> Splitter::sourcesOf(Part &part, Operation *op) {
  llvm::SetVector<Value> read;
  read.insert_range(schedule::tensorsReadBy(op));
  SmallVector<Value> sources;
  for (unsigned i = 0; i < read.size(); ++i) {
    Operation *source = read[i].getDefiningOp();
    if (!schedule::isReduction(source))
      read.insert_range(schedule::tensorsReadBy(source));
    else if (mayPass(part, read[i]))
      sources.push_back(read[i]);
  }
  return sources;
}

/// What is blamed itself, as far as it may pass, before what is computed from it.
SmallVector<Splitter::Candidate> Splitter::candidatesOf(Part &part) {
  SmallVector<Candidate> near, far;
  for (Operation *blamed : part.whyNot->blame) {
    Operation *op = plainOf(part, blamed);
    if (!op)
      continue;
    if (part.whyNot->isOpaque)
      near.push_back({sourcesOf(part, op), /*isFrontier=*/true});
    SmallVector<Value> own(op->getResults()), behind = roomyFrom(part, own);
    bool isNear = llvm::equal(own, behind);
    (isNear ? near : far).push_back({behind, false});
    if (behind.size() > 1)
      for (Value tensor : behind)
        far.push_back({{tensor}, false});
  }
  near.append(far);
  llvm::erase_if(near, [](Candidate &candidate) { return candidate.targets.empty(); });
  return near;
}

/// Sums that may pass and know nothing of a rank over which tiles compute them again.
SmallVector<Splitter::Candidate> Splitter::candidatesAgainstRepeats(Part &part) {
  SmallVector<Candidate> candidates;
  for (auto sum : part.plain->getBody().getOps<cascade::EinsumOp>()) {
    auto ranks = sum.getTensorType().getRanks();
    bool isApart = llvm::any_of(part.repeats, [&](StringAttr rank) { return !llvm::is_contained(ranks, rank); });
    if (sum.getCombiner() == cascade::Combiner::Sum && isApart && mayPass(part, sum.getResult()))
      candidates.push_back({{sum.getResult()}, false});
  }
  return candidates;
}

/// What several parts compute they have to round alike, or weights that are computed
/// again do not add up to their normaliser: all in tiles, and without absorbed factors.
std::optional<Parts> Splitter::tryCut(Part &part, const Candidate &candidate, bool absorbs) {
  loops::Presence presence(*part.plain);
  auto absenceOf = [&](Value tensor) {
    if (!presence.mayBeAbsent(tensor))
      return schedule::Absence::Never;
    auto einsum = tensor.getDefiningOp<cascade::EinsumOp>();
    return einsum && presence.combinesPresent(einsum) ? schedule::Absence::OverNothing : schedule::Absence::Anywhere;
  };
  auto halves = schedule::cut(*part.plain, candidate.targets, room, absenceOf, taken);
  if (failed(halves))
    return std::nullopt;
  ++cuts;
  absorbs &= halves->repeated.empty();
  auto parts = split(std::move(halves->before), absorbs, /*remarks=*/false);
  if (failed(parts) || haveInLoops(*parts, halves->repeated) || (candidate.isFrontier && !haveContractions(*parts)))
    return std::nullopt;
  auto after = split(std::move(halves->after), absorbs, /*remarks=*/false);
  if (failed(after))
    return std::nullopt;
  llvm::move(*after, std::back_inserter(*parts));
  bool isWorth = haveContractions(*parts) && !haveInLoops(*parts, halves->repeated);
  return isWorth ? std::optional(std::move(*parts)) : std::nullopt;
}

FailureOr<Parts> Splitter::split(OwningOpRef<cascade::KernelOp> kernel, bool absorbs, bool remarks) {
  auto part = makePart(std::move(kernel), target, absorbs, remarks);
  if (failed(part))
    return failure();
  if (part->whyNot)
    for (const Candidate &candidate : candidatesOf(*part))
      if (cuts < maximalCuts)
        if (auto parts = tryCut(*part, candidate, absorbs))
          return std::move(*parts);
  for (const Candidate &candidate : candidatesAgainstRepeats(*part))
    if (cuts < maximalCuts)
      if (auto parts = tryCut(*part, candidate, absorbs); parts && llvm::all_of(*parts, isWhole))
        return std::move(*parts);
  Parts one;
  one.push_back(std::move(*part));
  return one;
}

} // namespace

FailureOr<Parts> makeParts(cascade::KernelOp plain, const Target &target) {
  auto split = [&](schedule::Room room, bool remarks) {
    return Splitter(plain, target, room).split(cast<cascade::KernelOp>(plain->clone()), /*absorbs=*/true, remarks);
  };
  auto parts = split(schedule::Room::Always, target.remarks);
  if (succeeded(parts) && target.level && costOf(plain, *parts) > 0) {
    auto others = split(schedule::Room::Typically, /*remarks=*/false);
    if (succeeded(others) && costOf(plain, *others) < costOf(plain, *parts))
      parts = std::move(others);
  }
  if (failed(parts) || parts->size() == 1)
    return parts;
  for (auto [number, part] : llvm::enumerate(*parts)) {
    std::string name = (plain.getSymName() + ".part" + Twine(number)).str();
    part.plain->setSymName(name);
    part.derived.setSymName(name);
    if (part.tiles)
      part.tiles.setSymName(name);
  }
  return parts;
}

} // namespace weir
