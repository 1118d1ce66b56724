// Contractions along memory: of few rows with columns that are read once, as they lie.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

/// Each two vectors become one, with half of each sum's terms added: the even units of
/// both in each group of lanes, and the odd ones.
static SmallVector<Value> sumPairs(Scope &scope, ArrayRef<Value> vectors, int64_t unit,
                                   int64_t group) {
  int64_t lanes = cast<VectorType>(vectors[0].getType()).getNumElements();
  SmallVector<Value> sums;
  for (size_t i = 0; i < vectors.size(); i += 2) {
    Value terms[2];
    for (int64_t part : {0, 1}) {
      SmallVector<int64_t> order;
      for (int64_t start = 0; start < lanes; start += group)
        for (int64_t side : {int64_t(0), lanes})
          for (int64_t place = part * unit; place < group; place += 2 * unit)
            for (int64_t lane = 0; lane < unit; ++lane)
              order.push_back(side + start + place + lane);
      terms[part] = vector::ShuffleOp::create(scope.builder, scope.loc, vectors[i],
                                              vectors[i + 1], order);
    }
    sums.push_back(scope.add(terms[0], terms[1]));
  }
  return sums;
}

/// The sums of as many vectors as one has lanes, each in the lane of its number. Within
/// 128 bits first: shuffles across them cost more.
static Value sumEach(Scope &scope, SmallVector<Value> vectors) {
  auto type = cast<VectorType>(vectors[0].getType());
  int64_t lanes = type.getNumElements(), near = 128 / type.getElementTypeBitWidth();
  for (int64_t units = 1; units < near; units *= 2)
    vectors = sumPairs(scope, vectors, 1, near);
  for (int64_t units = near; units < lanes; units *= 2)
    vectors = sumPairs(scope, vectors, near, lanes);
  return vectors[0];
}

/// How many lines of `length` elements there are in what is asked for ahead of the
/// arithmetic: beside it, the processor's window is too short to hide the memory.
Value SubtileLowering::linesAhead(Value length) {
  int64_t elements = 6144 / abi::byteWidth(element);
  Value most = scope.greatest(length, scope.integer(1));
  return scope.divide(scope.add(scope.integer(elements - 1), most), most);
}

/// An address that is not made anew, from others that it is known to be near, in every
/// round of a loop.
static Value frozen(Scope &scope, Value address) {
  return LLVM::FreezeOp::create(scope.builder, scope.loc, address);
}

Value SubtileLowering::afterTurn(const Ref &ref, Value index, Value address) {
  if (!ref.turn)
    return address;
  Value jump = scope.select(scope.less(index, ref.turn), scope.integer(0), ref.jump);
  return frozen(scope, scope.at(scope.i8(), address, jump));
}

/// How columns are asked for ahead: in the order of memory, if there are no gaps between
/// them.
struct SubtileLowering::Ahead {
  Value lines, columnStride, ofColumn, ofChunk;
};

SubtileLowering::Ahead SubtileLowering::aheadOf(Value columnStride, Value depth, int64_t width) {
  Value isDense = scope.equal(columnStride, depth), step = scope.integer(lanes);
  return {linesAhead(depth), columnStride, scope.select(isDense, step, columnStride),
          scope.select(isDense, scope.integer(lanes * width), step)};
}

