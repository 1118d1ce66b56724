// Decoding of kernels: statements, scopes, inlined calls, branches.
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <algorithm>

using namespace weir::ptx;

bool FunctionDecoder::fail(unsigned line, std::string message) {
  if (error.empty()) {
    error = std::move(message);
    errorLine = line;
  }
  return false;
}

const FunctionSyntax *
FunctionDecoder::functionNamed(std::string_view name) const {
  auto found = module.syntax.functions.find(name);
  return found == module.syntax.functions.end() ? nullptr : &found->second;
}

bool FunctionDecoder::run() {
  program.info.name = std::string(entry.name);
  program.info.requiredThreads = {entry.required[0], entry.required[1],
                                  entry.required[2]};
  program.info.maxThreads = entry.maxThreads;
  program.registers.push_back("");
  scopes.emplace_back();
  scope = 0;
  if (!parametersOfEntry() || !body(entry))
    return false;
  Statement end;
  end.opcode = "exit";
  end.line = entry.line;
  end.text = "the end of the kernel";
  if (!instruction(end) || !link())
    return false;
  settleDynamicShared();
  findJoins(program);
  program.info.staticShared = packedShared;
  program.info.instructions = program.code.size();
  return true;
}

bool FunctionDecoder::parametersOfEntry() {
  uint32_t at = 0;
  for (const Declaration &parameter : entry.parameters) {
    at = (at + parameter.align - 1) / parameter.align * parameter.align;
    scopes[0].symbols[parameter.name] = {Space::Param, at};
    program.parameterOffsets.push_back(at);
    program.info.parameters.push_back(
        {std::string(parameter.name), static_cast<uint32_t>(parameter.bytes)});
    at += parameter.bytes;
  }
  program.paramBytes = at;
  return true;
}

bool FunctionDecoder::body(const FunctionSyntax &function) {
  active.push_back(&function);
  for (const Statement &one : function.body)
    if (!statement(one))
      return false;
  active.pop_back();
  return true;
}

bool FunctionDecoder::statement(const Statement &one) {
  switch (one.kind) {
  case Statement::Kind::Open:
    scopes.emplace_back().parent = scope;
    scope = scopes.size() - 1;
    return true;
  case Statement::Kind::Close:
    scope = scopes[scope].parent;
    return true;
  case Statement::Kind::Label:
    scopes[scope].labels[one.opcode] = program.code.size();
    return true;
  case Statement::Kind::Targets:
    scopes[scope].tables[one.opcode] = one.modifiers;
    return true;
  case Statement::Kind::Declare:
    for (const Declaration &declaration : one.declarations)
      if (!declare(declaration))
        return false;
    return true;
  case Statement::Kind::Instruction:
    return instruction(one);
  }
  return false;
}

bool FunctionDecoder::instruction(const Statement &one) {
  auto decoder = opcodeTable().find(one.opcode);
  if (decoder == opcodeTable().end())
    return fail(one.line, "instruction '" + std::string(one.opcode) +
                              "' is not modelled");
  Decoding decoding(*this, one);
  if (!one.guard.empty()) {
    auto guard = registerNamed(one.guard);
    if (!guard || guard->bytes != 0)
      return fail(one.line, "'" + std::string(one.guard) + "' is no predicate");
    decoding.out.guarded = true;
    decoding.out.guardNegated = one.guardNegated;
    decoding.out.guard = *guard;
  }
  decoder->second(decoding);
  decoding.finish();
  if (decoding.failed())
    return fail(one.line, decoding.error);
  if (decoding.out.run)
    emit(decoding);
  return error.empty();
}

/// "ld.global", "cp.async.commit_group": what counters tell apart.
static std::string counterName(const Statement &statement) {
  std::string name(statement.opcode);
  size_t used = statement.opcode == "cp" ? 2 : 1;
  for (size_t i = 0; i < std::min(used, statement.modifiers.size()); ++i)
    name += "." + std::string(statement.modifiers[i]);
  return name;
}

void FunctionDecoder::emit(Decoding &decoding) {
  Instruction &out = decoding.out;
  out.line = decoding.statement.line;
  out.text = decoding.statement.text;
  std::string name = counterName(decoding.statement);
  auto &names = module.storage.opcodes;
  auto known = std::find(names.begin(), names.end(), name);
  out.opcode = known - names.begin();
  if (known == names.end())
    names.push_back(name);
  firstSlots.push_back(program.slots.size());
  program.slots.insert(program.slots.end(), decoding.slots.begin(),
                       decoding.slots.end());
  program.code.push_back(out);
}

