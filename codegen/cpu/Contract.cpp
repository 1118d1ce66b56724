// Contractions on register blocks, and updates of what they add to.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"
#include "codegen/cpu/Pointwise.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace weir::cpu {

/// accumulators[row, vector] += sum over k from `from` to below `to` of left(row, k) *
/// right(vector, k), without the terms whose left side is 0 if `skipsZeros`.
SmallVector<Value>
SubtileLowering::multiply(Value from, Value to, Block block, bool skipsZeros,
                          ArrayRef<Value> accumulators,
                          llvm::function_ref<Value(int64_t, Value)> left,
                          llvm::function_ref<Value(int64_t, Value)> right) {
  Value zero = scope.splat(scope.real(element, 0), lanes);
  return scope.carry(
      from, to, accumulators, [&](Value k, ValueRange sums) {
        SmallVector<Value> next(sums), columns;
        for (int64_t vector = 0; vector < block.vectors; ++vector)
          columns.push_back(right(block.firstVector + vector, k));
        for (int64_t row = 0; row < block.rows; ++row) {
          Value value = scope.splat(left(block.firstRow + row, k), lanes);
          Value counts =
              skipsZeros ? scope.compare(arith::CmpFPredicate::UNE, value, zero)
                         : Value();
          for (int64_t vector = 0; vector < block.vectors; ++vector) {
            Value &sum = next[row * block.vectors + vector];
            Value more =
                LLVM::FMulAddOp::create(scope.builder, scope.loc, sum.getType(),
                                        value, columns[vector], sum);
            sum = counts ? scope.select(counts, more, sum) : more;
          }
        }
        return next;
      });
}

/// Calls `body` for the register blocks of up to `height` rows that make up the
/// rows and `all` vectors.
void SubtileLowering::forBlocks(int64_t height, int64_t all,
                                llvm::function_ref<void(Block)> body) {
  height = std::min(rows, height);
  int64_t width = std::min(scope.target.vectorsPerRow(height), all);
  for (int64_t row = 0; row < rows; row += height)
    for (int64_t vector = 0; vector < all; vector += width)
      body({row, std::min(height, rows - row), vector,
            std::min(width, all - vector)});
}

/// Calls `body` for the vectors from `from` to below `to`: `most` at a time, and what is
/// left, a multiple of `unit`, at once.
void SubtileLowering::forVectors(Value from, Value to, int64_t most, int64_t unit,
                                 llvm::function_ref<void(Value, int64_t)> body) {
  auto first = Scope::constantOf(from), last = Scope::constantOf(to);
  auto known = first && last ? std::optional(*last - *first) : std::nullopt;
  Value step = scope.integer(most), all = scope.sub(to, from);
  Value whole = scope.mul(scope.floorDivide(all, most), step);
  scope.loop(scope.integer(0), whole, step,
             [&](Value ahead) { body(scope.add(from, ahead), most); });
  Value start = scope.add(from, whole), rest = scope.sub(all, whole);
  for (int64_t count = unit; count < most; count += unit)
    if (!known || *known % most == count)
      scope.when(scope.equal(rest, scope.integer(count)), [&] { body(start, count); });
}

