// weir-opt: runs passes on IR files, for tests and for looking.
#include "dialect/cascade/Cascade.h"
#include "dialect/tile/Tile.h"
#include "passes/Passes.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<weir::cascade::CascadeDialect, weir::tile::TileDialect>();
  mlir::registerTransformsPasses();
  weir::registerPasses();
  return mlir::failed(mlir::MlirOptMain(argc, argv, "Weir's optimizer driver\n", registry));
}
