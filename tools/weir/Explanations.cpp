// Splits the embedded explanations at their headings.
#include "tools/weir/Explanations.h"

#include "llvm/ADT/SmallVector.h"

using namespace llvm;

namespace weir::tool {

std::vector<ExplanationGroup> explanationGroups() {
  std::vector<ExplanationGroup> groups;
  for (const ExplanationFile &file : explanationFiles()) {
    auto [head, rest] = file.text.split("\n## ");
    ExplanationGroup &group = groups.emplace_back();
    group.title = head.split('\n').first.ltrim("# ");
    while (!rest.empty()) {
      auto [section, next] = rest.split("\n## ");
      auto [id, text] = section.split('\n');
      group.explanations.push_back({id, text.trim()});
      rest = next;
    }
  }
  return groups;
}

std::string Explanation::plain() const {
  std::string result;
  bool inExample = false;
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef line : lines) {
    if (!line.starts_with("```")) {
      result += (inExample && !line.empty() ? "    " : "") + line.str() + "\n";
      continue;
    }
    inExample = !inExample;
    if (inExample)
      result += line.rsplit(' ').second.str() + ":\n";
  }
  return result;
}

} // namespace weir::tool