LogicalResult SubtileLowering::emitContract(tile::ContractOp contract) {
  const Ref &left = scope.refs[contract.getLhs()],
            &right = scope.refs[contract.getRhs()];
  if (!left.isPanel())
    return emitContractRows(contract);
  if (left.width != rows || right.width % columns)
    return contract.emitOpError("has panels of ")
           << left.width << " and " << right.width << " for a sub-tile of "
           << rows << " x " << columns;
  if (left.storage != element || right.storage != element)
    return contract.emitOpError("takes ")
           << left.storage << " and " << right.storage
           << " in a sub-tile that computes with " << element;
  auto start = [&](const Ref &ref, AffineMap map, ValueRange indices) {
    SmallVector<Value> place = corner(map, indices);
    place.push_back(ref.origins[ref.depth] ? ref.origins[ref.depth]
                                           : scope.integer(0));
    return scope.address(ref, place);
  };
  Value leftStart = start(left, contract.getLhsMap(), contract.getLhsIndices());
  Value rightStart =
      start(right, contract.getRhsMap(), contract.getRhsIndices());
  Value depth = left.ends[left.depth];
  if (left.origins[left.depth])
    depth = scope.sub(depth, left.origins[left.depth]);
  auto leftAt = [&](int64_t row, Value k) {
    Value place = scope.add(scope.mul(k, left.depthStride), scope.integer(row));
    return scope.load(element, scope.at(element, leftStart, place));
  };
  Sub &result = subs[contract] = shaped(contract.getType());
  Value zero = scope.splat(scope.real(element, 0), lanes);
  auto multiplyAt = [&](Value first, Block block) {
    Value start = scope.at(element, rightStart, scope.mul(first, scope.integer(lanes)));
    auto rightAt = [&](int64_t vector, Value k) {
      Value place = scope.add(scope.mul(k, right.depthStride), scope.integer(vector * lanes));
      return loadVector(element, scope.at(element, start, place), Value());
    };
    SmallVector<Value> zeros(block.rows * block.vectors, zero);
    return multiply(scope.integer(0), depth, block, false, zeros, leftAt, rightAt);
  };
  int64_t height = scope.target.rowsPerBlock(), width = scope.target.vectorsPerRow(std::min(rows, height));
  if (isFull && rows <= height && vectors <= width) {
    result.values = multiplyAt(scope.integer(0), {0, rows, 0, vectors});
    return success();
  }
  // Through memory: more than registers hold, or only some of the vectors.
  Value memory = allocateScores(), from = scope.integer(0), to = scope.integer(vectors);
  if (!isFull)
    std::tie(from, to) = std::pair(
        scope.floorDivide(presentFrom, lanes),
        scope.groupsOf(presentTo, lanes));
  auto addressOf = [&](int64_t row, Value vector) {
    Value place = scope.add(scope.integer(row * columns), scope.mul(vector, scope.integer(lanes)));
    return scope.at(element, memory, place);
  };
  forVectors(from, to, std::min(width, vectors), 1, [&](Value first, int64_t count) {
    forBlocks(height, count, [&](Block block) {
      for (auto [i, sum] : llvm::enumerate(multiplyAt(first, block))) {
        Value vector = scope.add(first, scope.integer(block.firstVector + i % block.vectors));
        storeVector(sum, addressOf(block.firstRow + i / block.vectors, vector), Value());
      }
    });
  });
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value address = addressOf(row, scope.integer(vector));
      reloaded.push_back(result.at(row, vector) = loadVector(element, address, Value()));
    }
  return success();
}

/// Loads anew for each use what is too much to be kept in registers: they
/// belong to the next block's accumulators.
void SubtileLowering::reload() {
  for (Value value : reloaded) {
    Operation *load = value.getDefiningOp();
    for (OpOperand &use : llvm::make_early_inc_range(value.getUses())) {
      OpBuilder before(use.getOwner());
      use.set(before.clone(*load)->getResult(0));
    }
    load->erase();
  }
}

LogicalResult SubtileLowering::emitConvert(tile::ConvertOp convert) {
  Type type = tile::elementOf(convert.getValue().getType());
  if (type != element)
    return convert.emitOpError("converts ")
           << type << " in a sub-tile that computes with " << element;
  Sub value = input(convert.getValue());
  Value base = scratch[convert] = allocate(element, rows * columns);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value place = scope.integer(row * columns + vector * lanes);
      scope.store(asVector(value, row, vector), scope.at(element, base, place));
    }
  return success();
}

/// What an accumulation adds, and to what.
struct SubtileLowering::Sum {
  const Ref &state, &right;
  Value stateBase, rightBase, left; ///< of the first panels; of the rows
  Value from, to;                   ///< places in the contracted rank
  bool skipsZeros;
  Value linesAhead{}, askedBase{}; ///< how far ahead `right` is asked for; null: not at all
};

