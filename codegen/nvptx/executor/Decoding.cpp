// Helpers that the decoders of opcodes share: modifiers and operands.
#include "codegen/nvptx/executor/Decoding.h"
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <algorithm>
#include <bit>

using namespace weir::ptx;

Decoding::Decoding(FunctionDecoder &function, const Statement &statement)
    : statement(statement), function(function), modifiers(statement.modifiers) {
}

void Decoding::fail(std::string message) {
  if (error.empty())
    error = std::move(message);
}

void Decoding::unmodelled(std::string_view modifier) {
  fail("'." + std::string(modifier) + "' of '" + std::string(statement.opcode) +
       "' is not modelled");
}

bool Decoding::has(std::string_view modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) !=
         modifiers.end();
}

bool Decoding::take(std::string_view modifier) {
  auto found = std::find(modifiers.begin(), modifiers.end(), modifier);
  if (found == modifiers.end())
    return false;
  modifiers.erase(found);
  return true;
}

unsigned Decoding::takeOneOf(std::initializer_list<std::string_view> list) {
  unsigned number = 0;
  for (std::string_view modifier : list) {
    if (take(modifier))
      return number;
    ++number;
  }
  return number;
}

Type Decoding::takeType() {
  for (auto modifier = modifiers.begin(); modifier != modifiers.end();
       ++modifier)
    if (auto type = typeNamed(*modifier)) {
      modifiers.erase(modifier);
      return *type;
    }
  if (!modifiers.empty())
    unmodelled(modifiers.front());
  fail("'" + std::string(statement.opcode) + "' without a type");
  return Type::B32;
}

Space Decoding::takeSpace() {
  if (take("global"))
    return Space::Global;
  if (take("shared") || take("shared::cta"))
    return Space::Shared;
  if (take("local"))
    return Space::Local;
  if (take("const"))
    return Space::Const;
  if (take("param") || take("param::entry") || take("param::func"))
    return Space::Param;
  return Space::Generic;
}

const Operand &Decoding::operand(size_t index) {
  static const Operand none;
  if (index < statement.operands.size())
    return statement.operands[index];
  fail("'" + std::string(statement.opcode) + "' with too few operands");
  return none;
}

void Decoding::expectOperands(size_t least, size_t most) {
  if (operandCount() < least || operandCount() > most)
    fail("'" + std::string(statement.opcode) + "' with " +
         std::to_string(operandCount()) + " operands");
}

static std::string sizesMessage(std::string_view name, unsigned has,
                                unsigned wants) {
  auto show = [](unsigned bytes) {
    return bytes ? std::to_string(8 * bytes) + " bits"
                 : std::string("a predicate");
  };
  return "'" + std::string(name) + "' is " + show(has) +
         ", the instruction takes " + show(wants);
}

void Decoding::result(const Operand &operand, Type type) {
  if (failed())
    return;
  if (operand.kind == Operand::Kind::Sink) {
    slots.push_back(function.sink(bytesOf(type)));
  } else {
    auto slot = function.registerNamed(operand.name);
    if (!slot || operand.kind != Operand::Kind::Name)
      return fail("'" + std::string(operand.name) + "' is no register");
    if (slot->bytes != bytesOf(type))
      return fail(sizesMessage(operand.name, slot->bytes, bytesOf(type)));
    slots.push_back(*slot);
  }
  ++out.results;
}

bool Decoding::takeWider(const Operand &operand, Type type) {
  auto slot = operand.kind == Operand::Kind::Name
                  ? function.registerNamed(operand.name)
                  : std::nullopt;
  if (!slot || slot->bytes <= bytesOf(type))
    return false;
  slots.push_back(*slot);
  return true;
}

void Decoding::wideResult(const Operand &operand, Type type) {
  if (failed())
    return;
  if (!takeWider(operand, type))
    return result(operand, type);
  ++out.results;
}

void Decoding::wideSource(const Operand &operand, Type type) {
  if (failed())
    return;
  if (!takeWider(operand, type))
    return source(operand, type);
  ++out.sources;
}

