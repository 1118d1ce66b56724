// Programs of the CUDA toolkit: where they are, and what they make of a text.
#include "codegen/nvptx/Tools.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;

namespace weir::nvptx {

std::string findTool(const char *variable, StringRef name) {
  if (const char *given = std::getenv(variable))
    return given;
  if (auto found = llvm::sys::findProgramByName(name))
    return *found;
  const char *home = std::getenv("CUDA_HOME");
  std::string path = std::string(home ? home : "/usr/local/cuda") + "/bin/" + name.str();
  return llvm::sys::fs::can_execute(path) ? path : "";
}

FailureOr<std::string> runTool(Operation *where, StringRef program, ArrayRef<std::string> flags, StringRef text,
                               StringRef suffix) {
  llvm::SmallString<128> input, output, messages;
  for (auto [path, ending] :
       {std::pair(&input, suffix), std::pair(&output, StringRef("out")), std::pair(&messages, StringRef("txt"))})
    if (llvm::sys::fs::createTemporaryFile("weir", ending, *path))
      return where->emitError("no temporary file can be made");
  auto read = [](StringRef path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  };
  {
    std::error_code error;
    llvm::raw_fd_ostream(input, error) << text;
  }
  SmallVector<StringRef> words{program};
  words.append(flags.begin(), flags.end());
  words.append({input, "-o", output});
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(messages), StringRef(messages)};
  int status = llvm::sys::ExecuteAndWait(program, words, std::nullopt, redirects);
  std::string result = read(output), complaint = read(messages);
  for (StringRef path : {input.str(), output.str(), messages.str()})
    llvm::sys::fs::remove(path);
  if (status != 0)
    return where->emitError() << llvm::sys::path::filename(program) << " refuses the code: " << complaint;
  return result;
}

} // namespace weir::nvptx
