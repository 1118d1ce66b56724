// Elaboration: a kernel's syntax tree becomes a program of terms.
#ifndef WEIR_FRONTENDS_WEIR_ELABORATE_H
#define WEIR_FRONTENDS_WEIR_ELABORATE_H

#include "frontends/weir/Diagnostics.h"
#include "frontends/weir/Library.h"
#include "frontends/weir/Program.h"

namespace weir::frontend {

/// Makes terms, and keeps what is known of them up to date.
class TermBuilder {
public:
  TermBuilder(Program &program) : program(program) {}

  Term *make(TermKind kind, llvm::SMRange range,
             llvm::ArrayRef<Term *> args = {},
             llvm::ArrayRef<Rank *> ranks = {});
  Term *integer(llvm::SMRange range, int64_t value);
  Term *index(llvm::SMRange range, Rank *rank);
  Term *extent(llvm::SMRange range, Rank *rank);
  Term *binary(llvm::SMRange range, cascade::BinaryFn fn, Term *lhs, Term *rhs);
  Term *unary(llvm::SMRange range, cascade::UnaryFn fn, Term *operand);
  Term *compare(llvm::SMRange range, cascade::Predicate predicate, Term *lhs,
                Term *rhs);
  Term *reduce(llvm::SMRange range, cascade::Combiner combiner, Term *body,
               llvm::ArrayRef<Rank *> ranks);
  Term *read(llvm::SMRange range, Tensor *tensor,
             llvm::ArrayRef<Term *> subscripts);

  Program &program;
  llvm::SMRange site; ///< the call that is being inlined
};

/// What names mean inside a function, or in the kernel itself.
struct Scope {
  const ast::Function *function = nullptr;
  llvm::StringMap<Term *> values;
  llvm::StringMap<llvm::SmallVector<Rank *, 1>> ranks;
  unsigned depth = 0;
};

class Elaborator {
public:
  Elaborator(Program &program, const Library &library,
             const std::map<std::string, std::string> &settings,
             Diagnostics &diagnostics)
      : program(program), build(program), library(library), settings(settings),
        diagnostics(diagnostics) {}

  /// Fills the program; false if an error was reported.
  bool run();
  /// The names of the settings that this kernel understood.
  llvm::ArrayRef<llvm::StringRef> usedSettings() const { return knownSettings; }

private:
  bool checkLimits();
  void checkDimensions(const ast::Argument &argument);

  // Declarations.
  void declareTypes();
  void declareRanks();
  void declareInput(const ast::Argument &argument);
  void declareEquation(const ast::Equation &equation);
  void declareOutput(const ast::Argument &argument);
  Rank *addRank(const ast::Name &name);
  Tensor *addTensor(const ast::Name &name, Tensor::Role role);
  std::optional<ElementType> resolveType(const ast::TypeName &name);
  bool resolveRanks(llvm::ArrayRef<ast::Name> names,
                    llvm::SmallVectorImpl<Rank *> &ranks);
  void pinExtents();
  void elaborateExtents();
  void elaborateInputs();
  void elaborateFill(Tensor &tensor);
  void elaborateConstraints();
  void solveExtents();
  void checkExtentCycles();
  bool checkExtent(Term *term, llvm::StringRef role, bool isConstraint = false);
  void elaborateEquations();
  bool elaborateEquation(Tensor &tensor);
  bool elaborateStarts(Tensor &tensor);
  void checkFreeRanks(const Tensor &tensor, const Term *term);

  // Expressions: null after an error.
  Term *elaborate(const ast::Expr &expression, Scope &scope);
  Term *elaborateReference(const ast::Expr &expression, Scope &scope);
  Term *elaborateExtentOf(const ast::Expr &expression, Scope &scope);
  Term *elaborateConstant(const ast::Expr &expression);
  Term *elaborateOperator(const ast::Expr &expression, Scope &scope);
  Term *elaborateCompare(const ast::Expr &expression, Scope &scope);
  Term *elaborateMembership(const ast::Expr &expression, Scope &scope);
  Term *elaborateSubscript(const ast::Expr &expression, Scope &scope);
  Term *elaborateAt(const ast::Expr &expression, Term *base, Scope &scope);
  Term *substitute(llvm::SMRange range, Term *base,
                   llvm::ArrayRef<Rank *> ranks, llvm::ArrayRef<Term *> values);
  Term *elaborateCall(const ast::Expr &expression, Scope &scope);
  Term *elaborateMap(const ast::Expr &expression, llvm::ArrayRef<Term *> args);
  Term *elaborateClamp(const ast::Expr &expression,
                       llvm::ArrayRef<Term *> args);
  Term *elaborateReduction(const ast::Expr &expression,
                           cascade::Combiner combiner, Scope &scope);
  Term *elaboratePrefix(const ast::Expr &expression, cascade::Combiner combiner,
                        Scope &scope);
  Term *elaborateSelection(const ast::Expr &expression, Scope &scope);
  Term *inlineFunction(const ast::Expr &expression,
                       const ast::Function &function, Scope &scope);
  bool elaborateArguments(const ast::Expr &expression, Scope &scope,
                          llvm::SmallVectorImpl<Term *> &args);
  bool expectArguments(const ast::Expr &expression, size_t least, size_t most);
  bool bracketRanks(const ast::Expr &expression, Scope &scope,
                    llvm::SmallVectorImpl<Rank *> &ranks);
  bool resolveRank(const ast::Name &name, Scope &scope,
                   llvm::SmallVectorImpl<Rank *> &ranks);
  Term *readBare(llvm::SMRange range, Tensor &tensor);
  Rank *aliasOf(Rank &rank);
  Rank *boundRank(Rank &rank, Term *element, llvm::ArrayRef<Rank *> taken);

  // Errors.
  Diagnostic &error(llvm::StringRef id, llvm::SMRange range,
                    const llvm::Twine &message);
  void unknownRank(const ast::Name &name, Scope *scope = nullptr);
  void unknownName(const ast::Expr &expression, Scope &scope,
                   llvm::StringRef what);

  Program &program;
  TermBuilder build;
  const Library &library;
  const std::map<std::string, std::string> &settings;
  Diagnostics &diagnostics;
  std::vector<llvm::StringRef> knownSettings;
  llvm::SmallVector<const ast::Function *> inlining;
  Scope kernelScope;
  unsigned nesting = 0; ///< of equations elaborated on demand
  unsigned depth = 0;   ///< of expressions, through functions and equations
};

/// Warns of names that nothing uses; for a kernel without errors.
void warnUnused(const Program &program, Diagnostics &diagnostics);

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_ELABORATE_H
