// Registers by liveness: of values between the operations of a sub-tile, and inside its maps.
#include "codegen/nvptx/Pressure.h"

#include "codegen/nvptx/Lowering.h"

using namespace mlir;

namespace weir::nvptx {
namespace {

/// The rows and columns of a value that are registers of a lane: those of mmaResult().
struct Extent {
  int64_t rows = 1, columns = 1;

  explicit Extent(Type type = nullptr) {
    if (type && tile::rowsOf(type) > 1)
      rows = tile::rowsOf(type) / 8;
    if (type && tile::columnsOf(type) > 1)
      columns = tile::columnsOf(type) / 4;
  }
  void join(const Extent &other) {
    rows = std::max(rows, other.rows);
    columns = std::max(columns, other.columns);
  }
  int64_t registers(Type element) const {
    int64_t count = rows * columns;
    if (count == 1)
      return 0; // mostly the same in all lanes
    if (element.isInteger(1))
      return llvm::divideCeil(count, 7); // predicates that wait are packed
    return element.isInteger(64) || isa<IndexType>(element) ? 2 * count : count;
  }
};

/// Values between a first and a last place of a sequence, and the most that live at once.
class Liveness {
public:
  void add(int64_t first, int64_t last, int64_t registers) { ranges.push_back({first, last, registers}); }
  int64_t at(int64_t place) const {
    int64_t sum = 0;
    for (auto [first, last, registers] : ranges)
      sum += first <= place && place < last ? registers : 0; // a result takes the place of what is last read
    return sum;
  }

private:
  struct Range {
    int64_t first, last, registers;
  };
  SmallVector<Range> ranges;
};

/// What a map's region takes beside operands that live on: a value for each register, operation by operation.
int64_t pressureInside(Block &body, ValueRange inputs, llvm::function_ref<bool(Value)> dies) {
  llvm::DenseMap<Value, Extent> extents;
  llvm::DenseMap<Value, int64_t> first;
  Lines lines;
  Liveness live;
  int64_t place = 0, most = 0;
  for (auto [argument, input] : llvm::zip(body.getArguments(), inputs)) {
    extents[argument] = Extent(tile::shapeOfIndices(input, tile::elementOf(input.getType())));
    if (isa<IndexType>(input.getType()))
      lines[argument].terms[input] = 1;
    else if (dies(input))
      first[argument] = 0;
  }
  for (Operation &op : body) {
    ++place;
    Extent extent;
    for (Value operand : op.getOperands())
      extent.join(extents.lookup(operand));
    for (Value result : op.getResults()) {
      extents[result] = extent;
      if (auto line = lineOf(op, lines))
        lines[result] = *line;
      else
        first[result] = place;
    }
  }
  auto placeOf = [&](Operation *op) { return std::distance(body.begin(), op->getIterator()) + 1; };
  for (auto [value, begin] : first) {
    int64_t last = begin;
    for (Operation *user : value.getUsers())
      last = std::max<int64_t>(last, placeOf(user));
    live.add(begin, last, extents.lookup(value).registers(value.getType()));
  }
  for (int64_t i = 0; i <= place; ++i)
    most = std::max(most, live.at(i));
  return most;
}

int64_t pressureOfSubtile(tile::SubtileOp subtile) {
  SmallVector<Operation *> ops;
  subtile.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<tile::TileDialect>(op->getDialect()) && !isa<tile::YieldOp>(op))
      ops.push_back(op);
  });
  llvm::DenseMap<Operation *, int64_t> places;
  for (auto [i, op] : llvm::enumerate(ops))
    places[op] = i;
  Liveness live;
  llvm::DenseMap<Value, int64_t> last;
  for (auto [i, op] : llvm::enumerate(ops))
    for (Value operand : op->getOperands())
      last[operand] = i;
  for (auto [i, op] : llvm::enumerate(ops))
    for (Value result : op->getResults()) {
      bool isPacked = isa<tile::ConvertOp>(op);
      int64_t registers = Extent(result.getType()).registers(tile::elementOf(result.getType()));
      live.add(i, last.lookup(result), isPacked ? registers / 2 : registers);
    }
  int64_t most = 0;
  for (auto [i, op] : llvm::enumerate(ops)) {
    int64_t inside = 0;
    if (auto map = dyn_cast<tile::MapOp>(op)) {
      auto dies = [&](Value input) { return last.lookup(input) == int64_t(i); };
      int64_t result = Extent(map.getType()).registers(tile::elementOf(map.getType()));
      inside = std::max<int64_t>(pressureInside(map.getBody().front(), map.getInputs(), dies) - result, 0);
    }
    most = std::max(most, live.at(i) + inside);
  }
  return most;
}

} // namespace

int64_t pressureOf(tile::ParallelOp loop) {
  int64_t states = 0, values = 0, rows = 0;
  loop.walk([&](tile::SubtileOp subtile) {
    rows = std::max<int64_t>(rows, subtile.getRows() / 8);
    if (subtile->getParentOfType<tile::ForOp>() && !subtile.getBody().getOps<tile::ContractOp>().empty())
      values = std::max(values, pressureOfSubtile(subtile));
  });
  for (auto carry : loop.getBody().getOps<tile::CarryOp>()) {
    tile::Domain domain = carry.getDomain();
    auto columns = domain.size() > 1 ? staticExtent(domain[1].end) : std::nullopt;
    states += rows * (columns ? llvm::divideCeil(*columns, 16) * 4 : 1);
  }
  return states + values;
}

} // namespace weir::nvptx
