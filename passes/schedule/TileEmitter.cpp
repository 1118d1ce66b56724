// Emits a tile kernel: its arguments, loops and blocks.
#include "passes/schedule/TileEmitter.h"

#include "passes/schedule/PointExpression.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {

TileEmitter::TileEmitter(Expressions &ex, Inliner &inliner, KernelOp source, TileShape shape,
                         std::optional<RankSplit> split)
    : ex(ex), inliner(inliner), source(source), shape(shape), split(split), b(source.getContext()),
      location(source.getLoc()) {}

void TileEmitter::setName(Operation *op, StringRef name) {
  op->setAttr("asm_name", StringAttr::get(op->getContext(), name));
}

static void setArgumentNames(Operation *op, ArrayRef<std::string> names) {
  SmallVector<Attribute> all;
  for (const std::string &name : names)
    all.push_back(StringAttr::get(op->getContext(), name));
  op->setAttr("arg_names", ArrayAttr::get(op->getContext(), all));
}

//===-- The kernel ----------------------------------------------------------===//

tile::KernelOp TileEmitter::createKernel(OpBuilder &at) {
  SetVector<StringAttr> ranks;
  SmallVector<Attribute> descriptions;
  SmallVector<std::pair<Value, tile::ArgumentAttr>> inputs;
  SmallVector<std::pair<OutputOp, tile::ArgumentAttr>> results;
  auto describe = [&](StringAttr name, tile::Direction direction, Value tensor, Type storage) {
    auto type = cast<cascade::TensorType>(tensor.getType());
    ranks.insert(type.getRanks().begin(), type.getRanks().end());
    SmallVector<Attribute> own(type.getRanks().begin(), type.getRanks().end());
    auto argument = tile::ArgumentAttr::get(at.getContext(), name, direction,
                                            at.getArrayAttr(own), storage);
    descriptions.push_back(argument);
    return argument;
  };
  Block &body = source.getBody().front();
  for (auto input : body.getOps<InputOp>())
    inputs.push_back({input, describe(input.getNameAttr(), tile::Direction::In, input.getResult(),
                                      cast<cascade::TensorType>(input.getType()).getElementType())});
  for (auto param : body.getOps<ParamOp>())
    inputs.push_back({param, describe(param.getNameAttr(), tile::Direction::Param, param.getResult(),
                                      cast<cascade::TensorType>(param.getType()).getElementType())});
  for (auto output : body.getOps<OutputOp>())
    results.push_back({output, describe(output.getNameAttr(), tile::Direction::Out, output.getTensor(),
                                        output.getStorage())});
  // A part of a kernel may run over ranks whose extents another part's arguments give.
  for (auto rank : body.getOps<RankOp>())
    if (!rank.getSize() && !rank.getFamilyAttr() && rank.getExtent().empty())
      ranks.insert(rank.getNameAttr());
  SmallVector<int64_t> pinned;
  SmallVector<Attribute> names(ranks.begin(), ranks.end());
  for (StringAttr rank : ranks) {
    RankOp declaration = source.getRankDeclaration(rank);
    pinned.push_back(declaration && declaration.getSize() ? *declaration.getSize() : -1);
  }
  kernel = tile::KernelOp::create(at, location, source.getSymName(), at.getArrayAttr(names), pinned,
                                  at.getArrayAttr(descriptions));
  Block &block = kernel.getBody().emplaceBlock();
  for (StringAttr rank : ranks)
    extents[rank] = block.addArgument(at.getIndexType(), location);
  for (auto [tensor, description] : inputs)
    arguments[tensor] = block.addArgument(tile::KernelOp::valueTypeOf(description), location);
  for (auto [op, description] : results)
    outputs[op] = block.addArgument(tile::KernelOp::valueTypeOf(description), location);
  b.setInsertionPointToEnd(&block);
  return kernel;
}

