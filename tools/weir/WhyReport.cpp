// What forces passes, as text and as JSON.
#include "tools/weir/Why.h"

namespace weir::tool {
namespace {

using tool::toJSON; // of explanations

bool isWanted(const RankStory &rank, llvm::StringRef wanted) { return wanted.empty() || rank.name == wanted; }

bool hasStory(const RankStory &rank) { return rank.passes > 1 || rank.derivedPasses > 1 || !rank.notScans.empty(); }

void printCause(llvm::raw_ostream &stream, const ForcedPass &forced, llvm::StringRef mainFile) {
  const Explanation *cause = forced.cause;
  switch (forced.state) {
  case ForcedPass::Removed:
    if (cause)
      stream << "    removed by " << cause->derivation << ", line " << Place(cause->loc).text(mainFile) << '\n';
    else
      stream << "    gone: the derived form has no such equation\n";
    return;
  case ForcedPass::Harmless:
    stream << "    stays, and reads no input once more\n";
    return;
  case ForcedPass::Blocked:
    stream << "    blocked, line " << Place(cause->loc).text(mainFile) << ": " << cause->reason << ": "
           << cause->detail << '\n';
    if (!cause->remedy.empty())
      stream << "    smallest change: " << cause->remedy << '\n';
  }
}

void printForced(llvm::raw_ostream &stream, const ForcedPass &forced, llvm::StringRef mainFile) {
  stream << "  pass " << forced.pass << ": '" << forced.reader << "' (line " << forced.readerPlace.text(mainFile)
         << ") waits for '" << forced.source << "' (" << forced.operation << ", line "
         << forced.sourcePlace.text(mainFile) << ")\n";
  printCause(stream, forced, mainFile);
}

void printRank(llvm::raw_ostream &stream, const RankStory &rank, llvm::StringRef mainFile) {
  stream << "rank " << rank.name << ": " << rank.passes << " pass" << (rank.passes == 1 ? "" : "es")
         << " as written, " << rank.derivedPasses << " derived\n";
  for (const ForcedPass &forced : rank.asWritten)
    printForced(stream, forced, mainFile);
  if (!rank.derived.empty())
    stream << "  in the derived form alone\n";
  for (const ForcedPass &forced : rank.derived)
    printForced(stream, forced, mainFile);
  if (!rank.notScans.empty())
    stream << "  not as a scan\n";
  for (const Explanation *refusal : rank.notScans) {
    stream << "    line " << Place(refusal->loc).text(mainFile) << ": " << refusal->reason << ": " << refusal->detail
           << '\n';
    if (!refusal->remedy.empty())
      stream << "    smallest change: " << refusal->remedy << '\n';
  }
}

llvm::json::Object toJSON(const ForcedPass &forced) {
  llvm::json::Object object{{"pass", forced.pass},
                            {"equation", forced.reader},
                            {"line", forced.readerPlace.line},
                            {"waits_for", forced.source},
                            {"waits_for_line", forced.sourcePlace.line},
                            {"operation", forced.operation}};
  if (forced.state == ForcedPass::Removed)
    object["removed_by"] = forced.cause ? llvm::json::Value(toJSON(*forced.cause)) : llvm::json::Value(nullptr);
  if (forced.state == ForcedPass::Blocked)
    object["blocked_by"] = toJSON(*forced.cause);
  return object;
}

llvm::json::Array toJSON(const std::vector<ForcedPass> &all) {
  llvm::json::Array array;
  for (const ForcedPass &forced : all)
    array.push_back(toJSON(forced));
  return array;
}

llvm::json::Object toJSON(const RankStory &rank) {
  llvm::json::Array notScans;
  for (const Explanation *refusal : rank.notScans)
    notScans.push_back(toJSON(*refusal));
  return llvm::json::Object{{"passes", rank.passes},
          {"depth", rank.depth},
          {"derived_passes", rank.derivedPasses},
          {"derived_depth", rank.derivedDepth},
          {"forced", toJSON(rank.asWritten)},
          {"forced_in_derived", toJSON(rank.derived)},
          {"not_scans", std::move(notScans)}};
}

} // namespace

void print(llvm::raw_ostream &stream, const Story &story, llvm::StringRef wanted) {
  stream << "kernel " << story.kernel << '\n';
  std::string single;
  for (const RankStory &rank : story.ranks) {
    if (!isWanted(rank, wanted))
      continue;
    if (hasStory(rank) || !wanted.empty())
      printRank(stream, rank, story.file);
    else
      single += (single.empty() ? "" : ", ") + rank.name;
  }
  if (!single.empty())
    stream << "one pass as written: " << single << '\n';
}

llvm::json::Object toJSON(const Story &story, llvm::StringRef wanted) {
  llvm::json::Object ranks;
  for (const RankStory &rank : story.ranks)
    if (isWanted(rank, wanted))
      ranks[rank.name] = toJSON(rank);
  return llvm::json::Object{{"kernel", story.kernel}, {"ranks", std::move(ranks)}};
}

} // namespace weir::tool
