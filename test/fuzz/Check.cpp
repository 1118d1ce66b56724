// Fuzz target of the whole front end.
#include "test/fuzz/FrontEnd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  checkFrontEnd(data, size, "fuzz.weir", [](mlir::MLIRContext &context, llvm::SourceMgr &sources, auto handler) {
    return weir::frontend::parseWeir(context, sources, {}, handler);
  });
  return 0;
}
