// Decoding of kernels: registers, constants and variables.
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <array>
#include <cctype>
#include <cstdlib>

using namespace weir::ptx;

static uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// Bytes between variables in shared memory.
static constexpr uint64_t gap = 1024;

/// Room for the 32 lanes of a register.
uint32_t FunctionDecoder::allocate(unsigned bytesOfLane) {
  uint32_t bytes = bytesOfLane ? 32 * bytesOfLane : 4;
  uint32_t at = alignTo(program.fileBytes, std::min(bytes, 64u));
  program.fileBytes = at + bytes;
  return at;
}

Slot FunctionDecoder::newRegister(Type type, std::string_view name) {
  Slot slot;
  slot.bytes = bytesOf(type);
  slot.offset = allocate(slot.bytes);
  slot.flag = program.registers.size();
  program.registers.emplace_back(name);
  return slot;
}

/// A register of an enclosing scope. Those of ranges are made when first seen.
std::optional<Slot> FunctionDecoder::registerNamed(std::string_view name) {
  std::string_view prefix = name;
  while (!prefix.empty() &&
         std::isdigit(static_cast<unsigned char>(prefix.back())))
    prefix.remove_suffix(1);
  std::string digits(name.substr(prefix.size()));
  for (int at = scope; at >= 0; at = scopes[at].parent) {
    Scope &here = scopes[at];
    if (auto found = here.registers.find(name); found != here.registers.end())
      return found->second;
    for (const Range &range : here.ranges)
      if (range.prefix == prefix && !digits.empty() &&
          std::strtoll(digits.c_str(), nullptr, 10) < range.count)
        return here.registers[name] = newRegister(range.type, name);
  }
  return std::nullopt;
}

std::optional<Symbol> FunctionDecoder::symbolNamed(std::string_view name) {
  for (int at = scope; at >= 0; at = scopes[at].parent)
    if (auto found = scopes[at].symbols.find(name);
        found != scopes[at].symbols.end())
      return found->second;
  if (auto found = module.symbols.find(name); found != module.symbols.end())
    return found->second;
  for (const Declaration &variable : module.syntax.variables) {
    if (variable.name != name || variable.space != Space::Shared)
      continue;
    if (!sharedSymbols.count(name) && !shared(variable))
      return std::nullopt;
    return sharedSymbols[name];
  }
  return std::nullopt;
}

bool FunctionDecoder::declare(const Declaration &one) {
  Scope &here = scopes[scope];
  switch (one.space) {
  case Space::Generic:
    if (one.range >= 0)
      here.ranges.push_back({one.name, one.type, one.range});
    else
      here.registers[one.name] = newRegister(one.type, one.name);
    return true;
  case Space::Shared:
    if (!shared(one))
      return false;
    here.symbols[one.name] = sharedSymbols[one.name];
    return true;
  case Space::Local:
  case Space::Param:
    program.localBytes = alignTo(program.localBytes, one.align);
    here.symbols[one.name] = {Space::Local, program.localBytes};
    program.localBytes += one.bytes;
    return true;
  default:
    return fail(one.line, "a variable in " + std::string(nameOf(one.space)) +
                              " space inside a function");
  }
}

/// Variables keep their banks, yet lie a kilobyte apart, so that an access past
/// the end of one does not hit the next.
bool FunctionDecoder::shared(const Declaration &one) {
  if (one.external) {
    dynamicAlign = std::max(dynamicAlign, one.align);
    sharedSymbols[one.name] = {Space::Shared, 0, true};
    return true;
  }
  uint64_t gaps = program.shared.size() * gap;
  packedShared = alignTo(packedShared, one.align);
  uint64_t address = alignTo(packedShared + gaps, one.align);
  sharedSymbols[one.name] = {Space::Shared, address};
  program.shared.push_back({std::string(one.name), address, one.bytes});
  packedShared += one.bytes;
  return true;
}