/// The products of rows and columns that begin at `left` and `right`, each summed up: as
/// many as a vector has lanes, row by row. Columns are asked for from `asked` on.
Value SubtileLowering::contractRows(ArrayRef<Value> left, ArrayRef<Value> right, Value depth,
                                    Value asked, const Ahead &ahead) {
  auto multiply = [&](Value k, ValueRange sums, Value mask) {
    SmallVector<Value> columns, next;
    for (Value column : right)
      columns.push_back(loadVector(element, scope.at(element, column, k), mask));
    for (auto [i, row] : llvm::enumerate(left)) {
      Value factor = loadVector(element, scope.at(element, row, k), mask);
      for (auto [j, column] : llvm::enumerate(columns))
        next.push_back(LLVM::FMulAddOp::create(scope.builder, scope.loc, column.getType(), factor,
                                               column, sums[i * right.size() + j]));
    }
    return next;
  };
  Value zero = scope.splat(scope.real(element, 0), lanes), step = scope.integer(lanes);
  Value chunks = scope.floorDivide(depth, lanes);
  SmallVector<Value> sums(lanes, zero);
  sums = scope.carry(scope.integer(0), chunks, sums, [&](Value chunk, ValueRange sums) {
    Value next = scope.at(element, asked, scope.mul(chunk, ahead.ofChunk));
    for (size_t i = 0; i < right.size(); ++i)
      prefetch(scope.at(element, next, scope.mul(ahead.ofColumn, scope.integer(i))));
    return multiply(scope.mul(chunk, step), sums, Value());
  });
  Value whole = scope.mul(chunks, step);
  Value rest = arith::TruncIOp::create(scope.builder, scope.loc, scope.i32(),
                                       scope.sub(depth, whole));
  SmallVector<Type> types(lanes, zero.getType());
  sums = scope.choose(
      scope.less(whole, depth), types,
      [&] {
        Value mask = scope.compare(arith::CmpIPredicate::slt, scope.iota(scope.i32(), lanes),
                                   scope.splat(rest, lanes));
        return multiply(whole, sums, mask);
      },
      [&] { return sums; });
  return sumEach(scope, sums);
}

LogicalResult SubtileLowering::emitContractRows(tile::ContractOp contract) {
  const Ref &left = scope.refs[contract.getLhs()], &right = scope.refs[contract.getRhs()];
  if (left.storage != element || right.storage != element)
    return contract.emitOpError("takes ")
           << left.storage << " and " << right.storage
           << " in a sub-tile that computes with " << element;
  int64_t height = llvm::bit_floor<uint64_t>(std::min(rows, lanes));
  if (rows % height)
    return contract.emitOpError("has ") << rows << " rows, of which " << height << " are taken at a time";
  int64_t width = lanes / height;
  // Rows and columns past the end are taken as the last one.
  auto starts = [&](const Ref &ref, AffineMap map, ValueRange indices, Value first, int64_t count,
                    bool isWhole) {
    SmallVector<Value> all, place = corner(map, indices);
    Value origin = ref.origins.back(), from = scope.add(place.back(), first);
    Value last = scope.sub(ref.ends[place.size() - 1], scope.integer(1));
    place.push_back(origin ? origin : scope.integer(0));
    for (int64_t i = 0; i < count; ++i) {
      Value &index = place[place.size() - 2];
      index = scope.add(from, scope.integer(i));
      index = isWhole ? index : scope.least(index, last);
      all.push_back(frozen(scope, scope.address(ref, place)));
    }
    return all;
  };
  Value depth = left.ends.back();
  if (left.origins.back())
    depth = scope.sub(depth, left.origins.back());
  Ahead ahead = aheadOf(right.strides[right.strides.size() - 2], depth, width);
  Value memory = allocateScores(), from = scope.integer(0), to = scope.integer(columns);
  if (!isFull)
    std::tie(from, to) = std::pair(
        scope.mul(scope.floorDivide(presentFrom, width), scope.integer(width)), presentTo);
  for (int64_t row = 0; row < rows; row += height) {
    SmallVector<Value> ofRows = starts(left, contract.getLhsMap(), contract.getLhsIndices(),
                                       scope.integer(row), height, false);
    scope.loop(from, to, scope.integer(width), [&](Value column) {
      SmallVector<Value> ofColumns = starts(right, contract.getRhsMap(), contract.getRhsIndices(),
                                            column, width, isFull);
      Value asked = scope.at(element, ofColumns[0], scope.mul(ahead.lines, ahead.columnStride));
      asked = afterTurn(right, scope.add(scope.add(firstColumn, column), ahead.lines), asked);
      Value sums = contractRows(ofRows, ofColumns, depth, asked, ahead);
      for (int64_t i = 0; i < height; ++i) {
        auto own = llvm::to_vector(llvm::seq<int64_t>(i * width, (i + 1) * width));
        Value part = vector::ShuffleOp::create(scope.builder, scope.loc, sums, sums, own);
        Value place = scope.add(scope.integer((row + i) * columns), column);
        storeVector(part, scope.at(element, memory, place), Value());
      }
    });
  }
  Sub &result = subs[contract] = shaped(contract.getType());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value place = scope.integer(row * columns + vector * lanes);
      result.at(row, vector) =
          loadVector(element, scope.at(element, memory, place), Value());
    }
  return success();
}

} // namespace weir::cpu
