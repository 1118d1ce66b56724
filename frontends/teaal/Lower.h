// Lowering of a parsed cascade to a kernel of the cascade dialect.
#ifndef WEIR_FRONTENDS_TEAAL_LOWER_H
#define WEIR_FRONTENDS_TEAAL_LOWER_H

#include "dialect/cascade/Cascade.h"
#include "frontends/teaal/Cascade.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace llvm {
class SourceMgr;
}

namespace weir::teaal {

/// What a declared name stands for.
struct Tensor {
  const Declaration *declaration = nullptr;
  const Equation *equation = nullptr;              ///< null: an input
  std::vector<const Equation *> starts;
  std::optional<unsigned> iterative;               ///< the position of the rank that is written at `i + 1`
  mlir::Value value;
};

/// A scalar region under construction: its builder and the values of index variables.
struct Scope {
  mlir::OpBuilder builder;
  llvm::StringMap<mlir::Value> variables;
};

/// Tensors that an iterative rank runs through are kept one point earlier: TeAAL's `R[i + 1]` is
/// the dialect's `R[i]`, its `R[0]` the start value, its `R[I]` the last point.
class Lowering {
public:
  Lowering(const Cascade &cascade, const llvm::SourceMgr &sources, mlir::OpBuilder builder, Diagnostics &diagnostics)
      : cascade(cascade), sources(sources), builder(builder), diagnostics(diagnostics) {}

  /// Emits the kernel; incomplete after diagnostics.
  void run();

private:
  using Variables = llvm::SetVector<llvm::StringRef>;

  // Names.
  bool declare();
  void declareRank(const Name &rank);
  bool attach(const Equation &equation, bool isStart);
  bool checkReads(const Equation &equation);
  bool check(const Expr &expr, const Equation &equation);
  bool checkSubscripts(const Name &tensor, size_t count);
  std::string variableOf(llvm::StringRef rank) const { return rank.lower(); }
  bool isIterative(llvm::StringRef variable) const;

  // The kernel.
  void emitRanks();
  void emitInputs();
  void emitConstraints();
  mlir::Value emitInnerExtent(const Declaration &partition, Scope &scope);
  void emitOutputs();
  bool emitEquations();
  bool emitGroup(llvm::ArrayRef<unsigned> members);
  bool emitRecurrence(llvm::ArrayRef<unsigned> members);
  void emitStart(Tensor &tensor, const Equation &start);
  mlir::Value emitEquation(const Equation &equation);

  // Equations.
  struct Reduced {
    mlir::StringAttr rank;
    cascade::Combiner combiner;
    unsigned greatest = 0; ///< the value of this place among the greatest, instead
  };
  bool collectReduced(const Equation &equation, std::vector<Reduced> &reduced);
  const Subscript *prefixBound(const Equation &equation);
  mlir::Value emitPrefix(const Equation &equation, const Subscript &bound);
  mlir::Value emitGreatest(const Equation &equation, const Reduced &reduced, llvm::ArrayRef<mlir::StringAttr> ranks);
  mlir::Value emitReduction(const Equation &equation, llvm::StringRef name, llvm::ArrayRef<mlir::StringAttr> ranks,
                            llvm::ArrayRef<Reduced> reduced, mlir::Value part);
  void emitBody(mlir::Operation *op, mlir::Region &region, llvm::ArrayRef<mlir::StringAttr> ranks,
                llvm::function_ref<mlir::Value(Scope &)> value);
  llvm::SmallVector<mlir::StringAttr> leftRanks(const Equation &equation) const;

  // Scalars.
  mlir::Value emitReal(const Expr &expr, Scope &scope);
  mlir::Value emitIndex(const Expr &expr, Scope &scope);
  mlir::Value emitCall(const Expr &call, Scope &scope);
  mlir::Value emitAccess(const Name &tensor, llvm::ArrayRef<Subscript> subscripts, Scope &scope);
  mlir::Value emitBounds(const Expr &expr, Scope &scope, mlir::Value all);
  mlir::Value shifted(mlir::Value index, int64_t by, Scope &scope);
  mlir::Value real(double value, Scope &scope);
  mlir::Value whole(int64_t value, Scope &scope);

  cascade::TensorType typeOf(llvm::ArrayRef<mlir::StringAttr> ranks) {
    return cascade::TensorType::get(ranks, builder.getF32Type());
  }
  mlir::StringAttr name(const llvm::Twine &text) { return builder.getStringAttr(text); }
  mlir::Location locate(llvm::SMRange range) const;
  Tensor *lookup(llvm::StringRef name) {
    auto it = tensors.find(name);
    return it == tensors.end() ? nullptr : &it->second;
  }
  bool isRank(llvm::StringRef name) const { return rankNames.contains(name); }

  const Cascade &cascade;
  const llvm::SourceMgr &sources;
  mlir::OpBuilder builder;
  Diagnostics &diagnostics;
  llvm::MapVector<llvm::StringRef, Tensor> tensors;
  llvm::MapVector<llvm::StringRef, Name> rankNames;        ///< declared ranks, in upper case
  llvm::MapVector<llvm::StringRef, std::string> bounded;   ///< variables with a bound, to the rank variable they run like
  cascade::KernelOp kernel;
};

/// Calls `visit` for `expr` and everything in it, subscripts and bounds included.
void forEach(const Expr &expr, llvm::function_ref<void(const Expr &)> visit);

} // namespace weir::teaal

#endif // WEIR_FRONTENDS_TEAAL_LOWER_H
