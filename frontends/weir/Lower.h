// Lowering of an elaborated and typed program to the cascade dialect.
#ifndef WEIR_FRONTENDS_WEIR_LOWER_H
#define WEIR_FRONTENDS_WEIR_LOWER_H

#include "frontends/weir/Limits.h"
#include "frontends/weir/Program.h"

#include "mlir/IR/Builders.h"

namespace llvm {
class SourceMgr;
}

namespace weir::frontend {

/// Values of the indices at which terms are evaluated, and what has been
/// emitted for them.
struct Indices {
  llvm::DenseMap<const Rank *, mlir::Value> values;
  llvm::DenseMap<std::pair<Term *, Kind>, mlir::Value> emitted;
};

/// A scalar region under construction.
struct Frame {
  mlir::OpBuilder builder;
  mlir::Operation
      *owner; ///< what the region belongs to: reductions are hoisted before it
  llvm::SmallVector<Rank *> order; ///< the ranks in scope, outermost first
  Indices indices;
};

class Lowering {
public:
  Lowering(Program &program, const llvm::SourceMgr &sources,
           mlir::OpBuilder builder)
      : program(program), sources(sources), builder(builder),
        context(builder.getContext()) {}

  /// Emits the kernel at the builder's place.
  cascade::KernelOp run();
  /// True if substituted indices multiplied beyond what is emitted; the kernel
  /// is then not whole.
  bool isTooLarge() const { return substitutions > limits::substitutions.most; }

private:
  // Declarations.
  void emitRanks();
  void emitRank(Rank &rank, llvm::DenseSet<const Rank *> &done);
  void emitInput(Tensor &tensor);
  void emitParameter(Tensor &tensor);
  void emitConstraint(const Constraint &constraint);
  void emitOutput(Tensor &tensor);
  void emitScalars(mlir::Region &region, mlir::Operation *owner,
                   llvm::ArrayRef<std::pair<Term *, Kind>> values,
                   llvm::SMRange range);

  // Equations.
  void emitGroup(Group &group);
  void emitRecurrence(Group &group);
  mlir::Value emitEquation(Tensor &tensor);
  void emitStart(Tensor &tensor, const Tensor::Start &start);
  bool isWhole(const Tensor &tensor) const;
  mlir::Value emitReduction(mlir::OpBuilder &at, Term *term, Kind kind,
                            llvm::StringRef name, mlir::Location loc,
                            llvm::ArrayRef<Rank *> ranks, mlir::Type element);
  mlir::Value emitMap(mlir::OpBuilder &at, Term *term, Kind kind,
                      llvm::StringRef name, mlir::Location loc,
                      llvm::ArrayRef<Rank *> ranks, mlir::Type element);
  void emitBody(mlir::Operation *op, mlir::Region &region,
                llvm::ArrayRef<Rank *> ranks, Term *term, Kind kind);
  mlir::Value hoist(Term *term, Kind kind, Frame &frame);
  bool readsGroup(Term *term);

  // Scalars.
  mlir::Value emit(Term *term, Kind kind, Frame &frame, Indices &indices);
  mlir::Value emitAs(Term *term, Kind kind, Frame &frame, Indices &indices);
  mlir::Value emitConstant(Term *term, Kind kind, Frame &frame);
  mlir::Value emitCast(Term *term, Frame &frame, Indices &indices);
  mlir::Value emitCompare(Term *term, Frame &frame, Indices &indices);
  mlir::Value emitAt(Term *term, Kind kind, Frame &frame, Indices &indices);
  mlir::Value readReduction(Term *term, Kind kind, Frame &frame,
                            Indices &indices);
  mlir::Value convert(mlir::Value value, Kind kind, mlir::Location loc,
                      Frame &frame);

  // Types and names.
  mlir::Location locate(llvm::SMRange range) const;
  mlir::StringAttr name(llvm::StringRef text) {
    return builder.getStringAttr(text);
  }
  mlir::Type scalarType(Kind kind) const;
  mlir::Type elementType(ElementType type) const;
  mlir::Type elementType(const Tensor &tensor) const;
  cascade::TensorType tensorType(llvm::ArrayRef<Rank *> ranks,
                                 mlir::Type element);
  Kind settled(Kind kind, Kind wanted = Kind::Unknown) const;
  Kind bodyKind(const Term *term, Kind result) const;

  Program &program;
  const llvm::SourceMgr &sources;
  mlir::OpBuilder builder;
  mlir::MLIRContext *context;
  llvm::DenseMap<const Tensor *, mlir::Value> values;
  // The equation that is being emitted.
  Tensor *current = nullptr;
  Group *currentGroup = nullptr;
  mlir::Operation *recurrence = nullptr;
  unsigned parts = 0;
  llvm::DenseMap<std::pair<Term *, Kind>, mlir::Value> hoisted;
  llvm::DenseMap<Term *, bool> groupReaders;
  unsigned substitutions = 0;
};

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_LOWER_H
