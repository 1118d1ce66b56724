// Constraints of the tile dialect's operations.
#include "dialect/tile/Tile.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace weir::tile {

LogicalResult
SubType::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                int64_t rows, int64_t columns, Type elementType) {
  if (rows < 1 || columns < 1)
    return emitError() << "extents of a sub-tile are at least 1";
  if (!elementType.isIntOrIndexOrFloat())
    return emitError()
           << "elements of a sub-tile are numbers or truth values, found "
           << elementType;
  return success();
}

LogicalResult KernelOp::verify() {
  size_t ranks = getRanks().size();
  Block &block = getBody().front();
  if (block.getNumArguments() != ranks + getArguments().size()) // kernel_c1
    return emitOpError("has ")
           << block.getNumArguments() << " block arguments where "
           << ranks + getArguments().size() << " are declared";
  for (size_t i = 0; i < ranks; ++i) // kernel_c1
    if (!getExtent(i).getType().isIndex())
      return emitOpError("the extent of rank ")
             << getRanks()[i] << " is not an index";
  llvm::StringSet<> names;
  for (auto [i, argument] : llvm::enumerate(getArgumentAttrs())) {
    if (getValue(i).getType() != valueTypeOf(argument)) // kernel_c1
      return emitOpError("argument '")
             << argument.getName().getValue() << "' has type "
             << getValue(i).getType() << " where it should be "
             << valueTypeOf(argument);
    if (!names.insert(argument.getName()).second) // kernel_c2
      return emitOpError("has two arguments '")
             << argument.getName().getValue() << "'";
    for (Attribute rank : argument.getRanks()) // kernel_c2
      if (!llvm::is_contained(getRanks(), rank))
        return emitOpError("argument '")
               << argument.getName().getValue() << "' has a rank " << rank
               << " that is not among the sizes";
  }
  return success();
}

LogicalResult IndexOp::verify() {
  unsigned count = getMap().getNumResults();
  if (getBound() == Bound::Only ? count != 1 : count == 0) // index_c1
    return emitOpError("has ") << count << " expressions";
  return success();
}

LogicalResult ParallelOp::verify() {
  if (!llvm::all_of(getSteps(),
                    [](int64_t step) { return step > 0; })) // parallel_c1
    return emitOpError("has a step that is not positive");
  if (!isa<KernelOp>((*this)->getParentOp())) // parallel_c2
    return emitOpError("stands inside '") << (*this)->getParentOp()->getName()
                                          << "', not directly in a kernel";
  return success();
}

LogicalResult ForOp::verify() {
  if (getStep() <= 0) // for_c1
    return emitOpError("has a step of ") << getStep();
  if (getFull().size() != 0 && getFull().size() != 2)
    return emitOpError("has ")
           << getFull().size()
           << " bounds of full tiles where 0 or 2 make sense";
  return success();
}

/// Origins and ends fit the tiles.
template <typename OpType> static LogicalResult verifyDomain(OpType op) {
  size_t tiled =
      llvm::count_if(op.getTiles(), [](int64_t tile) { return tile != 0; });
  if (op.getEnds().size() != op.getTiles().size() ||
      op.getOrigins().size() != tiled)
    return op.emitOpError(
        "has a domain whose origins and ends do not fit its tiles");
  return success();
}

LogicalResult SubtileOp::verify() {
  if (failed(verifyDomain(*this)))
    return failure();
  if (getShape().empty() || getShape().size() > 2 ||
      getTiles().size() != getShape().size() ||
      getBody().getNumArguments() != getShape().size()) // subtile_c1
    return emitOpError("has ") << getTiles().size() << " ranks and a shape of "
                               << getShape().size() << " extents";
  if (getShape().size() == 2 && getTiles()[1] != getShape()[1]) // subtile_c2
    return emitOpError("has a tile of ")
           << getTiles()[1] << " columns and a shape of " << getShape()[1];
  return success();
}

LogicalResult WhenOp::verify() {
  if (!elementOf(getCondition().getType()).isInteger(1)) // when_c1
    return emitOpError("has a condition that is no truth value");
  if (getFull() && (*this)->getParentOfType<SubtileOp>()) // when_c2
    return emitOpError("tells full tiles apart within a sub-tile");
  return success();
}