/// The launch's memory lies behind all static variables.
void FunctionDecoder::settleDynamicShared() {
  uint64_t gaps = program.shared.size() * gap;
  program.dynamicBase =
      alignTo(alignTo(packedShared, dynamicAlign) + gaps, dynamicAlign);
  for (size_t number : dynamicConstants)
    program.constants[number].value += program.dynamicBase;
}

Slot FunctionDecoder::constant(uint64_t value, unsigned bytes, bool dynamic) {
  if (bytes && bytes < 8)
    value &= (uint64_t(1) << (8 * bytes)) - 1;
  auto [found, isNew] = constants.try_emplace({value, bytes, dynamic});
  if (isNew) {
    found->second.bytes = bytes;
    found->second.offset = allocate(bytes);
    if (dynamic)
      dynamicConstants.push_back(program.constants.size());
    program.constants.push_back({found->second.offset, bytes, value});
  }
  return found->second;
}

/// Where results go that nobody wants.
Slot FunctionDecoder::sink(unsigned bytes) {
  auto [found, isNew] = sinks.try_emplace(bytes);
  if (isNew) {
    Type type = bytes == 0   ? Type::Pred
                : bytes == 8 ? Type::B64
                : bytes == 4 ? Type::B32
                             : Type::B16;
    found->second = newRegister(type, "_");
  }
  return found->second;
}

Slot FunctionDecoder::carry() {
  if (!carryFlag)
    carryFlag = newRegister(Type::Pred, "the carry flag");
  return *carryFlag;
}

std::optional<Slot> FunctionDecoder::specialNamed(std::string_view name,
                                                  std::string_view component) {
  struct Known {
    std::string_view name, component;
    Special which;
    unsigned bytes;
  };
  using S = Special;
  static constexpr std::array<Known, 26> table{{
      {"%tid", "x", S::TidX, 4},
      {"%tid", "y", S::TidY, 4},
      {"%tid", "z", S::TidZ, 4},
      {"%ntid", "x", S::NtidX, 4},
      {"%ntid", "y", S::NtidY, 4},
      {"%ntid", "z", S::NtidZ, 4},
      {"%ctaid", "x", S::CtaidX, 4},
      {"%ctaid", "y", S::CtaidY, 4},
      {"%ctaid", "z", S::CtaidZ, 4},
      {"%nctaid", "x", S::NctaidX, 4},
      {"%nctaid", "y", S::NctaidY, 4},
      {"%nctaid", "z", S::NctaidZ, 4},
      {"%laneid", "", S::Laneid, 4},
      {"%warpid", "", S::Warpid, 4},
      {"%nwarpid", "", S::Nwarpid, 4},
      {"%smid", "", S::Smid, 4},
      {"%nsmid", "", S::Nsmid, 4},
      {"%gridid", "", S::Gridid, 8},
      {"%lanemask_eq", "", S::LanemaskEq, 4},
      {"%lanemask_le", "", S::LanemaskLe, 4},
      {"%lanemask_lt", "", S::LanemaskLt, 4},
      {"%lanemask_ge", "", S::LanemaskGe, 4},
      {"%lanemask_gt", "", S::LanemaskGt, 4},
      {"%dynamic_smem_size", "", S::DynamicSharedSize, 4},
      {"%total_smem_size", "", S::TotalSharedSize, 4},
      {"%aggr_smem_size", "", S::TotalSharedSize, 4},
  }};
  for (const Known &known : table) {
    if (known.name != name || known.component != component)
      continue;
    auto [found, isNew] = specials.try_emplace({known.which, known.bytes});
    if (isNew) {
      found->second.bytes = known.bytes;
      found->second.offset = allocate(known.bytes);
      program.specials.push_back(
          {found->second.offset, known.bytes, known.which});
    }
    return found->second;
  }
  return std::nullopt;
}

void FunctionDecoder::noteAccess(Space space, unsigned bytes) {
  if (space == Space::Shared || space == Space::Generic)
    program.sharedGranule = std::min(program.sharedGranule, bytes);
  if (space == Space::Global || space == Space::Generic)
    program.globalGranule = std::min(program.globalGranule, bytes);
}