StringAttr TileEmitter::addRank(StringRef wish, int64_t size) {
  auto ranks = llvm::to_vector(kernel.getRanks());
  std::string name = wish.str();
  while (source.getRankDeclaration(b.getStringAttr(name)))
    name += '_';
  auto rank = b.getStringAttr(name);
  auto pinned = llvm::to_vector(kernel.getPinned());
  extents[rank] = kernel.getBody().front().insertArgument(ranks.size(), b.getIndexType(), location);
  ranks.push_back(rank);
  pinned.push_back(size);
  kernel.setRanksAttr(b.getArrayAttr(ranks));
  kernel.setPinned(pinned);
  return rank;
}

Value TileEmitter::addScratch(StringRef name, ArrayRef<StringAttr> ranks, Type storage) {
  SmallVector<Attribute> own(ranks.begin(), ranks.end());
  auto argument = tile::ArgumentAttr::get(b.getContext(), b.getStringAttr(name), tile::Direction::Out,
                                          b.getArrayAttr(own), storage);
  auto all = llvm::to_vector(kernel.getArguments());
  all.push_back(argument);
  kernel.setArgumentsAttr(b.getArrayAttr(all));
  return kernel.getBody().front().addArgument(tile::KernelOp::valueTypeOf(argument), location);
}

Value TileEmitter::extent(StringAttr rank) {
  if (Value known = extents.lookup(rank))
    return known;
  RankOp declaration = source.getRankDeclaration(rank);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&kernel.getBody().front());
  AffineExpressions expressions = affine();
  AffineExpr size;
  if (!declaration) // the row of points that stand alone
    size = b.getAffineConstantExpr(1);
  else if (declaration.getSize())
    size = b.getAffineConstantExpr(*declaration.getSize());
  else if (declaration.getFamilyAttr())
    return extents[rank] = extent(declaration.getFamilyAttr());
  else
    size = expressions.of(inliner.region(declaration.getExtent(), {})->value);
  return extents[rank] = index(tile::Bound::Only, expressions, {size}, ("$" + rank.getValue()).str());
}

AffineExpressions TileEmitter::affine() {
  return AffineExpressions(ex.context, [this](const Node *node) -> Value {
    if (node->kind == Node::Kind::Index)
      return indices.lookup(cast<StringAttr>(node->attr));
    if (node->kind == Node::Kind::Extent)
      return extent(cast<StringAttr>(node->attr));
    if (node->kind == Node::Kind::Name)
      return values.lookup(node);
    if (node->tensor.getDefiningOp<ParamOp>())
      return arguments.lookup(node->tensor);
    return arith::IndexCastOp::create(b, location, b.getIndexType(), value(node)); // of a table
  });
}

Value TileEmitter::index(tile::Bound bound, AffineExpressions &affine, ArrayRef<AffineExpr> results,
                         StringRef name) {
  AffineMap map = affine.map(results);
  auto operands = affine.operands();
  if (results.size() == 1)
    if (auto dim = dyn_cast<AffineDimExpr>(results[0]))
      return operands[dim.getPosition()];
  if (map.isSingleConstant())
    if (Value known = knownConstant(map.getSingleConstantResult()))
      return known;
  auto op = tile::IndexOp::create(b, location, b.getIndexType(), bound, map, operands);
  setName(op, name);
  return op;
}

/// An index before this point of the block that is the constant `value`.
Value TileEmitter::knownConstant(int64_t value) {
  Block *block = b.getInsertionBlock();
  for (Operation &op : llvm::make_range(block->begin(), b.getInsertionPoint()))
    if (auto index = dyn_cast<tile::IndexOp>(op))
      if (index.getMap().isSingleConstant() && index.getMap().getSingleConstantResult() == value)
        return index;
  return {};
}

Value TileEmitter::constantIndex(int64_t value, StringRef name) {
  AffineExpressions none = affine();
  return index(tile::Bound::Only, none, {b.getAffineConstantExpr(value)}, name);
}

//===-- Loops ---------------------------------------------------------------===//

