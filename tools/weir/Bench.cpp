// weir bench: how long a kernel takes on a target, and what rates that means.
#include <thread>

#include <CLI/CLI.hpp>

#include "passes/analysis/Steps.h"
#include "tools/weir/Analyze.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Prepare.h"
#include "tools/weir/Report.h"
#include "tools/weir/Targets.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace weir::tool {
namespace {

struct BenchOptions {
  std::string file, kernel, target = defaultTarget;
  std::vector<std::string> params, sets;
  unsigned repeat = 20, threads = std::thread::hardware_concurrency();
  bool json = false;
};

struct Times {
  std::vector<double> seconds; ///< sorted
  std::string place;
  double operations = 0; ///< two for each multiply-add of the source, masked points aside
  double bytes = 0;      ///< of inputs and outputs, each once
};

double median(const std::vector<double> &sorted) { return sorted[sorted.size() / 2]; }

mlir::FailureOr<Times> measure(const Call &call, const Backend &backend, const CompileOptions &compile, unsigned repeat) {
  auto executable = backend.compile(call, compile);
  if (failed(executable))
    return mlir::failure();
  auto outputs = allocateOutputs(call);
  if (failed(outputs))
    return mlir::failure();
  auto seconds = (*executable)->measure(call, *outputs, repeat);
  if (failed(seconds))
    return mlir::failure();
  Times times{std::move(*seconds), (*executable)->place()};
  llvm::sort(times.seconds);
  auto kernel = call.kernel;
  times.operations = 2 * Steps(kernel, sizesOf(kernel, call.resolution), /*block=*/1).total().fma;
  for (auto &[name, tensor] : call.inputs)
    times.bytes += double(tensor.bytes());
  for (const io::Tensor &output : *outputs)
    times.bytes += double(output.bytes());
  return times;
}

void report(const Times &times, const BenchOptions &options) {
  double middle = median(times.seconds);
  if (options.json) {
    llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Object{{"target", options.target},
                                                                                {"device", times.place},
                                                                                {"repeat", options.repeat},
                                                                                {"seconds", llvm::json::Array(times.seconds)},
                                                                                {"median_seconds", middle},
                                                                                {"operations", times.operations},
                                                                                {"bytes", times.bytes}}));
    return;
  }
  llvm::outs() << "median " << formatSeconds(middle) << ", least " << formatSeconds(times.seconds.front()) << ", most "
               << formatSeconds(times.seconds.back()) << " of " << options.repeat << " runs";
  if (!times.place.empty())
    llvm::outs() << " on " << times.place;
  llvm::outs() << llvm::formatv("\n{0:f3} G operations, {1:f1} G a second; {2:f3} GB of inputs and outputs, {3:f1} GB a second\n",
                                times.operations / 1e9, times.operations / middle / 1e9, times.bytes / 1e9,
                                times.bytes / middle / 1e9);
}

int bench(const BenchOptions &options) {
  CallOptions words;
  if (!parseAssignments(options.params, "--param", words.params) || !parseAssignments(options.sets, "--set", words.sets))
    return WrongUsage;
  std::string message;
  auto target = targets().find(options.target, message);
  if (failed(target)) {
    complain("unknown-target", message);
    return WrongUsage;
  }
  Source source(/*remarks=*/false);
  auto loaded = loadKernel(source, options.file, options.kernel, words.sets);
  if (failed(loaded))
    return WrongInput;
  auto call = prepare(loaded->kernel, words);
  if (failed(call))
    return WrongInput;
  CompileOptions compile;
  compile.variant = target->second;
  compile.threads = options.threads;
  compile.cache = true;
  auto times = measure(*call, *target->first, compile, options.repeat);
  if (failed(times))
    return WrongInput;
  report(*times, options);
  return Success;
}

} // namespace

void addBench(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("bench", "Measure a kernel on inputs made up");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel, "Kernel to measure, where the file has several");
  command->add_option("--param", options->params, "Scalar parameter, NAME=VALUE");
  command->add_option("--set", options->sets, "Extent of a rank or type parameter, NAME=VALUE");
  command->add_option("--target", options->target, "See weir targets")->capture_default_str();
  command->add_option("--repeat", options->repeat, "Runs, after one that does not count")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads to use")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = bench(*options); });
}

} // namespace weir::tool
