// Scalar expressions of a nest: interned, with maps inlined and presence made explicit.
#ifndef WEIR_PASSES_SCHEDULE_EXPRESSION_H
#define WEIR_PASSES_SCHEDULE_EXPRESSION_H

#include "dialect/cascade/Cascade.h"
#include "llvm/ADT/FoldingSet.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Allocator.h"

namespace weir::schedule {

class Node;
using Operands = llvm::SmallVector<const Node *, 4>;
/// The ranks whose indices an expression depends on.
using Ranks = llvm::SmallSetVector<mlir::StringAttr, 4>;

/// One scalar expression. Equal expressions of an `Expressions` are the same node.
class Node : public llvm::FoldingSetNode {
public:
  enum class Kind {
    Constant, ///< `attr`: the value
    Index,    ///< `attr`: the rank's name
    Extent,   ///< `attr`: the rank's name
    Load,     ///< element of `tensor` (an input, a parameter, a state) at `operands`
    Name,     ///< a value known by the name `attr`
    Contract, ///< sum over rank `attr` of the product of `operands`
    Apply,    ///< `attr`: a function of the cascade dialect, of `operands`
    Select,   ///< condition, value if true, value if false
    Convert,  ///< `operands[0]` as `type`, through the storage type `attr` if any
  };

  Kind kind;
  mlir::Type type; ///< f32, f64, i64 or i1
  mlir::Attribute attr;
  mlir::Value tensor;
  Operands operands;
  Ranks ranks;

  bool dependsOn(mlir::StringAttr rank) const { return ranks.contains(rank); }
  void Profile(llvm::FoldingSetNodeID &id) const;
};

/// A value and where it is present; `present` is null where it always is.
struct Scalar {
  const Node *value = nullptr;
  const Node *present = nullptr;
};

/// Creates and owns nodes; simplifies as it does.
class Expressions {
public:
  explicit Expressions(mlir::MLIRContext *context) : context(context) {}

  const Node *constant(mlir::TypedAttr value);
  const Node *integer(int64_t value);
  const Node *truth(bool value);
  const Node *zero(mlir::Type type);
  const Node *index(mlir::StringAttr rank);
  const Node *extent(mlir::StringAttr rank);
  /// The indices of a tensor's own ranks.
  Operands indicesOf(cascade::TensorType type);
  const Node *name(llvm::StringRef name, mlir::Type type);
  const Node *load(mlir::Value tensor, Operands subscripts, mlir::Type type);
  const Node *contract(mlir::StringAttr rank, Operands factors, mlir::Type type);
  const Node *apply(mlir::Attribute fn, Operands operands, mlir::Type type);
  const Node *select(const Node *condition, const Node *onTrue, const Node *onFalse);
  const Node *convert(const Node *value, mlir::Type type, mlir::Attribute via = {});

  const Node *binary(cascade::BinaryFn fn, const Node *lhs, const Node *rhs);
  const Node *compare(cascade::Predicate predicate, const Node *lhs, const Node *rhs);
  /// Conjunction and disjunction of conditions, of which null is "true".
  const Node *both(const Node *lhs, const Node *rhs);
  const Node *either(const Node *lhs, const Node *rhs);

  /// `node` with `to` for every `from`.
  const Node *replace(const Node *node, const Node *from, const Node *to);
  /// The same function, load or contraction of other operands.
  const Node *rebuild(const Node *node, Operands operands);

  mlir::MLIRContext *context;

private:
  const Node *intern(Node &&node);
  const Node *foldIntegers(cascade::BinaryFn fn, const Node *lhs, const Node *rhs);
  llvm::FoldingSet<Node> nodes;
  llvm::SpecificBumpPtrAllocator<Node> allocator;
};

/// Factors of a product, through nested multiplications.
Operands factorsOf(const Node *node);

/// True if `node` is an application of `fn`.
bool isBinary(const Node *node, cascade::BinaryFn fn);
bool isUnary(const Node *node, cascade::UnaryFn fn);
/// Conjuncts of a condition; none of null, which is "true".
Operands conjunctsOf(const Node *condition);

} // namespace weir::schedule

#endif // WEIR_PASSES_SCHEDULE_EXPRESSION_H
