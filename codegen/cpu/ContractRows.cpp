// Contractions along memory: of few rows with columns that are read once, as they lie.
#include "codegen/cpu/Subtile.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

/// The sums of as many vectors as one has lanes, each in the lane of its number: in
/// each round two of them become one, with half of each sum's terms added.
static Value sumEach(Scope &scope, SmallVector<Value> vectors) {
  int64_t lanes = vectors.size();
  while (vectors.size() > 1) {
    size_t half = vectors.size() / 2;
    for (size_t i = 0; i < half; ++i) {
      Value terms[2];
      for (int64_t part : {0, 1}) {
        SmallVector<int64_t> order;
        for (int64_t lane = part * lanes / 2; lane < (part + 1) * lanes / 2; ++lane)
          order.append({lane, lanes + lane});
        terms[part] = vector::ShuffleOp::create(scope.builder, scope.loc, vectors[i],
                                                vectors[i + half], order);
      }
      vectors[i] = scope.add(terms[0], terms[1]);
    }
    vectors.resize(half);
  }
  return vectors[0];
}

/// The products of one row with as many columns as a vector has lanes: `left` and
/// `right` are where they begin.
void SubtileLowering::contractRows(Value left, ArrayRef<Value> right, Value depth,
                                   Value to) {
  auto multiply = [&](Value k, ValueRange sums, Value mask) {
    Value row = loadVector(element, scope.at(element, left, k), mask);
    SmallVector<Value> next;
    for (auto [column, sum] : llvm::zip(right, sums)) {
      Value factor = loadVector(element, scope.at(element, column, k), mask);
      next.push_back(LLVM::FMulAddOp::create(scope.builder, scope.loc, sum.getType(),
                                             row, factor, sum));
    }
    return next;
  };
  Value zero = scope.splat(scope.real(element, 0), lanes);
  Value chunks = scope.floorDivide(depth, lanes);
  SmallVector<Value> zeros(lanes, zero);
  SmallVector<Value> sums = scope.carry(
      scope.integer(0), chunks, zeros, [&](Value chunk, ValueRange sums) {
        return multiply(scope.mul(chunk, scope.integer(lanes)), sums, Value());
      });
  Value whole = scope.mul(chunks, scope.integer(lanes));
  Value rest = arith::TruncIOp::create(scope.builder, scope.loc, scope.i32(),
                                       scope.sub(depth, whole));
  SmallVector<Type> types(lanes, zero.getType());
  sums = scope.choose(
      scope.less(whole, depth), types,
      [&] {
        Value mask =
            scope.compare(arith::CmpIPredicate::slt, scope.iota(scope.i32(), lanes),
                          scope.splat(rest, lanes));
        return multiply(whole, sums, mask);
      },
      [&] { return sums; });
  storeVector(sumEach(scope, sums), to, Value());
}

LogicalResult SubtileLowering::emitContractRows(tile::ContractOp contract) {
  const Ref &left = scope.refs[contract.getLhs()], &right = scope.refs[contract.getRhs()];
  if (left.storage != element || right.storage != element)
    return contract.emitOpError("takes ")
           << left.storage << " and " << right.storage
           << " in a sub-tile that computes with " << element;
  // Rows and columns past the end are taken as the last one.
  auto start = [&](const Ref &ref, AffineMap map, ValueRange indices, Value ahead) {
    SmallVector<Value> place = corner(map, indices);
    Value last = scope.sub(ref.ends[place.size() - 1], scope.integer(1));
    place.back() = scope.least(scope.add(place.back(), ahead), last);
    Value origin = ref.origins.back();
    place.push_back(origin ? origin : scope.integer(0));
    return scope.address(ref, place);
  };
  Value depth = left.ends.back();
  if (left.origins.back())
    depth = scope.sub(depth, left.origins.back());
  Value memory = allocate(element, rows * columns);
  scope.loop(scope.integer(0), scope.integer(columns), scope.integer(lanes),
             [&](Value column) {
               SmallVector<Value> starts;
               for (int64_t i = 0; i < lanes; ++i)
                 starts.push_back(start(right, contract.getRhsMap(),
                                        contract.getRhsIndices(),
                                        scope.add(column, scope.integer(i))));
               scope.loop(scope.integer(rows), [&](Value row) {
                 Value place =
                     scope.add(scope.mul(row, scope.integer(columns)), column);
                 contractRows(start(left, contract.getLhsMap(),
                                    contract.getLhsIndices(), row),
                              starts, depth, scope.at(element, memory, place));
               });
             });
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
