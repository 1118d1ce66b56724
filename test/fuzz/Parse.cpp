// Fuzz target of the parser: any text gives a tree or errors, and a tree printed as source is the same tree.
#include "frontends/weir/Frontend.h"
#include "test/fuzz/Require.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace weir::frontend;

/// The text as printed from its tree, or nothing after errors, which are printed too.
static std::optional<std::string> printed(llvm::StringRef text) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "fuzz.weir"), llvm::SMLoc());
  std::string result, messages;
  llvm::raw_string_ostream stream(result), log(messages);
  unsigned errors = 0;
  bool parsed = printWeir(sources, stream, [&](const Diagnostic &diagnostic) {
    errors += diagnostic.severity == Severity::Error;
    printDiagnostic(log, sources, diagnostic);
  });
  require(parsed == (errors == 0), "a text is parsed or has an error");
  return parsed ? std::optional(result) : std::nullopt;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto once = printed({reinterpret_cast<const char *>(data), size});
  if (!once)
    return 0;
  auto twice = printed(*once);
  require(twice.has_value(), "what is printed parses again");
  require(*twice == *once, "what is printed is the same tree");
  return 0;
}
