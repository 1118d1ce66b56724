// Index arithmetic of maps: sums of multiples of indices, which take a register a lane and constants.
#include "codegen/nvptx/Lowering.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace weir::nvptx {

static Line sumOf(const Line &a, const Line &b, int64_t factor) {
  Line sum = a;
  sum.constant += factor * b.constant;
  for (auto [index, coefficient] : b.terms)
    if ((sum.terms[index] += factor * coefficient) == 0)
      sum.terms.erase(index);
  return sum;
}

/// Coefficients of more would let sums of them overflow.
static bool isSmall(const Line &line) {
  auto fits = [](int64_t value) { return std::abs(value) < int64_t(1) << 24; };
  return fits(line.constant) && llvm::all_of(line.terms, [&](auto &term) { return fits(term.second); });
}

std::optional<Line> lineOf(Operation &op, const Lines &lines) {
  APInt known;
  if (matchPattern(&op, m_ConstantInt(&known)) && isa<IndexType>(op.getResult(0).getType()))
    return Line{{}, known.getSExtValue()};
  SmallVector<const Line *, 2> operands;
  for (Value operand : op.getOperands()) {
    auto found = lines.find(operand);
    if (found == lines.end())
      return std::nullopt;
    operands.push_back(&found->second);
  }
  std::optional<Line> line;
  if (isa<arith::IndexCastOp>(op))
    line = *operands[0];
  else if (isa<arith::AddIOp>(op))
    line = sumOf(*operands[0], *operands[1], 1);
  else if (isa<arith::SubIOp>(op))
    line = sumOf(*operands[0], *operands[1], -1);
  else if (isa<arith::MulIOp>(op) && (operands[0]->terms.empty() || operands[1]->terms.empty()))
    line = operands[0]->terms.empty() ? sumOf({}, *operands[1], operands[0]->constant)
                                      : sumOf({}, *operands[0], operands[1]->constant);
  return line && isSmall(*line) ? line : std::nullopt;
}

/// The greatest extent, and the greatest index of 32 bits.
static constexpr int64_t most = std::numeric_limits<int32_t>::max();

/// The end of the rank that an index of a sub-tile runs over; null for others.
static Value endOf(Value index) {
  if (!tile::isRowIndex(index) && !tile::isColumnIndex(index))
    return {};
  auto subtile = cast<tile::SubtileOp>(cast<BlockArgument>(index).getOwner()->getParentOp());
  return subtile.getDomain()[cast<BlockArgument>(index).getArgNumber()].end;
}

/// Whether 32 bits hold the value wherever it means something: at points of the ranks.
static bool isShort(Line line) {
  int64_t low = line.constant, high = line.constant;
  auto add = [&](int64_t a, int64_t b) {
    low += std::min(a, b);
    high += std::max(a, b);
  };
  for (auto [index, coefficient] : llvm::to_vector(line.terms)) {
    Value end = endOf(index);
    if (end && std::abs(coefficient) == 1 && line.terms.lookup(end) == -coefficient) { // index - end is negative
      add(-coefficient, -coefficient * most);
      line.terms.erase(index);
      line.terms.erase(end);
    }
  }
  for (auto [index, coefficient] : line.terms)
    add(coefficient * most, isa<BlockArgument>(index) ? 0 : -coefficient * most);
  return low >= -most && high <= most;
}

Affine ParallelLowering::affineOf(const Line &line, bool wide) {
  auto isLong = [&](Value index) { return scalars.contains(index) && scalars.lookup(index).getType().isInteger(64); };
  wide |= !isShort(line) || llvm::any_of(line.terms, [&](auto &term) { return isLong(term.first); });
  Type type = wide ? emit.i64() : emit.i32();
  Affine sum{emit.integer(type, line.constant)};
  for (auto [index, coefficient] : line.terms) {
    bool isRow = tile::isRowIndex(index), isColumn = tile::isColumnIndex(index);
    Value value = isRow ? rowBase : isColumn ? columnBase : scalars.lookup(index);
    value = wide ? emit.wide(value) : value;
    sum.base = emit.plus(sum.base, emit.times(value, emit.integer(type, coefficient)));
    sum.row += isRow * coefficient;
    sum.column += isColumn * coefficient;
  }
  return sum;
}

/// A fragment made from what each register adds to the base.
Fragment ParallelLowering::spread(const Affine &affine, llvm::function_ref<Value(Value base, int64_t more)> make) {
  Fragment values(affine.row ? rowsOf.size() : 1, affine.column ? columnsOf.size() : 1);
  for (int64_t row = 0; row < values.rows; ++row)
    for (int64_t column = 0; column < values.columns; ++column)
      values.at(row, column) = make(affine.base, (affine.row ? affine.row * rowsOf[row] : 0) +
                                                     (affine.column ? affine.column * columnsOf[column] : 0));
  return values;
}

Fragment ParallelLowering::valuesOf(const Line &line) {
  return spread(affineOf(line, /*wide=*/true),
                [&](Value base, int64_t more) { return emit.plus(base, emit.integer(more)); });
}

/// What reads index arithmetic where 32 bits are enough: conversions to reals and comparisons.
std::optional<Fragment> ParallelLowering::evaluateOfLines(Operation &op, const Lines &lines) {
  auto compare = dyn_cast<arith::CmpIOp>(op);
  bool areLines = llvm::all_of(op.getOperands(), [&](Value operand) { return lines.contains(operand); });
  if (!areLines || (!compare && !isa<arith::SIToFPOp>(op)))
    return std::nullopt;
  const Line &left = lines.find(op.getOperand(0))->second;
  if (compare)
    return spread(affineOf(sumOf(left, lines.find(op.getOperand(1))->second, -1), /*wide=*/false),
                  [&](Value base, int64_t more) {
                    return emit.builder.createOrFold<arith::CmpIOp>(emit.loc, compare.getPredicate(), base,
                                                                    emit.integer(base.getType(), -more));
                  });
  return spread(affineOf(left, /*wide=*/false), [&](Value base, int64_t more) -> Value {
    Value sum = emit.plus(base, emit.integer(base.getType(), more));
    return arith::SIToFPOp::create(emit.builder, emit.loc, op.getResult(0).getType(), sum);
  });
}

} // namespace weir::nvptx