/// Adds to `count` vectors side by side from vector `first` on. What is asked for ahead is
/// read in the order of memory: few rows at a time, of all these vectors.
void SubtileLowering::addTo(const Sum &sum, Value first, int64_t count) {
  int64_t width = sum.state.width / lanes;
  Value panel = scope.floorDivide(first, width);
  Value lane = scope.mul(scope.sub(first, scope.mul(panel, scope.integer(width))), scope.integer(lanes));
  auto leftAt = [&](int64_t row, Value k) {
    Value place = scope.add(k, scope.integer(row * columns));
    return scope.load(element, scope.at(element, sum.left, place));
  };
  auto at = [&](Value base, const Ref &ref, int64_t vector, Value depth) {
    Value start = scope.at(element, base, scope.add(scope.mul(panel, ref.panelStride), lane));
    Value further = scope.at(
        element, start, scope.mul(scope.integer(vector / width), ref.panelStride));
    Value place = scope.add(scope.mul(depth, ref.depthStride),
                            scope.integer(vector % width * lanes));
    return scope.at(element, further, place);
  };
  int64_t height = scope.target.rowsPerBlock();
  if (sum.linesAhead)
    height = llvm::bit_floor<uint64_t>(
        std::max<int64_t>(1, scope.target.vectorsPerRow(1) / count));
  forBlocks(height, count, [&](Block block) {
    auto stateAt = [&](int64_t i) {
      return at(sum.stateBase, sum.state, block.firstVector + i % block.vectors,
                scope.integer(block.firstRow + i / block.vectors));
    };
    auto rightAt = [&](int64_t vector, Value k) {
      bool isLine = vector * lanes * abi::byteWidth(element) % 64 == 0;
      if (sum.linesAhead && block.firstRow == 0 && isLine) {
        Value asked = scope.add(k, sum.linesAhead);
        prefetch(at(sum.askedBase, sum.right, vector, asked));
      }
      return loadVector(element, at(sum.rightBase, sum.right, vector, k), Value());
    };
    SmallVector<Value> sums;
    for (int64_t i = 0; i < block.rows * block.vectors; ++i)
      sums.push_back(loadVector(element, stateAt(i), Value()));
    sums = multiply(sum.from, sum.to, block, sum.skipsZeros, sums, leftAt, rightAt);
    for (auto [i, value] : llvm::enumerate(sums))
      storeVector(value, stateAt(i), Value());
  });
}

/// Adds to all vectors of each row; what is asked for ahead, to panels and several at a time.
void SubtileLowering::addToAll(const Sum &sum) {
  int64_t width = sum.state.width / lanes, height = std::min(rows, scope.target.rowsPerBlock());
  int64_t most = std::min<int64_t>(width, llvm::bit_floor<uint64_t>(scope.target.vectorsPerRow(height)));
  int64_t unit = 1;
  if (sum.linesAhead) { // half of the accumulators are a row of panels
    int64_t joint = llvm::bit_floor<uint64_t>(
        std::max<int64_t>(1, scope.target.vectorsPerRow(2) / width));
    std::tie(most, unit) = std::pair(joint * width, width);
  }
  Value present = scope.groupsOf(sum.state.ends[1], lanes);
  if (unit > 1)
    present = scope.mul(scope.groupsOf(present, unit), scope.integer(unit));
  forVectors(scope.integer(0), present, most, unit,
             [&](Value first, int64_t count) { addTo(sum, first, count); });
}

LogicalResult SubtileLowering::emitAccumulate(tile::AccumulateOp accumulate) {
  const Ref &state = scope.refs[accumulate.getRef()],
            &right = scope.refs[accumulate.getRhs()];
  Value panel = scratch[accumulate.getLhs().getDefiningOp()];
  if (state.width != right.width || right.width % lanes)
    return accumulate.emitOpError("adds panels of ")
           << right.width << " to panels of " << state.width;
  if (state.storage != element || right.storage != element)
    return accumulate.emitOpError("adds ")
           << right.storage << " to " << state.storage
           << " in a sub-tile that computes with " << element;
  // The sub-tile's columns are the contracted rank.
  SmallVector<Value> subscripts =
      corner(accumulate.getRhsMap(), accumulate.getRhsIndices());
  Value column = subscripts.pop_back_val();
  subscripts.push_back(right.origins[right.lane] ? right.origins[right.lane]
                                                 : scope.integer(0));
  subscripts.push_back(column);
  Value rightBase = scope.address(right, subscripts);
  Value from = isFull ? scope.integer(0) : presentFrom, to = isFull ? scope.integer(columns) : presentTo;
  Value stateBase =
      scope.address(state, {firstRow, state.origins[1] ? state.origins[1]
                                                       : scope.integer(0)});
  bool skipsZeros = accumulate.getMask() && !isKnown(accumulate.getMask());
  bool isStream = accumulate.getRhs().getDefiningOp()->getParentOfType<tile::ForOp>() != nullptr;
  Sum sum{state, right, stateBase, rightBase, panel, from, to, skipsZeros};
  if (!isStream || !right.turn) {
    if (isStream)
      std::tie(sum.linesAhead, sum.askedBase) = std::pair(linesAhead(state.ends[1]), rightBase);
    addToAll(sum);
    return success();
  }
  // What is asked for after the turn lies elsewhere.
  sum.linesAhead = linesAhead(state.ends[1]);
  Value left = scope.sub(scope.sub(right.turn, column), sum.linesAhead);
  left = scope.least(scope.greatest(left, from), to);
  scope.loop(scope.integer(2), [&](Value part) {
    Value isFirst = scope.equal(part, scope.integer(0));
    sum.from = scope.select(isFirst, from, left);
    sum.to = scope.select(isFirst, left, to);
    Value jump = scope.select(isFirst, scope.integer(0), right.jump);
    sum.askedBase = scope.at(scope.i8(), rightBase, jump);
    addToAll(sum);
  });
  return success();
}

