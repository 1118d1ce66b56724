// weir analyze: passes, depth, work, traffic, footprint and a bound on the time.
#include "tools/weir/Analyze.h"

#include <CLI/CLI.hpp>

#include "codegen/binding/Extents.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Settle.h"
#include "tools/weir/Targets.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

namespace weir::tool {
namespace {

struct AnalyzeOptions {
  std::string file, kernel, machine;
  std::vector<std::string> sets, params;
  bool json = false;
};

unsigned lineOf(mlir::Location loc) {
  auto found = loc->findInstanceOf<mlir::FileLineColLoc>();
  return found ? found.getLine() : 0;
}

/// What ranks are taken to be where nothing says how long they are.
constexpr int64_t assumedExtent = 64;

/// Extents of all ranks: those given, then as few assumed as possible.
std::optional<Resolution> resolveOrAssume(cascade::KernelOp kernel, llvm::StringSet<> &assumed) {
  mlir::ScopedDiagnosticHandler quiet(kernel.getContext(), [](mlir::Diagnostic &) { return mlir::success(); });
  auto isCarried = [&](cascade::RankOp rank) {
    return llvm::any_of(kernel.getBody().getOps<cascade::InputOp>(), [&](cascade::InputOp input) {
      return mlir::cast<cascade::TensorType>(input.getType()).indexOf(rank.getNameAttr()) >= 0;
    });
  };
  for (int choice : {0, 1, 2}) { // nothing, what inputs carry, everything
    ShapeRequest request;
    for (auto param : kernel.getBody().getOps<cascade::ParamOp>())
      if (param.getInit().empty()) {
        auto type = mlir::cast<cascade::TensorType>(param.getType()).getScalarType();
        request.params[param.getName().str()] =
            scalar::kindOf(type) == scalar::Kind::Real ? scalar::Value::of(1.0) : scalar::Value::of(int64_t(1));
      }
    for (auto rank : kernel.getBody().getOps<cascade::RankOp>()) {
      bool isFree = !rank.getFamily() && !rank.getSize() && rank.getExtent().empty();
      if (isFree && (choice == 2 || (choice == 1 && isCarried(rank))))
        request.pins[rank.getName().str()] = assumedExtent;
    }
    auto resolution = resolve(kernel, request);
    if (failed(resolution))
      continue;
    for (auto &[rank, extent] : request.pins)
      assumed.insert(rank);
    return *resolution;
  }
  return std::nullopt;
}

} // namespace

Sizes sizesOf(cascade::KernelOp kernel, const Resolution &resolution) {
  Sizes sizes;
  for (auto &[rank, extent] : resolution.extents)
    sizes.extents[mlir::StringAttr::get(kernel.getContext(), rank)] = extent;
  for (auto param : kernel.getBody().getOps<cascade::ParamOp>()) {
    auto it = resolution.params.find(param.getName().str());
    if (it == resolution.params.end() || !it->second.isPresent())
      continue;
    auto type = mlir::cast<cascade::TensorType>(param.getType()).getScalarType();
    bool isReal = scalar::kindOf(type) == scalar::Kind::Real;
    sizes.scalars[param.getResult()] = isReal ? it->second.real : double(it->second.integer);
  }
  return sizes;
}

namespace {

void countPasses(cascade::KernelOp source, cascade::KernelOp derived, Analysis &analysis) {
  std::vector<RankPasses> all;
  for (auto rank : source.getBody().getOps<cascade::RankOp>()) {
    RankPasses &before = all.emplace_back(source, rank.getNameAttr());
    RankPasses after(derived, rank.getNameAttr());
    RankReport report;
    report.name = rank.getName().str();
    report.passes = before.getPasses();
    report.depth = before.getDepth();
    report.derivedPasses = after.getPasses();
    report.derivedDepth = after.getDepth();
    report.isIterative = before.isIterative();
    report.directions = before.getDirections();
    for (const auto &[input, generations] : before.getLineage())
      report.lineage.push_back(
          {input.getDefiningOp()->getAttrOfType<mlir::StringAttr>("name").getValue().str(), generations.size()});
    analysis.ranks.push_back(report);
  }
  source.walk([&](cascade::Equation equation) {
    EinsumReport report{equation.getEquationName().str(), lineOf(equation->getLoc()), equation, {}};
    for (RankPasses &passes : all)
      if (unsigned generation = passes.generationOf(equation->getResult(0)))
        report.generations.push_back({passes.getRank().str(), generation});
    analysis.einsums.push_back(report);
  });
}

/// Work and traffic, where extents are known or could be assumed.
void measure(cascade::KernelOp source, cascade::KernelOp derived, Analysis &analysis) {
  llvm::StringSet<> assumed;
  auto resolution = resolveOrAssume(source, assumed);
  if (!resolution) {
    analysis.whyNot = "no extents could be assumed that fulfil the kernel's constraints; give them by --set";
    return;
  }
  analysis.hasSizes = true;
  for (RankReport &rank : analysis.ranks) {
    rank.extent = resolution->extents[rank.name];
    rank.isAssumed = assumed.contains(rank.name);
  }
  const Machine &machine = analysis.machine;
  analysis.source.emplace(source, sizesOf(source, *resolution), machine.blockPoints());
  analysis.derived.emplace(derived, sizesOf(derived, *resolution), machine.blockPoints());
  analysis.minimumBytes = minimumBytes(source, analysis.source->getSizes(), machine.elementBytes);
  analysis.naiveBytes = separateBytes(*analysis.source, machine.elementBytes);
  Nest nest(derived, *analysis.derived);
  for (const Memory &memory : machine.memories) {
    if (memory.bytes <= 0)
      continue;
    LevelReport level{memory.name, memory.bytes, {}, 0};
    level.footprint = nest.footprint(memory.bytes, machine.rowLanes(), machine.blockPoints(), machine.elementBytes);
    level.bytes = nest.traffic(level.footprint, machine.elementBytes);
    analysis.levels.push_back(level);
  }
  analysis.naive = separateTime(*analysis.source, nest, machine);
  if (!analysis.levels.empty())
    analysis.fused = fusedTime(*analysis.derived, nest, analysis.levels.back().footprint, machine);
}

mlir::FailureOr<std::unique_ptr<Analysis>> analyze(cascade::KernelOp kernel, const Target &target, const Machine &machine,
                                                   mlir::OwningOpRef<mlir::ModuleOp> &derivedModule) {
  auto analysis = std::make_unique<Analysis>();
  analysis->kernel = kernel.getSymName().str();
  analysis->machine = machine;
  analysis->hasRates = machine.units.front().rate > 0 || machine.clock > 0;
  auto derived = compileKernel(kernel, target, Stage::Derived);
  if (failed(derived))
    return mlir::failure();
  derivedModule = std::move(*derived);
  auto derivedKernel = *derivedModule->getOps<cascade::KernelOp>().begin();
  countPasses(kernel, derivedKernel, *analysis);
  measure(kernel, derivedKernel, *analysis);
  return analysis;
}

int analyzeFile(const AnalyzeOptions &options) {
  auto settings = parseSettings(options.sets, options.params);
  if (failed(settings))
    return WrongUsage;
  auto machine = findMachine(options.machine);
  if (failed(machine))
    return WrongUsage;
  auto target = findCodeTarget(defaultTarget);
  if (failed(target))
    return WrongUsage;
  Source source;
  if (!source.open(options.file))
    return WrongInput;
  auto module = source.load(settings->sets, options.kernel);
  if (!module)
    return WrongInput;
  auto kernels = findKernels(*module, options.kernel);
  if (kernels.empty())
    return WrongInput;
  llvm::json::Array list;
  for (cascade::KernelOp kernel : kernels) {
    mlir::OwningOpRef<mlir::ModuleOp> derived;
    if (failed(settle(kernel, *settings)))
      return WrongInput;
    auto analysis = analyze(kernel, *target, *machine, derived);
    if (failed(analysis))
      return WrongInput;
    if (options.json)
      list.push_back(toJSON(**analysis));
    else
      print(llvm::outs(), **analysis);
  }
  if (options.json)
    llvm::outs() << llvm::formatv("{0:2}\n", list.size() == 1 ? std::move(list.front()) : llvm::json::Value(std::move(list)));
  return Success;
}

} // namespace

void addAnalyze(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("analyze", "Count passes, work and traffic, and bound the time");
  auto options = std::make_shared<AnalyzeOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel, "Kernel to analyze; all of the file's without it");
  command->add_option("--machine", options->machine,
                      "Machine: a built-in one, or a file that describes one; this machine without it");
  command->add_option("--set", options->sets, "Type parameter or extent, NAME=VALUE");
  command->add_option("--param", options->params, "Scalar parameter, NAME=VALUE");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = analyzeFile(*options); });
}

} // namespace weir::tool