void TileEmitter::openParallel(StringAttr over, ArrayRef<StringAttr> grid, bool descending) {
  row = over;
  SmallVector<Value> ends{extent(row)};
  SmallVector<int64_t> steps{shape.block};
  SmallVector<bool> directions{descending};
  SmallVector<std::string> names{row.str() + "0"};
  for (StringAttr rank : grid) {
    ends.push_back(extent(rank));
    steps.push_back(1);
    directions.push_back(false);
    names.push_back(rank.str());
  }
  parallel = tile::ParallelOp::create(b, location, ends, steps, directions);
  setArgumentNames(parallel, names);
  Block &block = parallel->getRegion(0).emplaceBlock();
  origin = block.addArgument(b.getIndexType(), location);
  for (StringAttr rank : grid)
    indices[rank] = block.addArgument(b.getIndexType(), location);
  b.setInsertionPointToEnd(&block);
}

void TileEmitter::closeParallel() {
  b.setInsertionPointAfter(parallel);
  Operation *scope = std::exchange(parallel, nullptr);
  origin = {};
  indices.clear();
  values.clear();
  forgetStaged(scope);
}

/// What was staged within `scope` is not seen behind it.
void TileEmitter::forgetStaged(Operation *scope) {
  llvm::DenseMap<StagedAs, Staged> kept;
  for (auto &entry : staged)
    if (!scope->isAncestor(entry.second.ref.getDefiningOp()))
      kept.insert(entry);
  staged = std::move(kept);
}

/// Stands in the body of a loop over `rank`.
void TileEmitter::openLoop(StringAttr rank, tile::ForOp op, StringRef name) {
  setArgumentNames(op, {name.str()});
  Block &block = op.getBody().emplaceBlock();
  block.addArgument(b.getIndexType(), location);
  loops.push_back({rank, op});
  b.setInsertionPointToEnd(&block);
}

void TileEmitter::forPoints(StringAttr rank, Value lower, Value upper, llvm::function_ref<void()> body) {
  OpBuilder::InsertionGuard guard(b);
  auto op = tile::ForOp::create(b, location, lower, upper, ValueRange(), 1, tile::Order::Any);
  openLoop(rank, op, rank.getValue());
  auto savedValues = values;
  auto savedIndices = indices;
  indices[rank] = op.getBody().getArgument(0);
  body();
  values = std::move(savedValues);
  indices = std::move(savedIndices);
  loops.pop_back();
  forgetStaged(op);
}

void TileEmitter::forColumns(StringAttr over, Value lower, Value upper, ValueRange full,
                             llvm::function_ref<void()> body, int64_t every) {
  OpBuilder::InsertionGuard guard(b);
  auto op = tile::ForOp::create(b, location, lower, upper, full, shape.columns * every, tile::Order::Any);
  openLoop(over, op, over.str() + "0");
  columnOrigin = op.getBody().getArgument(0);
  column = over;
  auto outside = values;
  body();
  values = std::move(outside);
  work = nullptr;
  columnOrigin = {};
  loops.pop_back();
  forgetStaged(op);
}

void TileEmitter::forGroups(llvm::function_ref<void()> body) {
  OpBuilder::InsertionGuard guard(b);
  AffineExpressions expressions = affine();
  AffineExpr end = expressions.of(origin) + shape.block;
  Value last = index(tile::Bound::Min, expressions, {end, expressions.of(extent(row))}, row.str() + "_end");
  auto op = tile::ForOp::create(b, location, origin, last, ValueRange(), shape.rows, tile::Order::Any);
  setArgumentNames(op, {row.str() + "1"});
  work = op;
  Block &block = op.getBody().emplaceBlock();
  group = block.addArgument(b.getIndexType(), location);
  b.setInsertionPointToEnd(&block);
  auto outside = values;
  body();
  values = std::move(outside);
  group = {};
}

void TileEmitter::forAllColumns(StringAttr over, llvm::function_ref<void()> body) {
  Value size = extent(over), first = constantIndex(0, "first");
  AffineExpressions expressions = affine();
  AffineExpr whole = expressions.of(size).floorDiv(shape.columns) * shape.columns;
  Value full = index(tile::Bound::Only, expressions, {whole}, "whole");
  forColumns(over, first, size, {first, full}, body);
}

