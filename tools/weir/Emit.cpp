// weir emit: objects, headers and texts for other projects.
#include <CLI/CLI.hpp>

#include "codegen/emit/CHeader.h"
#include "codegen/emit/Variants.h"
#include "codegen/llvm/Machine.h"
#include "codegen/nvptx/Nvptx.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Settle.h"
#include "tools/weir/Targets.h"
#include "tools/weir/Validate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace weir::tool {
namespace {

struct EmitOptions {
  std::string file, kernel, folder = ".";
  std::vector<std::string> artefacts{"obj", "header"}, targets{defaultTarget};
  std::vector<std::string> sets, params;
  bool remarks = false, validate = false;
};

/// A kernel in the LLVM dialect, once for each target.
struct Code {
  cascade::KernelOp kernel;
  std::vector<std::string> targets;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  std::vector<llvmir::Unit> units;
  nvptx::Architecture gpu;

  void add(mlir::OwningOpRef<mlir::ModuleOp> module, llvmir::Processor processor, std::string suffix) {
    units.push_back({*module, std::move(processor), std::move(suffix)});
    modules.push_back(std::move(module));
  }
};

using Content = mlir::FailureOr<std::string>;

Content machineCode(const Code &code, llvmir::FileKind kind) {
  auto bytes = llvmir::emitFile(code.units, kind);
  if (failed(bytes))
    return mlir::failure();
  return std::string(bytes->begin(), bytes->end());
}

Content header(const Code &code) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (failed(emit::writeCHeader(stream, code.kernel, llvm::join(code.targets, ","))))
    return mlir::failure();
  return text;
}

/// Text or machine code for a GPU.
Content gpuCode(const Code &code, Content (*emit)(const nvptx::Code &, const nvptx::Architecture &)) {
  auto kernel = nvptx::compile(code.kernel);
  if (failed(kernel))
    return mlir::failure();
  return emit(*kernel, code.gpu);
}

/// What `--emit` names: a file's extension and its content.
struct Artefact {
  std::string name, extension;
  std::function<Content(const Code &)> make;
};

const std::vector<Artefact> artefacts{
    {"asm", ".s",
     [](const Code &code) {
       return machineCode(code, llvmir::FileKind::Assembly);
     }},
    {"cubin", ".cubin", [](const Code &code) { return gpuCode(code, nvptx::emitCubin); }},
    {"header", ".h", header},
    {"llvm", ".ll",
     [](const Code &code) {
       return llvmir::emitText(code.units);
     }},
    {"obj", ".o",
     [](const Code &code) {
       return machineCode(code, llvmir::FileKind::Object);
     }},
    {"ptx", ".ptx", [](const Code &code) { return gpuCode(code, nvptx::emitPtx); }},
};

std::vector<std::string> artefactNames() {
  std::vector<std::string> names;
  for (const Artefact &artefact : artefacts)
    names.push_back(artefact.name);
  return names;
}

/// Replaces the file by one of this content, in one step.
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

/// Makes all contents first, so that a failure leaves no file behind.
bool writeArtefacts(const Code &code, const EmitOptions &options) {
  std::map<std::string, std::string> files;
  for (const Artefact &artefact : artefacts) {
    if (!llvm::is_contained(options.artefacts, artefact.name))
      continue;
    auto content = artefact.make(code);
    if (failed(content))
      return false;
    llvm::SmallString<128> path(options.folder);
    llvm::sys::path::append(path,
                            cascade::KernelOp(code.kernel).getSymName() + artefact.extension);
    files[path.str().str()] = std::move(*content);
  }
  if (auto error = llvm::sys::fs::create_directories(options.folder)) {
    complain("file-access", options.folder + ": " + error.message());
    return false;
  }
  for (auto &[path, content] : files) {
    if (!writeFile(path, content))
      return false;
    llvm::outs() << path << '\n';
  }
  return true;
}

