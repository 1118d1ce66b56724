// How often a cascade must read along each rank: the generation algorithm.
#include "passes/analysis/Passes.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {

static ArrayRef<StringAttr> ranksOf(Value tensor) {
  return cast<cascade::TensorType>(tensor.getType()).getRanks();
}

bool RankPasses::carries(Value tensor) {
  return llvm::any_of(ranksOf(tensor), [&](StringAttr name) { return isMember(name); });
}

/// Reductions, selections and folds over the rank need all of it, as does what holds one of them.
bool RankPasses::reduces(Operation *op) {
  if (auto einsum = dyn_cast<EinsumOp>(op))
    return llvm::any_of(einsum.getReduced(), [&](Attribute name) { return isMember(cast<StringAttr>(name)); });
  if (auto fold = dyn_cast<FoldOp>(op))
    return llvm::any_of(fold.getOverRanks(), [&](StringAttr name) { return isMember(name); });
  if (auto recurrence = dyn_cast<RecurrenceOp>(op))
    return llvm::any_of(recurrence.getBody().getOps<EinsumOp>(), [&](EinsumOp inner) { return reduces(inner); });
  if (auto rankOf = dyn_cast<RankOfOp>(op))
    return isMember(rankOf.getAlongAttr());
  auto topk = dyn_cast<TopKOp>(op);
  return topk && isMember(topk.getAlongAttr());
}

/// The way in which `op` must traverse the rank: 1 up, -1 down, 0 either.
int RankPasses::directionOf(Operation *op) {
  if (auto prefix = dyn_cast<PrefixOp>(op); prefix && isMember(prefix.getAlongAttr()))
    return prefix.getReverse() ? -1 : 1;
  if (auto recurrence = dyn_cast<RecurrenceOp>(op))
    for (auto [name, descending] : llvm::zip(recurrence.getIterative(), recurrence.getDescending()))
      if (isMember(cast<StringAttr>(name))) {
        iterative = true;
        return descending ? -1 : 1;
      }
  return 0;
}

/// Inputs that `read` reads, itself or through a tensor, along its equation's rank `name`.
RankPasses::Inputs RankPasses::inputsAlong(ReadOp read, StringAttr name) {
  Inputs all;
  for (auto [subscript, followed] : llvm::zip(read.getIndices(), ranksOf(read.getTensor())))
    if (variesWith(subscript, name))
      all.insert_range(inputs.lookup({read.getTensor(), followed}));
  return all;
}

/// What is read along every part of some way to traverse the rank.
RankPasses::Inputs RankPasses::wholeInputs(llvm::function_ref<Inputs(StringAttr)> along) {
  Inputs all;
  for (ArrayRef<StringAttr> way : ways) {
    Inputs common = along(way.front());
    for (StringAttr part : way.drop_front()) {
      Inputs other = along(part);
      common.remove_if([&](Value input) { return !other.contains(input); });
    }
    all.insert_range(common);
  }
  return all;
}

RankPasses::Inputs RankPasses::wholeInputsOf(Operation *op) {
  Inputs all;
  op->walk([&](ReadOp read) {
    all.insert_range(wholeInputs([&](StringAttr part) { return inputsAlong(read, part); }));
  });
  return all;
}

RankPasses::Inputs RankPasses::wholeInputsOf(Value tensor) {
  return wholeInputs([&](StringAttr part) { return Inputs(inputs.lookup({tensor, part})); });
}

bool RankPasses::touchesInputs(Operation *op) {
  return op->walk([&](ReadOp read) {
             bool touches = llvm::any_of(members, [&](StringAttr name) { return !inputsAlong(read, name).empty(); });
             return touches ? WalkResult::interrupt() : WalkResult::advance();
           })
      .wasInterrupted();
}

/// True if a stream is read where it is, or a bounded distance from there, or part by part.
bool RankPasses::follows(ReadOp read) {
  return llvm::all_of(llvm::zip(read.getIndices(), ranksOf(read.getTensor())), [&](auto pair) {
    auto [subscript, name] = pair;
    return !isMember(name) || followsRank(subscript, name) || partitionBy(subscript, name);
  });
}

/// The first generation in which all that `op` reads from outside is at hand. A stream that it
/// does not follow must be complete.
unsigned RankPasses::generationFor(Operation *op) {
  unsigned generation = 0;
  op->walk([&](ReadOp read) {
    auto it = streams.find(read.getTensor());
    if (it == streams.end() || it->second.generation == 0) // of the operation itself, or there from the start
      return;
    bool streaming = it->second.isStream && follows(read);
    if (it->second.isStream && !streaming)
      readAll(wholeInputsOf(read.getTensor()), it->second.generation);
    generation = std::max(generation, it->second.generation + (streaming ? 0 : 1));
  });
  return generation;
}

/// Records what has put `op`, which needs generation `needed` by what it reads, into `generation`.
void RankPasses::noteBarriers(Operation *op, unsigned needed, unsigned generation) {
  llvm::SmallSetVector<std::pair<Operation *, Value>, 4> seen;
  op->walk([&](ReadOp read) {
    auto it = streams.find(read.getTensor());
    if (it == streams.end() || it->second.generation == 0)
      return;
    Stream stream = it->second;
    bool streaming = stream.isStream && follows(read);
    auto kind = !stream.isStream ? Barrier::Complete : streaming ? Barrier::Against : Barrier::Whole;
    bool forces = kind == Barrier::Against ? generation > needed && stream.generation == needed
                                           : stream.generation + 1 == needed;
    auto equation = read->getParentOfType<Equation>();
    Operation *reader = equation ? equation.getOperation() : op;
    if (forces && generation > 1 && seen.insert({reader, read.getTensor()}))
      barriers.push_back({kind, reader, read.getTensor(), generation});
  });
}

