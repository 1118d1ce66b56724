// Control, and copies to shared memory.
#include "codegen/nvptx/cuda/Printer.h"
#include "codegen/nvptx/Nvptx.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::nvptx::cuda {

static constexpr int64_t chunkBytes = 16;

void Printer::open(const Twine &head) {
  line() << head << (head.isTriviallyEmpty() ? "{\n" : " {\n");
  ++depth;
}

void Printer::close(StringRef tail) {
  --depth;
  line() << tail << '\n';
}

void Printer::forEach(Type shape, const std::string &statement) {
  unsigned before = depth;
  if (tile::rowsOf(shape) > 1) {
    os << "#pragma unroll\n";
    line() << "for (int i = 0; i < " << tile::rowsOf(shape) / 8 << "; ++i)\n";
    ++depth;
  }
  if (tile::columnsOf(shape) > 1) {
    os << "#pragma unroll\n";
    line() << "for (int j = 0; j < " << tile::columnsOf(shape) / 4 << "; ++j)\n";
    ++depth;
  }
  line() << statement << '\n';
  depth = before;
}

void Printer::declare(Value value, StringRef wish) {
  std::string name = wish.empty() ? names.define(value) : names.define(value, wish);
  Type type = value.getType();
  line() << typeOf(tile::elementOf(type)) << ' ' << name;
  if (tile::rowsOf(type) > 1)
    os << '[' << tile::rowsOf(type) / 8 << ']';
  if (tile::columnsOf(type) > 1)
    os << '[' << tile::columnsOf(type) / 4 << ']';
  os << ";\n";
}

//===-- Control -------------------------------------------------------------===//

LogicalResult Printer::print() {
  printPosition();
  for (Operand &operand : plan.operands)
    printTile(operand);
  return printBlock(loop.getBody().front());
}

/// The block's place among the iterations.
void Printer::printPosition() {
  line() << "const int lane = weir::lane(), warp = weir::warp();\n";
  unsigned all = loop.getSteps().size();
  if (all > 3)
    line() << "int rest = static_cast<int>(blockIdx.z);\n";
  for (unsigned i = all; i-- > 0;) {
    unsigned dimension = gridDimension(i, all);
    bool isShared = dimension == 2 && all > 3; // the first of those along z is the slowest
    int64_t step = loop.getSteps()[i];
    std::string end = names[loop.getEnds()[i]], count = end;
    if (step > 1)
      count = "((" + end + " + " + std::to_string(step - 1) + ") / " + std::to_string(step) + ")";
    std::string place = isShared ? "rest" : std::string("static_cast<int>(blockIdx.") + "xyz"[dimension] + ")";
    std::string name = names.define(loop.getBody().getArgument(i));
    if (isShared && i > 0)
      place = "rest % " + count;
    if (loop.getDescending()[i])
      place = count + " - 1 - " + (isShared && i > 0 ? "(" + place + ")" : place);
    line() << "const int " << name << " = " << (step > 1 ? "(" + place + ") * " + std::to_string(step) : place)
           << ";\n";
    if (isShared && i > 0)
      line() << "rest /= " << count << ";\n";
  }
}

LogicalResult Printer::printBlock(Block &block) {
  for (Operation &inner : block)
    if (failed(printOp(inner)))
      return failure();
  return success();
}

/// False for what only says how few rows of a sub-tile have work, which is not looked at.
static bool isNeeded(tile::IndexOp op) {
  return llvm::any_of(op->getUses(), [](OpOperand &use) {
    if (auto index = dyn_cast<tile::IndexOp>(use.getOwner()))
      return isNeeded(index);
    auto subtile = dyn_cast<tile::SubtileOp>(use.getOwner());
    return !subtile || !llvm::is_contained(subtile.getOnly(), use.get()) ||
           llvm::is_contained(subtile.getOrigins(), use.get()) || llvm::is_contained(subtile.getEnds(), use.get());
  });
}

LogicalResult Printer::printOp(Operation &inner) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(&inner)
      .Case([&](tile::IndexOp op) {
        if (!isNeeded(op))
          return success();
        std::string text = names.index(op);
        line() << "const int " << names.define(op) << " = " << text << ";\n";
        return success();
      })
      .Case([&](tile::CarryOp op) {
        printCarry(op);
        return success();
      })
      .Case([&](tile::StageOp op) -> LogicalResult {
        for (Operand &operand : plan.operands)
          if (operand.isLeft && operand.stage == op) {
            line() << "// " << tiles[&operand] << ": the block's rows, which stay.\n";
            if (failed(printCopy(operand, names[op.getDomain()[operand.rowRank].origin])))
              return failure();
          }
        return success();
      })
      .Case([&](tile::ConvertOp op) {
        names.alias(op, names[op.getValue()]);
        return success();
      })
      .Case([&](tile::ForOp op) { return printFor(op); })
      .Case([&](tile::SubtileOp op) { return printSubtile(op); })
      .Case([&](tile::WhenOp op) { return printWhen(op); })
      .Case([&](tile::MaskOp op) { return printMask(op); })
      .Case([&](tile::MapOp op) { return printMap(op); })
      .Case([&](tile::UpdateOp op) { return printUpdate(op); })
      .Case([&](tile::ReduceOp op) { return printReduce(op); })
      .Case([&](tile::LoadOp op) { return printLoad(op); })
      .Case([&](tile::StoreOp op) { return printStore(op); })
      .Case([&](tile::ContractOp op) { return printContract(op); })
      .Case([&](tile::AccumulateOp op) { return printAccumulate(op); })
      .Default([](Operation *op) { return refuse(op, "gpu-form") << "'" << op->getName() << "' has no CUDA C++"; });
}