/// The targets to compile for, each once; none after a message.
std::vector<Target> findTargets(const EmitOptions &options) {
  std::vector<Target> targets;
  for (const std::string &name : options.targets) {
    auto target = findCodeTarget(name);
    if (failed(target))
      return {};
    target->remarks = options.remarks;
    if (llvm::none_of(targets, [&](const Target &other) { return other.name == target->name; }))
      targets.push_back(*target);
  }
  auto alone = llvm::find_if(targets, [](const Target &target) { return !emit::levelOf(target.name); });
  if (targets.size() == 1 || alone == targets.end())
    return targets;
  complain("mixed-targets", "code for '" + alone->name + "' cannot share an object with code for other targets; " +
                                "levels of x86-64 can");
  return {};
}

/// Compiles for each target, and adds what chooses among several.
bool compile(Code &code, const std::vector<Target> &targets) {
  bool isAlone = targets.size() == 1;
  for (const Target &target : targets)
    code.targets.push_back(target.name);
  if (!isAlone) {
    auto chooser = emit::makeChooser(code.kernel, code.targets);
    if (failed(chooser))
      return false;
    code.add(std::move(*chooser), {"x86-64", "", targets.front().processor().triple}, "");
  }
  for (const Target &target : targets) {
    auto module = compileKernel(code.kernel, target);
    if (failed(module))
      return false;
    code.add(std::move(*module), target.processor(), isAlone ? "" : emit::variantSuffix(target.name));
  }
  return true;
}

int emitFiles(const EmitOptions &options) {
  auto settings = parseSettings(options.sets, options.params);
  if (failed(settings))
    return WrongUsage;
  // What is asked for of a GPU alone needs no code for a processor.
  auto gpu = llvm::find_if(options.targets, [](auto &name) { return succeeded(nvptx::findTarget(name)); });
  bool isForGpu = llvm::all_of(options.artefacts, [](auto &name) { return name == "ptx" || name == "cubin"; });
  if (gpu != options.targets.end() && (options.targets.size() > 1 || !isForGpu)) {
    complain("mixed-targets", "for '" + *gpu + "' alone there are ptx and cubin");
    return WrongUsage;
  }
  std::vector<Target> targets;
  if (!isForGpu && (targets = findTargets(options)).empty())
    return WrongUsage;
  Source source(options.remarks);
  auto settled = readKernel(source, options.file, options.kernel, *settings);
  if (failed(settled))
    return WrongInput;
  if (options.validate)
    if (ExitCode wrong = validate(settled->kernel, /*seed=*/0))
      return wrong;
  Code code{settled->kernel, {}, {}, {}, {}};
  if (gpu != options.targets.end())
    code.gpu = *nvptx::findTarget(*gpu);
  return (isForGpu || compile(code, targets)) && writeArtefacts(code, options) ? Success : WrongInput;
}

} // namespace

void addEmit(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand(
      "emit", "Write a kernel's object, header or text for other projects");
  auto options = std::make_shared<EmitOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command
      ->add_option("--emit", options->artefacts,
                   "What to write, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(artefactNames()))
      ->capture_default_str();
  command
      ->add_option("-o,--output", options->folder,
                   "Folder to write to; made where it is missing")
      ->capture_default_str();
  command->add_option("--kernel", options->kernel,
                      "Kernel to emit, where the file has several");
  command
      ->add_option("--target", options->targets,
                   "See weir targets; several levels of x86-64, separated by commas, share an object, "
                   "which takes the best that the processor has")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--set", options->sets,
                      "Type parameter or extent, NAME=VALUE");
  command->add_option("--param", options->params,
                      "Constant, or default of a scalar parameter, NAME=VALUE");
  command->add_flag("--remarks", options->remarks, "Say what was chosen");
  command->add_flag("--validate", options->validate, "First compare the derived form with the source at small extents");
  command->callback([options, &result] { result = emitFiles(*options); });
}

} // namespace weir::tool
