// Values of a sub-tile in registers: masks, maps, reductions, contractions, loads and stores.
#include "codegen/nvptx/cuda/Printer.h"

using namespace mlir;

namespace weir::nvptx::cuda {

static std::string rowEnd(tile::SubtileOp op, const Names &names) { return names[op.getDomain()[0].end]; }

std::string Printer::rowIsValid() {
  return names[subtile.getBody().getArgument(0)] + "(i) < " + rowEnd(subtile, names);
}

std::string Printer::columnIsValid() {
  return "(isFull || " + names[subtile.getBody().getArgument(1)] + "(j) < " + names[subtile.getDomain()[1].end] + ")";
}

LogicalResult Printer::printMask(tile::MaskOp op) {
  auto operands = llvm::map_to_vector(op.getIndices(), [&](Value index) { return names.at(index); });
  SmallVector<std::string> conditions;
  for (AffineExpr expression : op.getMap().getResults())
    conditions.push_back(names.affine(expression, op.getMap().getNumDims(), operands) + " >= 0");
  if (op.getCondition())
    conditions.push_back(names.at(op.getCondition()));
  line() << "// What takes part.\n";
  declare(op);
  std::string all = conditions.empty() ? "true" : llvm::join(conditions, " && ");
  forEach(op.getType(), names.at(op) + " = isFull || (" + all + ");");
  return success();
}

LogicalResult Printer::printMap(tile::MapOp op) {
  auto text = names.expression(op.getBody().front(), op.getInputs());
  if (failed(text))
    return failure();
  declare(op.getResult());
  forEach(op.getType(), names.at(op.getResult()) + " = " + *text + ";");
  return success();
}

LogicalResult Printer::printUpdate(tile::UpdateOp op) {
  // States are read at the same place: give them their element's text for the expression.
  llvm::DenseMap<Value, std::string> before;
  for (Value input : op.getInputs())
    if (states.contains(input) && before.try_emplace(input, names[input]).second)
      names.alias(input, names[input] + (state[input] > 1 ? "[i][j]" : "[i]"));
  auto text = names.expression(op.getBody().front(), op.getInputs());
  for (auto &[value, name] : before)
    names.alias(value, name);
  if (failed(text))
    return failure();
  int64_t columns = state[op.getRef()];
  Type shape =
      tile::shapedType(plan.rows, columns > 1 ? columns * 4 : 1, tile::elementOf(Float32Type::get(op.getContext())));
  forEach(shape, names[op.getRef()] + (columns > 1 ? "[i][j] = " : "[i] = ") + *text + ";");
  return success();
}

LogicalResult Printer::printReduce(tile::ReduceOp op) {
  Type type = tile::elementOf(op.getType());
  if (type.isInteger(64))
    return refuse(op, "gpu-form") << "it reduces integers";
  StringRef combine, none;
  switch (op.getKind()) {
  case tile::Reduction::Sum:
    combine = "Sum", none = "0";
    break;
  case tile::Reduction::Prod:
    combine = "Product", none = "1";
    break;
  case tile::Reduction::Max:
    combine = "Max", none = "-INFINITY";
    break;
  case tile::Reduction::Min:
    combine = "Min", none = "INFINITY";
    break;
  case tile::Reduction::Any:
    combine = "Any", none = "false";
    break;
  case tile::Reduction::All:
    combine = "All", none = "true";
    break;
  }
  if (tile::rowsOf(op.getType()) == 1)
    return refuse(op, "gpu-form") << "a reduction of one row has no CUDA C++";
  line() << "// A row's columns: " << combine.lower() << " of " << names[op.getValue()] << ".\n";
  declare(op);
  std::string name = names[op.getResult()];
  os << "#pragma unroll\n";
  open("for (int i = 0; i < " + std::to_string(tile::rowsOf(op.getType()) / 8) + "; ++i)");
  line() << name << "[i] = " << none << ";\n";
  os << "#pragma unroll\n";
  line() << "for (int j = 0; j < " << subtile.getColumns() / 4 << "; ++j)\n";
  if (op.getMask()) {
    ++depth;
    line() << "if (" << names.at(op.getMask()) << ")\n";
    --depth;
  }
  line() << (op.getMask() ? "    " : "  ") << name << "[i] = weir::" << combine << "()(" << name << "[i], "
         << names.at(op.getValue()) << ");\n";
  line() << name << "[i] = weir::acrossRow<weir::" << combine << ">(" << name << "[i]);\n";
  close();
  return success();
}

//===-- Tensors -------------------------------------------------------------===//

/// The element's number in a tensor.
std::string Printer::placeOf(Value ref, AffineMap map, ValueRange indices) {
  auto operands = llvm::map_to_vector(indices, [&](Value index) { return names.at(index); });
  std::string sum;
  for (auto [i, expression] : llvm::enumerate(map.getResults())) {
    std::string index = names.affine(expression, map.getNumDims(), operands);
    bool isLast = i + 1 == map.getNumResults();
    std::string term =
        isLast ? index : "static_cast<long long>(" + bare(index) + ") * " + names[ref] + "_stride" + std::to_string(i);
    sum += (sum.empty() ? "" : " + ") + term;
  }
  return sum.empty() ? "0" : sum;
}

static std::string readText(Type storage, const std::string &element) {
  if (isa<FloatType>(storage))
    return "weir::real(" + element + ")";
  if (storage.isInteger(1))
    return element + " != 0";
  return "static_cast<long long>(" + element + ")";
}

LogicalResult Printer::printLoad(tile::LoadOp op) {
  if (states.contains(op.getRef())) {
    int64_t columns = state[op.getRef()];
    declare(op.getResult());
    std::string value = names[op.getRef()] + "[i]";
    if (tile::columnsOf(op.getType()) > 1) {
      std::string place = names[subtile.getDomain()[1].origin] + " / 8 * 2 + j";
      value = place + " < " + std::to_string(columns) + " ? " + value + "[" + place + "] : 0";
    }
    forEach(op.getType(), names.at(op.getResult()) + " = " + value + ";");
    return success();
  }
  Type storage = tile::storageTypeOf(op.getRef());
  bool isPacked = storage.getIntOrFloatBitWidth() < 8 && !storage.isInteger(1);
  if (isPacked || storage.isF64() || isa<Float8E4M3FNType, Float8E5M2Type>(storage))
    return refuse(op, "gpu-form") << "elements of this type have no CUDA C++";
  SmallVector<std::string> conditions;
  if (tile::rowsOf(op.getType()) > 1)
    conditions.push_back(rowIsValid());
  if (tile::columnsOf(op.getType()) > 1)
    conditions.push_back(columnIsValid());
  if (op.getMask())
    conditions.push_back(names.at(op.getMask()));
  std::string element = names[op.getRef()] + "[" + placeOf(op.getRef(), op.getMap(), op.getIndices()) + "]";
  std::string value = readText(storage, element);
  if (!conditions.empty())
    value = llvm::join(conditions, " && ") + " ? " + value + " : 0";
  declare(op.getResult());
  forEach(op.getType(), names.at(op.getResult()) + " = " + value + ";");
  return success();
}

LogicalResult Printer::printStore(tile::StoreOp op) {
  if (states.contains(op.getRef())) {
    if (state[op.getRef()] > 1)
      return refuse(op, "gpu-form") << "it stores columns of a state";
    Type shape = tile::shapedType(plan.rows, 1, tile::elementOf(op.getValue().getType()));
    forEach(shape, names[op.getRef()] + "[i] = " + names.at(op.getValue()) + ";");
    return success();
  }
  Type shape = tile::shapeOfIndices(op.getIndices(), tile::elementOf(op.getValue().getType()));
  if (tile::rowsOf(shape) == 1)
    return refuse(op, "gpu-form") << "an output does not vary with the rows of its tiles";
  Type storage = tile::storageTypeOf(op.getRef());
  if (!storage.isF32() && !storage.isF16() && !storage.isBF16())
    return refuse(op, "gpu-form") << "an output of this type has no CUDA C++";
  bool hasColumns = tile::columnsOf(shape) > 1;
  std::string condition = rowIsValid() + " && " + (hasColumns ? columnIsValid() : std::string("lane % 4 == 0"));
  line() << "// " << names[op.getRef()] << (hasColumns ? "" : ": the first of a row's lanes stores") << ".\n";
  forEach(shape, "if (" + condition + ")\n" + std::string(2 * depth + 6, ' ') + names[op.getRef()] + "[" +
                     placeOf(op.getRef(), op.getMap(), op.getIndices()) + "] = weir::narrow<" + storageOf(storage) +
                     ">(" + names.at(op.getValue()) + ");");
  return success();
}

//===-- Contractions --------------------------------------------------------===//

LogicalResult Printer::printContract(tile::ContractOp op) {
  Operand &left = *plan.left(op), &right = *plan.right(op);
  if (!stream || failed(arrive(right)))
    return refuse(op, "gpu-form") << "a contraction outside a loop over tiles";
  line() << "// Rows of " << tiles[&left] << " by " << tiles[&right] << (right.isNarrow() ? ", on the matrix units.\n" : ".\n");
  declare(op.getResult());
  int64_t extent = right.isContractedContiguous() ? right.columns : right.rows;
  line() << "weir::contract<" << (right.isContractedContiguous() ? "true" : "false") << ", " << extent << ">("
         << names[op.getResult()] << ", " << tiles[&left] << ", " << slotOf(right, stream->origin) << ");\n";
  return success();
}

LogicalResult Printer::printAccumulate(tile::AccumulateOp op) {
  Operand &right = *plan.right(op);
  if (!stream || failed(arrive(right)))
    return refuse(op, "gpu-form") << "an accumulation outside a loop over tiles";
  line() << "// " << names[op.getRef()] << " += " << names[op.getLhs()] << " by " << tiles[&right] << ".\n";
  line() << "weir::accumulate<" << (right.isContractedContiguous() ? "true" : "false") << ">(" << names[op.getRef()]
         << ", " << names[op.getLhs()] << ", " << slotOf(right, stream->origin) << ");\n";
  return success();
}

} // namespace weir::nvptx::cuda
