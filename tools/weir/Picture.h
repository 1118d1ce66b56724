// A cascade as a picture: what is computed in which pass over a rank, and what waits for what.
#ifndef WEIR_TOOLS_WEIR_PICTURE_H
#define WEIR_TOOLS_WEIR_PICTURE_H

#include "passes/analysis/Passes.h"

#include <string>
#include <vector>

namespace weir::tool {

/// One form of a kernel under a title: "as written".
struct Panel {
  std::string title;
  cascade::KernelOp kernel;
};

/// An SVG of the forms, one below the other. Bands are passes over `rank`; between them stands what is computed
/// once a pass is complete. Boxes are inputs and equations, arrows what reads what; red ones are what waits for a pass.
std::string drawPasses(llvm::ArrayRef<Panel> panels, mlir::StringAttr rank);

} // namespace weir::tool

#endif // WEIR_TOOLS_WEIR_PICTURE_H
