// Emits the values of a tile kernel: loads, contractions, maps, updates.
#include "passes/schedule/PointExpression.h"
#include "passes/schedule/TileEmitter.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {

static bool isFunction(const Node *node) {
  return node->kind == Node::Kind::Apply || node->kind == Node::Kind::Select || node->kind == Node::Kind::Convert;
}

/// True for an element of an input of integers, as a page in a block table.
static bool isTableEntry(const Node *node) {
  return node->kind == Node::Kind::Load && node->type.isInteger(64) && node->tensor.getDefiningOp<InputOp>() &&
         llvm::all_of(node->operands, isAffine);
}

std::optional<std::string> TileEmitter::whyNot(const Node *node, StringAttr row, StringAttr column, bool isStaged) {
  if (isFunction(node) && !hasOperation(node))
    return "a function that tiles do not compute yet";
  auto isPlace = [&](const Node *subscript) { return isAffine(subscript) || (isStaged && isTableEntry(subscript)); };
  if (node->kind == Node::Kind::Load && !llvm::all_of(node->operands, isPlace))
    return "a subscript that is read from a tensor";
  auto isLinear = [&](const Node *subscript) { return linearForm(ex, subscript, row, column).has_value(); };
  if (node->kind == Node::Kind::Load && !llvm::all_of(node->operands, isLinear))
    return "a subscript that is not linear in rows and columns";
  auto state = node->kind == Node::Kind::Load ? node->tensor.getDefiningOp<StateOp>() : StateOp();
  if (state && node->operands != ex.indicesOf(state.getTensorType()))
    return "a state that is read at another point";
  if (node->kind == Node::Kind::Contract) {
    Operands lhs, rhs;
    if (!splitContraction(node, row, column, lhs, rhs))
      return "a contraction without a row side and a column side";
    for (const Node *factor : node->operands)
      if (auto why = whyNot(factor, {}, {}, /*isStaged=*/true))
        return why;
    return std::nullopt;
  }
  for (const Node *operand : node->operands)
    if (auto why = whyNot(operand, row, column, isStaged))
      return why;
  return std::nullopt;
}

bool TileEmitter::isComputable(const Node *node) {
  bool isOther = node->kind == Node::Kind::Contract || node->kind == Node::Kind::Name ||
                 (node->kind == Node::Kind::Load && !node->tensor.getDefiningOp<InputOp>() &&
                  !node->tensor.getDefiningOp<ParamOp>());
  return !isOther && !whyNot(node, {}, {}) &&
         llvm::all_of(node->operands, [&](const Node *operand) { return isComputable(operand); });
}

//===-- Leaves --------------------------------------------------------------===//

AffineMap TileEmitter::subscripts(ArrayRef<const Node *> nodes, SmallVector<Value> &operands) {
  AffineExpressions expressions = affine();
  SmallVector<AffineExpr> results;
  for (const Node *node : nodes)
    results.push_back(expressions.of(node));
  operands = expressions.operands();
  return expressions.map(results);
}

Value TileEmitter::load(const Node *node) {
  Value tensor = node->tensor;
  if (Value carried = carries.lookup(tensor)) {
    SmallVector<Value> at{indices.lookup(row)};
    auto ranks = cast<cascade::TensorType>(tensor.getType()).getRanks();
    bool hasExtra = tile::rankOf(carried) == 2;
    if (hasExtra)
      at.push_back(indices.lookup(ranks.back()));
    Type type = tile::shapeOfIndices(at, tile::storageTypeOf(carried));
    auto op = tile::LoadOp::create(b, location, type, carried, at);
    if (auto state = tensor.getDefiningOp<StateOp>())
      setName(op, state.getName().lower());
    return op;
  }
  bool isTable = isa<tile::RefType>(tensor.getType());
  Value ref = isTable ? tensor : arguments.lookup(tensor);
  if (tensor.getDefiningOp<ParamOp>()) {
    if (inStage && ref.getType().isIndex())
      return arith::IndexCastOp::create(b, location, b.getI64Type(), ref);
    return ref;
  }
  SmallVector<Value> operands;
  AffineMap map = subscripts(node->operands, operands);
  Value mask;
  if (const Node *condition = isTable ? nullptr : inliner.rangeCondition(tensor, node->operands))
    mask = value(condition);
  Type type = inStage ? node->type : tile::shapeOfIndices(operands, node->type);
  auto op = tile::LoadOp::create(b, location, type, ref, AffineMapAttr::get(map), operands, mask);
  if (auto input = tensor.getDefiningOp<InputOp>())
    setName(op, input.getName().lower());
  else if (isTable && tensor.getDefiningOp())
    setName(op, cast<StringAttr>(tensor.getDefiningOp()->getAttr("asm_name")));
  return op;
}

