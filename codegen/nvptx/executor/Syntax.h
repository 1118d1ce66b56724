// A PTX text as its grammar sees it: functions, variables, statements.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_SYNTAX_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_SYNTAX_H

#include "codegen/nvptx/executor/Types.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::ptx {

struct Diagnostic;

/// All views point into the text.
struct Operand {
  enum class Kind : uint8_t {
    Name, ///< a register, a variable or a label, perhaps with an offset or a
          ///< component
    Integer,
    F32,     ///< bits
    F64,     ///< bits
    Address, ///< [name + value], or [value]
    List,    ///< {a, b, …}
    Pair,    ///< p|q
    Group,   ///< (a, b, …) of a call
    Sink,    ///< _
  };
  Kind kind = Kind::Name;
  bool negated = false; ///< !p
  std::string_view name;
  std::string_view component; ///< ".x" of %tid.x
  uint64_t value = 0;         ///< an integer, bits, or an offset
  std::vector<Operand> parts;
};

/// A variable of any state space, or a range of registers `%r<9>`.
struct Declaration {
  std::string_view name;
  Type type = Type::B32;
  Space space = Space::Generic; ///< Generic: registers
  uint32_t align = 1;
  uint64_t bytes = 0;
  int64_t range = -1;    ///< registers in a range, or -1
  bool external = false; ///< its size is the launch's
  std::vector<std::byte> initial;
  /// Initial bytes that hold another variable's (generic) address.
  struct Relocation {
    uint64_t at;
    std::string_view symbol;
    uint64_t offset;
    bool generic;
  };
  std::vector<Relocation> relocations;
  unsigned line = 0;
};

struct Statement {
  enum class Kind : uint8_t {
    Instruction,
    Label,
    Declare,
    Open,
    Close,
    Targets
  };
  Kind kind = Kind::Instruction;
  unsigned line = 0;
  std::string_view text;
  std::string_view guard; ///< a predicate, or empty
  bool guardNegated = false;
  std::string_view opcode; ///< "ld", or a label
  std::vector<std::string_view>
      modifiers; ///< "global", "v4", "f32"; or branch targets
  std::vector<Operand> operands;
  std::vector<Declaration> declarations;
};

struct FunctionSyntax {
  std::string_view name;
  bool entry = false;
  bool defined = false;
  std::vector<Declaration> returns, parameters;
  std::vector<Statement> body;
  uint32_t required[3] = {0, 0, 0};
  uint32_t maxThreads = 0;
  unsigned line = 0;
};

struct ModuleSyntax {
  std::vector<Declaration> variables;
  std::map<std::string_view, FunctionSyntax> functions;
};

/// The syntax of a text; diagnostics and nothing where it has none.
std::optional<ModuleSyntax> parseSyntax(std::string_view text,
                                        std::vector<Diagnostic> &diagnostics);

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_SYNTAX_H
