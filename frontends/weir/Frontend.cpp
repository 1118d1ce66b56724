// The stages of the front end in order: parse, elaborate, order, type, lower.
#include "frontends/weir/Frontend.h"

#include "frontends/weir/Elaborate.h"
#include "frontends/weir/Groups.h"
#include "frontends/weir/Limits.h"
#include "frontends/weir/Lower.h"
#include "frontends/weir/Parser.h"
#include "frontends/weir/Typing.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace weir::frontend {

ArrayRef<Limit> allLimits() {
  using namespace limits;
  static constexpr Limit all[] = {
      fileSize,  files,      nesting, chain,     depth, dimensions,    ranks,
      equations, operations, lowered,       inference, reads, substitutions,
      extent,    errors};
  return all;
}

ErrorOr<std::unique_ptr<MemoryBuffer>> readSource(StringRef path) {
  bool isInput = path == "-";
  Expected<sys::fs::file_t> file = isInput
                                       ? Expected<sys::fs::file_t>(sys::fs::getStdinHandle())
                                       : sys::fs::openNativeFileForRead(path);
  if (!file)
    return errorToErrorCode(file.takeError());
  llvm::scope_exit close([&] {
    if (!isInput)
      sys::fs::closeFile(*file);
  });
  // Read until there is no more or too much: a device may have no end.
  SmallVector<char, 0> text;
  while (text.size() <= limits::fileSize.most) {
    size_t size = text.size();
    text.resize_for_overwrite(size + (1 << 16));
    auto count = sys::fs::readNativeFile(*file, MutableArrayRef(text).drop_front(size));
    if (!count)
      return errorToErrorCode(count.takeError());
    text.truncate(size + *count);
    if (*count == 0)
      return MemoryBuffer::getMemBufferCopy(StringRef(text.data(), text.size()), isInput ? "<stdin>" : path);
  }
  return std::make_error_code(std::errc::file_too_large);
}

/// The kernels of a file that the options ask for.
static std::vector<const ast::Kernel *>
chosenKernels(const ast::File &file, const Options &options, SMRange start,
              Diagnostics &diagnostics) {
  std::vector<const ast::Kernel *> chosen;
  StringMap<const ast::Kernel *> names;
  for (const ast::Kernel &kernel : file.kernels) {
    auto [it, added] = names.try_emplace(kernel.name.text, &kernel);
    if (!added)
      diagnostics
          .error("duplicate-name", kernel.name.range,
                 "kernel '" + kernel.name.text + "' is already defined")
          .notes.push_back({it->second->name.range, "defined here"});
    else if (options.kernel.empty() || options.kernel == kernel.name.text)
      chosen.push_back(&kernel);
  }
  if (chosen.empty() && !diagnostics.errorCount()) {
    SmallVector<StringRef> known(names.keys());
    diagnostics.error("unknown-kernel", start,
                      options.kernel.empty()
                          ? "the file has no kernel"
                          : "the file has no kernel '" + options.kernel + "'" +
                                suggestion(options.kernel, known));
  }
  return chosen;
}

static void checkSettings(const Options &options, const StringSet<> &used,
                          const std::deque<Program> &programs, SMRange start,
                          Diagnostics &diagnostics) {
  for (const auto &[name, value] : options.settings) {
    if (used.contains(name))
      continue;
    SmallVector<StringRef> known;
    for (const Program &program : programs) {
      append_range(known, program.rankNames.keys());
      append_range(known, program.typeNames.keys());
    }
    diagnostics.error("unknown-setting", start,
                      "no rank or type parameter '" + Twine(name) + "' to set" +
                          suggestion(name, known));
  }
}

/// What is compiled in reasonable time: the limits of a kernel in its lowered
/// form, in which each reduction is an equation.
static void checkSize(const Program &program, cascade::KernelOp kernel,
                      Diagnostics &diagnostics) {
  size_t equations = 0, operations = 0;
  kernel->walk([&](mlir::Operation *op) {
    equations += isa<cascade::Equation>(op);
    ++operations;
  });
  auto check = [&](const Limit &limit, size_t count, StringRef what) {
    if (count > limit.most)
      diagnostics.error(limit.id, program.source->name.range,
                        "kernel '" + program.source->name.text + "' has " +
                            Twine(count) + " " + what + "; the limit is " +
                            Twine(limit.most));
  };
  check(limits::equations, equations,
        "equations, those of its reductions among them");
  check(limits::lowered, operations, "operations in all its equations");
}

