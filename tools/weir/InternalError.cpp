// Crashes, fatal errors, and errors without an identifier. The reproducer is ready in memory before anything fails,
// so that a signal handler has only to write it.
#include "tools/weir/InternalError.h"

#include "dialect/Refuse.h"
#include "tools/weir/Commands.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"

#include <atomic>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <new>
#include <unistd.h>

namespace weir::tool {
namespace {

struct Reproducer {
  std::string path, content;
};

/// What is known of this process in case it fails.
struct State {
  std::vector<std::string> words; ///< of the command line
  std::string provocation;
  std::atomic<const Reproducer *> last = nullptr;  ///< of any thread
  std::atomic<const Reproducer *> noted = nullptr; ///< of the first error that was the compiler's own
  std::atomic<bool> isNoted = false;
};

State &state() {
  static State *state = new State; // outlives every destructor
  return *state;
}

/// Of the source that this thread works on. Reproducers are never freed: a handler may be about to write one.
thread_local const Reproducer *ours = nullptr;

const Reproducer *current() { return ours ? ours : state().last.load(); }

void writeAll(int descriptor, const char *data, size_t size) {
  while (size) {
    ssize_t written = ::write(descriptor, data, size);
    if (written <= 0)
      return;
    data += written;
    size -= written;
  }
}

void say(const char *text) { writeAll(STDERR_FILENO, text, std::strlen(text)); }

/// Calls only what a signal handler may call.
void writeReproducer(const char *what, const Reproducer *reproducer) {
  say("weir: internal error: ");
  say(what);
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  int file = reproducer ? ::open(reproducer->path.c_str(), flags, 0600) : -1;
  if (file >= 0) {
    writeAll(file, reproducer->content.data(), reproducer->content.size());
    ::close(file);
    say("; this file reproduces it: ");
    say(reproducer->path.c_str());
  }
  say(" [internal-error]\n");
}

[[noreturn]] void fail(const char *what) {
  writeReproducer(what, current());
  ::_exit(InternalError);
}

[[noreturn]] void onSignal(int signal) {
  switch (signal) {
  case SIGSEGV:
    fail("a read or write of memory that is not there, or a stack that is full");
  case SIGFPE:
    fail("an arithmetic exception");
  case SIGABRT:
    fail("the program stopped itself");
  default:
    fail("a fatal signal");
  }
}

[[noreturn]] void onMemory() {
  say("weir: error: not enough memory [no-memory]\n");
  ::_exit(WrongInput);
}

[[noreturn]] void onTerminate() {
  try {
    if (std::current_exception())
      std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc &) {
    onMemory();
  } catch (...) {
  }
  fail("an exception that nothing handles");
}

/// A stack that is full has no room for a handler, which so gets its own.
void catchSignals() {
  static char handlerStack[1 << 16];
  stack_t stack = {};
  stack.ss_sp = handlerStack;
  stack.ss_size = sizeof handlerStack;
  ::sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  std::signal(SIGXFSZ, SIG_IGN); // then writing fails with a reason
  for (int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV})
    ::sigaction(signal, &action, nullptr);
}

bool isStandard(llvm::StringRef name) { return name.starts_with("std/"); }

/// A file's text, in which imports of files that the reproducer holds are comments.
std::string withoutImports(llvm::StringRef text) {
  std::string result;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    llvm::StringRef import = line.ltrim();
    bool isLocal = import.consume_front("import") && !isStandard(import.ltrim().ltrim('"'));
    result += (isLocal ? "# " : "") + line.str() + "\n";
    text = rest;
  }
  return result;
}

} // namespace

void watchForInternalErrors(int argc, char **argv) {
  state().words.assign(argv + 1, argv + argc);
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) { fail(reason); });
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { onMemory(); });
  std::set_terminate(onTerminate);
  catchSignals();
}

void setReproducer(const llvm::SourceMgr &sources) {
  const llvm::MemoryBuffer *main = sources.getMemoryBuffer(sources.getMainFileID());
  llvm::StringRef extension = llvm::sys::path::extension(main->getBufferIdentifier());
  bool isText = extension != ".mlir" && extension != ".yaml";
  llvm::SmallString<128> path;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, path);
  std::string name = "weir-" + std::to_string(llvm::sys::Process::getProcessId());
  llvm::sys::path::append(path, name + (isText ? ".weir" : extension.str()));
  llvm::StringRef mark = extension == ".mlir" ? "//" : "#";
  std::string content = (mark + " Reproduces an internal error of Weir 0.1.0. Run: weir").str();
  for (const std::string &word : state().words)
    content += " " + (word == main->getBufferIdentifier() ? path.str().str() : word);
  content += "\n";
  for (unsigned i = 1; i <= sources.getNumBuffers(); ++i) {
    const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(i);
    if (!isText)
      content += buffer->getBuffer();
    else if (!isStandard(buffer->getBufferIdentifier()))
      content += withoutImports(buffer->getBuffer());
  }
  ours = new Reproducer{path.str().str(), std::move(content)};
  state().last = ours;
}

void noteIfInternal(mlir::Diagnostic &diagnostic) {
  bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  if (isError && identifierOf(diagnostic).empty() && !state().isNoted.exchange(true))
    state().noted = current();
}

int finish(int result) {
  if (!state().isNoted)
    return result;
  writeReproducer("an error that the input cannot be blamed for", state().noted);
  return InternalError;
}

void setProvocation(const std::string &kind) { state().provocation = kind; }

bool provoke() {
  const std::string &kind = state().provocation;
  if (kind == "fatal")
    llvm::report_fatal_error("provoked");
  if (kind == "signal")
    std::raise(SIGSEGV);
  return kind == "error";
}

} // namespace weir::tool