Value TileEmitter::value(const Node *node) {
  if (Value known = values.lookup(node))
    return known;
  Value result;
  switch (node->kind) {
  case Node::Kind::Index:
    result = indices.lookup(cast<StringAttr>(node->attr));
    break;
  case Node::Kind::Extent:
    result = extent(cast<StringAttr>(node->attr));
    break;
  case Node::Kind::Load:
    result = load(node);
    break;
  case Node::Kind::Contract:
    result = contract(node);
    break;
  default:
    result = inStage ? point(node) : map(node);
  }
  if (inStage && result.getType().isIndex())
    result = arith::IndexCastOp::create(b, location, b.getI64Type(), result);
  return values[node] = result;
}

//===-- Contractions --------------------------------------------------------===//

/// The product of factors, in the type in which a contraction computes.
const Node *TileEmitter::product(ArrayRef<const Node *> factors, Type type) {
  const Node *all = nullptr;
  for (const Node *factor : factors) {
    const Node *next = ex.convert(factor, type);
    all = all ? ex.binary(BinaryFn::Mul, all, next) : next;
  }
  return all;
}

namespace {

/// Whether every use of index `rank` in `node` is within one subscript of a load;
/// `subscript` is that one, `position` the rank of the tensor it stands for.
bool isOnlyWithin(const Node *node, StringAttr rank, const Node *&subscript, StringAttr &position) {
  if (!node->dependsOn(rank))
    return true;
  if (node->kind != Node::Kind::Load)
    return llvm::all_of(node->operands, [&](const Node *operand) {
      return isOnlyWithin(operand, rank, subscript, position);
    }) && node->kind != Node::Kind::Index;
  auto ranks = cast<cascade::TensorType>(node->tensor.getType()).getRanks();
  for (auto [own, name] : llvm::zip(node->operands, ranks)) {
    if (!own->dependsOn(rank))
      continue;
    if (own->kind == Node::Kind::Index || (subscript && (own != subscript || name != position)) ||
        own->ranks.size() != 1)
      return false;
    subscript = own;
    position = name;
  }
  return true;
}

} // namespace

/// A column operand that depends on an index only through one subscript, as K does
/// on the query head, is staged over that subscript's rank instead.
const Node *TileEmitter::generalise(const Node *node, llvm::MapVector<StringAttr, const Node *> &leading) {
  llvm::MapVector<StringAttr, const Node *> general;
  for (auto &[rank, index] : leading) {
    const Node *subscript = nullptr;
    StringAttr position;
    bool isFree = isOnlyWithin(node, rank, subscript, position) && subscript && isAffine(subscript) &&
                  !node->dependsOn(position) && !leading.contains(position);
    if (!isFree) {
      general[rank] = index;
      continue;
    }
    node = ex.replace(node, subscript, ex.index(position));
    general[position] = subscript;
  }
  leading = std::move(general);
  return node;
}

/// A leading subscript, kept within the rank that was staged.
Value TileEmitter::clamped(const Node *subscript, StringAttr rank) {
  AffineExpressions expressions = affine();
  AffineExpr at = expressions.of(subscript);
  AffineExpr last = expressions.of(extent(rank)) - 1;
  Value low = index(tile::Bound::Min, expressions, {at, last}, rank.str() + "x");
  AffineExpressions both = affine();
  return index(tile::Bound::Max, both, {both.of(low), b.getAffineConstantExpr(0)}, rank);
}