void TileEmitter::subtile(StringAttr over, ValueRange only, llvm::function_ref<void()> body) {
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Value> origins{group ? group : origin}, ends{extent(row)};
  SmallVector<int64_t> tiles{group ? shape.rows : shape.block}, extentsOfSub{shape.rows};
  SmallVector<std::string> names{row.str()};
  if (over) {
    origins.push_back(columnOrigin);
    ends.push_back(extent(over));
    tiles.push_back(shape.columns);
    extentsOfSub.push_back(shape.columns);
    names.push_back(over.str());
  }
  auto op = tile::SubtileOp::create(b, location, origins, ends, tiles, extentsOfSub, only);
  setArgumentNames(op, names);
  if (!group)
    work = op;
  Block &block = op.getBody().emplaceBlock();
  auto savedValues = values;
  auto savedIndices = indices;
  indices[row] = block.addArgument(b.getIndexType(), location);
  if (over)
    indices[over] = block.addArgument(b.getIndexType(), location);
  b.setInsertionPointToEnd(&block);
  body();
  values = std::move(savedValues);
  indices = std::move(savedIndices);
  uses.clear();
}

void TileEmitter::when(Value condition, Value full, llvm::function_ref<void()> body) {
  auto op = tile::WhenOp::create(b, location, condition, full);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&op.getBody().emplaceBlock());
  auto outside = values;
  body();
  values = std::move(outside);
}

//===-- Blocks --------------------------------------------------------------===//

Value TileEmitter::carry(StringAttr extra, Type type, TypedAttr init, StringRef name) {
  SmallVector<Value> ends{extent(row)};
  SmallVector<int64_t> tiles{shape.block};
  if (extra) {
    ends.push_back(extent(extra));
    tiles.push_back(0);
  }
  auto op = tile::CarryOp::create(b, location, tile::RefType::get(ex.context), ValueRange(origin), ends,
                                  tiles, type, init);
  setName(op, name);
  return op;
}

tile::StageOp TileEmitter::stage(ArrayRef<StringAttr> ranks, ValueRange origins, ValueRange ends,
                                 ArrayRef<int64_t> tiles, const Node *value, Attribute encoding,
                                 StringRef name) {
  auto op = tile::StageOp::create(b, location, tile::RefType::get(ex.context), origins, ends, tiles, encoding,
                                  value->type);
  setName(op, name);
  SmallVector<std::string> names;
  Block &block = op.getBody().emplaceBlock();
  auto savedValues = std::move(values);
  auto savedIndices = indices;
  values.clear();
  for (StringAttr rank : ranks) {
    names.push_back(rank.str());
    indices[rank] = block.addArgument(b.getIndexType(), location);
  }
  setArgumentNames(op, names);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&block);
  inStage = true;
  tile::YieldOp::create(b, location, this->value(value));
  inStage = false;
  values = std::move(savedValues);
  indices = std::move(savedIndices);
  return op;
}

/// A name for a staged expression: that of the one tensor it reads, or of its ranks.
static std::string stagedName(const Node *node) {
  if (node->kind == Node::Kind::Load)
    if (auto input = node->tensor.getDefiningOp<InputOp>())
      return input.getName().str();
  for (const Node *operand : node->operands)
    if (std::string name = stagedName(operand); !name.empty())
      return name;
  return "";
}

Attribute TileEmitter::encodingOf(int64_t width) const {
  return width ? Attribute(tile::PanelAttr::get(ex.context, width)) : tile::RowsAttr::get(ex.context);
}

