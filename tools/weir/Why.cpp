// weir why: which reduction forces each pass, what removed it, and what keeps the rest.
#include "tools/weir/Why.h"

#include <CLI/CLI.hpp>

#include "codegen/binding/Extents.h"
#include "dialect/cascade/Names.h"
#include "tools/weir/Commands.h"
#include "tools/weir/Picture.h"
#include "tools/weir/Settle.h"
#include "tools/weir/Targets.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace weir::tool {
namespace {

std::string quotedList(ArrayAttr names) {
  std::string list;
  for (auto name : names.getAsRange<StringAttr>())
    list += (list.empty() ? "'" : ", '") + name.str() + "'";
  return list;
}

/// "max over 'n'"
std::string describe(Operation *op, llvm::StringRef rank) {
  if (auto einsum = dyn_cast<cascade::EinsumOp>(op); einsum && !einsum.getReduced().empty())
    return stringifyCombiner(einsum.getCombiner()).str() + " over " + quotedList(einsum.getReduced());
  std::string kind = op->getName().stripDialect().str();
  return isa<cascade::EinsumOp>(op) ? "map" : kind + " over '" + rank.str() + "'";
}

/// Relates the barriers of one rank, before and after.
class RankTeller {
public:
  RankTeller(cascade::KernelOp source, cascade::KernelOp derived, StringAttr rank,
             const std::vector<Explanation> &explanations)
      : before(source, rank), after(derived, rank), rank(rank.getValue()), explanations(explanations) {}

  bool isRead() const { return before.getDepth() > 0 || after.getDepth() > 0; }

  RankStory tell() {
    RankStory story{rank.str(),         before.getPasses(), before.getDepth(), after.getPasses(),
                    after.getDepth(), {},                 {},                {}};
    for (const Barrier &barrier : before.getBarriers())
      story.asWritten.push_back(tellWritten(barrier));
    for (const Barrier &barrier : after.getBarriers())
      if (!find(before, cascade::nameOf(barrier.reader)))
        story.derived.push_back(tellLeft(barrier, after));
    for (const Explanation &e : explanations)
      if (e.derivation == "prefix-form" && !e.applied() && llvm::is_contained(e.ranks, rank))
        story.notScans.push_back(&e);
    return story;
  }

private:
  static const Barrier *find(const RankPasses &passes, llvm::StringRef reader) {
    auto *found = llvm::find_if(passes.getBarriers(), [&](const Barrier &b) { return cascade::nameOf(b.reader) == reader; });
    return found == passes.getBarriers().end() ? nullptr : found;
  }

  ForcedPass describeEnds(const Barrier &barrier, RankPasses &passes) {
    Value source = passes.completionOf(barrier.tensor);
    Operation *made = source.getDefiningOp();
    return {barrier.generation,
            cascade::nameOf(barrier.reader).str(),
            cascade::nameOf(source).str(),
            describe(made, rank),
            Place(barrier.reader->getLoc()),
            Place(made->getLoc()),
            ForcedPass::Harmless};
  }

  ForcedPass tellLeft(const Barrier &barrier, RankPasses &passes) {
    ForcedPass forced = describeEnds(barrier, passes);
    forced.cause = findExplanation(forced.reader, false);
    if (after.getPasses() > 1 && forced.cause)
      forced.state = ForcedPass::Blocked;
    return forced;
  }

  ForcedPass tellWritten(const Barrier &barrier) {
    if (find(after, cascade::nameOf(barrier.reader)))
      return tellLeft(barrier, before);
    ForcedPass forced = describeEnds(barrier, before);
    forced.state = ForcedPass::Removed;
    forced.cause = findExplanation(forced.reader, true);
    if (!forced.cause)
      forced.cause = findExplanation(forced.source, true);
    return forced;
  }

  /// What a derivation said of an equation and this rank.
  const Explanation *findExplanation(llvm::StringRef equation, bool applied) {
    for (const Explanation &e : explanations)
      if (e.applied() == applied && llvm::is_contained(e.ranks, rank) && (applied || e.derivation != "prefix-form") &&
          llvm::is_contained(e.equations, equation))
        return &e;
    return nullptr;
  }