Operands TileEmitter::leadingOf(const Staged &columns) {
  Operands at;
  for (auto [rank, subscript] : llvm::zip(columns.ranks, columns.leading)) {
    if (inliner.isProvedBelow(subscript, rank)) {
      at.push_back(subscript);
      continue;
    }
    const Node *safe = ex.name("clamped " + std::to_string(values.size()), subscript->type);
    values[safe] = clamped(subscript, rank);
    at.push_back(safe);
  }
  return at;
}

Value TileEmitter::contract(const Node *node) {
  auto inner = cast<StringAttr>(node->attr);
  Operands lhs, rhs;
  splitContraction(node, row, column, lhs, rhs);
  const Node *ofColumns = product(rhs, node->type);
  // What is used once is read as it lies, not packed first.
  bool isPacked = !isStreamed(ofColumns);
  Value rows = stageRows(product(lhs, node->type), inner, isPacked);
  Staged columns = stageColumns(ofColumns, column, inner, isPacked ? shape.columns : 0);
  AffineExpressions left = affine();
  AffineMap leftMap = left.map({left.of(indices.lookup(row))});
  Operands at = leadingOf(columns);
  at.push_back(ex.index(column));
  SmallVector<Value> rightOperands;
  AffineMap rightMap = subscripts(at, rightOperands);
  Type type = tile::SubType::get(ex.context, shape.rows, shape.columns, node->type);
  auto op = tile::ContractOp::create(b, location, type, rows, columns.ref, leftMap, rightMap,
                                     ValueRange(indices.lookup(row)), rightOperands);
  setName(op, "s");
  return op;
}

void TileEmitter::accumulate(Value ref, Value p, const Node *factor, StringAttr extra, Value mask) {
  const Node *same = ex.convert(factor, tile::storageTypeOf(ref));
  Staged columns = stageColumns(same, extra, column, shape.columns);
  auto converted = tile::ConvertOp::create(b, location, tile::RefType::get(ex.context), p,
                                           tile::RowsAttr::get(ex.context));
  setName(converted, "Pp");
  Operands at = leadingOf(columns);
  at.push_back(ex.index(column));
  SmallVector<Value> operands;
  AffineMap map = subscripts(at, operands);
  tile::AccumulateOp::create(b, location, ref, indices.lookup(row), converted, columns.ref, map, operands, mask);
}

//===-- Maps ----------------------------------------------------------------===//

void TileEmitter::share(ArrayRef<const Node *> roots) {
  llvm::SmallPtrSet<const Node *, 16> seen;
  auto visit = [&](auto &&self, const Node *node) -> void {
    ++uses[node];
    if (seen.insert(node).second && isFunction(node))
      for (const Node *operand : node->operands)
        self(self, operand);
  };
  for (const Node *root : roots)
    visit(visit, root);
}

/// What a map takes as operands: leaves, and functions that others use as well.
void TileEmitter::collect(const Node *node, bool isRoot, llvm::SmallSetVector<const Node *, 8> &leaves) {
  if (node->kind == Node::Kind::Constant)
    return;
  bool isOperand = !isFunction(node) || values.contains(node) || (!isRoot && uses.lookup(node) > 1);
  if (isOperand && !isRoot) {
    leaves.insert(node);
    return;
  }
  for (const Node *operand : node->operands)
    collect(operand, false, leaves);
}

static Value emitTree(OpBuilder &b, Location loc, const Node *node,
                      llvm::DenseMap<const Node *, Value> &known) {
  if (Value value = known.lookup(node))
    return value;
  if (node->kind == Node::Kind::Constant)
    return arith::ConstantOp::create(b, loc, cast<TypedAttr>(node->attr));
  SmallVector<Value> operands;
  for (const Node *operand : node->operands)
    operands.push_back(emitTree(b, loc, operand, known));
  return known[node] = emitFunction(b, loc, node, operands);
}

