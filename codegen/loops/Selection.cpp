// Selections: scores are sorted by a stable merge sort of their indices.
#include "codegen/abi/Storage.h"
#include "codegen/loops/Body.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace weir::loops {

using ICmp = arith::CmpIPredicate;
using FCmp = arith::CmpFPredicate;

/// Whether score `a` stands strictly before `b`: greater, numbers before NaN.
static Value beats(abi::Emitter &emit, Value a, Value b) {
  if (!isa<FloatType>(a.getType()))
    return emit.less(b, a);
  Value isFirstNumber =
      emit.both(emit.compare(FCmp::ORD, a, a), emit.compare(FCmp::UNO, b, b));
  return emit.either(emit.compare(FCmp::OGT, a, b), isFirstNumber);
}

/// Merges indices [low, middle) and [middle, high) of `from` into `to`.
static void emitMerge(abi::Emitter &emit, Type key, Value keys, Value from,
                      Value to, Value low, Value middle, Value high) {
  auto indexAt = [&](Value position) {
    return emit.load(emit.i64(), emit.at(emit.i64(), from, position));
  };
  emit.carry(
      low, high, {low, middle}, [&](Value out, ValueRange heads) -> Values {
        Value left = heads[0], right = heads[1],
              last = emit.sub(high, emit.integer(1));
        Value hasLeft = emit.less(left, middle),
              hasRight = emit.less(right, high);
        Value a = indexAt(emit.least(left, last)),
              b = indexAt(emit.least(right, last));
        Value scoreOfA = emit.load(key, emit.at(key, keys, a)),
              scoreOfB = emit.load(key, emit.at(key, keys, b));
        Value rightIsBetter =
            emit.either(emit.invert(hasLeft), beats(emit, scoreOfB, scoreOfA));
        Value takesRight = emit.both(hasRight, rightIsBetter);
        emit.store(emit.select(takesRight, b, a), emit.at(emit.i64(), to, out));
        Value step = abi::convertScalar(emit, takesRight, emit.i64());
        return {emit.add(left, emit.sub(emit.integer(1), step)),
                emit.add(right, step)};
      });
}

/// Defines `void sort(ptr keys, ptr indices, ptr spare, i64 count)`: orders the
/// indices by their keys, best first, equals as they stand.
static void defineSort(abi::Emitter &emit, ModuleOp module, StringRef name,
                       Type key) {
  if (module.lookupSymbol(name))
    return;
  OpBuilder::InsertionGuard guard(emit.builder);
  auto function = makeFunction(
      emit, module, name, LLVM::LLVMVoidType::get(module.getContext()),
      {emit.pointer(), emit.pointer(), emit.pointer(), emit.i64()}, false);
  Value keys = function.getArgument(0), indices = function.getArgument(1),
        spare = function.getArgument(2);
  Value count = function.getArgument(3);
  // Runs of length 1, 2, 4, … are merged from one array to the other.
  auto width = scf::WhileOp::create(
      emit.builder, emit.loc,
      TypeRange{emit.i64(), emit.pointer(), emit.pointer()},
      ValueRange{emit.integer(1), indices, spare},
      [&](OpBuilder &builder, Location loc, ValueRange state) {
        OpBuilder::InsertionGuard inner(emit.builder);
        emit.builder.setInsertionPointToEnd(builder.getInsertionBlock());
        scf::ConditionOp::create(emit.builder, loc, emit.less(state[0], count),
                                 state);
      },
      [&](OpBuilder &builder, Location loc, ValueRange state) {
        OpBuilder::InsertionGuard inner(emit.builder);
        emit.builder.setInsertionPointToEnd(builder.getInsertionBlock());
        Value pair = emit.add(state[0], state[0]);
        emit.loop(emit.integer(0), count, pair, [&](Value low) {
          Value middle = emit.least(emit.add(low, state[0]), count);
          Value high = emit.least(emit.add(low, pair), count);
          emitMerge(emit, key, keys, state[1], state[2], low, middle, high);
        });
        scf::YieldOp::create(emit.builder, loc,
                             ValueRange{pair, state[2], state[1]});
      });
  // The sorted run may be in the spare array.
  Value from = LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(),
                                        width.getResult(1));
  Value into =
      LLVM::PtrToIntOp::create(emit.builder, emit.loc, emit.i64(), indices);
  emit.when(emit.compare(ICmp::ne, from, into), [&] {
    LLVM::MemcpyOp::create(emit.builder, emit.loc, indices, spare,
                           emit.mul(count, emit.integer(8)), false);
  });
  LLVM::ReturnOp::create(emit.builder, emit.loc, ValueRange());
}

