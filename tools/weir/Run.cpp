// weir run: compile and run a kernel on files, or on inputs made up.
#include <chrono>
#include <thread>

#include <CLI/CLI.hpp>

#include "dialect/Refuse.h"
#include "runtime/io/TensorFile.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Prepare.h"
#include "tools/weir/Report.h"
#include "tools/weir/Targets.h"
#include "tools/weir/Validate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace weir::tool {
namespace {

struct RunOptions {
  std::string file, kernel, target = defaultTarget;
  std::vector<std::string> inputs, params, outputs, sets;
  uint64_t seed = 0;
  unsigned repeat = 1, threads = std::thread::hardware_concurrency();
  bool remarks = false, accurate = false, json = false, values = false, wide = false, noCache = false,
       validate = false;
};

/// One run from the source file to the outputs in memory.
struct Run {
  cascade::KernelOp kernel;
  std::vector<std::string> names; ///< of outputs
  std::vector<io::Tensor> outputs;
  double compileSeconds = 0;
  bool fromCache = false;
  std::vector<double> seconds; ///< of each repetition

  double median() {
    llvm::sort(seconds);
    return seconds[seconds.size() / 2];
  }
};

double secondsSince(std::chrono::steady_clock::time_point start) {
  std::chrono::duration<double> passed =
      std::chrono::steady_clock::now() - start;
  return passed.count();
}

/// Where outputs are written, by name; an error for an unknown one.
mlir::LogicalResult checkOutputs(Run &run, const Assignments &paths) {
  for (auto output : run.kernel.getBody().getOps<cascade::OutputOp>())
    run.names.push_back(output.getName().str());
  for (auto &[name, path] : paths)
    if (!llvm::is_contained(run.names, name))
      return refuse(run.kernel, "unknown-output")
             << "no output '" << name << "'" << suggestion(name, run.names);
  return mlir::success();
}

mlir::LogicalResult execute(Run &run, const Call &call, const Backend &backend,
                            const CompileOptions &compile,
                            const RunOptions &options) {
  auto start = std::chrono::steady_clock::now();
  auto executable = backend.compile(call, compile);
  if (failed(executable))
    return mlir::failure();
  run.compileSeconds = secondsSince(start);
  run.fromCache = (*executable)->isFromCache();
  if (options.wide && !(*executable)->storesWide())
    return refuse(run.kernel, "wide-outputs")
           << "target '" << backend.name << "' cannot keep outputs in f64";
  auto outputs = allocateOutputs(call, options.wide);
  if (failed(outputs))
    return mlir::failure();
  run.outputs = std::move(*outputs);
  for (unsigned i = 0; i < std::max(1u, options.repeat); ++i) {
    start = std::chrono::steady_clock::now();
    if (failed((*executable)->run(call, run.outputs)))
      return mlir::failure();
    run.seconds.push_back(secondsSince(start));
  }
  return mlir::success();
}

bool writeOutputs(const Run &run, const Assignments &paths) {
  std::vector<io::TensorToWrite> files;
  for (auto [name, tensor] : llvm::zip(run.names, run.outputs)) {
    auto it = paths.find(name);
    if (it != paths.end())
      files.push_back({it->second, name, tensor});
  }
  auto status = io::writeTensors(files);
  if (!status)
    complain(status.error().id, status.message());
  return bool(status);
}

void report(Run &run, const Assignments &paths, const RunOptions &options) {
  for (auto [name, tensor] : llvm::zip(run.names, run.outputs)) {
    if (options.values)
      printValues(llvm::outs(), name, tensor);
    else if (!paths.count(name))
      print(llvm::outs(), Summary(name, tensor));
  }
  if (options.values)
    return;
  llvm::outs() << (run.fromCache ? "loaded from the cache in " : "compiled in ") << formatSeconds(run.compileSeconds)
               << ", ran in " << formatSeconds(run.median());
  if (options.repeat > 1)
    llvm::outs() << " (median of " << options.repeat << ")";
  llvm::outs() << ", threads " << options.threads << ", peak memory "
               << llvm::formatv("{0:f1} MiB\n", peakMemory() / 1048576.0);
}

void reportJSON(Run &run, const RunOptions &options) {
  llvm::json::Array outputs;
  for (auto [name, tensor] : llvm::zip(run.names, run.outputs))
    outputs.push_back(toJSON(Summary(name, tensor)));
  llvm::json::Object object{{"kernel", run.kernel.getSymName()},
                            {"target", options.target},
                            {"outputs", std::move(outputs)},
                            {"compile_seconds", run.compileSeconds},
                            {"from_cache", run.fromCache},
                            {"run_seconds", run.median()},
                            {"repeat", std::max(1u, options.repeat)},
                            {"threads", options.threads},
                            {"peak_memory_bytes", peakMemory()}};
  llvm::outs() << llvm::formatv("{0:2}\n",
                                llvm::json::Value(std::move(object)));
}

int run(const RunOptions &options) {
  CallOptions callOptions;
  Assignments outputPaths;
  callOptions.seed = options.seed;
  if (!parseAssignments(options.inputs, "--input", callOptions.inputs) ||
      !parseAssignments(options.params, "--param", callOptions.params) ||
      !parseAssignments(options.sets, "--set", callOptions.sets) ||
      !parseAssignments(options.outputs, "--output", outputPaths))
    return WrongUsage;
  std::string message;
  auto target = targets().find(options.target, message);
  if (failed(target)) {
    complain("unknown-target", message);
    return WrongUsage;
  }
  Source source(options.remarks);
  auto loaded = loadKernel(source, options.file, options.kernel, callOptions.sets);
  if (failed(loaded))
    return WrongInput;
  Run run;
  run.kernel = loaded->kernel;
  if (failed(checkOutputs(run, outputPaths)))
    return WrongInput;
  if (options.validate)
    if (ExitCode code = validate(run.kernel, options.seed))
      return code;
  auto call = prepare(run.kernel, callOptions);
  if (failed(call))
    return WrongInput;
  CompileOptions compile{target->second, options.threads, options.remarks, options.accurate, !options.noCache};
  if (failed(execute(run, *call, *target->first, compile, options)) ||
      !writeOutputs(run, outputPaths))
    return WrongInput;
  if (options.json)
    reportJSON(run, options);
  else
    report(run, outputPaths, options);
  return Success;
}

} // namespace

