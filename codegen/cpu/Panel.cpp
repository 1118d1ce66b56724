// Filling panels with an expression: vectors where it is read from elements that lie
// side by side, points elsewhere.
#include "codegen/cpu/Lowering.h"
#include "codegen/cpu/Pointwise.h"
#include "codegen/cpu/VectorPoint.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

/// Side of the squares that are transposed: as many lanes as vectors interleave in one
/// instruction, whatever their width.
static constexpr int64_t side = 4;

/// Squares side by side in `side` vectors, all transposed: interleaving one half of the
/// vectors with the other moves one bit of a place from the vector to the lane.
static void transpose(Scope &scope, SmallVector<Value> &vectors) {
  int64_t lanes = cast<VectorType>(vectors[0].getType()).getNumElements();
  for (int64_t round = 1; round < side; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < side / 2; ++i)
      for (int64_t half : {int64_t(0), side / 2}) {
        SmallVector<int64_t> order;
        for (int64_t square = 0; square < lanes; square += side)
          for (int64_t lane = square + half; lane < square + half + side / 2; ++lane)
            order.append({lane, lanes + lane});
        next.push_back(vector::ShuffleOp::create(scope.builder, scope.loc, vectors[i],
                                                 vectors[i + side / 2], order));
      }
    vectors = next;
  }
}

/// All elements of vectors of one length, one after the other.
static Value concatenate(Scope &scope, SmallVector<Value> vectors) {
  while (vectors.size() > 1) {
    int64_t lanes = cast<VectorType>(vectors[0].getType()).getNumElements();
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes));
    SmallVector<Value> next;
    for (size_t i = 0; i < vectors.size(); i += 2)
      next.push_back(vector::ShuffleOp::create(scope.builder, scope.loc, vectors[i],
                                               vectors[i + 1], order));
    vectors = next;
  }
  return vectors[0];
}

namespace {

/// Fills one panel.
class PanelFilling {
public:
  PanelFilling(Scope &scope, tile::StageOp op, const Ref &ref,
               ArrayRef<Value> leading, Value panel);

  LogicalResult run();

private:
  /// How far lanes are filled, and how deep these are.
  using Filled = SmallVector<Value>;
  Filled fillColumns(VectorPoint &along);
  void fillColumn(VectorPoint &along, Value lane, int64_t count);
  void fillGroup(VectorPoint &along, ArrayRef<VectorPoint::Row> rows, Value lane,
                  Value depth);
  Filled fillRows(VectorPoint &across);
  void fillPoints(Value whole, Value wholeDepth);
  Value place(Value lane, Value depth) {
    return scope.offset(ref.storage, base,
                        scope.add(scope.mul(depth, ref.depthStride), lane));
  }
  VectorPoint::Row rowAt(VectorPoint &point, Value lane, Value depth);
  /// The indices at a lane and a depth of the panel.
  ArrayRef<Value> at(Value lane, Value depth) {
    indices[ref.lane] = scope.add(start, lane);
    indices[ref.depth] = scope.add(firstDepth, depth);
    return indices;
  }
  Value floorTo(Value count, int64_t multiple) {
    return scope.mul(scope.floorDivide(count, multiple), scope.integer(multiple));
  }

  Scope &scope;
  tile::StageOp op;
  const Ref &ref;
  SmallVector<Value> indices;
  int64_t lanes = 1; ///< of what is stored at a time
  Value start, firstDepth, depths, valid, base;
  LogicalResult result = success();
};

} // namespace

PanelFilling::PanelFilling(Scope &scope, tile::StageOp op, const Ref &ref,
                           ArrayRef<Value> leading, Value panel)
    : scope(scope), op(op), ref(ref), indices(leading) {
  auto [first, end] = scope.range(op.getDomain(), ref.lane);
  auto [depthFirst, depthEnd] = scope.range(op.getDomain(), ref.depth);
  Value width = scope.integer(ref.width);
  start = scope.add(first, scope.mul(panel, width));
  firstDepth = depthFirst;
  depths = scope.sub(depthEnd, depthFirst);
  valid = scope.least(width, scope.sub(end, start));
  indices.append({start, depthFirst});
  base = scope.address(ref, indices);
}

VectorPoint::Row PanelFilling::rowAt(VectorPoint &point, Value lane,
                                     Value depth) {
  auto row = point.row(at(lane, depth));
  if (failed(row))
    result = failure();
  return succeeded(row) ? *row : VectorPoint::Row();
}