Value TileEmitter::stageRows(const Node *factor, StringAttr inner, bool isPacked) {
  int64_t width = isPacked ? shape.rows : 0;
  StagedAs key{factor, row, inner, /*isRows=*/1u, width};
  if (auto known = staged.find(key); known != staged.end())
    return known->second.ref;
  OpBuilder::InsertionGuard guard(b);
  for (auto [rank, loop] : llvm::reverse(loops)) { // before those that it is the same in
    if (factor->dependsOn(rank))
      break;
    b.setInsertionPoint(loop);
  }
  auto op = stage({row, inner}, origin, {extent(row), extent(inner)}, {shape.block, 0}, factor,
                  encodingOf(width), stagedName(factor) + "p");
  staged[key].ref = op;
  return op;
}

/// True if no two iterations of the parallel loop use the same columns of an operand.
bool TileEmitter::isStreamed(const Node *factor) const {
  auto isVaried = [&](Value end) {
    return llvm::any_of(extents, [&](auto &entry) {
      return entry.second == end && (factor->dependsOn(entry.first) || inliner.isSingle(entry.first));
    });
  };
  return shape.streams && !loops.empty() &&
         llvm::all_of(cast<tile::ParallelOp>(parallel).getEnds().drop_front(), isVaried);
}

/// An operand of the current column tile alone.
TileEmitter::Staged TileEmitter::stageTile(const Node *factor, StringAttr lanes, StringAttr inner, int64_t width) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(work);
  bool isLane = lanes == column;
  SmallVector<int64_t> tiles{isLane ? shape.columns : 0, isLane ? 0 : shape.columns};
  Staged result;
  result.ref = stage({lanes, inner}, columnOrigin, {extent(lanes), extent(inner)}, tiles, factor,
                     encodingOf(width), stagedName(factor) + "p");
  return staged[{factor, lanes, inner, /*isRows=*/0u, width}] = result;
}

TileEmitter::Staged TileEmitter::stageColumns(const Node *factor, StringAttr lanes, StringAttr inner,
                                              int64_t width) {
  auto known = staged.find({factor, lanes, inner, /*isRows=*/0u, width});
  if (known != staged.end())
    return known->second;
  if (isStreamed(factor))
    return stageTile(factor, lanes, inner, width);
  llvm::MapVector<StringAttr, const Node *> leading;
  for (StringAttr rank : factor->ranks)
    if (rank != lanes && rank != inner)
      leading[rank] = ex.index(rank);
  const Node *general = generalise(factor, leading);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(parallel);
  SmallVector<StringAttr> ranks;
  Staged result;
  for (auto &[rank, subscript] : leading) {
    ranks.push_back(rank);
    result.ranks.push_back(rank);
    result.leading.push_back(subscript);
  }
  ranks.append({lanes, inner});
  SmallVector<Value> ends = llvm::map_to_vector(ranks, [&](StringAttr rank) { return extent(rank); });
  SmallVector<int64_t> tiles(ranks.size(), 0);
  result.ref = stage(ranks, {}, ends, tiles, general, encodingOf(width), stagedName(factor) + "p");
  return staged[{factor, lanes, inner, /*isRows=*/0u, width}] = result;
}

const Node *TileEmitter::boundOfRun(const Node *value, StringAttr rank, int64_t width, tile::Bound bound,
                                    const Node *first) {
  SmallVector<StringAttr> ranks(value->ranks.begin(), value->ranks.end());
  llvm::erase(ranks, rank);
  Operands subscripts = llvm::map_to_vector<4>(ranks, [&](StringAttr other) { return ex.index(other); });
  subscripts.push_back(ex.binary(BinaryFn::FloorDiv, first, ex.integer(width)));
  ranks.push_back(rank);
  auto encoding = tile::RunsAttr::get(ex.context, bound, width);
  Value &table = tables[{value, encoding}];
  if (!table) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(parallel);
    SmallVector<Value> ends = llvm::map_to_vector(ranks, [&](StringAttr other) { return extent(other); });
    StringRef suffix = bound == tile::Bound::Min ? "_least" : "_greatest";
    table = stage(ranks, {}, ends, SmallVector<int64_t>(ranks.size(), 0), value, encoding, stagedName(value) + suffix.str());
  }
  return ex.load(table, subscripts, value->type);
}

} // namespace weir::schedule