void addRun(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("run", "Compile and run a kernel");
  auto options = std::make_shared<RunOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel,
                      "Kernel to run, where the file has several");
  command->add_option(
      "--input", options->inputs,
      "Input tensor from a file, NAME=FILE; others are made up");
  command->add_option("--param", options->params,
                      "Scalar parameter, NAME=VALUE");
  command->add_option(
      "--output", options->outputs,
      "Output tensor to a file, NAME=FILE; others are summarised");
  command->add_option("--set", options->sets,
                      "Extent of a rank or type parameter, NAME=VALUE");
  command->add_option("--seed", options->seed, "Seed of made-up inputs")
      ->capture_default_str();
  command->add_option("--target", options->target, "See weir targets")
      ->capture_default_str();
  command
      ->add_option("--repeat", options->repeat,
                   "Repetitions; the median time is reported")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads to use")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--accurate", options->accurate, "Exponentials of f32 within 1.5 units of the last place, not 3.5");
  command->add_flag("--remarks", options->remarks, "Say what was chosen");
  command->add_flag("--validate", options->validate, "First compare the derived form with the source at small extents");
  command->add_flag("--no-cache", options->noCache, "Compile even what weir cache holds, and keep nothing");
  command->add_flag("--json", options->json, "Print JSON");
  command->add_flag("--print", options->values, "Print all outputs' values");
  command->add_flag(
      "--wide", options->wide,
      "Keep real outputs in f64, as the interpreter computes them");
  command->callback([options, &result] { result = run(*options); });
}

} // namespace weir::tool
