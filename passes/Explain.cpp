// Explanations travel as remarks whose metadata hold their parts.
#include "passes/Explain.h"

using namespace mlir;

namespace weir {

/// The metadata of an explanation's remark: a mark, then its parts, its ranks and its equations.
static constexpr StringLiteral mark = "weir.explanation";
static constexpr size_t numParts = 7;

static std::vector<std::string> strings(DiagnosticArgument &list) {
  auto texts = cast<ArrayAttr>(list.getAsAttribute()).getAsRange<StringAttr>();
  std::vector<std::string> all;
  for (StringAttr text : texts)
    all.push_back(text.str());
  return all;
}

void explain(const Explanation &e) {
  InFlightDiagnostic remark = emitRemark(e.loc);
  remark << e.derivation << ": ";
  if (!e.applied())
    remark << e.reason << ": ";
  remark << e.detail;
  if (!e.remedy.empty())
    remark.attachNote() << e.remedy;
  Builder builder(e.loc.getContext());
  auto &metadata = remark.getUnderlyingDiagnostic()->getMetadata();
  for (StringRef part : {StringRef(mark), StringRef(e.derivation), StringRef(e.detail), StringRef(e.reason), StringRef(e.remedy)})
    metadata.push_back(DiagnosticArgument(builder.getStringAttr(part)));
  for (const std::vector<std::string> &list : {e.ranks, e.equations})
    metadata.push_back(DiagnosticArgument(builder.getStrArrayAttr(llvm::to_vector_of<StringRef>(list))));
}

ExplanationCollector::ExplanationCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) -> LogicalResult {
        auto &metadata = diagnostic.getMetadata();
        auto part = [&](size_t i) { return cast<StringAttr>(metadata[i].getAsAttribute()).str(); };
        if (metadata.size() != numParts || part(0) != mark)
          return failure();
        explanations.push_back({part(1), part(2), part(3), part(4), diagnostic.getLocation(), strings(metadata[5]),
                                strings(metadata[6])});
        return success();
      }) {}

} // namespace weir