LogicalResult StageOp::verify() {
  if (failed(verifyDomain(*this)))
    return failure();
  size_t ranks = getTiles().size();
  if (isa<PanelAttr>(getEncoding())) { // stage_c1
    if (ranks < 2)
      return emitOpError("needs two ranks for a panel");
    for (int64_t tile : getTiles().drop_back(2))
      if (tile)
        return emitOpError("tiles a rank before the last two");
  } else if (isa<RunsAttr>(getEncoding())) { // stage_c3
    if (!getElementType().isInteger(64) || !getOrigins().empty() ||
        !isa<KernelOp>((*this)->getParentOp()))
      return emitOpError("keeps bounds of other than i64 over whole ranks, "
                         "directly in a kernel");
  } else if (!isa<RowsAttr>(getEncoding())) {
    return emitOpError("has an unknown encoding ") << getEncoding();
  }
  auto yield = dyn_cast<YieldOp>(getBody().front().back());
  if (!yield ||
      yield.getValue().getType() != computeTypeOf(getElementType())) // stage_c2
    return emitOpError("does not yield a value of type ")
           << computeTypeOf(getElementType());
  return success();
}

LogicalResult CarryOp::verify() {
  if (failed(verifyDomain(*this)))
    return failure();
  if (auto init = getInitAttr();
      init && init.getType() != getElementType()) // carry_c1
    return emitOpError("starts with a value of type ")
           << init.getType() << " where elements are " << getElementType();
  return success();
}

LogicalResult ConvertOp::verify() {
  if (!isa<RowsAttr>(getEncoding()))
    return emitOpError("cannot convert a sub-tile to ") << getEncoding();
  return success();
}

/// As many subscripts as ranks.
template <typename OpType> static LogicalResult verifySubscripts(OpType op) {
  int64_t ranks = rankOf(op.getRef());
  if (int64_t(op.getMap().getNumResults()) != ranks) // load_c1
    return op.emitOpError("has ") << op.getMap().getNumResults()
                                  << " subscripts of " << ranks << " ranks";
  return success();
}

LogicalResult LoadOp::verify() {
  for (Value index : getIndices()) // load_c3
    if (!index.getType().isIndex() && !elementOf(index.getType()).isInteger(64))
      return emitOpError("has a subscript of type ") << index.getType();
  if (failed(verifySubscripts(*this)))
    return failure();
  Type element = computeTypeOf(storageTypeOf(getRef()));
  Type expected = shapeOfIndices(getIndices(), element);
  if (getResult().getType() != expected) // load_c2
    return emitOpError("gives ") << getResult().getType()
                                 << " where its subscripts give " << expected;
  return success();
}

/// A value of `narrow` rows and columns is as wide as `wide`, or broadcasts.
static bool fits(Type narrow, Type wide) {
  return llvm::is_contained({int64_t(1), rowsOf(wide)}, rowsOf(narrow)) &&
         llvm::is_contained({int64_t(1), columnsOf(wide)}, columnsOf(narrow));
}

LogicalResult StoreOp::verify() {
  Type type = getValue().getType();
  Type shape = shapeOfIndices(getIndices(), elementOf(type));
  if (!fits(type, shape)) // store_c2
    return emitOpError("stores ")
           << type << " where its subscripts have room for " << shape;
  return verifySubscripts(*this);
}

LogicalResult MaskOp::verify() {
  Type type = getResult().getType();
  if (!elementOf(type).isInteger(1))
    return emitOpError("gives something else than truth values");
  Type condition = getCondition() ? getCondition().getType() : type;
  if (!elementOf(condition).isInteger(1) || !fits(condition, type)) // mask_c1
    return emitOpError("gives ")
           << type << " where its condition is " << condition;
  return success();
}

/// One region argument an operand, of its element type.
static LogicalResult verifyPoint(Operation *op, Block &block,
                                 ValueRange operands) {
  if (block.getNumArguments() != operands.size())
    return op->emitOpError("has ")
           << block.getNumArguments() << " region arguments for "
           << operands.size() << " operands";
  for (auto [argument, operand] : llvm::zip(block.getArguments(), operands)) {
    Type type = operand.getType();
    Type expected = isa<RefType>(type) ? computeTypeOf(storageTypeOf(operand))
                    : isa<IndexType>(type)
                        ? IntegerType::get(op->getContext(), 64)
                        : elementOf(type);
    if (argument.getType() != expected)
      return op->emitOpError("has a region argument of type ")
             << argument.getType() << " for an element of type " << expected;
  }
  if (!isa<YieldOp>(block.back()))
    return op->emitOpError("has a region without a value");
  return success();
}

