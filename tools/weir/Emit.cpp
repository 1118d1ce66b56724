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
  bool remarks = false, accurate = false, validate = false;
};

/// A kernel in the LLVM dialect, once for each target.
struct Code {
  cascade::KernelOp kernel;
  std::vector<std::string> targets;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  std::vector<llvmir::Unit> units;
  std::optional<nvptx::Architecture> architecture; ///< of a GPU
  std::optional<nvptx::Code> gpu;

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
  auto memory = code.architecture ? abi::Memory::Device : abi::Memory::Host;
  if (failed(emit::writeCHeader(stream, code.kernel, llvm::join(code.targets, ","), memory)))
    return mlir::failure();
  return text;
}

/// What `--emit` names: a file's extension and its content.
struct Artefact {
  std::string name, extension;
  std::function<Content(const Code &)> make;
  bool isForGpu = false; ///< alone
};

const std::vector<Artefact> artefacts{
    {"asm", ".s",
     [](const Code &code) {
       return machineCode(code, llvmir::FileKind::Assembly);
     }},
    {"cubin", ".cubin", [](const Code &code) { return nvptx::emitCubin(*code.gpu, *code.architecture); }, true},
    {"cuda", ".cu", [](const Code &code) { return nvptx::emitCuda(code.kernel, *code.gpu); }, true},
    {"header", ".h", header},
    {"llvm", ".ll",
     [](const Code &code) {
       return llvmir::emitText(code.units);
     }},
    {"obj", ".o",
     [](const Code &code) {
       return machineCode(code, llvmir::FileKind::Object);
     }},
    {"ptx", ".ptx", [](const Code &code) { return nvptx::emitPtx(*code.gpu, *code.architecture); }, true},
};

std::vector<std::string> artefactNames() {
  std::vector<std::string> names;
  for (const Artefact &artefact : artefacts)
    names.push_back(artefact.name);
  return names;
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
    target->accurate = options.accurate;
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

/// The GPU that the targets name, which share nothing with others; failure after a message.
mlir::FailureOr<std::optional<nvptx::Architecture>> findArchitecture(const EmitOptions &options) {
  std::optional<nvptx::Architecture> found;
  for (const std::string &target : options.targets)
    if (auto architecture = nvptx::findTarget(target); succeeded(architecture))
      found = *architecture;
  auto needsGpu = llvm::find_if(artefacts, [&](auto &artefact) {
    return artefact.isForGpu && llvm::is_contained(options.artefacts, artefact.name);
  });
  if (found && options.targets.size() > 1)
    complain("mixed-targets", "code for a GPU cannot share an object with code for other targets");
  else if (!found && needsGpu != artefacts.end())
    complain("mixed-targets", "'" + needsGpu->name + "' is for a GPU alone, such as --target nvptx:sm_80");
  else
    return found;
  return mlir::failure();
}

/// Compiles for the GPU, and what the processor does for a launch where an object is asked for.
bool compileForGpu(Code &code, const EmitOptions &options) {
  auto gpu = nvptx::compile(code.kernel, *code.architecture, options.remarks);
  if (failed(gpu))
    return false;
  code.gpu.emplace(std::move(*gpu));
  code.targets = {"nvptx:" + code.architecture->spelling()};
  auto needsHost = [](auto &name) { return name == "obj" || name == "asm" || name == "llvm"; };
  if (llvm::none_of(options.artefacts, needsHost))
    return true;
  auto module = nvptx::emitHost(code.kernel, *code.gpu, *code.architecture);
  if (failed(module))
    return false;
  code.add(std::move(*module), llvmir::anyProcessor(), "");
  return true;
}

/// Compiles for each target, and adds what chooses among several.
bool compileForProcessors(Code &code, const std::vector<Target> &targets) {
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
  auto architecture = findArchitecture(options);
  if (failed(architecture))
    return WrongUsage;
  std::vector<Target> targets;
  if (!*architecture && (targets = findTargets(options)).empty())
    return WrongUsage;
  Source source(options.remarks);
  auto settled = readKernel(source, options.file, options.kernel, *settings);
  if (failed(settled))
    return WrongInput;
  if (options.validate)
    if (ExitCode wrong = validate(settled->kernel, /*seed=*/0))
      return wrong;
  Code code{settled->kernel, {}, {}, {}, *architecture, {}};
  bool isCompiled = code.architecture ? compileForGpu(code, options) : compileForProcessors(code, targets);
  return isCompiled && writeArtefacts(code, options) ? Success : WrongInput;
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
  command->add_flag("--accurate", options->accurate, "Exponentials of f32 within 1.5 units of the last place, not 3.5");
  command->add_flag("--remarks", options->remarks, "Say what was chosen");
  command->add_flag("--validate", options->validate, "First compare the derived form with the source at small extents");
  command->callback([options, &result] { result = emitFiles(*options); });
}

} // namespace weir::tool
