// How a derived kernel is traversed, and what that takes of memory.
#include "passes/analysis/Cost.h"
#include "passes/analysis/Passes.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;

namespace weir {

static ArrayRef<StringAttr> ranksOf(Value tensor) { return cast<cascade::TensorType>(tensor.getType()).getRanks(); }

static double elementsOf(ArrayRef<StringAttr> ranks, const Sizes &sizes) {
  double elements = 1;
  for (StringAttr rank : ranks)
    elements *= sizes.extentOf(rank);
  return elements;
}

static double storageBytes(Type element, double elementBytes) {
  return elementBytes > 0 ? elementBytes : std::max(1.0, element.getIntOrFloatBitWidth() / 8.0);
}

double Nest::bytesOf(Type element, double elementBytes) const { return storageBytes(element, elementBytes); }

Nest::Nest(KernelOp kernel, const Steps &steps) : steps(steps) {
  chooseStream(kernel);
  for (auto output : kernel.getBody().getOps<OutputOp>())
    outputs.push_back(output.getTensor());
  for (const Step &step : steps.all()) {
    bool reducesStream = llvm::any_of(step.reduced, [&](StringAttr rank) { return isStream(rank); });
    bool keepsStream = llvm::any_of(step.ranks, [&](StringAttr rank) { return isStream(rank); });
    if (step.isState || (reducesStream && !keepsStream))
      states.push_back(&step);
  }
  chooseRow();
  collectSources(kernel);
}

/// The longest rank of a fold; else of a recurrence; else of a reduction.
void Nest::chooseStream(KernelOp kernel) {
  auto longest = [&](ArrayRef<StringAttr> ranks) {
    StringAttr best;
    for (StringAttr rank : ranks)
      if (!best || steps.getSizes().extentOf(rank) > steps.getSizes().extentOf(best))
        best = rank;
    return best;
  };
  SmallVector<StringAttr> folded, iterated, reduced;
  for (const Blocks &blocks : steps.getBlocks())
    folded.push_back(blocks.whole);
  kernel.walk([&](Operation *op) {
    if (auto recurrence = dyn_cast<RecurrenceOp>(op))
      for (Attribute rank : recurrence.getIterative())
        iterated.push_back(cast<StringAttr>(rank));
    else if (auto prefix = dyn_cast<PrefixOp>(op))
      iterated.push_back(prefix.getAlongAttr());
    else if (auto einsum = dyn_cast<EinsumOp>(op))
      for (Attribute rank : einsum.getReduced())
        reduced.push_back(cast<StringAttr>(rank));
  });
  stream = longest(!folded.empty() ? folded : !iterated.empty() ? iterated : reduced);
  inner = stream;
  if (!stream)
    return;
  family.insert(stream);
  for (const Blocks &blocks : steps.getBlocks())
    if (blocks.whole == stream) {
      family.insert_range(ArrayRef{blocks.outer, blocks.inner});
      inner = blocks.inner;
    }
  for (const Partition &partition : partitionsOf(kernel))
    if (partition.whole == stream || llvm::is_contained(partition.parts, stream)) {
      family.insert(partition.whole);
      family.insert_range(partition.parts);
      inner = partition.parts.back();
    }
}

/// The longest rank of all states past which some input streams again for each of its points.
void Nest::chooseRow() {
  for (const Step *state : states) {
    llvm::SetVector<StringAttr> own;
    for (StringAttr rank : state->ranks)
      if (!isStream(rank))
        own.insert(rank);
    if (state == states.front())
      batch = own;
    else
      batch.remove_if([&](StringAttr rank) { return !own.contains(rank); });
  }
  llvm::DenseSet<StringAttr> reused;
  for (const Step &step : steps.all())
    for (const Operand &operand : step.operands) {
      llvm::DenseSet<StringAttr> varies;
      for (algebra::Expr subscript : operand.subscripts)
        algebra::walk(subscript, [&](algebra::Expr e) {
          if (e->op == algebra::OpKind::Index)
            varies.insert(e->rank);
        });
      bool streams = llvm::any_of(varies, [&](StringAttr rank) { return isStream(rank); });
      if (operand.tensor && streams)
        for (StringAttr rank : batch)
          if (!varies.contains(rank))
            reused.insert(rank);
    }
  for (StringAttr rank : batch)
    if (reused.contains(rank) && (!row || steps.getSizes().extentOf(rank) > steps.getSizes().extentOf(row)))
      row = rank;
  if (row)
    batch.remove(row);
  batches = elementsOf(batch.getArrayRef(), steps.getSizes());
}

void Nest::addSource(const Operand &operand) {
  Source source{operand.tensor};
  for (auto [subscript, rank] : llvm::zip(operand.subscripts, ranksOf(operand.tensor))) {
    bool ofStream = false, ofRow = false, ofBatch = false, ofOthers = false;
    algebra::walk(subscript, [&](algebra::Expr e) {
      if (e->op != algebra::OpKind::Index)
        return;
      ofStream |= isStream(e->rank);
      ofRow |= e->rank == row;
      ofBatch |= batch.contains(e->rank);
      ofOthers |= !isStream(e->rank) && e->rank != row && !batch.contains(e->rank);
    });
    double extent = steps.getSizes().extentOf(rank);
    source.streams |= ofStream;
    source.hasRow |= ofRow && !ofStream;
    if (ofStream)
      source.length *= extent;
    else if (!ofRow && (ofOthers || !ofBatch))
      source.rest *= ofOthers ? extent : 1;
  }
  bool isKnown = llvm::any_of(sources, [&](const Source &other) { return other.tensor == source.tensor; });
  if (!isKnown)
    sources.push_back(source);
}

void Nest::collectSources(KernelOp kernel) {
  for (const Step &step : steps.all())
    for (const Operand &operand : step.operands)
      if (operand.tensor && operand.tensor.getDefiningOp<InputOp>())
        addSource(operand);
  if (!stream)
    return;
  // The whole rank that `stream` may be a part of.
  StringAttr whole = stream;
  for (const Partition &partition : partitionsOf(kernel))
    if (llvm::is_contained(partition.parts, stream))
      whole = partition.whole;
  RankPasses passes(kernel, whole);
  for (Source &source : sources)
    if (auto it = passes.getLineage().find(source.tensor); it != passes.getLineage().end())
      source.passes = std::max<double>(1, it->second.size());
}

Footprint Nest::footprint(double capacity, int64_t lanes, int64_t block, double elementBytes) const {
  Footprint made;
  made.stream = stream ? stream.str() : "";
  made.row = row ? row.str() : "";
  for (const Source &source : sources) {
    double bytes = source.rest * bytesOf(cast<cascade::TensorType>(source.tensor.getType()).getElementType(), elementBytes);
    double length = source.streams ? std::min(source.length, double(block)) : 1;
    if (source.hasRow)
      made.rowBytes += bytes * length;
    else if (source.streams)
      made.streamBytes += bytes * length;
  }
  for (const Step *state : states) {
    double elements = 1;
    for (StringAttr rank : state->ranks)
      if (rank != row && !batch.contains(rank) && !isStream(rank))
        elements *= steps.getSizes().extentOf(rank);
    made.rowBytes += elements * bytesOf(state->element, elementBytes);
  }
  double rows = row ? steps.getSizes().extentOf(row) : 1;
  double quantum = std::min<double>(rows, double(lanes));
  double groups = std::ceil(rows / quantum);
  double fits = std::floor((capacity - made.streamBytes) / (quantum * made.rowBytes));
  double most = std::max(1.0, std::min(groups, fits));
  while (std::fmod(groups, most) != 0) // equal blocks
    --most;
  made.rows = quantum * most;
  made.blocks = groups / most;
  return made;
}

double Nest::traffic(const Footprint &footprint, double elementBytes) const {
  double bytes = 0;
  for (const Source &source : sources) {
    auto type = cast<cascade::TensorType>(source.tensor.getType());
    double size = bytesOf(type.getElementType(), elementBytes);
    bool again = source.streams && !source.hasRow; // streams past every block of rows
    bytes += size * source.passes *
             (again ? batches * footprint.blocks * source.length * source.rest
                    : elementsOf(type.getRanks(), steps.getSizes()));
  }
  for (Value output : outputs) {
    auto type = cast<cascade::TensorType>(output.getType());
    bytes += elementsOf(type.getRanks(), steps.getSizes()) * bytesOf(type.getElementType(), elementBytes);
  }
  return bytes;
}

double minimumBytes(KernelOp kernel, const Sizes &sizes, double elementBytes) {
  double bytes = 0;
  auto add = [&](Value tensor) {
    auto type = cast<cascade::TensorType>(tensor.getType());
    bytes += elementsOf(type.getRanks(), sizes) * storageBytes(type.getElementType(), elementBytes);
  };
  for (auto input : kernel.getBody().getOps<InputOp>())
    add(input.getResult());
  for (auto output : kernel.getBody().getOps<OutputOp>())
    add(output.getTensor());
  return bytes;
}

double separateBytes(const Steps &steps, double elementBytes, ArrayRef<unsigned> stageOf, std::vector<double> *ofStages) {
  auto all = steps.all();
  auto stage = [&](size_t i) { return stageOf.empty() ? unsigned(i) : stageOf[i]; };
  std::vector<double> bytes(all.empty() ? 0 : stage(all.size() - 1) + 1, 0.0);
  std::set<std::pair<unsigned, const void *>> inputsRead;
  std::set<std::pair<unsigned, int>> resultsRead;
  std::set<int> written;
  auto resultBytes = [&](const Step &step) { return step.results.points * storageBytes(step.element, elementBytes); };
  for (auto [i, step] : llvm::enumerate(all)) {
    for (const Operand &operand : step.operands) {
      if (operand.step < 0) {
        if (inputsRead.insert({stage(i), operand.tensor.getAsOpaquePointer()}).second) {
          auto type = cast<cascade::TensorType>(operand.tensor.getType());
          bytes[stage(i)] += elementsOf(type.getRanks(), steps.getSizes()) * storageBytes(type.getElementType(), elementBytes);
        }
        continue;
      }
      if (stage(operand.step) == stage(i))
        continue;
      if (resultsRead.insert({stage(i), operand.step}).second)
        bytes[stage(i)] += resultBytes(all[operand.step]);
      if (written.insert(operand.step).second)
        bytes[stage(operand.step)] += resultBytes(all[operand.step]);
    }
    bool isOutput = step.tensor && llvm::any_of(step.tensor.getUsers(), [](Operation *user) { return isa<OutputOp>(user); });
    if (isOutput && written.insert(int(i)).second)
      bytes[stage(i)] += resultBytes(step);
  }
  double sum = 0;
  for (double each : bytes)
    sum += each;
  if (ofStages)
    *ofStages = bytes;
  return sum;
}

} // namespace weir