void Decoding::constant(uint64_t value, Type type) {
  if (failed())
    return;
  slots.push_back(function.constant(value, bytesOf(type)));
  ++out.sources;
}

/// A literal's bits as a value of a type.
static std::optional<uint64_t> literal(const Operand &operand, Type type) {
  switch (operand.kind) {
  case Operand::Kind::Integer:
    if (type == Type::Pred)
      return operand.value ? ~0u : 0;
    if (type == Type::F32 || type == Type::F64)
      return std::nullopt;
    return operand.value;
  case Operand::Kind::F32:
    return bytesOf(type) == 4 ? std::optional(operand.value) : std::nullopt;
  case Operand::Kind::F64:
    if (bytesOf(type) == 8)
      return operand.value;
    if (type == Type::F32)
      return std::bit_cast<uint32_t>(
          static_cast<float>(std::bit_cast<double>(operand.value)));
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

void Decoding::source(const Operand &operand, Type type) {
  if (failed())
    return;
  unsigned bytes = bytesOf(type);
  std::string name(operand.name);
  std::optional<Slot> slot;
  if (operand.kind != Operand::Kind::Name) {
    auto bits = literal(operand, type);
    if (!bits)
      return fail("an operand of the wrong kind");
    slot = function.constant(*bits, bytes);
  } else if ((slot = function.registerNamed(operand.name)) ||
             (slot = function.specialNamed(operand.name, operand.component))) {
    if (slot->bytes != bytes)
      return fail(sizesMessage(operand.name, slot->bytes, bytes));
  } else if (auto symbol = function.symbolNamed(operand.name);
             symbol && bytes >= 4) {
    slot = function.constant(symbol->address + operand.value, bytes,
                             symbol->dynamic);
  } else {
    if (!operand.component.empty())
      name += "." + std::string(operand.component);
    return fail(name[0] == '%'
                    ? "special register '" + name + "' is not modelled"
                    : "'" + name + "' is not declared");
  }
  if (operand.negated)
    out.negated |= 1 << out.sources;
  slots.push_back(*slot);
  ++out.sources;
}

/// The space of a named variable decides: a called function's `.param` is a
/// caller's variable in the thread's local memory.
void Decoding::address(const Operand &operand, Space &space) {
  if (failed())
    return;
  if (operand.kind != Operand::Kind::Address)
    return fail("expected an address in '[ ]'");
  out.offset = operand.value;
  if (operand.name.empty())
    return constant(0, Type::U64);
  if (auto slot = function.registerNamed(operand.name)) {
    if (slot->bytes != 4 && slot->bytes != 8)
      return fail("'" + std::string(operand.name) + "' is no address");
    if (space == Space::Param && function.insideCall())
      return fail("a parameter's address in a called function is not modelled");
    slots.push_back(*slot);
    ++out.sources;
    return;
  }
  auto symbol = function.symbolNamed(operand.name);
  if (!symbol)
    return fail("'" + std::string(operand.name) + "' is not declared");
  if (space == Space::Generic ||
      (space == Space::Param && symbol->space == Space::Local))
    space = symbol->space;
  if (space != symbol->space)
    return fail("'" + std::string(operand.name) + "' is in " +
                nameOf(symbol->space) + " space");
  slots.push_back(function.constant(symbol->address, 8, symbol->dynamic));
  ++out.sources;
}

uint64_t Decoding::immediate(const Operand &operand) {
  if (operand.kind != Operand::Kind::Integer)
    fail("expected an integer");
  return operand.value;
}

void Decoding::finish() {
  if (!modifiers.empty())
    unmodelled(modifiers.front());
}

const OpcodeTable &weir::ptx::opcodeTable() {
  static const OpcodeTable table = [] {
    OpcodeTable all;
    for (auto add : {addArithmetic, addAtomics, addBarriers, addBits,
                     addCollectives, addComparisons, addControl, addConversions,
                     addCopies, addFunctions, addMatrices, addMemory, addMoves})
      add(all);
    return all;
  }();
  return table;
}
