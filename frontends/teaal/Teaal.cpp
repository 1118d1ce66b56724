// The front end of cascades in YAML: read, lower, verify.
#include "frontends/teaal/Teaal.h"

#include "frontends/teaal/Lower.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace weir::teaal {

/// The cascades that are asked for.
static std::vector<const Cascade *> chosen(const std::vector<Cascade> &all, StringRef kernel, SMRange start,
                                           Diagnostics &diagnostics) {
  std::vector<const Cascade *> found;
  SmallVector<StringRef> names;
  for (const Cascade &cascade : all) {
    const Name &name = cascade.name;
    if (!name.text.empty() && is_contained(names, name.text))
      diagnostics.error("duplicate-name", name.range, "cascade '" + name.text + "' is already defined");
    names.push_back(name.text);
    if (kernel.empty() || kernel == cascade.name.text)
      found.push_back(&cascade);
  }
  if (found.empty() && !diagnostics.errorCount())
    diagnostics.error("unknown-kernel", start,
                      kernel.empty() ? "the file has no cascade"
                                     : "the file has no cascade '" + kernel + "'" + frontend::suggestion(kernel, names));
  return found;
}

static mlir::OwningOpRef<mlir::ModuleOp> lower(mlir::MLIRContext &context, SourceMgr &sources, StringRef kernel,
                                               Diagnostics &diagnostics) {
  const MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
  SMLoc start = SMLoc::getFromPointer(buffer->getBufferStart());
  auto all = readDocument(buffer->getBuffer(), sys::path::stem(buffer->getBufferIdentifier()), diagnostics);
  auto cascades = chosen(all, kernel, {start, start}, diagnostics);
  if (diagnostics.errorCount())
    return {};
  context.loadDialect<cascade::CascadeDialect>();
  mlir::OpBuilder builder(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module(
      mlir::ModuleOp::create(mlir::FileLineColLoc::get(&context, buffer->getBufferIdentifier(), 1, 1)));
  for (const Cascade *cascade : cascades) {
    builder.setInsertionPointToEnd(module->getBody());
    Lowering(*cascade, sources, builder, diagnostics).run();
  }
  return diagnostics.errorCount() ? mlir::OwningOpRef<mlir::ModuleOp>() : std::move(module);
}

mlir::OwningOpRef<mlir::ModuleOp> parseTeaal(mlir::MLIRContext &context, SourceMgr &sources, StringRef kernel,
                                             frontend::DiagnosticSink sink) {
  Diagnostics diagnostics;
  auto module = lower(context, sources, kernel, diagnostics);
  for (const frontend::Diagnostic &diagnostic : diagnostics.all())
    sink(diagnostic);
  if (module && mlir::failed(mlir::verify(*module)))
    return {};
  return module;
}

} // namespace weir::teaal
