// Modules: parsing of a whole text, variables, what kernels declare.
#include "codegen/nvptx/executor/FunctionDecoder.h"

using namespace weir::ptx;

Module::Module(std::unique_ptr<Storage> storage) : data(std::move(storage)) {}
Module::Module(Module &&) noexcept = default;
Module &Module::operator=(Module &&) noexcept = default;
Module::~Module() = default;

std::vector<KernelInfo> Module::kernels() const {
  std::vector<KernelInfo> all;
  for (const auto &[name, program] : data->programs)
    all.push_back(program->info);
  return all;
}

std::byte *Module::variable(std::string_view name, size_t *bytes) {
  for (Storage::Variable &one : data->variables) {
    if (one.name != name)
      continue;
    if (bytes)
      *bytes = one.size;
    return one.space == Space::Const ? data->constants.data() + one.address
                                     : one.bytes.data();
  }
  return nullptr;
}

static uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// Gives the module's variables addresses and their initial values.
static bool placeVariables(ModuleContext &module,
                           std::vector<Diagnostic> &diagnostics) {
  Storage &storage = module.storage;
  uint64_t nextGlobal = 0x6000'0000'0000;
  for (const Declaration &one : module.syntax.variables) {
    if (one.space == Space::Shared)
      continue;
    if (one.external ||
        (one.space != Space::Global && one.space != Space::Const)) {
      diagnostics.push_back({one.line, "variable '" + std::string(one.name) +
                                           "' is not defined in this text"});
      return false;
    }
    uint64_t &next = nextGlobal;
    uint64_t address = one.space == Space::Const
                           ? alignTo(storage.constants.size(), one.align)
                           : alignTo(next, std::max(one.align, 256u));
    Storage::Variable variable{
        std::string(one.name), one.space, address, one.bytes, {}};
    std::vector<std::byte> bytes = one.initial;
    bytes.resize(one.bytes);
    if (one.space == Space::Const) {
      storage.constants.resize(address);
      storage.constants.insert(storage.constants.end(), bytes.begin(),
                               bytes.end());
    } else {
      variable.bytes = std::move(bytes);
      next = address + one.bytes + 4096;
    }
    module.symbols[one.name] = {one.space, address, false};
    storage.variables.push_back(std::move(variable));
  }
  return true;
}

static bool relocate(ModuleContext &module,
                     std::vector<Diagnostic> &diagnostics) {
  for (const Declaration &one : module.syntax.variables)
    for (const Declaration::Relocation &relocation : one.relocations) {
      auto symbol = module.symbols.find(relocation.symbol);
      if (symbol == module.symbols.end()) {
        diagnostics.push_back({one.line, "'" + std::string(relocation.symbol) +
                                             "' is not declared"});
        return false;
      }
      uint64_t value = symbol->second.address + relocation.offset;
      if (relocation.generic)
        value += windowOf(symbol->second.space);
      const Symbol &home = module.symbols[one.name];
      for (Storage::Variable &variable : module.storage.variables)
        if (variable.space == home.space && variable.address == home.address) {
          std::byte *base = home.space == Space::Const
                                ? module.storage.constants.data() + home.address
                                : variable.bytes.data();
          std::memcpy(base + relocation.at, &value, sizeof(value));
        }
    }
  return true;
}

std::optional<Module> weir::ptx::parse(std::string_view text,
                                       std::vector<Diagnostic> &diagnostics) {
  auto storage = std::make_unique<Storage>();
  storage->text = std::string(text);
  auto syntax = parseSyntax(storage->text, diagnostics);
  if (!syntax)
    return std::nullopt;
  ModuleContext context{*syntax, *storage, {}};
  if (!placeVariables(context, diagnostics) || !relocate(context, diagnostics))
    return std::nullopt;
  size_t before = diagnostics.size();
  for (const auto &[name, function] : syntax->functions) {
    if (!function.entry || !function.defined)
      continue;
    auto program = std::make_unique<Program>();
    FunctionDecoder decoder(context, function, *program);
    if (!decoder.run())
      diagnostics.push_back({decoder.errorLine, decoder.error});
    else
      storage->programs[std::string(name)] = std::move(program);
  }
  if (diagnostics.size() != before)
    return std::nullopt;
  return Module(std::move(storage));
}
