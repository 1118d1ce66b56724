// Recurrences: loops over iterative ranks around the equations that they carry.
#include "codegen/loops/Body.h"

using namespace mlir;

namespace weir::loops {

void Body::emitNests(ArrayRef<Nest> nests) {
  for (const Nest &nest : nests) {
    if (nest.equation)
      emitItem(nest.equation);
    else
      forEachIndex(nest.rank, nest.isDescending,
                   [&] { emitNests(nest.children); });
  }
}

} // namespace weir::loops
