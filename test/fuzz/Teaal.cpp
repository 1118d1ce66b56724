// Fuzz target of the TeAAL front end.
#include "frontends/teaal/Teaal.h"
#include "test/fuzz/FrontEnd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  checkFrontEnd(data, size, "fuzz.yaml", [](mlir::MLIRContext &context, llvm::SourceMgr &sources, auto handler) {
    return weir::teaal::parseTeaal(context, sources, "", handler);
  });
  return 0;
}