LogicalResult SubtileLowering::emitUpdate(tile::UpdateOp update) {
  const Ref &state = scope.refs[update.getRef()];
  int64_t all = state.isPanel() ? state.width / lanes : 0;
  for (Value operand : update.getInputs())
    if (isa<tile::RefType>(operand.getType()) &&
        scope.refs[operand].width > state.width)
      return update.emitOpError("reads a block of more ranks than it updates");
  if (state.width % lanes)
    return update.emitOpError("updates panels of ")
           << state.width << ", not a multiple of " << lanes << " lanes";
  SmallVector<bool> isTrue(update.getInputs().size(), false);
  LogicalResult result = success();
  // Updates the elements that lie at `offset` from the first row's first.
  auto emitPart = [&](Value offset) {
    auto addressOf = [&](Value reference, int64_t row, int64_t vector) {
      const Ref &ref = scope.refs[reference];
      SmallVector<Value> place = {scope.add(firstRow, scope.integer(row))};
      if (ref.isPanel())
        place.push_back(ref.origins[1] ? ref.origins[1] : scope.integer(0));
      Value start = scope.address(ref, place);
      Value more = scope.add(offset, scope.integer(vector * lanes));
      return all ? scope.at(ref.storage, start, more) : start;
    };
    auto forAll = [&](llvm::function_ref<void(int64_t, int64_t)> body) {
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t vector = 0; vector < std::max<int64_t>(1, all); ++vector)
          body(row, vector);
    };
    SmallVector<Sub> inputs;
    for (Value operand : update.getInputs()) {
      if (!isa<tile::RefType>(operand.getType())) {
        inputs.push_back(input(operand));
        continue;
      }
      const Ref &ref = scope.refs[operand];
      Sub loaded;
      loaded.rows = rows;
      loaded.vectors = ref.isPanel() ? all : 0;
      forAll([&](int64_t row, int64_t vector) {
        if (!ref.isPanel() && vector > 0)
          return;
        Value address = addressOf(operand, row, vector);
        loaded.values.push_back(ref.isPanel()
                                    ? loadVector(ref.storage, address, Value())
                                    : scope.load(ref.storage, address));
      });
      inputs.push_back(loaded);
    }
    auto value =
        emitPointwise(scope, update.getBody().front(), inputs, isTrue, lanes);
    if (failed(value)) {
      result = failure();
      return;
    }
    forAll([&](int64_t row, int64_t vector) {
      Value address = addressOf(update.getRef(), row, vector);
      if (all)
        storeVector(asVector(*value, row, vector), address, Value());
      else
        scope.store(value->at(row, 0), address);
    });
  };
  if (!all) {
    emitPart(scope.integer(0));
    return result;
  }
  Value panels = scope.floorDivide(
      scope.add(state.ends[1], scope.integer(state.width - 1)), state.width);
  scope.loop(panels, [&](Value panel) {
    emitPart(scope.mul(panel, state.panelStride));
  });
  return result;
}

} // namespace weir::cpu