Value RankPasses::completionOf(Value tensor) {
  Stream stream = streams.lookup(tensor);
  Operation *op = tensor.getDefiningOp();
  if (stream.isStream || stream.generation == 0 || reduces(op))
    return tensor;
  Value found = tensor;
  op->walk([&](ReadOp read) {
    Stream operand = streams.lookup(read.getTensor());
    if (operand.isStream || operand.generation != stream.generation)
      return WalkResult::advance();
    found = completionOf(read.getTensor());
    return WalkResult::interrupt();
  });
  return found;
}

/// The first generation from `generation` on that can run in `direction`.
unsigned RankPasses::runnable(unsigned generation, int direction) {
  if (direction == 0)
    return generation;
  while (directions.try_emplace(generation, direction).first->second != direction)
    ++generation;
  return generation;
}

/// Streams that run against the direction of `op`'s generation are stored before it.
void RankPasses::completeAgainst(Operation *op, unsigned generation) {
  auto own = directions.find(generation);
  if (own == directions.end())
    return;
  op->walk([&](ReadOp read) {
    Stream stream = streams.lookup(read.getTensor());
    if (stream.isStream && stream.direction == -own->second)
      readAll(wholeInputsOf(read.getTensor()), stream.generation);
  });
}

void RankPasses::readAll(const Inputs &read, unsigned generation) {
  for (Value input : read)
    lineage[input].insert(generation);
  if (!read.empty())
    depth = std::max(depth, generation);
}

void RankPasses::visitArgument(Value tensor) {
  streams[tensor].isStream = carries(tensor);
  for (StringAttr name : ranksOf(tensor))
    inputs[{tensor, name}].insert(tensor);
}

void RankPasses::visit(Operation *op) {
  if (isa<InputOp, ParamOp>(op))
    return visitArgument(op->getResult(0));
  if (auto output = dyn_cast<OutputOp>(op)) {
    Stream stored = streams.lookup(output.getTensor());
    if (stored.isStream)
      readAll(wholeInputsOf(output.getTensor()), std::max(stored.generation, 1u));
    return;
  }
  if (auto fold = dyn_cast<FoldOp>(op); fold && !reduces(op))
    return visitInside(fold);
  if (op->getNumResults() == 0)
    return;
  Stream stream;
  stream.generation = generationFor(op);
  stream.direction = directionOf(op);
  stream.isStream = llvm::any_of(op->getResults(), [&](Value result) { return carries(result); });
  settle(op, stream);
}

/// Records the stream that `op` makes, in the generation that its direction and its own need allow.
void RankPasses::settle(Operation *op, const Stream &stream) {
  Stream made = stream;
  bool completes = reduces(op);
  if (completes || made.isStream) {
    made.generation = runnable(std::max(made.generation, 1u), made.direction);
    noteBarriers(op, stream.generation, made.generation);
  } else if (made.generation > 0)
    --made.generation; // complete when its operands are
  completeAgainst(op, made.generation);
  if (auto own = directions.find(made.generation); own != directions.end() && made.isStream)
    made.direction = own->second;
  if (completes) {
    readAll(wholeInputsOf(op), made.generation);
    if (touchesInputs(op))
      depth = std::max(depth, made.generation);
  }
  if (isa<RankOfOp>(op) && completes) { // each point waits for all
    ++made.generation;
    op->walk([&](ReadOp read) { barriers.push_back({Barrier::Whole, op, read.getTensor(), made.generation}); });
  }
  for (Value result : op->getResults()) {
    streams[result] = made;
    for (StringAttr name : ranksOf(result))
      op->walk([&](ReadOp read) { inputs[{result, name}].insert_range(inputsAlong(read, name)); });
  }
}

/// A fold over another rank: each state by itself.
void RankPasses::visitInside(FoldOp fold) {
  for (Operation &inner : fold.getBody().front().without_terminator())
    visit(&inner);
  auto results = cast<ResultsOp>(fold.getBody().front().getTerminator());
  for (auto [result, tensor] : llvm::zip(fold.getResults(), results.getTensors())) {
    streams[result] = Stream(streams.lookup(tensor));
    for (StringAttr name : ranksOf(result))
      inputs[{result, name}] = Inputs(inputs.lookup({tensor, name}));
  }
}

RankPasses::RankPasses(KernelOp kernel, StringAttr rank) : rank(rank) {
  ways.push_back({rank});
  for (const Partition &partition : partitionsOf(kernel))
    if (partition.whole == rank)
      ways.emplace_back(partition.parts.begin(), partition.parts.end());
  for (ArrayRef<StringAttr> way : ways)
    members.insert_range(way);
  for (Operation &op : kernel.getBody().front())
    visit(&op);
}

unsigned RankPasses::getPasses() const {
  size_t most = 0;
  for (const auto &[input, generations] : lineage)
    most = std::max(most, generations.size());
  return most;
}

unsigned RankPasses::generationOf(Value tensor) const {
  auto it = streams.find(tensor);
  return it == streams.end() ? 0 : it->second.generation;
}

} // namespace weir
