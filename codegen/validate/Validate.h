// Translation validation: derived forms against the cascade that they are made of.
#ifndef WEIR_CODEGEN_VALIDATE_VALIDATE_H
#define WEIR_CODEGEN_VALIDATE_VALIDATE_H

#include "codegen/binding/Binding.h"
#include "codegen/interp/Fold.h"
#include "codegen/validate/Compare.h"
#include "passes/Explain.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

#include <functional>
#include <optional>

namespace weir {

/// Adds the passes of one step of a derivation.
using DerivationStep = std::function<void(mlir::OpPassManager &)>;

/// The steps that compilers take, in their order.
std::vector<DerivationStep> derivationSteps();

/// An output that a derivation has made another function of the inputs.
struct Mismatch {
  std::string output;
  std::string way;                ///< how the form was evaluated: "", or how its folds were cut
  Worst worst;                    ///< the element, with its error relative to the output's largest magnitude
  double limit;                   ///< what rounding in f64, and literals of the output's type, may do
  const Explanation *derivation;  ///< the last of the failing step that the output depends on; null if none spoke

  /// "O[2, 3] is 1.5, expected 1.25 (error 2e-1, limit 1e-9)"
  std::string text() const;
};

/// A kernel and its forms, step by step, ready to be evaluated at any inputs.
class DerivedForms {
public:
  /// Derives `kernel`; failure after an error.
  static mlir::FailureOr<DerivedForms> create(cascade::KernelOp kernel, llvm::ArrayRef<DerivationStep> steps);

  /// Evaluates the source and each form by the interpreter in f64, the last one's folds also in parts and
  /// merged in each order, and gives the first difference. Failure, after an error, where one cannot be evaluated.
  /// The worst error that was allowed is kept in `worstError`.
  mlir::FailureOr<std::optional<Mismatch>> check(const Call &call);

  double worstError = 0;

private:
  struct Form {
    mlir::OwningOpRef<mlir::ModuleOp> module;
    std::vector<Explanation> explanations;
    cascade::KernelOp kernel() const { return *module.get().getOps<cascade::KernelOp>().begin(); }
  };

  explicit DerivedForms(cascade::KernelOp kernel) : source(kernel) {}
  /// How folds are cut.
  struct Way {
    std::string text; ///< "" where they are not
    interp::FoldOptions fold;
  };
  static llvm::ArrayRef<Way> waysToFold();
  mlir::FailureOr<std::optional<Mismatch>> checkForm(const Form &form, const Call &call, const Way &way,
                                                     const std::vector<io::Tensor> &expected);
  const Explanation *derivationOf(const Form &form, cascade::OutputOp output) const;

  cascade::KernelOp source;
  std::vector<Form> forms;
};

} // namespace weir

#endif // WEIR_CODEGEN_VALIDATE_VALIDATE_H
