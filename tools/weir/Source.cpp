// Reads source files by their extension.
#include "tools/weir/Source.h"

#include "codegen/binding/Extents.h"
#include "frontends/teaal/Teaal.h"
#include "frontends/weir/Frontend.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;

namespace weir::tool {

bool parseAssignments(const std::vector<std::string> &words,
                      const std::string &option, Assignments &assignments) {
  for (const std::string &word : words) {
    size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      llvm::errs() << "weir: " << option << " takes NAME=VALUE, not '" << word
                   << "'\n";
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
  if (!remarks)
    context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
      return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
    });
}

Source::~Source() = default;

bool Source::open(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!file) {
    llvm::WithColor::error(llvm::errs(), "weir")
        << path << ": " << file.getError().message() << '\n';
    return false;
  }
  isIR = StringRef(path).ends_with(".mlir");
  isTeaal = StringRef(path).ends_with(".yaml") || StringRef(path).ends_with(".yml");
  sources.AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
  return true;
}

OwningOpRef<ModuleOp> Source::load(Assignments &sets,
                                   const std::string &kernel) {
  return isIR ? loadIR() : loadText(sets, kernel);
}

OwningOpRef<ModuleOp> Source::loadIR() {
  return parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
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
  auto &stream = llvm::WithColor::error(llvm::errs(), "weir");
  if (names.empty())
    stream << "the file has no kernel\n";
  else if (name.empty())
    stream << "the file has several kernels, choose one with --kernel: "
           << llvm::join(names, ", ") << '\n';
  else
    stream << "no kernel '" << name << "'" << suggestion(name, names) << '\n';
  return {};
}

} // namespace weir::tool
