// What the fuzz targets of front ends share: any text gives a verified module or errors that name their place.
#ifndef WEIR_TEST_FUZZ_FRONTEND_H
#define WEIR_TEST_FUZZ_FRONTEND_H

#include "frontends/weir/Frontend.h"
#include "test/fuzz/Require.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

/// A context keeps every type it has seen, so it is renewed now and then.
inline mlir::MLIRContext &freshContext() {
  static std::unique_ptr<mlir::MLIRContext> context;
  static unsigned uses = 0;
  if (uses++ % 500 == 0) {
    context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler([](mlir::Diagnostic &) {});
  }
  return *context;
}

/// Checks what `parse(context, sources, handler)`, which gives a module or none, promises of a text.
template <typename Parse> void checkFrontEnd(const uint8_t *data, size_t size, const char *name, Parse parse) {
  using namespace weir::frontend;
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, name), llvm::SMLoc());
  std::string messages;
  llvm::raw_string_ostream log(messages);
  unsigned errors = 0;
  auto module = parse(freshContext(), sources, [&](const Diagnostic &diagnostic) {
    errors += diagnostic.severity == Severity::Error;
    require(!diagnostic.id.empty(), "a diagnostic has an identifier");
    require(diagnostic.range.isValid(), "a diagnostic has a place");
    printDiagnostic(log, sources, diagnostic);
  });
  require(bool(module) == (errors == 0), "a text is lowered to a valid module or has an error");
}

#endif // WEIR_TEST_FUZZ_FRONTEND_H
