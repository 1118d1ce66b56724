// What is said of the parts of a kernel: what each makes, and why some are loops.
#include "codegen/compile/Parts.h"
#include "codegen/loops/Loops.h"
#include "dialect/cascade/Names.h"
#include "passes/Explain.h"
#include "passes/schedule/Cut.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace weir {

/// "'A', 'B' and 'C'"
static std::string listOf(ArrayRef<StringRef> names) {
  std::string text;
  for (auto [i, name] : llvm::enumerate(names))
    text += (i == 0 ? "'" : i + 1 == names.size() ? " and '" : ", '") + name.str() + "'";
  return text;
}

void explainParts(ArrayRef<Part> parts) {
  llvm::DenseSet<StringRef> before;
  for (auto [i, part] : llvm::enumerate(parts)) {
    SmallVector<StringRef> made, taken, again;
    Location loc = cascade::KernelOp(*part.plain).getLoc();
    for (Operation &op : cascade::KernelOp(*part.plain).getBody().getOps()) {
      if (auto input = dyn_cast<cascade::InputOp>(op))
        if (StringRef name = input.getName(); name.consume_back(".kept"))
          taken.push_back(name);
      if (!schedule::isReduction(&op))
        continue;
      for (Value result : op.getResults()) {
        StringRef name = cascade::nameOf(result);
        (before.contains(name) ? again : made).push_back(name);
      }
      loc = op.getLoc();
    }
    before.insert_range(made);
    std::string text = "part " + std::to_string(i + 1) + " of " + std::to_string(parts.size());
    text += made.empty() ? " has maps" : " makes " + listOf(made);
    if (!taken.empty())
      text += (again.empty() ? " and takes " : ", takes ") + listOf(taken) + " from before";
    if (!again.empty())
      text += " and computes " + listOf(again) + " again";
    explain({"parts", text, "", "", loc});
  }
}

void explainLoops(ArrayRef<Part> parts) {
  for (const Part &part : parts) {
    if (part.tiles)
      continue;
    loops::explainGuards(*part.plain);
    if (!part.whyNot)
      continue;
    std::string what = "'" + cascade::KernelOp(part.derived).getSymName().str() + "' runs as plain loops";
    if (parts.size() > 1) {
      llvm::SetVector<StringRef> names;
      for (auto output : cascade::KernelOp(*part.plain).getBody().getOps<cascade::OutputOp>())
        names.insert(cascade::nameOf(output.getTensor()));
      what = "plain loops for '" + llvm::join(names, "', '") + "'";
    }
    explain({tileForm, part.whyNot->reason + "; " + what, "NO_TILE_FORM", "", part.whyNot->where});
  }
}

} // namespace weir
