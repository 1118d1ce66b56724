// weir print: the program after a stage.
#include <CLI/CLI.hpp>

#include "codegen/llvm/Machine.h"
#include "codegen/nvptx/Nvptx.h"
#include "passes/Explain.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Settle.h"
#include "tools/weir/Targets.h"

#include "llvm/Support/raw_ostream.h"

namespace weir::tool {
namespace {

struct PrintOptions {
  std::string file, kernel, target = defaultTarget;
  std::string stage = "cascade";
  std::vector<std::string> sets, params;
};

/// Stages that code generation prints, and how far it goes for them.
const std::map<std::string, Stage> codeStages{
    {"derived", Stage::Derived}, {"tile", Stage::Tile},
    {"lowered", Stage::Lowered}, {"llvm", Stage::LLVM},
    {"asm", Stage::LLVM},        {"ptx", Stage::LLVM},
};

std::vector<std::string> stageNames() {
  std::vector<std::string> names{"source", "cascade"};
  for (auto &[name, stage] : codeStages)
    names.push_back(name);
  return names;
}

/// Compiles up to the stage. Of the explanations, only the one that says why a
/// tile form is missing becomes a remark.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
compile(cascade::KernelOp kernel, const Target &target, Stage stage) {
  std::vector<Explanation> explanations;
  auto module = [&] {
    ExplanationCollector collector(kernel.getContext());
    auto compiled = compileKernel(kernel, target, stage);
    explanations = std::move(collector.explanations);
    return compiled;
  }();
  for (const Explanation &explanation : explanations)
    if (explanation.derivation == tileForm)
      explain(explanation);
  return module;
}

mlir::LogicalResult printCode(cascade::KernelOp kernel, const Target &target,
                              const std::string &stage) {
  auto module = compile(kernel, target, codeStages.at(stage));
  if (failed(module))
    return mlir::failure();
  llvmir::Processor processor = target.processor();
  if (stage == "llvm") {
    auto text = llvmir::emitText(**module, processor);
    if (failed(text))
      return mlir::failure();
    llvm::outs() << *text;
  } else if (stage == "asm") {
    auto text =
        llvmir::emitFile(**module, processor, llvmir::FileKind::Assembly);
    if (failed(text))
      return mlir::failure();
    llvm::outs() << llvm::StringRef(text->data(), text->size());
  } else {
    for (mlir::Operation &op : *module->get().getBody())
      llvm::outs() << op << '\n';
  }
  return mlir::success();
}

/// The same for a GPU; `splits`: blocks may share columns, as they do where the executor runs the code.
mlir::LogicalResult printGpuCode(cascade::KernelOp kernel,
                                 const nvptx::Architecture &architecture,
                                 const std::string &stage, bool splits) {
  auto code = nvptx::compile(kernel, architecture, /*remarks=*/false, /*extentOf=*/nullptr, splits);
  if (failed(code))
    return mlir::failure();
  if (stage != "ptx") {
    auto &module = stage == "tile" ? code->tiles : code->module;
    for (mlir::Operation &op : *module->getBody())
      llvm::outs() << op << '\n';
    return mlir::success();
  }
  auto text = nvptx::emitPtx(*code, architecture);
  if (succeeded(text))
    llvm::outs() << *text;
  return text;
}

int print(const PrintOptions &options) {
  Source source(/*remarks=*/true);
  auto settings = parseSettings(options.sets, options.params);
  if (failed(settings))
    return WrongUsage;
  llvm::StringRef architecture = options.target;
  bool splits = architecture.consume_front("ptx-exec");
  auto gpu = nvptx::findTarget(splits ? "nvptx" + architecture.str() : options.target);
  auto target = findCodeTarget(succeeded(gpu) ? defaultTarget : options.target);
  if (failed(target))
    return WrongUsage;
  target->remarks = true;
  if (options.stage == "ptx" && failed(gpu)) {
    complain("wrong-stage", "PTX is printed with --target nvptx:sm_80");
    return WrongUsage;
  }
  if (!source.open(options.file))
    return WrongInput;
  if (options.stage == "source")
    return source.print(llvm::outs()) ? Success : WrongInput;
  auto module = source.load(settings->sets, options.kernel);
  if (!module)
    return WrongInput;
  auto kernels = findKernels(*module, options.kernel);
  for (cascade::KernelOp kernel : kernels) {
    if (failed(settle(kernel, *settings)))
      return WrongInput;
    if (options.stage == "cascade")
      llvm::outs() << *kernel << '\n';
    else if (succeeded(gpu) && options.stage != "derived") {
      if (failed(printGpuCode(kernel, *gpu, options.stage, splits)))
        return WrongInput;
    } else if (failed(printCode(kernel, *target, options.stage)))
      return WrongInput;
  }
  return kernels.empty() ? WrongInput : Success;
}

} // namespace

void addPrint(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("print", "Print the program after a stage");
  auto options = std::make_shared<PrintOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel, "Kernel to print");
  command->add_option("--after", options->stage, "Stage to print after")
      ->check(CLI::IsMember(stageNames()))
      ->capture_default_str();
  command->add_option("--target", options->target, "See weir targets")
      ->capture_default_str();
  command->add_option("--set", options->sets,
                      "Type parameter or extent, NAME=VALUE");
  command->add_option("--param", options->params,
                      "Scalar parameter, NAME=VALUE");
  command->callback([options, &result] { result = print(*options); });
}

} // namespace weir::tool