/// Inlines a function: its parameters are the caller's parameter variables.
void FunctionDecoder::call(Decoding &decoding, const FunctionSyntax &callee,
                           const Operand *results, const Operand *arguments) {
  std::string name(callee.name);
  if (!callee.defined)
    return decoding.fail("function '" + name + "' has no body in this text");
  if (std::find(active.begin(), active.end(), &callee) != active.end())
    return decoding.fail("recursion ('" + name + "') is not modelled");
  if (decoding.out.guarded)
    return decoding.fail("a call under a predicate is not modelled");
  Scope inner;
  auto bind = [&](const std::vector<Declaration> &formals,
                  const Operand *actuals) {
    size_t count = actuals ? actuals->parts.size() : 0;
    if (count != formals.size())
      return decoding.fail("'" + name + "' takes " +
                           std::to_string(formals.size()) +
                           " values, the call gives " + std::to_string(count));
    for (size_t i = 0; i < count; ++i) {
      auto actual = symbolNamed(actuals->parts[i].name);
      if (formals[i].space != Space::Param || !actual)
        return decoding.fail(
            "call parameters other than '.param' variables are not modelled");
      inner.symbols[formals[i].name] = *actual;
    }
  };
  bind(callee.returns, results);
  bind(callee.parameters, arguments);
  if (decoding.failed())
    return;
  scopes.push_back(std::move(inner));
  int callerScope = scope, callerEnding = ending;
  scope = scopes.size() - 1;
  ending = ends.size();
  ends.push_back(noPc);
  if (body(callee))
    ends[ending] = program.code.size();
  scope = callerScope;
  ending = callerEnding;
}

void FunctionDecoder::branchTo(std::string_view label) {
  jumps.push_back(
      {static_cast<uint32_t>(program.code.size()), label, scope, {}, -1});
}

void FunctionDecoder::branchToEnd() {
  jumps.push_back(
      {static_cast<uint32_t>(program.code.size()), {}, scope, {}, ending});
}

void FunctionDecoder::branchToTable(std::string_view list) {
  jumps.push_back(
      {static_cast<uint32_t>(program.code.size()), {}, scope, list, -1});
}

const std::vector<std::string_view> *
FunctionDecoder::tableFrom(int from, std::string_view list) const {
  for (int at = from; at >= 0; at = scopes[at].parent)
    if (auto found = scopes[at].tables.find(list);
        found != scopes[at].tables.end())
      return &found->second;
  return nullptr;
}

std::optional<uint32_t>
FunctionDecoder::labelFrom(int from, std::string_view label) const {
  for (int at = from; at >= 0; at = scopes[at].parent)
    if (auto found = scopes[at].labels.find(label);
        found != scopes[at].labels.end())
      return found->second;
  return std::nullopt;
}

bool FunctionDecoder::linkTable(const Jump &jump) {
  Instruction &branch = program.code[jump.pc];
  auto *labels = tableFrom(jump.scope, jump.list);
  if (!labels)
    return fail(branch.line, "no '.branchtargets' list named '" +
                                 std::string(jump.list) + "'");
  std::vector<uint32_t> targets;
  for (std::string_view label : *labels) {
    auto target = labelFrom(jump.scope, label);
    if (!target)
      return fail(branch.line, "no label '" + std::string(label) + "'");
    targets.push_back(*target);
  }
  branch.table = &*program.tables.insert(std::move(targets)).first;
  return true;
}

/// Gives branches their targets and instructions their operands.
bool FunctionDecoder::link() {
  for (const Jump &jump : jumps) {
    Instruction &branch = program.code[jump.pc];
    if (!jump.list.empty()) {
      if (!linkTable(jump))
        return false;
    } else if (jump.ending >= 0) {
      branch.target = ends[jump.ending];
    } else if (auto target = labelFrom(jump.scope, jump.label)) {
      branch.target = *target;
    } else {
      return fail(branch.line, "no label '" + std::string(jump.label) + "'");
    }
  }
  for (size_t i = 0; i < program.code.size(); ++i)
    program.code[i].slots = program.slots.data() + firstSlots[i];
  return true;
}