Value Body::emitSorted(cascade::Equation op,
                       llvm::function_ref<Scalar(Value)> score) {
  auto places = kernel.plan.scratchOf(op);
  const Place &keyPlace = places[0];
  Type key = keyPlace.cell;
  Value keys = placeBase(keyPlace, keyPlace.data, key);
  Value indices = placeBase(places[1], places[1].data, emit.i64());
  Value spare = placeBase(places[2], places[2].data, emit.i64());
  Value count = emit.carry(
      emit.integer(0), extent(keyPlace.kept[0]), {emit.integer(0)},
      [&](Value i, ValueRange carried) -> Values {
        Scalar point = score(i);
        emit.store(point.value, emit.at(key, keys, i));
        emit.store(i, emit.at(emit.i64(), indices, carried[0]));
        return {emit.add(
            carried[0],
            abi::convertScalar(emit, presenceOf(emit, point), emit.i64()))};
      })[0];
  std::string name = key.isF32()   ? "weir.sort.f32"
                     : key.isF64() ? "weir.sort.f64"
                                   : "weir.sort.i64";
  defineSort(emit, kernel.module, name, key);
  emit.call(name, LLVM::LLVMVoidType::get(emit.builder.getContext()),
            {keys, indices, spare, count});
  return count;
}

void Body::emitTopK(cascade::TopKOp op) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  Ranks others;
  llvm::copy_if(op.getTensorType().getRanks(), std::back_inserter(others),
                [&](StringAttr rank) { return rank != op.getIntoAttr(); });
  forEachPoint(others, [&] {
    Value count = emitSorted(
        op, [&](Value i) { return evaluate(op.getBody(), others, {i}); });
    const Place &indices = kernel.plan.scratchOf(op)[1];
    Value base = placeBase(indices, indices.data, emit.i64());
    forEachIndex(op.getIntoAttr(), false, [&] {
      Value j = bound.lookup(op.getIntoAttr()), isSome = emit.less(j, count);
      Value position = emit.load(
          emit.i64(),
          emit.at(emit.i64(), base, emit.select(isSome, j, emit.integer(0))));
      storePoint(place, {position, isSome});
    });
  });
}

void Body::emitRankOf(cascade::RankOfOp op) {
  const Place &place = kernel.plan.placeOf(op.getResult());
  StringAttr along = op.getAlongAttr();
  auto ranks = op.getTensorType().getRanks();
  Ranks others;
  llvm::copy_if(ranks, std::back_inserter(others),
                [&](StringAttr rank) { return rank != along; });
  forEachPoint(others, [&] {
    Value count = emitSorted(op, [&](Value i) {
      bound[along] = i;
      Scalar point = evaluate(op.getBody(), ranks, {});
      storePoint(place, {emit.integer(0), emit.truth(false)});
      bound.erase(along);
      return point;
    });
    const Place &indices = kernel.plan.scratchOf(op)[1];
    Value base = placeBase(indices, indices.data, emit.i64());
    emit.loop(count, [&](Value rank) {
      bound[along] = emit.load(emit.i64(), emit.at(emit.i64(), base, rank));
      storePoint(place, {rank, {}});
    });
    bound.erase(along);
  });
}

} // namespace weir::loops