static mlir::OwningOpRef<mlir::ModuleOp> compile(mlir::MLIRContext &context,
                                                 SourceMgr &sources,
                                                 const Options &options,
                                                 Diagnostics &diagnostics) {
  const MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
  SMLoc start = SMLoc::getFromPointer(buffer->getBufferStart());
  if (buffer->getBufferSize() > limits::fileSize.most) {
    diagnostics.error("file-size-limit", {start, start},
                      "the file is larger than 16 MiB");
    return {};
  }
  Library library(sources, options.includeFolders, diagnostics);
  const ast::File &file = library.load(sources.getMainFileID());
  auto kernels = chosenKernels(file, options, {start, start}, diagnostics);
  std::deque<Program> programs;
  StringSet<> used;
  for (const ast::Kernel *kernel : kernels) {
    Program &program = programs.emplace_back();
    program.source = kernel;
    Elaborator elaborator(program, library, options.settings, diagnostics);
    bool sound = elaborator.run();
    for (StringRef setting : elaborator.usedSettings())
      used.insert(setting);
    if (sound && orderEquations(program, diagnostics))
      Typing(program, diagnostics).run();
  }
  if (!kernels.empty())
    checkSettings(options, used, programs, {start, start}, diagnostics);
  if (diagnostics.errorCount())
    return {};
  context.loadDialect<cascade::CascadeDialect>();
  mlir::OpBuilder builder(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module(
      mlir::ModuleOp::create(mlir::FileLineColLoc::get(
          &context, buffer->getBufferIdentifier(), 1, 1)));
  for (Program &program : programs) {
    warnUnused(program, diagnostics);
    builder.setInsertionPointToEnd(module->getBody());
    Lowering lowering(program, sources, builder);
    cascade::KernelOp kernel = lowering.run();
    if (lowering.isTooLarge())
      diagnostics.error("substitution-limit", program.source->name.range,
                        "substituted indices multiply too often; name a part "
                        "of the expression by an equation");
    else
      checkSize(program, kernel, diagnostics);
  }
  if (diagnostics.errorCount())
    return {};
  return module;
}

mlir::OwningOpRef<mlir::ModuleOp> parseWeir(mlir::MLIRContext &context,
                                            SourceMgr &sources,
                                            const Options &options,
                                            DiagnosticSink sink) {
  Diagnostics diagnostics;
  auto module = compile(context, sources, options, diagnostics);
  for (const Diagnostic &diagnostic : diagnostics.all())
    sink(diagnostic);
  if (module && mlir::failed(mlir::verify(*module)))
    return {};
  return module;
}

bool printWeir(SourceMgr &sources, raw_ostream &stream, DiagnosticSink sink) {
  Diagnostics diagnostics;
  auto file =
      Parser(sources.getMemoryBuffer(sources.getMainFileID())->getBuffer(),
             diagnostics)
          .parseFile();
  for (const Diagnostic &diagnostic : diagnostics.all())
    sink(diagnostic);
  if (diagnostics.errorCount())
    return false;
  ast::print(stream, *file);
  return true;
}

std::vector<std::string> realTypeParameters(SourceMgr &sources) {
  Diagnostics diagnostics;
  auto file =
      Parser(sources.getMemoryBuffer(sources.getMainFileID())->getBuffer(),
             diagnostics)
          .parseFile();
  SmallSetVector<StringRef, 2> names;
  for (const ast::Kernel &kernel : file->kernels)
    for (const ast::TypeParameter &parameter : kernel.types) {
      auto type = parseElementType(parameter.initial.text);
      if (type && isReal(kindOf(*type)))
        names.insert(parameter.name.text);
    }
  return std::vector<std::string>(names.begin(), names.end());
}

/// The text of a comment's lines.
static std::string withoutMarks(StringRef comment) {
  std::string text;
  SmallVector<StringRef> lines;
  comment.split(lines, '\n');
  for (StringRef line : lines)
    text += (text.empty() ? "" : "\n") + line.trim().ltrim('#').trim().str();
  return text;
}

std::vector<FunctionDoc> standardFunctions() {
  std::vector<FunctionDoc> docs;
  Diagnostics diagnostics;
  for (const StandardFile &standard : standardFiles()) {
    auto file = Parser(standard.text, diagnostics).parseFile();
    for (const ast::Function &function : file->functions)
      docs.push_back({standard.name.str(), function.signature.str(),
                      withoutMarks(function.comment)});
  }
  return docs;
}

} // namespace weir::frontend
