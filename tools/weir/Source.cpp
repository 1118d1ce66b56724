// Reads source files by their extension.
#include "tools/weir/Source.h"

#include "codegen/binding/Extents.h"
#include "dialect/Refuse.h"
#include "frontends/teaal/Teaal.h"
#include "frontends/weir/Frontend.h"
#include "tools/weir/Commands.h"
#include "tools/weir/InternalError.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace weir::tool {

void complain(StringRef id, const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "weir")
      << message << " [" << id << "]\n";
}

bool writeFile(const std::string &path, const std::string &content) {
  auto error = llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
    stream << content;
    return llvm::Error::success();
  });
  if (!error)
    return true;
  complain("file-access", path + ": " + llvm::toString(std::move(error)));
  return false;
}

bool parseAssignments(const std::vector<std::string> &words,
                      const std::string &option, Assignments &assignments) {
  for (const std::string &word : words) {
    size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      complain("bad-assignment",
               option + " takes NAME=VALUE, not '" + word + "'");
      return false;
    }
    assignments[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return true;
}

Source::Source(bool remarks) : context(MLIRContext::Threading::DISABLED) {
  context.loadDialect<cascade::CascadeDialect>();
  context.printOpOnDiagnostic(false);
  handler = std::make_unique<SourceMgrDiagnosticHandler>(sources, &context);
  // Called before the one above: decides what is shown, and with what name.
  context.getDiagEngine().registerHandler([=, this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      identify(diagnostic);
    return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark &&
                   !remarks);
  });
}

Source::~Source() = default;

/// Ends a message with its identifier.
void Source::identify(Diagnostic &diagnostic) {
  StringRef id = identifierOf(diagnostic);
  if (id.empty() && isReadingIR) {
    id = "invalid-ir";
  } else if (id.empty()) {
    noteIfInternal(diagnostic);
    id = "internal-error";
  }
  diagnostic << " [" << id.str() << "]";
}

bool Source::open(const std::string &path) {
  auto file = frontend::readSource(path);
  if (!file) {
    bool isTooLarge = file.getError() == std::errc::file_too_large;
    complain(isTooLarge ? "file-size-limit" : "file-access",
             path + ": " + file.getError().message());
    return false;
  }
  isIR = StringRef(path).ends_with(".mlir");
  isTeaal = StringRef(path).ends_with(".yaml") || StringRef(path).ends_with(".yml");
  sources.AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
  setReproducer(sources);
  return true;
}

OwningOpRef<ModuleOp> Source::load(Assignments &sets,
                                   const std::string &kernel) {
  auto module = isIR ? loadIR() : loadText(sets, kernel);
  setReproducer(sources);
  if (module && provoke()) {
    module->emitError("provoked");
    return {};
  }
  return module;
}

OwningOpRef<ModuleOp> Source::loadIR() {
  isReadingIR = true;
  auto module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  isReadingIR = false;
  return module;
}

OwningOpRef<ModuleOp> Source::loadText(Assignments &sets,
                                       const std::string &kernel) {
  auto report = [this](const frontend::Diagnostic &found) {
    frontend::printDiagnostic(llvm::errs(), sources, found,
                              llvm::errs().has_colors());
  };
  if (isTeaal)
    return teaal::parseTeaal(context, sources, kernel, report);
  frontend::Options options;
  options.settings.swap(sets);
  options.kernel = kernel;
  return frontend::parseWeir(context, sources, options, report);
}

std::vector<std::string> Source::realTypeParameters() {
  return isIR || isTeaal ? std::vector<std::string>()
                         : frontend::realTypeParameters(sources);
}

bool Source::print(llvm::raw_ostream &stream) {
  if (isIR) {
    stream << sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
    return true;
  }
  return frontend::printWeir(
      sources, stream, [this](const frontend::Diagnostic &found) {
        frontend::printDiagnostic(llvm::errs(), sources, found,
                                  llvm::errs().has_colors());
      });
}

cascade::KernelOp findKernel(ModuleOp module, const std::string &name) {
  std::vector<std::string> names;
  for (auto kernel : module.getOps<cascade::KernelOp>()) {
    if (kernel.getSymName() == name)
      return kernel;
    names.push_back(kernel.getSymName().str());
  }
  if (name.empty() && names.size() == 1)
    return *module.getOps<cascade::KernelOp>().begin();
  if (names.empty())
    complain("unknown-kernel", "the file has no kernel");
  else if (name.empty())
    complain("several-kernels",
             "the file has several kernels, choose one with --kernel: " +
                 llvm::join(names, ", "));
  else
    complain("unknown-kernel",
             "no kernel '" + name + "'" + suggestion(name, names));
  return {};
}

FailureOr<LoadedKernel> loadKernel(Source &source, const std::string &file, const std::string &name,
                                   Assignments &sets) {
  if (!source.open(file))
    return failure();
  LoadedKernel loaded{source.load(sets, name), {}};
  if (loaded.module)
    loaded.kernel = findKernel(*loaded.module, name);
  if (!loaded.kernel)
    return failure();
  return loaded;
}

} // namespace weir::tool
