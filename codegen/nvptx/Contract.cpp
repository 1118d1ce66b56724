// Contractions: fragments of shared tiles on the matrix units, or plain multiply-adds for f32.
#include "codegen/nvptx/Lowering.h"

using namespace mlir;

namespace weir::nvptx {

/// The image of a number under a linear map of its bits: bits that move by the
/// same distance move together.
Value ParallelLowering::imageOf(Value number, ArrayRef<int64_t> images) {
  llvm::MapVector<int, int64_t> moves; ///< distance to bits of the number
  for (auto [from, image] : llvm::enumerate(images))
    for (unsigned to = 0; image >> to; ++to)
      if (image >> to & 1)
        moves[int(to) - int(from)] |= int64_t(1) << from;
  Value sum = emit.number(0);
  for (auto [distance, bits] : moves) {
    Value part = emit.every(number, emit.number(bits));
    Value by = emit.number(std::abs(distance));
    if (distance > 0)
      part = emit.builder.createOrFold<arith::ShLIOp>(emit.loc, part, by);
    else if (distance < 0)
      part = emit.builder.createOrFold<arith::ShRUIOp>(emit.loc, part, by);
    sum = emit.flip(sum, part);
  }
  return sum;
}

//===-- Addresses of fragments ----------------------------------------------===//

/// Where lanes' and warps' places lie. What is constant is added later: in swizzled
/// rows, within the bits that a lane may set by exclusive or; else by addition.
ParallelLowering::SharedAddress ParallelLowering::lanesAt(const Operand &operand, ArrayRef<Place> lanes,
                                                          ArrayRef<Place> warps) {
  SharedAddress address;
  auto sumOf = [&](auto image) {
    return emit.flip(imageOf(self.lane, llvm::map_to_vector(lanes, image)), imageOf(self.warp, llvm::map_to_vector(warps, image)));
  };
  Value byte;
  if (operand.layout.isPadded()) {
    byte = emit.plus(emit.times(sumOf([](Place place) { return place.row; }), emit.number(operand.layout.getPitch())),
                     emit.times(sumOf([](Place place) { return place.column; }), emit.number(operand.elementBytes())));
  } else {
    byte = sumOf([&](Place place) {
      address.bits |= operand.layout.at(place);
      return operand.layout.at(place);
    });
  }
  Value slot = operand.slots > 1 ? slotAt(operand, pipeline->place) : Value();
  // Tiles begin at multiples of the pitch, so that only bits above it are added to.
  address.byte = emit.plus(baseOf(operand, slot), byte);
  return address;
}

Value ParallelLowering::at(const Operand &operand, SharedAddress lanes, Place place) {
  int64_t constant = operand.layout.at(place), flipped = constant & (operand.layout.getPitch() - 1) & lanes.bits;
  Value byte = flipped ? emit.flip(lanes.byte, emit.number(flipped)) : lanes.byte;
  return emit.plus(byte, emit.number(constant - flipped));
}

ParallelLowering::SharedAddress ParallelLowering::fragmentAddress(const Operand &operand) {
  auto known = pipeline->fragments.find(&operand);
  if (known != pipeline->fragments.end())
    return known->second;
  return pipeline->fragments[&operand] = operand.isLeft ? leftAddress(operand) : rightAddress(operand);
}

ParallelLowering::SharedAddress ParallelLowering::leftAddress(const Operand &operand) {
  auto load = matrixLoad(mmaLeft(), /*alongRow=*/true);
  Basis warps;
  for (Place place : encoding.ofWarps())
    warps.push_back(place);
  return lanesAt(operand, load->addresses, warps);
}

/// Two right operands, side by side.
static Encoding rightPair() { return mmaRight() * Encoding::registers(1, alongColumns); }

ParallelLowering::SharedAddress ParallelLowering::rightAddress(const Operand &operand) {
  auto load = matrixLoad(rightPair(), !operand.isContractedContiguous());
  Basis places;
  for (Place place : load->addresses)
    places.push_back(placeOfRight(operand, place));
  return lanesAt(operand, places, {});
}

SmallVector<Value> ParallelLowering::loadRight(const Operand &operand, SharedAddress lanes, Place place) {
  auto load = matrixLoad(rightPair(), !operand.isContractedContiguous());
  return emit.loadMatrices(at(operand, lanes, placeOfRight(operand, place)), load->transposes);
}

//===-- On the matrix units -------------------------------------------------===//

/// Without fences the assembler loads what it needs steps later, into registers that it then spills.
void ParallelLowering::pace(int64_t &products) {
  if (!plan.isTight() || products < 24)
    return;
  emit.fence();
  products = 0;
}

/// sums += left * right: `depth` steps of 16, left operands by row of tiles and step.
void ParallelLowering::multiplyTiles(const Operand &right, Fragment &sums, int64_t depth,
                                     llvm::function_ref<SmallVector<Value>(int64_t, int64_t)> left) {
  SharedAddress lanes = fragmentAddress(right);
  int64_t tileRows = sums.rows / 2;
  int64_t products = 0;
  for (int64_t k = 0; k < depth; ++k) {
    pace(products);
    SmallVector<SmallVector<Value>> lefts;
    for (int64_t row = 0; row < tileRows; ++row)
      lefts.push_back(left(row, k));
    for (int64_t column = 0; column < sums.columns / 2; column += 2) {
      pace(products);
      products += 2 * tileRows;
      auto words = loadRight(right, lanes, {k * 16, column * 8});
      for (int64_t half = 0; half < 2; ++half)
        for (int64_t row = 0; row < tileRows; ++row) {
          // Registers of the result are two columns of a row, then of the row 8 below.
          SmallVector<Value> four;
          auto forFour = [&](auto body) {
            for (int64_t part = 0; part < 4; ++part)
              body(part, sums.at(row * 2 + part / 2, (column + half) * 2 + part % 2));
          };
          forFour([&](int64_t, Value &sum) { four.push_back(sum); });
          emit.multiply(right.element, lefts[row], ArrayRef(words).slice(half * 2, 2), four);
          forFour([&](int64_t part, Value &sum) { sum = four[part]; });
        }
    }
  }
}

LogicalResult ParallelLowering::emitContract(tile::ContractOp op) {
  Operand &left = *plan.left(op), &right = *plan.right(op);
  if (!pipeline)
    return refuse(op, "gpu-form") << "a contraction outside a loop over tiles";
  if (failed(arrive(right)))
    return failure();
  Fragment sums(rowsOf.size(), columnsOf.size());
  llvm::fill(sums.values, emit.real(emit.f32(), 0));
  int64_t extent = right.isContractedContiguous() ? right.columns : right.rows;
  if (right.isNarrow()) {
    SharedAddress lanes = fragmentAddress(left);
    multiplyTiles(right, sums, extent / 16, [&](int64_t row, int64_t k) {
      return emit.loadMatrices(at(left, lanes, {row * 16, k * 16}), false);
    });
  } else if (plan.roundsToTf32) {
    contractTf32(left, right, sums, extent);
  } else {
    // Lanes differ in their columns as well, which the left tile does not have.
    Basis rowsOnly;
    for (Place place : encoding.ofLanes())
      rowsOnly.push_back({place.row, 0});
    SharedAddress lanes = lanesAt(left, rowsOnly, encoding.ofWarps());
    for (int64_t k = 0; k < extent; ++k)
      multiplyPlain(right, sums, k, [&](int64_t row, int64_t depth) {
        return emit.load(emit.f32(), emit.shared(at(left, lanes, {rowsOf[row], depth})));
      });
  }
  sums.signedBy = plan.factorOf(op);
  fragments[op] = sums;
  return success();
}

/// The registers of a left operand are those of two neighbouring results.
static bool resultsAreLefts() { return mmaResult() * Encoding::registers(1, alongColumns) == mmaLeft(); }

/// A result's registers as left operands, by row of tiles and step.
SmallVector<SmallVector<Value>> ParallelLowering::packed(Fragment &value, Type element) {
  SmallVector<SmallVector<Value>> lefts;
  for (int64_t row = 0; row < int64_t(rowsOf.size()); row += 2)
    for (int64_t column = 0; column < int64_t(columnsOf.size()); column += 4) {
      auto &words = lefts.emplace_back();
      for (int64_t part = 0; part < 4; ++part) {
        int64_t r = row + part % 2, c = column + part / 2 * 2;
        words.push_back(emit.pack(element, value.at(r, c), value.at(r, c + 1)));
      }
    }
  return lefts;
}

LogicalResult ParallelLowering::emitAccumulate(tile::AccumulateOp op) {
  assert(resultsAreLefts() && "what is accumulated stays in its registers");
  Operand &right = *plan.right(op);
  if (!pipeline)
    return refuse(op, "gpu-form") << "an accumulation outside a loop over tiles";
  Fragment value = input(op.getLhs());
  Fragment &sums = carries[op.getRef()];
  int64_t columns = columnsOf.size();
  if (right.isNarrow()) {
    auto lefts = packed(value, right.element); // before the wait, through which half of the registers live
    if (failed(arrive(right)))
      return failure();
    Value state = plan.riderOf(op), ones = emit.number(right.element.isBF16() ? 0x3f803f80 : 0x3c003c00); // two of them
    Fragment more(sums.rows, 2); // both of whose columns are the sum
    llvm::fill(more.values, emit.real(emit.f32(), 0));
    multiplyTiles(right, sums, columns / 4, [&](int64_t row, int64_t k) {
      auto &words = lefts[row * (columns / 4) + k];
      if (state)
        emit.multiply(right.element, words, {ones, ones}, MutableArrayRef(more.values).slice(row * 4, 4));
      return words;
    });
    for (int64_t row = 0; state && row < sums.rows; ++row) {
      Value &sum = carries[state].at(row, 0);
      sum = arith::AddFOp::create(emit.builder, emit.loc, sum, more.at(row, 0), arith::FastMathFlags::contract);
    }
    return success();
  }
  if (failed(arrive(right)))
    return failure();
  if (plan.roundsToTf32) {
    accumulateTf32(value, right, sums);
    return success();
  }
  // Column k of a row lies with the lane of the same row that has this column.
  for (int64_t k = 0; k < columns * 4; ++k) {
    int64_t inGroup = k % 8, reg = k / 8 * 2 + inGroup % 2;
    Value holder = emit.plus(emit.minus(self.lane, emit.every(self.lane, emit.number(3))), emit.number(inGroup / 2));
    multiplyPlain(right, sums, k,
                  [&](int64_t row, int64_t) { return emit.fromLane(value.at(row, reg), holder); });
  }
  return success();
}

//===-- In f32 --------------------------------------------------------------===//

/// sums += left * right at depth k, an element at a time.
void ParallelLowering::multiplyPlain(Operand &right, Fragment &sums, int64_t k,
                                     llvm::function_ref<Value(int64_t row, int64_t k)> left) {
  Basis columnsOnly;
  for (Place place : encoding.ofLanes())
    columnsOnly.push_back(placeOfRight(right, {0, place.column}));
  SharedAddress lanes = lanesAt(right, columnsOnly, {});
  SmallVector<Value> lefts;
  for (int64_t row = 0; row < sums.rows; ++row)
    lefts.push_back(left(row, k));
  for (int64_t column = 0; column < sums.columns; ++column) {
    Place place = placeOfRight(right, {k, column / 2 * 8 + column % 2});
    Value element = emit.load(emit.f32(), emit.shared(at(right, lanes, place)));
    for (int64_t row = 0; row < sums.rows; ++row)
      sums.at(row, column) = emit.fma(lefts[row], element, sums.at(row, column));
  }
}

} // namespace weir::nvptx