/// A state: rows of the warp, by all columns of its second rank.
void Printer::printCarry(tile::CarryOp op) {
  std::string name = names.define(op);
  int64_t columns = op.getTiles().size() > 1 ? llvm::divideCeil(*staticExtent(op.getDomain()[1].end), 16) * 4 : 1;
  states.insert(op);
  state[op] = columns;
  std::string value = realText(op.getInit() ? cast<FloatAttr>(*op.getInit()).getValueAsDouble() : 0);
  int64_t rows = plan.rows / 8;
  line() << "// " << name << ": a state of each row" << (columns > 1 ? " and column" : "") << ".\n";
  line() << "float " << name << '[' << rows << ']';
  if (columns > 1)
    os << '[' << columns << ']';
  os << ";\n#pragma unroll\n";
  line() << "for (int i = 0; i < " << rows << "; ++i)\n";
  ++depth;
  if (columns > 1) {
    os << "#pragma unroll\n";
    line() << "for (int j = 0; j < " << columns << "; ++j)\n";
    ++depth;
  }
  line() << name << (columns > 1 ? "[i][j] = " : "[i] = ") << value << ";\n";
  depth -= columns > 1 ? 2 : 1;
}

/// Loops over the columns of a state are unrolled, as registers have no numbers.
static bool readsState(tile::ForOp op, const llvm::DenseSet<Value> &states) {
  return op.getBody()
      .walk([&](tile::LoadOp load) {
        return states.contains(load.getRef()) && tile::rankOf(load.getRef()) > 1 ? WalkResult::interrupt()
                                                                                 : WalkResult::advance();
      })
      .wasInterrupted();
}

/// A loop around loops over tiles: point by point.
LogicalResult Printer::printOuter(tile::ForOp op) {
  std::string name = names.define(op.getBody().getArgument(0));
  open("for (int " + name + " = " + names[op.getLower()] + "; " + name + " < " + names[op.getUpper()] + "; " + name +
       " += " + std::to_string(op.getStep()) + ")");
  LogicalResult result = printBlock(op.getBody().front());
  close();
  return result;
}

LogicalResult Printer::printFor(tile::ForOp op) {
  if (!op.getBody().getOps<tile::ForOp>().empty())
    return printOuter(op);
  if (op.getOrder() != tile::Order::Any && !op.getFull().empty())
    return refuse(op, "gpu-form") << "its tiles have an order";
  if (!readsState(op, states))
    return printTiles(op);
  std::string name = names.define(op.getBody().getArgument(0));
  os << "#pragma unroll\n";
  open("for (int " + name + " = " + names[op.getLower()] + "; " + name + " < " +
       std::to_string(*staticExtent(op.getUpper())) + "; " + name + " += " + std::to_string(op.getStep()) + ")");
  line() << "[[maybe_unused]] constexpr bool isFull = false;\n";
  LogicalResult result = printBlock(op.getBody().front());
  close();
  return result;
}

