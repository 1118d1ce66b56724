// What the decoder of one opcode sees and fills in.
#ifndef WEIR_CODEGEN_NVPTX_EXECUTOR_DECODING_H
#define WEIR_CODEGEN_NVPTX_EXECUTOR_DECODING_H

#include "codegen/nvptx/executor/Program.h"
#include "codegen/nvptx/executor/Syntax.h"

#include <initializer_list>
#include <unordered_map>

namespace weir::ptx {

class FunctionDecoder;

/// One instruction while it is decoded. Modifiers are taken one by one; those
/// that are left at the end are not modelled. The first failure is kept and
/// everything after it does nothing, so decoders need not look at results.
class Decoding {
public:
  Decoding(FunctionDecoder &function, const Statement &statement);

  const Statement &statement;
  Instruction out;

  /// Takes a modifier where the instruction has it.
  bool take(std::string_view modifier);
  /// The number in a list of the modifier that it has; the list's size if none.
  unsigned takeOneOf(std::initializer_list<std::string_view> list);
  /// Takes the next type, which must be there.
  Type takeType();
  /// Takes a state space; Generic if there is none.
  Space takeSpace();
  bool has(std::string_view modifier) const;

  size_t operandCount() const { return statement.operands.size(); }
  const Operand &operand(size_t index);
  void expectOperands(size_t least, size_t most);

  /// Results come before sources.
  void result(const Operand &operand, Type type);
  void source(const Operand &operand, Type type);
  /// The same for registers wider than the type (loads, stores, conversions).
  void wideResult(const Operand &operand, Type type);
  void wideSource(const Operand &operand, Type type);
  /// Sources by number of an operand; `result(0)` is usual.
  void result(size_t index, Type type) { result(operand(index), type); }
  void source(size_t index, Type type) { source(operand(index), type); }
  void constant(uint64_t value, Type type);
  /// [address]: one source of 4 or 8 bytes, and out.offset.
  void address(const Operand &operand, Space &space);
  /// The integer that an operand must be.
  uint64_t immediate(const Operand &operand);

  void fail(std::string message);
  bool failed() const { return !error.empty(); }
  /// "'.x' of 'op' is not modelled"
  void unmodelled(std::string_view modifier);
  void finish();

  FunctionDecoder &function;
  std::vector<Slot> slots;
  std::string error;

private:
  /// Takes the register of an operand if it is wider than the type.
  bool takeWider(const Operand &operand, Type type);

  std::vector<std::string_view> modifiers;
};

using OpcodeDecoder = void (*)(Decoding &);
using OpcodeTable = std::unordered_map<std::string_view, OpcodeDecoder>;

/// All opcodes. Each of the functions below adds a family.
const OpcodeTable &opcodeTable();
void addArithmetic(OpcodeTable &table);
void addAtomics(OpcodeTable &table);
void addBarriers(OpcodeTable &table);
void addBits(OpcodeTable &table);
void addCollectives(OpcodeTable &table);
void addComparisons(OpcodeTable &table);
void addControl(OpcodeTable &table);
void addConversions(OpcodeTable &table);
void addCopies(OpcodeTable &table);
void addFunctions(OpcodeTable &table);
void addMatrices(OpcodeTable &table);
void addMemory(OpcodeTable &table);
void addMoves(OpcodeTable &table);

} // namespace weir::ptx

#endif // WEIR_CODEGEN_NVPTX_EXECUTOR_DECODING_H
