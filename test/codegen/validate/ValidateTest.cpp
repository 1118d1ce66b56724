// Derivations that are wrong on purpose: validation names the output, the element and what has changed it.
#include "codegen/validate/Validate.h"
#include "passes/Passes.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

using namespace weir;
using namespace weir::cascade;

namespace {

/// M = max of X; Z = sum of exp(X - M).
const char *const source = R"(
cascade.kernel @normaliser {
  cascade.rank "n"
  %X = cascade.input "X" : !cascade.tensor<[n], f32>
  %M = cascade.einsum "M" () max (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    cascade.yield %x : f32
  } : !cascade.tensor<[], f32>
  %Z = cascade.einsum "Z" () sum (%n = n) {
    %x = cascade.read %X[%n] : !cascade.tensor<[n], f32>
    %m = cascade.read %M[] : !cascade.tensor<[], f32>
    %d = cascade.binary sub %x, %m : f32
    %e = cascade.unary exp %d : f32
    cascade.yield %e : f32
  } : !cascade.tensor<[], f32>
  cascade.output "M" %M : !cascade.tensor<[], f32> as f32
  cascade.output "Z" %Z : !cascade.tensor<[], f32> as f32
}
)";

/// A mistake, made in every derived kernel.
class Mutation : public mlir::PassWrapper<Mutation, mlir::OperationPass<KernelOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Mutation)
  explicit Mutation(std::function<void(KernelOp)> change) : change(std::move(change)) {}
  void runOnOperation() override { change(getOperation()); }

private:
  std::function<void(KernelOp)> change;
};

class Validation : public testing::Test {
protected:
  Validation() {
    context.loadDialect<CascadeDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    kernel = *module->getOps<KernelOp>().begin();
    call.kernel = kernel;
    io::Tensor X = *io::Tensor::zeros(WEIR_F64, {7});
    for (int n = 0; n < 7; ++n)
      X.setReal(n, std::sin(5 * n));
    call.inputs.emplace("X", std::move(X));
    call.resolution.extents["n"] = 7;
  }

  /// Derives folds, then makes the mistake.
  std::optional<Mismatch> validate(std::function<void(KernelOp)> change) {
    auto step = [change](mlir::OpPassManager &passes) {
      buildFoldPipeline(passes);
      passes.nest<KernelOp>().addPass(std::make_unique<Mutation>(change));
    };
    forms.emplace(*DerivedForms::create(kernel, {step}));
    return *forms->check(call);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  KernelOp kernel;
  Call call;
  std::optional<DerivedForms> forms;
};

TEST_F(Validation, FindsTheRightFormEqual) {
  bool hasFold = false;
  EXPECT_FALSE(validate([&](KernelOp derived) { hasFold = !derived.getBody().getOps<FoldOp>().empty(); }));
  EXPECT_TRUE(hasFold);
  EXPECT_LT(forms->worstError, 1e-14);
}

TEST_F(Validation, FindsACorrectionForgotten) {
  auto mismatch = validate([](KernelOp derived) {
    derived.walk([](StateOp state) {
      if (state.getShift().empty())
        return;
      auto yield = state.getShift().front().getTerminator();
      yield->setOperand(0, state.getShift().front().getArgument(0)); // the state as it was
    });
  });
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->output, "Z");
  ASSERT_TRUE(mismatch->derivation);
  EXPECT_EQ(mismatch->derivation->derivation, "correctable-reduction");
  EXPECT_NE(mismatch->text().find("Z[] is "), std::string::npos);
}

TEST_F(Validation, FindsAnotherCombiner) {
  auto mismatch = validate([](KernelOp derived) {
    derived.walk([](StateOp state) {
      if (state.getCombiner() == Combiner::Max)
        state.setCombiner(Combiner::Min);
    });
  });
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->output, "M");
  EXPECT_EQ(mismatch->way, "");
}

TEST_F(Validation, FindsOutputsInAnotherOrder) {
  auto mismatch = validate([](KernelOp derived) {
    auto outputs = llvm::to_vector(derived.getBody().getOps<OutputOp>());
    outputs[1]->moveBefore(outputs[0]);
  });
  ASSERT_TRUE(mismatch);
  EXPECT_TRUE(std::isinf(mismatch->worst.error));
}

} // namespace