/// A group of lanes whose vectors run along the depth, `side` deep.
void PanelFilling::fillGroup(VectorPoint &along, ArrayRef<VectorPoint::Row> rows,
                             Value lane, Value depth) {
  Value zero = scope.splat(scope.number(op.getElementType(), 0), side);
  SmallVector<Value> loaded(lanes, zero), squares;
  for (auto [i, row] : llvm::enumerate(rows)) {
    auto vector = along.at(row, depth);
    if (failed(vector)) {
      result = failure();
      return;
    }
    loaded[i] = *vector;
  }
  for (int64_t i = 0; i < side; ++i) {
    SmallVector<Value> parts;
    for (int64_t from = 0; from < lanes; from += side)
      parts.push_back(loaded[from + i]);
    squares.push_back(concatenate(scope, parts));
  }
  transpose(scope, squares);
  unsigned alignment = op.getElementType().getIntOrFloatBitWidth() / 8;
  SmallVector<bool> kept(lanes, false);
  std::fill_n(kept.begin(), rows.size(), true);
  Value mask = arith::ConstantOp::create(scope.builder, scope.loc,
                                         scope.builder.getBoolVectorAttr(kept));
  for (int64_t i = 0; i < side; ++i) {
    Value to = place(lane, scope.add(depth, scope.integer(i)));
    if (int64_t(rows.size()) == lanes)
      LLVM::StoreOp::create(scope.builder, scope.loc, squares[i], to, alignment);
    else
      LLVM::MaskedStoreOp::create(scope.builder, scope.loc, squares[i], to, mask,
                                  alignment);
  }
}

/// All depths of a group of `count` lanes.
void PanelFilling::fillColumn(VectorPoint &along, Value lane, int64_t count) {
  Value zero = scope.integer(0);
  SmallVector<VectorPoint::Row> rows;
  for (int64_t i = 0; i < count; ++i)
    rows.push_back(rowAt(along, scope.add(lane, scope.integer(i)), zero));
  scope.loop(zero, floorTo(depths, side), scope.integer(side), [&](Value depth) {
    fillGroup(along, rows, lane, depth);
  });
}

/// All groups of lanes that are whole.
PanelFilling::Filled PanelFilling::fillColumns(VectorPoint &along) {
  Value step = scope.integer(lanes), zero = scope.integer(0);
  Value width = scope.integer(ref.width);
  if (ref.width % lanes == 0) {
    Value whole = floorTo(valid, lanes);
    scope.loop(zero, whole, step,
               [&](Value lane) { fillColumn(along, lane, lanes); });
    return {whole, floorTo(depths, side)};
  }
  Value isWhole = scope.equal(valid, width);
  scope.when(isWhole, [&] {
    for (int64_t lane = 0; lane < ref.width; lane += lanes)
      fillColumn(along, scope.integer(lane), std::min(lanes, ref.width - lane));
  });
  return {scope.select(isWhole, width, zero), floorTo(depths, side)};
}

/// Vectors that run across the lanes.
PanelFilling::Filled PanelFilling::fillRows(VectorPoint &across) {
  unsigned alignment = op.getElementType().getIntOrFloatBitWidth() / 8;
  Value whole = floorTo(valid, lanes), zero = scope.integer(0);
  scope.loop(depths, [&](Value depth) {
    VectorPoint::Row row = rowAt(across, zero, depth);
    scope.loop(zero, whole, scope.integer(lanes), [&](Value lane) {
      auto vector = across.at(row, lane);
      if (failed(vector))
        result = failure();
      else
        LLVM::StoreOp::create(scope.builder, scope.loc, *vector,
                              place(lane, depth), alignment);
    });
  });
  return {whole, depths};
}

/// Point by point what is left: of `whole` lanes all beyond a depth, of the other
/// lanes everything.
void PanelFilling::fillPoints(Value whole, Value wholeDepth) {
  Value zero = scope.integer(0), one = scope.integer(1);
  scope.loop(valid, [&](Value lane) {
    Value from = scope.select(scope.less(lane, whole), wholeDepth, zero);
    scope.loop(from, depths, one, [&](Value depth) {
      for (auto [argument, index] :
           llvm::zip(op.getBody().getArguments(), at(lane, depth)))
        scope.scalars[argument] = index;
      auto value = emitScalarRegion(scope, op.getBody().front());
      if (failed(value))
        result = failure();
      else
        scope.store(*value, place(lane, depth));
    });
  });
}

LogicalResult PanelFilling::run() {
  int64_t most = scope.target.getLevel().lanes(op.getElementType());
  VectorPoint along(scope, op, ref.depth, side),
      across(scope, op, ref.lane, most);
  SmallVector<Type> types(2, scope.i64());
  auto nothing = [&] { return Filled(2, scope.integer(0)); };
  Filled filled = nothing();
  if (along.isLikely()) {
    int64_t wide = llvm::PowerOf2Ceil(ref.width);
    lanes = std::max(side, std::min(most, wide));
    filled = scope.choose(along.isSideBySide(), types,
                          [&] { return fillColumns(along); }, nothing);
  } else if (across.isLikely() && ref.width % most == 0) {
    lanes = most;
    filled = scope.choose(across.isSideBySide(), types,
                          [&] { return fillRows(across); }, nothing);
  }
  fillPoints(filled[0], filled[1]);
  // Lanes past the end hold 0.
  Value zero = scope.number(tile::computeTypeOf(ref.storage), 0);
  scope.loop(valid, scope.integer(ref.width), scope.integer(1), [&](Value lane) {
    scope.loop(depths, [&](Value depth) { scope.store(zero, place(lane, depth)); });
  });
  return result;
}

LogicalResult emitPanel(Scope &scope, tile::StageOp op, const Ref &ref,
                        ArrayRef<Value> leading, Value panel) {
  return PanelFilling(scope, op, ref, leading, panel).run();
}

} // namespace weir::cpu
