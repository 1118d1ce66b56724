// A kernel after elaboration: names resolved, functions inlined, every
// expression a term.
#ifndef WEIR_FRONTENDS_WEIR_PROGRAM_H
#define WEIR_FRONTENDS_WEIR_PROGRAM_H

#include "dialect/cascade/Cascade.h"
#include "frontends/weir/Ast.h"

#include "llvm/ADT/StringMap.h"

#include <optional>

namespace weir::frontend {

/// The type of an element in memory.
enum class ElementType {
  F64,
  F32,
  F16,
  BF16,
  F8E4M3,
  F8E5M2,
  I64,
  I32,
  I16,
  I8,
  U8,
  I4,
  Bool
};

std::optional<ElementType> parseElementType(llvm::StringRef name);
llvm::StringRef spell(ElementType type);
/// Every name of an element type.
llvm::ArrayRef<llvm::StringRef> elementTypeNames();

/// The type of a value while it is computed, narrowest number first. `Weak` is
/// a real made of literals and integers alone: it takes the type that it meets.
enum class Kind { Unknown, Bool, Int, Weak, F32, F64 };

Kind kindOf(ElementType type);
llvm::StringRef spell(Kind kind);
inline bool isReal(Kind kind) { return kind >= Kind::Weak; }

struct Term;
struct Group;

struct Rank {
  llvm::StringRef name;
  llvm::SMRange range;
  const Rank *like = nullptr;
  Term *extent = nullptr;      ///< derived
  std::optional<int64_t> size; ///< pinned
  bool carried = false;        ///< by an input
  bool declared = false;       ///< by a rank line
  bool used = false;
  const ast::RankLine *line = nullptr;
};

/// An input, a scalar parameter or what an equation defines.
struct Tensor {
  enum Role { Input, Parameter, Equation } role = Input;
  llvm::StringRef name;
  llvm::SMRange range;
  std::optional<ElementType> type; ///< declared
  llvm::SmallVector<Rank *, 4> ranks;
  bool ranksKnown = true;
  bool used = false;
  const ast::Argument *argument = nullptr;
  const ast::Argument *output =
      nullptr; ///< the signature's entry, if it is one
  const ast::Equation *equation = nullptr;
  Term *lower = nullptr, *upper = nullptr; ///< declared range
  Term *value = nullptr;                   ///< right side or default
  Term *fill = nullptr;                    ///< of an output's absent points
  /// A start value along an iterative rank; a null value is absent.
  struct Start {
    Rank *rank;
    Term *value;
    llvm::SMRange range;
  };
  llvm::SmallVector<Start, 1> starts;
  enum { Pending, Visiting, Done, Broken } state = Done;
  Kind kind = Kind::Unknown;
  Group *group = nullptr; ///< the recurrence that defines it
  unsigned number = 0;    ///< among the equations, in the order of the source
};

enum class TermKind {
  Int,
  Real,
  Bool,
  Absent,
  Index,
  Extent,
  Read,
  Unary,
  Binary,
  Compare,
  Select,
  Where,
  Else,
  Present,
  Cast,
  Round,
  Reduce,
  Prefix,
  TopK,
  RankOf,
  At
};

/// A node of an elaborated expression. Terms are shared: each means the same
/// wherever it stands, given the indices of its free ranks.
struct Term {
  TermKind kind;
  llvm::SMRange range; ///< where it is written
  llvm::SMRange
      site; ///< the call in the kernel that it was inlined from, if any
  llvm::SmallVector<Term *, 2> args;
  llvm::SmallVector<Rank *, 1>
      ranks; ///< bound, along, into, substituted; or the one named
  Tensor *tensor = nullptr;
  int64_t integer = 0;
  double real = 0;
  union {
    cascade::UnaryFn unary;
    cascade::BinaryFn binary;
    cascade::Predicate predicate;
    cascade::Combiner combiner;
    cascade::Rounding rounding;
    ElementType type;
  };
  bool exclusive = false, reverse = false;
  bool reduces = false; ///< contains a reduction, prefix or selection
  unsigned depth = 1;
  llvm::SmallVector<Rank *, 4> free; ///< in order of first appearance
  Kind result = Kind::Unknown;
  unsigned typed = 0; ///< the round of inference that set `result`
  Term(TermKind kind) : kind(kind), unary() {}

  /// The place in the kernel's own text.
  llvm::SMRange place() const { return site.isValid() ? site : range; }
};

struct Constraint {
  Term *value;
  llvm::StringRef text;
  llvm::SMRange range;
};

/// Equations that stand together in the order of evaluation: one, or several
/// that depend on each other through iterative ranks (outermost first).
struct Group {
  llvm::SmallVector<Tensor *> members; ///< in the order of one point
  llvm::SmallVector<Rank *> iterative;
  llvm::SmallVector<bool> descending;
  bool recurrent = false;
};

struct Program {
  const ast::Kernel *source = nullptr;
  std::deque<Rank> ranks;
  std::deque<Tensor> tensors;
  std::deque<Term> terms;
  std::vector<Constraint> constraints;
  std::deque<Group> groups;
  llvm::StringMap<Rank *> rankNames;
  llvm::StringMap<Tensor *> tensorNames;
  llvm::StringMap<ElementType> typeNames; ///< type parameters
  std::deque<std::string> storage;        ///< names and texts made here
  Kind realKind = Kind::F32;              ///< what a weak real is in the end

  std::vector<Tensor *> equations();
};

/// Calls `visit` once for each term under `root`.
void forEachTerm(Term *root, llvm::function_ref<void(Term *)> visit);

/// The strongly connected components of the graph of `count` nodes, each before
/// those that depend on it. `successors(i)` are the nodes that `i` depends on.
std::vector<std::vector<unsigned>>
components(unsigned count,
           llvm::function_ref<llvm::ArrayRef<unsigned>(unsigned)> successors);

} // namespace weir::frontend

#endif // WEIR_FRONTENDS_WEIR_PROGRAM_H