LogicalResult Printer::printTiles(tile::ForOp op) {
  Stream line_;
  op.getBody().walk([&](Operation *inner) {
    if (isa<tile::ContractOp, tile::AccumulateOp>(inner) && !llvm::is_contained(line_.uses, plan.right(inner)))
      line_.uses.push_back(plan.right(inner));
  });
  std::string name = names.define(op.getBody().getArgument(0)), step = std::to_string(op.getStep());
  std::string lower = names[op.getLower()], upper = names[op.getUpper()];
  line_.origin = name;
  streamStep = op.getStep();
  line_.next = name + " + " + step;
  line_.isMore = line_.next + " < " + upper;
  for (Operand *operand : line_.uses) {
    copies[operand] = names.fresh("copy" + tiles[operand]);
    std::string origin = names.fresh(StringRef(name).rtrim("0123456789").str() + "At");
    line() << "// The tile of " << tiles[operand] << " that begins at " << origin << ".\n";
    open("auto " + copies[operand] + " = [&](const int " + origin + ")");
    if (failed(printCopy(*operand, origin)))
      return failure();
    close("};");
  }
  bool hasClasses = !op.getFull().empty();
  stream = &line_;
  std::string body = names.fresh("tile");
  line() << "// One tile" << (hasClasses ? ": full ones need no masks" : "") << ".\n";
  open("auto " + body + " = [&](const int " + name + ", auto classOfTile)");
  line() << "[[maybe_unused]] constexpr bool isFull = decltype(classOfTile)::value;\n";
  LogicalResult result = printBlock(op.getBody().front());
  close("};");
  stream = nullptr;
  if (!line_.uses.empty()) {
    line() << "__syncthreads(); // nothing reads the tiles any more\n";
    line() << "if (" << lower << " < " << upper << ")\n";
    line() << "  " << copies[line_.uses[0]] << '(' << lower << ");\n";
  }
  open("for (int " + name + " = " + lower + "; " + name + " < " + upper + "; " + name + " += " + step + ")");
  if (hasClasses) {
    line() << "if (" << name << " >= " << names[op.getFull()[0]] << " && " << name << " < " << names[op.getFull()[1]]
           << ")\n";
    line() << "  " << body << '(' << name << ", weir::Full());\n";
    line() << "else\n  ";
  }
  line() << body << '(' << name << ", weir::Partial());\n";
  close();
  return result;
}

LogicalResult Printer::printSubtile(tile::SubtileOp op) {
  auto before = subtile;
  subtile = op;
  tile::Domain domain = op.getDomain();
  Block &body = op.getBody().front();
  std::string row = names.define(body.getArgument(0));
  open("");
  line() << "auto " << row << " = [&](int i) { return " << names[domain[0].origin] << " + warp * " << op.getRows()
         << " + lane / 4 + 8 * i; };\n";
  if (domain.size() > 1) {
    std::string column = names.define(body.getArgument(1));
    line() << "auto " << column << " = [&](int j) { return " << names[domain[1].origin]
           << " + lane % 4 * 2 + j / 2 * 8 + j % 2; };\n";
  }
  if (!op->getParentOfType<tile::ForOp>())
    line() << "[[maybe_unused]] constexpr bool isFull = false;\n";
  LogicalResult result = printBlock(body);
  close();
  subtile = before;
  return result;
}

LogicalResult Printer::printWhen(tile::WhenOp op) {
  if (failed(checkProducts(op)))
    return failure();
  Value condition = op.getCondition();
  bool isRows = tile::rowsOf(condition.getType()) > 1 && tile::columnsOf(condition.getType()) == 1;
  if (!isRows && isa<tile::SubType>(condition.getType()))
    return refuse(op, "gpu-form") << "a condition of each point has no CUDA C++";
  line() << "// Where no row of the warp needs it, this is left out.\n";
  open("if (" + (isRows ? "weir::anyRow(" + names[condition] + ")" : names[condition]) + ")");
  LogicalResult result = printBlock(op.getBody().front());
  close();
  return result;
}

//===-- Copies --------------------------------------------------------------===//

void Printer::printTile(Operand &operand) {
  std::string name = "staged";
  if (auto named = dyn_cast<OpAsmOpInterface>(operand.stage.getOperation()))
    named.getAsmResultNames([&](Value, StringRef wish) { name = wish.str(); });
  tiles[&operand] = name = names.fresh(name);
  const SharedLayout &layout = operand.layout;
  line() << "// " << name << ": " << operand.rows << " x " << operand.columns;
  if (operand.slots > 1)
    os << ", " << operand.slots << " times";
  os << ".\n";
  line() << "const weir::SharedTile<" << storageOf(operand.element) << ", " << layout.getPitch();
  for (int64_t row : {1, 2, 4}) // what its bit flips below the pitch
    os << ", " << (layout.isPadded() ? 0 : layout.at({row, 0}) % layout.getPitch());
  os << "> " << name << "{weir::sharedBase() + " << operand.offset << "};\n";
}

std::string Printer::slotOf(Operand &operand, const std::string &origin) {
  if (operand.slots == 1)
    return tiles[&operand];
  int64_t step = operand.isLeft ? 1 : streamStep;
  return tiles[&operand] + ".slot(" + origin + " / " + std::to_string(step) + " % " + std::to_string(operand.slots) +
         ", " + std::to_string(operand.layout.size()) + ")";
}

/// True if copies of 16 bytes can bring the load: its rows are contiguous and aligned.
bool Printer::isAsync(Operand &operand, tile::LoadOp load) {
  Block &body = operand.stage.getBody().front();
  if (!load || load.getMask() || !llvm::hasNItems(body, 2) || tile::storageTypeOf(load.getRef()) != operand.element)
    return false;
  AffineMap map = load.getMap();
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  auto extent = staticExtent(operand.stage.getDomain()[operand.columnRank].end);
  return last && load.getIndices()[last.getPosition()] == body.getArgument(operand.columnRank) && extent &&
         needsAlignment(*extent, operand.elementBytes()) &&
         llvm::none_of(map.getResults().drop_back(),
                       [&](AffineExpr expression) { return expression.isFunctionOfDim(last.getPosition()); });
}