  RankPasses before, after;
  llvm::StringRef rank;
  const std::vector<Explanation> &explanations;
};

} // namespace

FailureOr<Story> tellStory(cascade::KernelOp kernel, const Target &target) {
  Story story{kernel.getSymName().str(), Place(kernel.getLoc()).file, {}, {}, {}};
  auto derived = compileExplained(kernel, target, Stage::Derived, story.explanations);
  if (failed(derived))
    return failure();
  auto form = *(*derived)->getOps<cascade::KernelOp>().begin();
  for (auto rank : kernel.getBody().getOps<cascade::RankOp>()) {
    RankTeller teller(kernel, form, rank.getNameAttr(), story.explanations);
    if (teller.isRead())
      story.ranks.push_back(teller.tell());
  }
  story.derived = std::move(*derived);
  return story;
}

namespace {

struct WhyOptions {
  std::string file, kernel, rank, picture;
  std::vector<std::string> sets, params;
  bool json = false;
};

LogicalResult checkRank(const Story &story, const std::string &rank) {
  std::vector<std::string> names;
  for (const RankStory &known : story.ranks)
    names.push_back(known.name);
  if (rank.empty() || llvm::is_contained(names, rank))
    return success();
  complain("unknown-rank", "kernel '" + story.kernel + "' reads nothing along a rank '" + rank + "'" +
                               suggestion(rank, names));
  return failure();
}

/// Draws the rank that was asked for, or the one with the most passes.
LogicalResult writePicture(const Story &story, cascade::KernelOp kernel, const WhyOptions &options) {
  auto most = llvm::max_element(story.ranks, [](auto &a, auto &b) { return a.passes < b.passes; });
  if (options.rank.empty() && most == story.ranks.end()) {
    complain("unknown-rank", "kernel '" + story.kernel + "' reads nothing along any rank");
    return failure();
  }
  std::string name = options.rank.empty() ? most->name : options.rank;
  auto form = *mlir::ModuleOp(*story.derived).getOps<cascade::KernelOp>().begin();
  Panel panels[] = {{story.kernel + ", as written", kernel}, {story.kernel + ", derived", form}};
  return success(writeFile(options.picture, drawPasses(panels, StringAttr::get(kernel.getContext(), name))));
}

int why(const WhyOptions &options) {
  auto settings = parseSettings(options.sets, options.params);
  auto target = findCodeTarget(defaultTarget);
  if (failed(settings) || failed(target))
    return WrongUsage;
  target->remarks = true; // they become explanations
  Source source;
  auto settled = readKernel(source, options.file, options.kernel, *settings);
  if (failed(settled))
    return WrongInput;
  auto story = tellStory(settled->kernel, *target);
  if (failed(story) || failed(checkRank(*story, options.rank)))
    return WrongInput;
  if (!options.picture.empty() && failed(writePicture(*story, settled->kernel, options)))
    return WrongInput;
  if (options.json)
    llvm::outs() << llvm::formatv("{0:2}\n", llvm::json::Value(toJSON(*story, options.rank)));
  else
    print(llvm::outs(), *story, options.rank);
  return Success;
}

} // namespace

void addWhy(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("why", "Say what forces each pass over a rank, what removed it, and what would");
  auto options = std::make_shared<WhyOptions>();
  command->add_option("FILE", options->file, "Source file")->required();
  command->add_option("--kernel", options->kernel, "Kernel to ask about, where the file has several");
  command->add_option("--rank", options->rank, "The rank to ask about; without it, all");
  command->add_option("--set", options->sets, "Type parameter or extent, NAME=VALUE");
  command->add_option("--param", options->params, "Scalar parameter, NAME=VALUE");
  command->add_option("--picture", options->picture, "Also draw the rank's passes, as written and derived, to an SVG file");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &result] { result = why(*options); });
}

} // namespace weir::tool
