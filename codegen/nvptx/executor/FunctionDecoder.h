// Turns a kernel's statements, with the functions it calls, into a program.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_FUNCTIONDECODER_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_FUNCTIONDECODER_H

#include "codegen/nvptx/executor/Decoding.h"

#include <deque>
#include <tuple>

namespace weir::ptx {

/// A variable that a name stands for. A reference stands for its address.
struct Symbol {
  Space space = Space::Global;
  uint64_t address = 0;
  bool dynamic = false; ///< relative to the launch's dynamic shared memory
};

/// Where functions find what a module declares.
struct ModuleContext {
  const ModuleSyntax &syntax;
  Storage &storage;
  std::unordered_map<std::string_view, Symbol>
      symbols; ///< of global and constant variables
};

/// Decodes one kernel. Calls are inlined, each with registers of its own.
class FunctionDecoder {
public:
  FunctionDecoder(ModuleContext &module, const FunctionSyntax &entry,
                  Program &program)
      : module(module), entry(entry), program(program) {}

  bool run();

  unsigned errorLine = 0;
  std::string error;

  // For Decoding and the decoders of opcodes.
  std::optional<Slot> registerNamed(std::string_view name);
  std::optional<Slot> specialNamed(std::string_view name,
                                   std::string_view component);
  std::optional<Symbol> symbolNamed(std::string_view name);
  Slot constant(uint64_t value, unsigned bytes, bool dynamic = false);
  Slot sink(unsigned bytes);
  /// The carry flag of add.cc.
  Slot carry();
  /// Branches to a label, the end of the call, or one of a list, once the
  /// places are known.
  void branchTo(std::string_view label);
  void branchToEnd();
  void branchToTable(std::string_view label);
  bool insideCall() const { return ending >= 0; }
  void emit(Decoding &decoding);
  void call(Decoding &decoding, const FunctionSyntax &callee,
            const Operand *results, const Operand *arguments);
  const FunctionSyntax *functionNamed(std::string_view name) const;
  void noteAccess(Space space, unsigned bytes);

private:
  /// Registers %r<9>.
  struct Range {
    std::string_view prefix;
    Type type;
    int64_t count;
  };
  struct Scope {
    int parent = -1;
    std::unordered_map<std::string_view, Slot> registers;
    std::vector<Range> ranges;
    std::unordered_map<std::string_view, Symbol> symbols;
    std::unordered_map<std::string_view, uint32_t> labels;
    std::unordered_map<std::string_view, std::vector<std::string_view>> tables;
  };
  struct Jump {
    uint32_t pc;
    std::string_view label;
    int scope;
    std::string_view list; ///< of brx.idx
    int ending;            ///< number of the call whose end is meant, or -1
  };

  bool fail(unsigned line, std::string message);
  bool declare(const Declaration &declaration);
  bool shared(const Declaration &declaration);
  bool parametersOfEntry();
  bool body(const FunctionSyntax &function);
  bool statement(const Statement &statement);
  bool instruction(const Statement &statement);
  void settleDynamicShared();
  bool link();
  bool linkTable(const Jump &jump);
  const std::vector<std::string_view> *tableFrom(int scope,
                                                 std::string_view list) const;
  std::optional<uint32_t> labelFrom(int scope, std::string_view label) const;
  Slot newRegister(Type type, std::string_view name);
  uint32_t allocate(unsigned bytesOfLane);

  ModuleContext &module;
  const FunctionSyntax &entry;
  Program &program;
  std::deque<Scope> scopes;
  int scope = -1;
  int ending = -1;
  std::vector<uint32_t> ends; ///< where each inlined call goes on
  std::vector<const FunctionSyntax *> active; ///< functions being inlined
  std::vector<Jump> jumps;
  std::vector<uint32_t> firstSlots;
  std::map<std::tuple<uint64_t, unsigned, bool>, Slot> constants;
  std::vector<size_t>
      dynamicConstants; ///< numbers of constants that are dynamic addresses
  std::map<std::pair<Special, unsigned>, Slot> specials;
  std::map<unsigned, Slot> sinks;
  std::optional<Slot> carryFlag;
  std::unordered_map<std::string_view, Symbol>
      sharedSymbols; ///< of the module, as this kernel uses them
  uint64_t packedShared =
      0; ///< static bytes, without the gaps between variables
  uint32_t dynamicAlign = 16;
};

/// Fills in where the lanes of each branch meet again: its immediate
/// post-dominator.
void findJoins(Program &program);

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_FUNCTIONDECODER_H