LogicalResult Printer::printCopy(Operand &operand, const std::string &origin) {
  Block &body = operand.stage.getBody().front();
  if (!operand.isLeft) {
    auto indices = llvm::map_to_vector(operand.indices, [&](Value index) { return names[index]; });
    for (unsigned i = 0; i + 2 < operand.stage.getDomain().size(); ++i) {
      AffineExpr leading = operand.map.getResult(i);
      for (auto [dimension, text] : llvm::enumerate(indices)) {
        bool isSymbol = dimension >= operand.map.getNumDims();
        if (text.empty() && (isSymbol ? leading.isFunctionOfSymbol(dimension - operand.map.getNumDims())
                                      : leading.isFunctionOfDim(dimension)))
          return refuse(operand.stage, "gpu-form")
                 << "its copies run ahead of the loop's body, in which the place of the tile is looked up, and have no CUDA C++";
      }
      names.alias(body.getArgument(i), "(" + names.affine(leading, operand.map.getNumDims(), indices) + ")");
    }
  }
  std::string tile = slotOf(operand, origin);
  auto load = dyn_cast<tile::LoadOp>(body.front());
  bool async = isAsync(operand, load);
  int64_t perChunk = async ? chunkBytes / operand.elementBytes() : 1, across = operand.columns / perChunk;
  open("for (int c = static_cast<int>(threadIdx.x); c < " + std::to_string(operand.rows * across) +
       "; c += weir::threads)");
  line() << "const int row = c / " << across << ", column = c % " << across
         << (async ? " * " + std::to_string(perChunk) : "") << ";\n";
  SmallVector<std::string> conditions;
  for (auto [rank, place] : {std::pair(operand.rowRank, "row"), std::pair(operand.columnRank, "column")}) {
    Value index = body.getArgument(rank);
    std::string begin = operand.tiled == rank ? origin + " + " : "";
    std::string name = names.define(index);
    line() << "const int " << name << " = " << begin << place << ";\n";
    conditions.push_back(name + " < " + names[operand.stage.getDomain()[rank].end]);
  }
  line() << "const bool isValid = " << llvm::join(conditions, " && ") << ";\n";
  std::string at = tile + ".at(row, column)";
  LogicalResult result = success();
  if (async)
    line() << "weir::copyAsync(" << at << ", " << names[load.getRef()] << " + (isValid ? "
           << placeOf(load.getRef(), load.getMap(), load.getIndices()) << " : 0), isValid);\n";
  else
    result = printPlainCopy(operand, at);
  close();
  return result;
}

LogicalResult Printer::printPlainCopy(Operand &operand, const std::string &at) {
  line() << "float value = 0;\n";
  open("if (isValid)");
  auto value = printStage(operand.stage);
  if (failed(value))
    return failure();
  line() << "value = " << *value << ";\n";
  close();
  line() << "weir::storeShared(" << at << ", weir::narrow<" << storageOf(operand.element) << ">(value));\n";
  return success();
}

/// The statements of a stage's region at one point, and the value that it yields.
FailureOr<std::string> Printer::printStage(tile::StageOp stage) {
  for (Operation &inner : stage.getBody().front()) {
    if (auto yield = dyn_cast<tile::YieldOp>(inner))
      return names[yield.getValue()];
    if (auto load = dyn_cast<tile::LoadOp>(inner)) {
      if (failed(printLoad(load)))
        return failure();
      continue;
    }
    auto text =
        names.operation(inner, llvm::map_to_vector(inner.getOperands(), [&](Value operand) { return names[operand]; }));
    if (failed(text))
      return failure();
    names.alias(inner.getResult(0), *text);
  }
  return failure();
}

LogicalResult Printer::arrive(Operand &operand) {
  if (llvm::is_contained(stream->arrived, &operand))
    return success();
  stream->arrived.push_back(&operand);
  unsigned use = llvm::find(stream->uses, &operand) - stream->uses.begin();
  line() << "weir::awaitCopies();\n";
  line() << "__syncthreads(); // " << tiles[&operand] << " is there\n";
  if (use + 1 < stream->uses.size()) {
    line() << copies[stream->uses[use + 1]] << '(' << stream->origin << ");\n";
    return success();
  }
  line() << "if (" << stream->isMore << ")\n";
  line() << "  " << copies[stream->uses[0]] << '(' << stream->next << ");\n";
  return success();
}

} // namespace weir::nvptx::cuda
