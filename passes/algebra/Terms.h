// Scalar expressions of equations as shared, immutable terms.
#ifndef WEIR_PASSES_ALGEBRA_TERMS_H
#define WEIR_PASSES_ALGEBRA_TERMS_H

#include "dialect/cascade/Cascade.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/FoldingSet.h"
#include "llvm/Support/Allocator.h"

#include <string>

namespace weir::algebra {

enum class OpKind : uint8_t {
  Real, Integer, Truth, Absent, // constants
  Index, Bound, Extent, Given,  // symbols
  Read, Unary, Binary, Compare, Select, Where, Else, Present, Cast, Round
};

class Node;
/// A term. Equal terms of one `Terms` are the same pointer.
using Expr = const Node *;

/// One operation of a term: the mirror of a scalar operation of the dialect.
class Node : public llvm::FoldingSetNode {
public:
  OpKind op;
  int64_t code = 0;            ///< Function, predicate, mode, integer, truth value or number of a `Given`.
  double real = 0;             ///< Value of a `Real`.
  mlir::StringAttr rank;       ///< Rank of an `Index`, a `Bound` or an `Extent`.
  mlir::Value tensor;          ///< What a `Read` reads.
  mlir::Type type;             ///< Scalar type.
  mlir::Type via;              ///< Storage type that a `Cast` rounds to, or null.
  llvm::ArrayRef<Expr> operands;
  unsigned id = 0;             ///< Order of creation; ties every ordering of terms.
  bool isStream = false;       ///< Depends on a bound index.
  mlir::LocationAttr loc;      ///< Where it was first met; not part of its identity.

  void Profile(llvm::FoldingSetNodeID &key) const;
  bool is(cascade::UnaryFn fn) const { return op == OpKind::Unary && code == static_cast<int64_t>(fn); }
  bool is(cascade::BinaryFn fn) const { return op == OpKind::Binary && code == static_cast<int64_t>(fn); }
  bool isReal(double value) const { return op == OpKind::Real && real == value; }
};

/// Owner and maker of terms. Makers simplify what holds for absent operands too
/// (`x * 1`, constants), so that a term is never longer than what it was read from.
class Terms {
public:
  Expr real(double value, mlir::Type type);
  Expr integer(int64_t value, mlir::Type i64);
  Expr truth(bool value, mlir::Type i1);
  Expr absent(mlir::Type type);
  /// The index of a rank that the equation's result has.
  Expr index(mlir::StringAttr rank, mlir::Type i64);
  /// The index of a rank that is reduced.
  Expr bound(mlir::StringAttr rank, mlir::Type i64);
  Expr extent(mlir::StringAttr rank, mlir::Type i64);
  /// A symbol numbered by whoever makes it.
  Expr given(int64_t number, mlir::Type type);
  Expr read(mlir::Value tensor, llvm::ArrayRef<Expr> indices);
  Expr unary(cascade::UnaryFn fn, Expr operand);
  Expr binary(cascade::BinaryFn fn, Expr lhs, Expr rhs);
  Expr cast(Expr value, mlir::Type type);
  Expr where(Expr value, Expr predicate);
  Expr orElse(Expr value, Expr fallback);
  Expr present(Expr value, mlir::Type i1);

  /// `node` with other operands.
  Expr withOperands(const Node &node, llvm::ArrayRef<Expr> operands);
  /// `expr` with every occurrence of a key replaced by its value.
  Expr substitute(Expr expr, const llvm::DenseMap<Expr, Expr> &replacements);

  /// Location given to terms made from now on.
  mlir::LocationAttr location;

private:
  Expr intern(Node node, llvm::ArrayRef<Expr> operands);
  void unify(Expr &lhs, Expr &rhs);
  Expr simplified(const Node &node, llvm::ArrayRef<Expr> operands);

  llvm::BumpPtrAllocator allocator;
  llvm::FoldingSet<Node> nodes;
  unsigned nextId = 0;
};

/// The term in the language's notation, with tensors' names: `exp(S[m,n] - M[m])`.
/// `nameGiven`, if any, names the symbols that have no name of their own.
std::string print(Expr expr, llvm::function_ref<std::string(Expr)> nameGiven = {});

/// Calls `visit` on every distinct node of `expr`, operands first.
void walk(Expr expr, llvm::function_ref<void(Expr)> visit);

/// Names of the ranks whose free indices stand in `expr`, in the order of `order`.
llvm::SmallVector<mlir::StringAttr> freeRanks(Expr expr, llvm::ArrayRef<mlir::StringAttr> order);

} // namespace weir::algebra

#endif // WEIR_PASSES_ALGEBRA_TERMS_H
