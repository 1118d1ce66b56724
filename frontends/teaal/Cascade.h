// A cascade as it is written: declarations and expressions, each with its place.
#ifndef WEIR_FRONTENDS_TEAAL_CASCADE_H
#define WEIR_FRONTENDS_TEAAL_CASCADE_H

#include "frontends/weir/Diagnostics.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"

#include <memory>
#include <optional>
#include <vector>

namespace weir::teaal {

using frontend::Diagnostics;

struct Name {
  llvm::StringRef text;
  llvm::SMRange range;
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

/// A subscript: a position, or a variable of its own with a bound, as in `j:j<=i`.
struct Subscript {
  ExprPtr position;
  llvm::StringRef relation; ///< `<= < >= >`; empty without a bound
  ExprPtr bound;
};

struct Expr {
  enum Kind { Number, Symbol, Access, Call, Negate, Binary } kind;
  llvm::SMRange range;
  Name name;                         ///< of a symbol, tensor or function
  double number = 0;
  char op = 0;                       ///< `+ - * /`
  std::vector<ExprPtr> operands;
  std::vector<Subscript> subscripts; ///< of an access
};

/// How a variable is reduced: `max(m)`.
struct Action {
  Name combiner;
  std::vector<Name> variables;
};

/// `T[subscripts] = value :: actions`
struct Equation {
  Name tensor;
  std::vector<Subscript> subscripts;
  ExprPtr value;
  std::vector<Action> actions;
};

/// A name with a list of ranks: a tensor and its ranks, or a rank and its parts.
struct Declaration {
  Name name;
  std::vector<Name> ranks;
};

struct Cascade {
  Name name;
  std::vector<Declaration> tensors, partitions;
  std::vector<Equation> starts, equations;
  std::vector<Name> iterative;
};

/// Parses one expression; nothing after a diagnostic. `text` lies in the source buffer.
std::optional<Equation> parseEquation(llvm::StringRef text, Diagnostics &diagnostics);

/// Reads the cascades of a YAML document; incomplete after diagnostics. `name` is that of a cascade
/// that has none.
std::vector<Cascade> readDocument(llvm::StringRef buffer, llvm::StringRef name, Diagnostics &diagnostics);

} // namespace weir::teaal

#endif // WEIR_FRONTENDS_TEAAL_CASCADE_H
