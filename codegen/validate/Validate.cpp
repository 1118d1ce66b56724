// Translation validation: derived forms against the cascade that they are made of.
#include "codegen/validate/Validate.h"

#include "codegen/interp/Interpreter.h"
#include "dialect/Refuse.h"
#include "passes/Passes.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;

namespace weir {

std::vector<DerivationStep> derivationSteps() { return {buildReorderPipeline, buildFoldPipeline}; }

/// Errors relative to the largest magnitude of an output. Sums of some dozens of terms in f64 lose
/// less than the first; constants are folded to literals of their type, of 24 bits but in f64.
static constexpr double f64Limit = 1e-9, f32Limit = 4e-6;

/// An f64 output of a kernel that also computes in f32 may hang on literals of 24 bits.
static double limitOf(KernelOp source) {
  bool narrow = false;
  source.walk([&](Operation *op) {
    for (Type type : op->getResultTypes()) {
      auto tensor = dyn_cast<cascade::TensorType>(type);
      auto scalar = dyn_cast<FloatType>(tensor ? tensor.getElementType() : type);
      narrow |= scalar && scalar.getWidth() < 64;
    }
  });
  return narrow ? f32Limit : f64Limit;
}

std::string Mismatch::text() const {
  return output + worst.text(limit);
}

FailureOr<DerivedForms> DerivedForms::create(KernelOp kernel, ArrayRef<DerivationStep> steps) {
  DerivedForms result(kernel);
  KernelOp last = kernel;
  for (const DerivationStep &step : steps) {
    Form form{ModuleOp::create(kernel.getLoc()), {}};
    form.module->push_back(last->clone());
    ExplanationCollector collector(kernel.getContext());
    PassManager passes(kernel.getContext());
    step(passes);
    if (failed(passes.run(*form.module)))
      return failure();
    form.explanations = std::move(collector.explanations);
    last = form.kernel();
    result.forms.push_back(std::move(form));
  }
  return result;
}

/// A call of `form` with the extents that ranks made by derivations have.
static Call callOf(KernelOp form, const Call &call) {
  Call result = call;
  result.kernel = form;
  Resolution &resolution = result.resolution;
  auto &extents = resolution.extents;
  for (auto rank : form.getBody().getOps<RankOp>()) {
    std::string name = rank.getName().str();
    if (extents.contains(name))
      continue;
    if (rank.getFamily())
      extents[name] = extents[rank.getFamily()->str()];
    else if (auto size = rank.getSize())
      extents[name] = *size;
    else if (auto extent = resolution.derivedExtent(rank))
      extents[name] = *extent;
  }
  return result;
}

static FailureOr<std::vector<io::Tensor>> evaluate(const Call &call, const interp::FoldOptions &fold) {
  auto outputs = allocateOutputs(call, /*wide=*/true);
  if (failed(outputs) || failed(interp::interpret(call, {fold}, *outputs)))
    return failure();
  return outputs;
}

/// The last derivation that changed an equation which the output is computed from.
const Explanation *DerivedForms::derivationOf(const Form &form, OutputOp output) const {
  llvm::SetVector<Operation *> needed;
  std::vector<std::string> names;
  if (Operation *op = output.getTensor().getDefiningOp())
    needed.insert(op);
  for (size_t i = 0; i < needed.size(); ++i)
    needed[i]->walk([&](Operation *op) {
      if (auto name = op->getAttrOfType<StringAttr>("name"))
        names.push_back(name.str());
      for (Value operand : op->getOperands())
        if (Operation *made = operand.getDefiningOp(); made && isa<cascade::TensorType>(operand.getType()))
          needed.insert(made);
    });
  for (const Explanation &e : llvm::reverse(form.explanations))
    if (e.applied() && llvm::any_of(e.equations, [&](auto &name) { return llvm::is_contained(names, name); }))
      return &e;
  return nullptr;
}

/// One after the other, and the ways that the laws of states make equal to it: shifts compose, and the shift
/// from a reference to itself is the identity, if merging is associative and has the empty state as its identity.
ArrayRef<DerivedForms::Way> DerivedForms::waysToFold() {
  using interp::Merge;
  static const Way ways[] = {{"", {1, Merge::None}},
                             {"in parts", {3, Merge::None}},
                             {"merged from halves", {1, Merge::Halves}},
                             {"merged from halves, the last one first", {1, Merge::Backwards}},
                             {"merged from thirds, the first two first", {1, Merge::Left}},
                             {"merged from thirds, the last two first", {1, Merge::Right}},
                             {"merged with no points", {1, Merge::Nothing}}};
  return ways;
}

FailureOr<std::optional<Mismatch>> DerivedForms::checkForm(const Form &form, const Call &call, const Way &way,
                                                           const std::vector<io::Tensor> &expected) {
  auto found = evaluate(callOf(form.kernel(), call), way.fold);
  if (failed(found))
    return failure();
  double limit = limitOf(source);
  std::map<StringRef, size_t> position;
  for (auto output : form.kernel().getBody().getOps<OutputOp>())
    position.emplace(output.getName(), position.size());
  for (auto [i, output] : llvm::enumerate(source.getBody().getOps<OutputOp>())) {
    auto it = position.find(output.getName());
    Worst worst{INFINITY, 0, 0, ""};
    if (it != position.end() && it->second == i) // outputs are arguments: their order counts
      worst = compare((*found)[i], expected[i]);
    if (worst.error > limit)
      return std::optional(
          Mismatch{output.getName().str(), way.text, worst, limit, derivationOf(form, output)});
    worstError = std::max(worstError, worst.error);
  }
  return std::optional<Mismatch>();
}

FailureOr<std::optional<Mismatch>> DerivedForms::check(const Call &call) {
  auto expected = evaluate(callOf(source, call), {});
  if (failed(expected))
    return failure();
  for (const Form &form : forms)
    for (const Way &way : waysToFold()) {
      if (!way.text.empty() && &form != &forms.back())
        continue;
      auto mismatch = checkForm(form, call, way, *expected);
      if (failed(mismatch) || *mismatch)
        return mismatch;
    }
  return std::optional<Mismatch>();
}

} // namespace weir
