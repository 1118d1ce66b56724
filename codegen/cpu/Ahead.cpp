// What is asked for ahead of the arithmetic, beside which the processor's window is too short to look for it.
#include "codegen/cpu/Subtile.h"

#include "codegen/abi/Storage.h"

using namespace mlir;

namespace weir::cpu {

void SubtileLowering::prefetch(Value address) {
  LLVM::Prefetch::create(scope.builder, scope.loc, address, /*rw=*/0, /*hint=*/3, /*cache=*/1);
}

/// True for elements of a tensor, by row and column, whose places are known before the
/// group is computed.
bool SubtileLowering::isAskedFor(tile::LoadOp load) {
  Type type = load.getResult().getType();
  bool isPlaced = llvm::all_of(load.getIndices(), [&](Value index) {
    Operation *inner = index.getDefiningOp();
    return isa<IndexType>(index.getType()) && !(inner && op->isProperAncestor(inner));
  });
  return isPlaced && load->getBlock() == &op.getBody().front() && isa<BlockArgument>(load.getRef()) &&
         tile::rowsOf(type) > 1 && tile::columnsOf(type) > 1 &&
         tile::storageTypeOf(load.getRef()).getIntOrFloatBitWidth() >= 8;
}

/// Asks for the elements of the sub-tile that is so many rows and columns ahead. Its rows
/// need not begin where a line of the cache does.
void SubtileLowering::askFor(tile::LoadOp load, Value rowsAhead, Value columnsAhead) {
  const Ref &ref = scope.refs[load.getRef()];
  Subscripts at = subscripts(ref, load.getMap(), load.getIndices());
  int64_t line = std::max<int64_t>(1, 64 / abi::byteWidth(ref.storage));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns + line; j += line) {
      Value column = scope.add(columnsAhead, scope.integer(std::min(j, columns - 1)));
      Value place = offsetAt(at, scope.add(rowsAhead, scope.integer(i)), column);
      prefetch(scope.offset(ref.storage, ref.base, place));
    }
}

void SubtileLowering::askForNext(Value row, Value from, Value to) {
  setGroup(row);
  op.getBody().walk([&](tile::LoadOp load) {
    if (!vectors || !isAskedFor(load))
      return;
    // The next group of rows or, after the last one, the first one of the next tile.
    Value step = scope.integer(rows), isWithin = scope.less(scope.add(row, step), to);
    askFor(load, scope.select(isWithin, step, scope.sub(from, row)),
           scope.select(isWithin, scope.integer(0), scope.integer(columns)));
  });
}

} // namespace weir::cpu
