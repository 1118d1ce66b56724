// Prints an analysis, as tables and as JSON.
#include "tools/weir/Analyze.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using llvm::formatv;

namespace weir::tool {
namespace {

/// A number with a suffix for thousands, millions, …: `402.7 M`.
std::string scaled(double value) {
  static constexpr const char *suffixes[] = {"", " k", " M", " G", " T", " P", " E"};
  size_t i = 0;
  while (value >= 9999.5 && i + 1 < std::size(suffixes)) {
    value /= 1000;
    ++i;
  }
  bool isWhole = value == double(int64_t(value)) && value < 10000;
  return (isWhole ? formatv("{0}", int64_t(value)).str() : formatv("{0:f1}", value).str()) + suffixes[i];
}

std::string seconds(double value) {
  if (value >= 1)
    return formatv("{0:f3} s", value);
  return value >= 1e-3 ? formatv("{0:f3} ms", value * 1e3) : formatv("{0:f3} us", value * 1e6);
}

std::string lineage(const RankReport &rank) {
  std::string text;
  for (auto &[input, generations] : rank.lineage)
    text += (text.empty() ? "" : " ") + input + (generations > 1 ? " x" + std::to_string(generations) : "");
  return text;
}

std::string rankList(llvm::ArrayRef<mlir::StringAttr> ranks) {
  std::string text;
  for (mlir::StringAttr rank : ranks)
    text += (text.empty() ? "" : ",") + rank.str();
  return text;
}

std::string iterationSpace(const Step &step) {
  return rankList(step.ranks) + (step.reduced.empty() ? "" : "|" + rankList(step.reduced));
}

void printRanks(llvm::raw_ostream &stream, const Analysis &analysis) {
  stream << "rank         extent   passes  derived    depth  derived  read\n";
  for (const RankReport &rank : analysis.ranks) {
    std::string extent = rank.extent ? std::to_string(*rank.extent) + (rank.isAssumed ? "?" : "") : "-";
    stream << formatv("  {0,-9}{1,8}{2,9}{3,9}{4,9}{5,9}  {6}\n", rank.name, extent, rank.passes, rank.derivedPasses,
                      rank.depth, rank.derivedDepth, lineage(rank));
  }
  if (llvm::any_of(analysis.ranks, [](const RankReport &rank) { return rank.isAssumed; }))
    stream << "  ? assumed; --set gives extents\n";
}

void printSteps(llvm::raw_ostream &stream, llvm::StringRef title, const Steps &steps, const Bound &bound,
                const Machine &machine, bool withUnits) {
  stream << formatv("{0,-16}{1,-18}{2,10}{3,10}{4,10}{5,10}{6}\n", title, "ranks|reduced", "fma", "divide", "exp", "other",
                    withUnits ? "  unit      cycles  phase" : "");
  auto row = [&](llvm::StringRef name, const std::string &space, const Work &work) {
    stream << formatv("  {0,-14}{1,-18}{2,10}{3,10}{4,10}{5,10}", name, space, scaled(work.fma), scaled(work.divide),
                      scaled(work.exp), scaled(work.other));
  };
  for (auto [i, step] : llvm::enumerate(steps.all())) {
    row(step.name, iterationSpace(step), step.work);
    if (withUnits)
      stream << formatv("  {0,-4}{1,12}{2,7}", machine.units[bound.steps[i].unit].name, scaled(bound.steps[i].cycles),
                        bound.steps[i].phase);
    stream << (step.points.dependsOnData ? "  (data decides presence: all counted)" : "")
           << (step.points.isEstimate ? "  (estimated from a sample)" : "") << '\n';
  }
  row("total", "", steps.total());
  stream << '\n';
}

void printTraffic(llvm::raw_ostream &stream, const Analysis &analysis) {
  stream << "traffic           bytes\n";
  stream << formatv("  {0,-9}{1,12}  every equation by itself\n", "naive", scaled(analysis.naiveBytes));
  for (const LevelReport &level : analysis.levels) {
    const Footprint &f = level.footprint;
    std::string how = f.row.empty() ? "all inputs stream once"
                                    : formatv("{0} blocks of {1} rows of '{2}', {3} bytes", scaled(f.blocks), scaled(f.rows),
                                              f.row, scaled(f.bytes()))
                                          .str();
    if (f.bytes() > level.size)
      how += ", more than it holds";
    stream << formatv("  {0,-9}{1,12}  derived, into {2} of {3} bytes: {4}\n", "derived", scaled(level.bytes), level.name,
                      scaled(level.size), how);
  }
  stream << formatv("  {0,-9}{1,12}  inputs and outputs once\n", "minimum", scaled(analysis.minimumBytes));
}

void printBound(llvm::raw_ostream &stream, const char *form, const Bound &bound, const Machine &machine) {
  stream << formatv("  {0,-9}{1,12}  compute {2}, memory {3}", form, seconds(bound.seconds), seconds(bound.computeSeconds),
                    seconds(bound.memorySeconds));
  for (auto [unit, utilisation] : llvm::zip(machine.units, bound.utilisation))
    stream << formatv(", {0} {1:f4}", unit.name, utilisation);
  stream << '\n';
}

llvm::json::Object toJSON(const Work &work) {
  return llvm::json::Object{{"fma", work.fma}, {"divide", work.divide}, {"exp", work.exp}, {"other", work.other}};
}

llvm::json::Array toJSON(llvm::ArrayRef<mlir::StringAttr> ranks) {
  llvm::json::Array list;
  for (mlir::StringAttr rank : ranks)
    list.push_back(rank.str());
  return list;
}

llvm::json::Object toJSON(const Footprint &f) {
  return llvm::json::Object{{"row", f.row}, {"rows", f.rows}, {"blocks", f.blocks}, {"stream", f.stream}, {"row_bytes", f.rowBytes},
          {"stream_bytes", f.streamBytes}, {"bytes", f.bytes()}};
}

llvm::json::Object toJSON(const Step &step) {
  return llvm::json::Object{{"name", step.name}, {"ranks", toJSON(step.ranks)}, {"reduced", toJSON(step.reduced)},
          {"points", step.points.points}, {"work", toJSON(step.work)}, {"estimate", step.points.isEstimate},
          {"depends_on_data", step.points.dependsOnData}};
}

llvm::json::Object toJSON(const Bound &bound, const Machine &machine) {
  llvm::json::Object utilisation;
  for (auto [unit, value] : llvm::zip(machine.units, bound.utilisation))
    utilisation[unit.name] = value;
  return llvm::json::Object{{"seconds", bound.seconds}, {"compute_seconds", bound.computeSeconds}, {"memory_seconds", bound.memorySeconds},
          {"bytes", bound.bytes}, {"by", bound.computeSeconds >= bound.memorySeconds ? "compute" : "memory"},
          {"utilisation", std::move(utilisation)}};
}

llvm::json::Object toJSON(const RankReport &rank) {
  llvm::json::Object inputs, directions;
  for (auto &[input, generations] : rank.lineage)
    inputs[input] = generations;
  for (auto [generation, direction] : rank.directions)
    directions[std::to_string(generation)] = direction > 0 ? "ascending" : "descending";
  return llvm::json::Object{{"extent", rank.extent ? llvm::json::Value(*rank.extent) : nullptr}, {"assumed", rank.isAssumed},
          {"passes", rank.passes}, {"depth", rank.depth}, {"derived_passes", rank.derivedPasses},
          {"derived_depth", rank.derivedDepth}, {"iterative", rank.isIterative}, {"directions", std::move(directions)},
          {"lineage", std::move(inputs)}};
}

/// The steps of a form with the units that they run on.
llvm::json::Array stepsToJSON(const Steps &steps, const Bound &bound, const Machine &machine) {
  llvm::json::Array list;
  for (auto [i, step] : llvm::enumerate(steps.all())) {
    llvm::json::Object object = toJSON(step);
    if (i < bound.steps.size()) {
      object["unit"] = machine.units[bound.steps[i].unit].name;
      object["cycles"] = bound.steps[i].cycles;
      object["phase"] = bound.steps[i].phase;
    }
    list.push_back(std::move(object));
  }
  return list;
}

} // namespace

void print(llvm::raw_ostream &stream, const Analysis &analysis) {
  stream << "kernel " << analysis.kernel << '\n';
  printRanks(stream, analysis);
  if (!analysis.hasSizes) {
    stream << analysis.whyNot << '\n';
    return;
  }
  const Machine &machine = analysis.machine;
  printSteps(stream, "as written", *analysis.source, analysis.naive, machine, analysis.hasRates && machine.separate);
  if (!machine.separate)
    printSteps(stream, "derived", *analysis.derived, analysis.fused, machine, analysis.hasRates);
  printTraffic(stream, analysis);
  if (!analysis.hasRates)
    return;
  stream << "bound on " << machine.name << '\n';
  printBound(stream, "written", analysis.naive, machine);
  if (!machine.separate)
    printBound(stream, "derived", analysis.fused, machine);
}

llvm::json::Object toJSON(const Analysis &analysis) {
  llvm::json::Object ranks;
  for (const RankReport &rank : analysis.ranks)
    ranks[rank.name] = toJSON(rank);
  llvm::json::Array einsums;
  for (const EinsumReport &einsum : analysis.einsums) {
    llvm::json::Object generations;
    for (auto &[rank, generation] : einsum.generations)
      generations[rank] = generation;
    llvm::json::Object object;
    if (analysis.hasSizes)
      for (const Step &step : analysis.source->all())
        if (step.op == einsum.op)
          object = toJSON(step);
    object["name"] = einsum.name;
    object["line"] = einsum.line;
    object["generation"] = std::move(generations);
    einsums.push_back(std::move(object));
  }
  llvm::json::Object all{{"kernel", analysis.kernel}, {"machine", analysis.machine.name}, {"ranks", std::move(ranks)},
                         {"einsums", std::move(einsums)}};
  if (!analysis.hasSizes) {
    all["why_no_figures"] = analysis.whyNot;
    return all;
  }
  llvm::json::Array levels;
  for (const LevelReport &level : analysis.levels)
    levels.push_back(llvm::json::Object{{"name", level.name}, {"size", level.size}, {"derived_bytes", level.bytes},
                                        {"footprint", toJSON(level.footprint)}});
  all["work"] = toJSON(analysis.source->total());
  all["derived_work"] = toJSON(analysis.derived->total());
  all["derived_steps"] = stepsToJSON(*analysis.derived, analysis.fused, analysis.machine);
  all["traffic"] = llvm::json::Object{
      {"naive_bytes", analysis.naiveBytes},
      {"derived_bytes", analysis.levels.empty() ? analysis.minimumBytes : analysis.levels.back().bytes},
      {"minimum_bytes", analysis.minimumBytes},
      {"levels", std::move(levels)}};
  if (analysis.hasRates) {
    all["written_bound"] = toJSON(analysis.naive, analysis.machine);
    all["bound"] = toJSON(analysis.machine.separate ? analysis.naive : analysis.fused, analysis.machine);
  }
  return all;
}

} // namespace weir::tool
