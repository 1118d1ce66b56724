// Contractions of f32 rounded to tf32, on the matrix units: mma.sync m16n8k8.
#include "codegen/nvptx/Lowering.h"

using namespace mlir;

namespace weir::nvptx {

// With g = lane / 4 and t = lane % 4, the registers of the operands are
//   left:  (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4)      right: (t, g), (t + 4, g)
// The depth may be numbered as one likes, the same for both: what is accumulated, whose result has columns 2 t and 2 t + 1,
// stays where it is as the left operand, if the right one has t at 2 t and t + 4 at 2 t + 1.

static constexpr int64_t depthOfTf32 = 8;

/// sums += left * right: `left` gives the four registers of rows, `right` those of two operands side by side.
void ParallelLowering::multiplyTf32(Fragment &sums, int64_t depth, LoadTf32 left, LoadTf32 right) {
  int64_t products = 0;
  for (int64_t k = 0; k < depth; k += depthOfTf32) {
    pace(products);
    SmallVector<SmallVector<Value>> lefts;
    for (int64_t row = 0; row < sums.rows; row += 2)
      lefts.push_back(left(k, row * 8));
    for (int64_t column = 0; column < sums.columns; column += 4) {
      pace(products);
      products += sums.rows;
      auto words = right(k, column * 4);
      for (int64_t number = 0; number < sums.rows; ++number) {
        int64_t row = number / 2 * 2, half = number % 2;
        SmallVector<Value> four;
        for (int64_t part = 0; part < 4; ++part)
          four.push_back(sums.at(row + part / 2, column + half * 2 + part % 2));
        emit.multiplyTf32(lefts[row / 2], ArrayRef(words).slice(half * 2, 2), four);
        for (int64_t part = 0; part < 4; ++part)
          sums.at(row + part / 2, column + half * 2 + part % 2) = four[part];
      }
    }
  }
}

/// Right operands element by element; `isPaired`: depths 2 t and 2 t + 1 are a lane's.
SmallVector<Value> ParallelLowering::loadRightTf32(const Operand &right, bool isPaired, SharedAddress lanes, int64_t k,
                                                   int64_t n) {
  SmallVector<Value> words;
  for (int64_t column : {n, n + 8})
    for (int64_t depth : {k, k + (isPaired ? 1 : 4)}) {
      Place place = placeOfRight(right, {depth, column});
      words.push_back(emit.roundToTf32(emit.load(emit.f32(), emit.shared(at(right, lanes, place)))));
    }
  return words;
}

/// Four registers by ldmatrix, which gives a lane 32 bits of a row of 16 bytes: one element of four.
SmallVector<Value> ParallelLowering::loadMatricesTf32(Value byte) {
  auto words = emit.loadMatrices(byte, /*transposes=*/false);
  for (Value &word : words)
    word = emit.roundToTf32(LLVM::BitcastOp::create(emit.builder, emit.loc, emit.f32(), word));
  return words;
}

/// Where lanes' right elements lie, of which each has one at depths a step apart.
static Basis lanesOfRight(const Operand &right, int64_t step) {
  Basis places;
  for (Place place : {Place{step, 0}, Place{2 * step, 0}, Place{0, 1}, Place{0, 2}, Place{0, 4}})
    places.push_back(placeOfRight(right, place));
  return places;
}

void ParallelLowering::contractTf32(Operand &left, Operand &right, Fragment &sums, int64_t depth) {
  SharedAddress ofLeft = lanesAt(left, {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {0, 4}}, encoding.ofWarps());
  bool isContiguous = right.isContractedContiguous();
  SharedAddress ofRight = lanesAt(right, isContiguous ? Basis{{1, 0}, {2, 0}, {4, 0}, {0, 4}, {8, 0}} : lanesOfRight(right, 1), {});
  multiplyTf32(
      sums, depth, [&](int64_t k, int64_t row) { return loadMatricesTf32(at(left, ofLeft, {row, k})); },
      [&](int64_t k, int64_t n) {
        return isContiguous ? loadMatricesTf32(at(right, ofRight, {n, k})) : loadRightTf32(right, false, ofRight, k, n);
      });
}

void ParallelLowering::accumulateTf32(Fragment &value, Operand &right, Fragment &sums) {
  Fragment rounded = value;
  for (Value &element : rounded.values)
    element = emit.roundToTf32(element);
  SharedAddress lanes = lanesAt(right, lanesOfRight(right, 2), {});
  multiplyTf32(
      sums, columnsOf.size() * 4,
      [&](int64_t k, int64_t row) {
        int64_t r = row / 8, c = k / 4;
        return SmallVector<Value>{rounded.at(r, c), rounded.at(r + 1, c), rounded.at(r, c + 1), rounded.at(r + 1, c + 1)};
      },
      [&](int64_t k, int64_t n) { return loadRightTf32(right, true, lanes, k, n); });
}

} // namespace weir::nvptx