LogicalResult MapOp::verify() {
  if (failed(verifyPoint(*this, getBody().front(), getInputs()))) // map_c1
    return failure();
  int64_t rows = 1, columns = 1;
  for (Value input : getInputs()) {
    Type shape = isa<IndexType>(input.getType())
                     ? shapeOfIndices(input, input.getType())
                     : input.getType();
    rows = std::max(rows, rowsOf(shape));
    columns = std::max(columns, columnsOf(shape));
  }
  Type type = cast<YieldOp>(getBody().front().back()).getValue().getType();
  if (getResult().getType() != shapedType(rows, columns, type)) // map_c2
    return emitOpError("gives ")
           << getResult().getType() << " where its operands give "
           << shapedType(rows, columns, type);
  return success();
}

LogicalResult UpdateOp::verify() {
  if (!getRef().getDefiningOp<CarryOp>()) // update_c1
    return emitOpError("updates something that is not carried");
  for (Value input : getInputs())
    if (columnsOf(input.getType()) != 1 ||
        (isa<RefType>(input.getType()) &&
         !input.getDefiningOp<CarryOp>())) // update_c1
      return emitOpError(
          "reads something that is neither carried nor a value a row");
  return verifyPoint(*this, getBody().front(), getInputs());
}

LogicalResult ReduceOp::verify() {
  bool truth = elementOf(getValue().getType()).isInteger(1);
  if ((getKind() == Reduction::Any || getKind() == Reduction::All) != truth)
    return emitOpError("cannot reduce ")
           << getValue().getType() << " by '" << stringifyReduction(getKind())
           << "'";
  Type value = getValue().getType(),
       mask = getMask() ? getMask().getType() : value;
  Type wide =
      shapedType(std::max(rowsOf(value), rowsOf(mask)),
                 std::max(columnsOf(value), columnsOf(mask)), elementOf(value));
  if (columnsOf(wide) == 1 || !fits(value, wide) ||
      !fits(mask, wide)) // reduce_c1
    return emitOpError("reduces no columns: ") << value << " where " << mask;
  Type expected = shapedType(rowsOf(wide), 1, elementOf(value));
  if (getResult().getType() != expected) // reduce_c2
    return emitOpError("gives ")
           << getResult().getType() << " where its operands give " << expected;
  return success();
}

LogicalResult ContractOp::verify() {
  auto left = getLhs().getDefiningOp<StageOp>();
  bool isPanel = left && isa<PanelAttr>(left.getEncoding());
  for (auto [ref, map] :
       {std::pair(getLhs(), getLhsMap()), std::pair(getRhs(), getRhsMap())}) {
    auto stage = ref.getDefiningOp<StageOp>();
    if (!stage || isa<RunsAttr>(stage.getEncoding()) ||
        isa<PanelAttr>(stage.getEncoding()) != isPanel) // contract_c1
      return emitOpError("contracts something that is not staged in panels, or "
                         "not both in rows");
    if (int64_t(map.getNumResults()) + 1 != rankOf(ref)) // contract_c2
      return emitOpError("has ")
             << map.getNumResults() << " subscripts for a block of "
             << rankOf(ref) << " ranks";
  }
  return success();
}

LogicalResult AccumulateOp::verify() {
  auto stage = getRhs().getDefiningOp<StageOp>();
  if (!getLhs().getDefiningOp<ConvertOp>() || !stage ||
      !isa<PanelAttr>(stage.getEncoding())) // accumulate_c1
    return emitOpError(
        "takes a converted sub-tile and a block staged in panels");
  if (!getRef().getDefiningOp<CarryOp>() || rankOf(getRef()) != 2)
    return emitOpError(
        "accumulates into something that is not a carried block of two ranks");
  return success();
}

LogicalResult YieldOp::verify() { return success(); }

} // namespace weir::tile