/// Fills `region` with the tree of `node`; `operands` become the region's arguments.
Value TileEmitter::inRegion(const Node *node, Region &region, SmallVector<Value> &operands, Type refElement) {
  llvm::SmallSetVector<const Node *, 8> leaves;
  collect(node, isFunction(node) && !values.contains(node), leaves);
  if (!isFunction(node) && node->kind != Node::Kind::Constant)
    leaves.insert(node);
  for (const Node *leaf : leaves)
    operands.push_back(value(leaf));
  Block &block = region.emplaceBlock();
  llvm::DenseMap<const Node *, Value> known;
  for (auto [leaf, operand] : llvm::zip(leaves, operands)) {
    Type type = tile::elementOf(operand.getType());
    if (isa<tile::RefType>(type))
      type = refElement;
    known[leaf] = block.addArgument(type.isIndex() ? b.getI64Type() : type, location);
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&block);
  Value result = emitTree(b, location, node, known);
  tile::YieldOp::create(b, location, result);
  return result;
}

Value TileEmitter::map(const Node *node) {
  Region region;
  SmallVector<Value> operands;
  Value result = inRegion(node, region, operands, {});
  int64_t rows = 1, columns = 1;
  for (Value operand : operands) {
    rows = std::max(rows, tile::rowsOf(operand.getType()));
    columns = std::max(columns, tile::columnsOf(operand.getType()));
    bool isRow = tile::isRowIndex(operand), isColumn = tile::isColumnIndex(operand);
    rows = isRow ? shape.rows : rows;
    columns = isColumn ? shape.columns : columns;
  }
  auto op = tile::MapOp::create(b, location, tile::shapedType(rows, columns, result.getType()), operands);
  op.getBody().takeBody(region);
  return op;
}

Value TileEmitter::point(const Node *node) {
  if (node->kind == Node::Kind::Constant)
    return arith::ConstantOp::create(b, location, cast<TypedAttr>(node->attr));
  SmallVector<Value> operands;
  for (const Node *operand : node->operands)
    operands.push_back(value(operand));
  return emitFunction(b, location, node, operands);
}

void TileEmitter::update(Value ref, const Node *node) {
  Region region;
  SmallVector<Value> operands;
  inRegion(node, region, operands, tile::storageTypeOf(ref));
  auto op = tile::UpdateOp::create(b, location, ref, indices.lookup(row), operands);
  op.getBody().takeBody(region);
}

Value TileEmitter::mask(ArrayRef<Linear> constraints, Value condition, StringAttr over, bool byRow) {
  AffineExpressions expressions = affine();
  AffineExpr n = expressions.of(indices.lookup(over)), m = expressions.of(indices.lookup(row));
  SmallVector<AffineExpr> results;
  for (const Linear &c : constraints)
    results.push_back(n * c.column + m * c.row + expressions.of(c.rest));
  results.push_back(expressions.of(extent(over)) - n - 1);
  bool isTall = llvm::any_of(constraints, [](const Linear &c) { return c.row != 0; }) ||
                (condition && tile::rowsOf(condition.getType()) > 1);
  if (byRow && !isTall)
    results.push_back(expressions.of(extent(row)) - m - 1);
  Type type = tile::SubType::get(ex.context, isTall || byRow ? shape.rows : 1, shape.columns, b.getI1Type());
  auto op = tile::MaskOp::create(b, location, type, expressions.map(results), expressions.operands(), condition);
  setName(op, "keep");
  return op;
}

void TileEmitter::store(Value stored, Value ref, ArrayRef<const Node *> at) {
  SmallVector<Value> operands;
  AffineMap map = subscripts(at, operands);
  tile::StoreOp::create(b, location, stored, ref, map, operands);
}

void TileEmitter::storeOutput(OutputPlan &output, StringAttr over) {
  Value stored = value(output.value);
  bool isNarrow = tile::rowsOf(stored.getType()) == 1 || (over && tile::columnsOf(stored.getType()) == 1);
  if (over && isNarrow) {
    const Node *everywhere = ex.name("everywhere", b.getI1Type());
    bind(everywhere, mask({}, Value(), over, /*byRow=*/true));
    stored = value(ex.select(everywhere, output.value, ex.zero(output.value->type)));
  }
  if (Operation *op = stored.getDefiningOp())
    setName(op, output.op.getName().lower());
  Operands at = ex.indicesOf(cast<cascade::TensorType>(output.op.getTensor().getType()));
  if (split && row == split->inner)
    for (const Node *&index : at)
      index = splitIndex(ex, split, index);
  store(stored, outputs.lookup(output.op), at);
}

} // namespace weir::schedule
