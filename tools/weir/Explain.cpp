// weir explain: which derivations applied, which did not, and which road the
// kernel takes.
#include <CLI/CLI.hpp>

#include "passes/analysis/Passes.h"
#include "tools/weir/Account.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Settle.h"
#include "tools/weir/Targets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

namespace weir::tool {
namespace {

struct ExplainOptions {
  std::string file, kernel, target = defaultTarget;
  std::vector<std::string> sets, params;
  bool json = false;
};

/// Passes over a rank as written, and as derived.
struct RankCount {
  std::string name;
  unsigned passes, depth, derivedPasses, derivedDepth;
};

/// All that is said of one kernel.
struct Report {
  std::string kernel, target;
  std::vector<RankCount> ranks;
  std::vector<Explanation>
      explanations; ///< of derivations, in the order in which they happened
  std::vector<Explanation> whyLoops; ///< for each part of it that takes plain loops
  std::vector<Explanation> parts;    ///< one after the other, each of tiles or loops, if there are several
  std::vector<Explanation> guards;   ///< which points loops visit, where not all of a rank
  llvm::StringRef form() const {
    bool isMixed = whyLoops.size() < parts.size();
    return whyLoops.empty() ? "tile" : isMixed ? "mixed" : "loops";
  }
};

std::vector<RankCount> countPasses(cascade::KernelOp source,
                                   cascade::KernelOp derived) {
  std::vector<RankCount> counts;
  for (auto rank : source.getBody().getOps<cascade::RankOp>()) {
    RankPasses before(source, rank.getNameAttr()),
        after(derived, rank.getNameAttr());
    if (before.getDepth() > 0 || after.getDepth() > 0)
      counts.push_back({rank.getName().str(), before.getPasses(),
                        before.getDepth(), after.getPasses(),
                        after.getDepth()});
  }
  return counts;
}

mlir::FailureOr<Report> makeReport(cascade::KernelOp kernel,
                                   const Target &target) {
  Report report{kernel.getSymName().str(), target.name, {}, {}, {}, {}, {}};
  std::vector<Explanation> all;
  auto derived = compileExplained(kernel, target, Stage::Derived, report.explanations);
  auto tiles = compileExplained(kernel, target, Stage::Tile, all);
  if (failed(derived) || failed(tiles))
    return mlir::failure();
  report.ranks =
      countPasses(kernel, *(*derived)->getOps<cascade::KernelOp>().begin());
  for (const Explanation &explanation : all)
    if (explanation.derivation == tileForm)
      report.whyLoops.push_back(explanation);
    else if (explanation.derivation == "parts")
      report.parts.push_back(explanation);
    else if (explanation.derivation == "guard")
      report.guards.push_back(explanation);
  if (!target.level)
    report.whyLoops.push_back(
        {tileForm, "target '" + target.name + "' asks for plain loops",
         "NOT_ASKED", "", kernel.getLoc()});
  return report;
}

//===-- Text --------------------------------------------------------------===//

void printList(llvm::StringRef title, const Report &report, bool applied,
               llvm::StringRef mainFile) {
  bool isFirst = true;
  for (const Explanation &explanation : report.explanations) {
    // The table has said how passes change.
    if (explanation.applied() != applied || explanation.derivation == "passes")
      continue;
    if (std::exchange(isFirst, false))
      llvm::outs() << title << '\n';
    print(llvm::outs(), explanation, mainFile);
  }
}

void printReport(const Report &report, cascade::KernelOp kernel) {
  std::string mainFile = Place(kernel.getLoc()).file;
  llvm::outs() << "kernel " << report.kernel << ", target " << report.target
               << '\n';
  if (!report.ranks.empty())
    llvm::outs() << "rank          passes  derived   depth  derived\n";
  for (const RankCount &rank : report.ranks)
    llvm::outs() << llvm::formatv("  {0,-10}{1,8}{2,9}{3,8}{4,9}\n", rank.name,
                                  rank.passes, rank.derivedPasses, rank.depth,
                                  rank.derivedDepth);
  printList("applied", report, true, mainFile);
  printList("not applied", report, false, mainFile);
  llvm::outs() << "road: "
               << llvm::StringSwitch<llvm::StringRef>(report.form())
                      .Case("tile", "tiles")
                      .Case("mixed", "tiles and plain loops")
                      .Default("plain loops");
  if (!report.parts.empty())
    llvm::outs() << ", in " << report.parts.size() << " parts";
  llvm::outs() << '\n';
  for (const Explanation &part : report.parts)
    print(llvm::outs(), part, mainFile);
  for (const auto *list : {&report.whyLoops, &report.guards})
    for (const Explanation &explanation : *list)
      print(llvm::outs(), explanation, mainFile);
}

//===-- JSON --------------------------------------------------------------===//

llvm::json::Object reportToJSON(const Report &report) {
  llvm::json::Object ranks,
      road{{"form", report.form()}};
  for (const RankCount &rank : report.ranks)
    ranks[rank.name] =
        llvm::json::Object{{"passes", rank.passes},
                           {"depth", rank.depth},
                           {"derived_passes", rank.derivedPasses},
                           {"derived_depth", rank.derivedDepth}};
  llvm::json::Array applied, refused;
  for (const Explanation &explanation : report.explanations)
    (explanation.applied() ? applied : refused).push_back(toJSON(explanation));
  auto list = [](const std::vector<Explanation> &explanations) {
    llvm::json::Array array;
    for (const Explanation &explanation : explanations)
      array.push_back(toJSON(explanation));
    return array;
  };
  road["why"] = list(report.whyLoops);
  road["parts"] = list(report.parts);
  road["guards"] = list(report.guards);
  return llvm::json::Object{
      {"kernel", report.kernel},       {"target", report.target},
      {"ranks", std::move(ranks)},     {"applied", std::move(applied)},
      {"refused", std::move(refused)}, {"road", std::move(road)}};
}

int explainFile(const ExplainOptions &options) {
  auto settings = parseSettings(options.sets, options.params);
  if (failed(settings))
    return WrongUsage;
  auto target = findCodeTarget(options.target);
  if (failed(target))
    return WrongUsage;
  target->remarks = true; // they become explanations
  Source source;
  auto settled = readKernel(source, options.file, options.kernel, *settings);
  if (failed(settled))
    return WrongInput;
  auto report = makeReport(settled->kernel, *target);
  if (failed(report))
    return WrongInput;
  if (options.json)
    llvm::outs() << llvm::formatv("{0:2}\n",
                                  llvm::json::Value(reportToJSON(*report)));
  else
    printReport(*report, settled->kernel);
  return Success;
}

} // namespace

void addExplain(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand(
      "explain", "Say which derivations applied, which did not, and why");
  auto options = std::make_shared<ExplainOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel,
                      "Kernel to explain, where the file has several");
  command->add_option("--target", options->target, "See weir targets")
      ->capture_default_str();
  command->add_option("--set", options->sets,
                      "Type parameter or extent, NAME=VALUE");
  command->add_option("--param", options->params,
                      "Scalar parameter, NAME=VALUE");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = explainFile(*options); });
}

} // namespace weir::tool
