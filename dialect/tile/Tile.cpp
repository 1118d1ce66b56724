// Registration of the tile dialect; shapes; names of results and arguments.
#include "dialect/tile/Tile.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialect/tile/TileDialect.cpp.inc"
#include "dialect/tile/TileEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/tile/TileAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/tile/TileTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/tile/TileOps.cpp.inc"

namespace weir::tile {

void TileDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/tile/TileTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/tile/TileAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/tile/TileOps.cpp.inc"
      >();
}

DomainRank Domain::operator[](size_t i) const {
  if (tiles[i] == 0)
    return {Value(), ends[i], 0};
  size_t origin = llvm::count_if(tiles.take_front(i),
                                 [](int64_t tile) { return tile != 0; });
  return {origins[origin], ends[i], tiles[i]};
}

//===-- Shapes ------------------------------------------------------------===//

Type computeTypeOf(Type type) {
  if (type.isF64() || type.isInteger(1))
    return type;
  if (isa<IntegerType>(type))
    return IntegerType::get(type.getContext(), 64);
  return Float32Type::get(type.getContext());
}

Type shapedType(int64_t rows, int64_t columns, Type type) {
  return rows == 1 && columns == 1
             ? type
             : SubType::get(type.getContext(), rows, columns, type);
}

int64_t rowsOf(Type type) {
  auto sub = dyn_cast<SubType>(type);
  return sub ? sub.getRows() : 1;
}

int64_t columnsOf(Type type) {
  auto sub = dyn_cast<SubType>(type);
  return sub ? sub.getColumns() : 1;
}

Type elementOf(Type type) {
  auto sub = dyn_cast<SubType>(type);
  return sub ? sub.getElementType() : type;
}

static SubtileOp subtileOf(Value index) {
  auto argument = dyn_cast<BlockArgument>(index);
  return argument
             ? dyn_cast_or_null<SubtileOp>(argument.getOwner()->getParentOp())
             : SubtileOp();
}

bool isRowIndex(Value index) {
  return subtileOf(index) && cast<BlockArgument>(index).getArgNumber() == 0;
}

bool isColumnIndex(Value index) {
  return subtileOf(index) && cast<BlockArgument>(index).getArgNumber() == 1;
}

Type shapeOfIndices(ValueRange indices, Type element) {
  int64_t rows = 1, columns = 1;
  for (Value index : indices) {
    if (isRowIndex(index))
      rows = subtileOf(index).getRows();
    if (isColumnIndex(index))
      columns = subtileOf(index).getColumns();
    rows = std::max(rows, rowsOf(index.getType()));
    columns = std::max(columns, columnsOf(index.getType()));
  }
  return shapedType(rows, columns, element);
}

//===-- References --------------------------------------------------------===//

static ArgumentAttr argumentOf(Value ref) {
  auto argument = cast<BlockArgument>(ref);
  auto kernel = cast<KernelOp>(argument.getOwner()->getParentOp());
  return cast<ArgumentAttr>(kernel.getArguments()[argument.getArgNumber() -
                                                  kernel.getRanks().size()]);
}

int64_t rankOf(Value ref) {
  Operation *op = ref.getDefiningOp();
  if (!op)
    return argumentOf(ref).getRanks().size();
  if (auto stage = dyn_cast<StageOp>(op))
    return stage.getTiles().size();
  if (auto carry = dyn_cast<CarryOp>(op))
    return carry.getTiles().size();
  return 2;
}

Type storageTypeOf(Value ref) {
  Operation *op = ref.getDefiningOp();
  if (!op)
    return argumentOf(ref).getElementType();
  if (auto stage = dyn_cast<StageOp>(op))
    return stage.getElementType();
  if (auto carry = dyn_cast<CarryOp>(op))
    return carry.getElementType();
  return elementOf(cast<ConvertOp>(op).getValue().getType());
}

Type KernelOp::valueTypeOf(ArgumentAttr argument) {
  Type type = argument.getElementType();
  if (argument.getDirection() != Direction::Param)
    return RefType::get(argument.getContext());
  Type computed = computeTypeOf(type);
  return computed.isInteger(64) ? IndexType::get(argument.getContext())
                                : computed;
}

void LoadOp::build(OpBuilder &builder, OperationState &state, Type type,
                   Value ref, ValueRange subscripts) {
  build(builder, state, type, ref,
        AffineMapAttr::get(builder.getMultiDimIdentityMap(subscripts.size())),
        subscripts, Value());
}

//===-- Names -------------------------------------------------------------===//

std::string extentName(StringRef rank) { return ("$" + rank).str(); }

void KernelOp::getAsmBlockArgumentNames(Region &region,
                                        OpAsmSetValueNameFn setName) {
  for (auto [i, rank] :
       llvm::enumerate(getRanks().getAsValueRange<StringAttr>()))
    setName(getExtent(i), extentName(rank));
  for (auto [i, argument] : llvm::enumerate(getArgumentAttrs()))
    setName(getValue(i), argument.getName().getValue());
}

/// Names a result after the `name` attribute that a generator or the parser
/// left.
static void nameResult(Operation *op, StringRef fallback,
                       OpAsmSetValueNameFn setName) {
  auto name = op->getAttrOfType<StringAttr>("asm_name");
  setName(op->getResult(0), name ? name.getValue() : fallback);
}

static void nameArguments(Operation *op, Region &region,
                          OpAsmSetValueNameFn setName) {
  auto names = op->getAttrOfType<ArrayAttr>("arg_names");
  if (!names)
    return;
  for (auto [argument, name] :
       llvm::zip(region.getArguments(), names.getAsRange<StringAttr>()))
    setName(argument, name.getValue());
}

void ParallelOp::getAsmBlockArgumentNames(Region &region,
                                          OpAsmSetValueNameFn setName) {
  nameArguments(*this, region, setName);
}
void ForOp::getAsmBlockArgumentNames(Region &region,
                                     OpAsmSetValueNameFn setName) {
  nameArguments(*this, region, setName);
}
void SubtileOp::getAsmBlockArgumentNames(Region &region,
                                         OpAsmSetValueNameFn setName) {
  nameArguments(*this, region, setName);
}
void StageOp::getAsmBlockArgumentNames(Region &region,
                                       OpAsmSetValueNameFn setName) {
  nameArguments(*this, region, setName);
}

void IndexOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "i", setName);
}
void StageOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "staged", setName);
}
void CarryOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "state", setName);
}
void ConvertOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "panel", setName);
}
void LoadOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "x", setName);
}
void MaskOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "keep", setName);
}
void MapOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "y", setName);
}
void ReduceOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "r", setName);
}
void ContractOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  nameResult(*this, "s", setName);
}

} // namespace weir::tile
