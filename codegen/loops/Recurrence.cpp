// Sequential loops: of recurrences over their iterative ranks, and of what
// shares a loop with them.
#include "codegen/loops/Body.h"

using namespace mlir;

namespace weir::loops {

void Body::emitNests(ArrayRef<Nest> nests) {
  for (const Nest &nest : nests) {
    if (nest.item) {
      emitItem(nest.item);
      continue;
    }
    forEachIndex(nest.rank, nest.isDescending,
                 [&] { emitNests(nest.children); });
  }
}

} // namespace weir::loops
