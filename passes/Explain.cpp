// Explanations travel as remarks whose metadata hold their parts.
#include "passes/Explain.h"

using namespace mlir;

namespace weir {

/// The metadata of an explanation's remark: a mark, then its parts.
static constexpr StringLiteral mark = "weir.explanation";

void explain(const Explanation &e) {
  InFlightDiagnostic remark = emitRemark(e.loc);
  remark << e.derivation << ": ";
  if (!e.applied())
    remark << e.reason << ": ";
  remark << e.detail;
  if (!e.remedy.empty())
    remark.attachNote() << e.remedy;
  auto text = [&](StringRef part) { return StringAttr::get(e.loc.getContext(), part); };
  auto &metadata = remark.getUnderlyingDiagnostic()->getMetadata();
  for (StringRef part : {StringRef(mark), StringRef(e.derivation), StringRef(e.detail), StringRef(e.reason), StringRef(e.remedy)})
    metadata.push_back(DiagnosticArgument(Attribute(text(part))));
}

ExplanationCollector::ExplanationCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) -> LogicalResult {
        auto &metadata = diagnostic.getMetadata();
        auto part = [&](size_t i) { return cast<StringAttr>(metadata[i].getAsAttribute()).str(); };
        if (metadata.size() != 5 || part(0) != mark)
          return failure();
        explanations.push_back({part(1), part(2), part(3), part(4), diagnostic.getLocation()});
        return success();
      }) {}

} // namespace weir
