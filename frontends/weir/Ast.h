// The syntax tree of a Weir file. Every node knows its place in the source.
#ifndef WEIR_FRONTENDS_WEIR_AST_H
#define WEIR_FRONTENDS_WEIR_AST_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace weir::frontend::ast {

/// A name where it is written.
struct Name {
  llvm::StringRef text;
  llvm::SMRange range;
};

enum class ExprKind {
  Integer,   ///< `integer`
  Real,      ///< `real`
  Constant,  ///< `inf`, `pi`, `true`, `false` or `absent`, in `text`
  Reference, ///< a bare name: a rank, a tensor, a parameter of a function
  Extent,    ///< `#text`
  Unary,     ///< `-` or `not`, in `text`
  Binary,    ///< arithmetic, `and`, `or`, in `text`
  Compare,   ///< a chain: `operators[i]` stands between `args[i]` and `args[i +
             ///< 1]`
  In,        ///< `args[0] in args[1]`, or `args[0] in args[1] .. args[2]`
  If,        ///< condition, then, else
  Else,      ///< `args[0] else args[1]`
  Where,     ///< `args[0] where args[1]`
  Subscript, ///< `text[items]`
  Call       ///< `text[items | filter](args)`
};

struct Expr;

/// What stands between commas in brackets.
struct Item {
  enum Kind { All, Index, Named } kind = Index;
  llvm::SMRange range;
  Name name; ///< Named: `name: value`
  Expr *value = nullptr;
};

struct Expr {
  ExprKind kind;
  llvm::SMRange range;
  llvm::SMRange mark; ///< the operator or the name: where a caret points
  llvm::StringRef text;
  int64_t integer = 0;
  double real = 0;
  llvm::SmallVector<Expr *, 2> args;
  llvm::SmallVector<llvm::StringRef, 1> operators;
  std::vector<Item> items;
  Expr *filter = nullptr;
  Name into;                          ///< the rank after `->`
  llvm::SmallVector<Name, 1> options; ///< `exclusive`, `reverse`
  unsigned depth = 1;
};

/// An element type or a type parameter.
using TypeName = Name;

/// `name: type[ranks] …`, an argument or a result of a kernel.
struct Argument {
  Name name;
  TypeName type;
  bool isConst = false;
  bool isTensor = false;
  std::vector<Name> ranks;
  Expr *lower = nullptr, *upper = nullptr; ///< `in lower..upper`
  Expr *value = nullptr;                   ///< `= default`, or `else fill`
};

struct TypeParameter {
  Name name;
  TypeName initial;
};

/// `rank name`, `rank name like other`, `rank name = extent`.
struct RankLine {
  Name name;
  Name like;
  Expr *extent = nullptr;
};

/// `from value` or `from rank: value`.
struct FromClause {
  llvm::SMRange range;
  Name rank;
  Expr *value = nullptr;
};

struct Equation {
  Name name;
  llvm::SMRange range;
  TypeName type;
  bool hasRanks = false;
  std::vector<Name> ranks;
  Expr *value = nullptr; ///< null after an error
  Expr *where = nullptr;
  std::vector<FromClause> from;
  std::vector<Name> descending;
};

struct Kernel {
  Name name;
  llvm::StringRef comment;
  std::vector<TypeParameter> types;
  std::vector<Argument> inputs, outputs;
  std::vector<Expr *> constraints;
  std::vector<RankLine> ranks;
  std::vector<Name> descending; ///< lines `descending t`
  std::vector<Equation> equations;
};

struct Let {
  Name name;
  Expr *value = nullptr;
};

struct Function {
  Name name;
  llvm::StringRef comment;
  llvm::StringRef signature; ///< as written: `softmax[n](x)`
  std::vector<Name> ranks, parameters;
  std::vector<Let> lets;
  Expr *value = nullptr; ///< null after an error
};

struct Import {
  llvm::StringRef path;
  llvm::SMRange range;
};

/// One file. It owns its expressions; names point into the source buffer.
struct File {
  std::vector<Import> imports;
  std::vector<Function> functions;
  std::vector<Kernel> kernels;
  std::deque<Expr> expressions;
};

/// Writes a file back as source that parses to the same tree.
void print(llvm::raw_ostream &stream, const File &file);
/// Writes an expression; every operation inside another has parentheses.
void print(llvm::raw_ostream &stream, const Expr &expression,
           bool nested = false);

} // namespace weir::frontend::ast

#endif // WEIR_FRONTENDS_WEIR_AST_H
