// What all blocks of a launch share: memory, parameters, errors.
#include "codegen/nvptx/executor/Grid.h"

#include <algorithm>
#include <tuple>

using namespace weir::ptx;

bool Faults::count(ErrorKind kind, const Place &place, uint32_t otherPc) {
  std::lock_guard lock(mutex);
  if (isFull)
    return false;
  Entry &entry = entries[{kind, place.pc, otherPc}];
  return ++entry.count == 1 || std::pair(place.block, place.when) < entry.first;
}

void Faults::keep(Error error, const Place &place, uint32_t otherPc) {
  std::lock_guard lock(mutex);
  Entry &entry = entries[{error.kind, place.pc, otherPc}];
  entry.first = {place.block, place.when};
  entry.error = std::move(error);
  isFull = entries.size() >= most;
}

/// Memory that was read before an unordered thread wrote to it: the race says
/// more than that nothing was there yet.
bool Faults::isExplained(const Key &key) const {
  return key.kind == ErrorKind::PoisonRead &&
         std::any_of(entries.begin(), entries.end(), [&](const auto &one) {
           return one.first.kind == ErrorKind::Race &&
                  (one.first.pc == key.pc || one.first.other == key.pc);
         });
}

std::vector<Error> Faults::take() {
  std::vector<const Entry *> order;
  for (auto &[key, entry] : entries) {
    entry.error.count = entry.count;
    if (!isExplained(key))
      order.push_back(&entry);
  }
  std::sort(order.begin(), order.end(), [](const Entry *a, const Entry *b) {
    return std::tie(a->first, a->error.site.line, a->error.kind) <
           std::tie(b->first, b->error.site.line, b->error.kind);
  });
  std::vector<Error> out;
  for (const Entry *entry : order)
    out.push_back(entry->error);
  return out;
}

namespace {
/// A writer in 64 bits: block 31, thread 10, pc 22, strong 1. Zero: nobody.
struct Packed {
  static constexpr uint64_t pcMask = (1 << 22) - 1;
  static uint64_t pack(const GlobalShadow::Writer &writer) {
    return uint64_t(writer.block + 1) << 33 | uint64_t(writer.thread) << 23 |
           (writer.pc & pcMask) << 1 | uint64_t(writer.strong);
  }
  static GlobalShadow::Writer unpack(uint64_t bits, uint32_t clock) {
    return {static_cast<uint32_t>(bits >> 33) - 1,
            static_cast<uint32_t>(bits >> 23 & 1023),
            static_cast<uint32_t>(bits >> 1 & pcMask), clock, (bits & 1) != 0};
  }
};
} // namespace

void GlobalShadow::reset(size_t granules) {
  count = granules;
  writers = std::make_unique<std::atomic<uint64_t>[]>(granules);
  clocks = std::make_unique<std::atomic<uint32_t>[]>(granules);
}

std::optional<GlobalShadow::Writer> GlobalShadow::at(size_t granule) const {
  uint64_t bits = writers[granule].load(std::memory_order_relaxed);
  if (!bits)
    return std::nullopt;
  return Packed::unpack(bits, clocks[granule].load(std::memory_order_relaxed));
}

std::optional<GlobalShadow::Writer>
GlobalShadow::replace(size_t granule, const Writer &writer) {
  uint64_t bits = writers[granule].exchange(Packed::pack(writer),
                                            std::memory_order_relaxed);
  uint32_t clock =
      clocks[granule].exchange(writer.clock, std::memory_order_relaxed);
  if (!bits)
    return std::nullopt;
  return Packed::unpack(bits, clock);
}

Grid::Grid(Storage &storage, const Program &program, const Launch &what,
           GlobalMemory &memory, const Options &options)
    : program(program), what(what), options(options), storage(storage),
      faults(options.maxErrors) {
  threads = what.block.count();
  warps = (threads + 31) / 32;
  sharedBytes = program.dynamicBase + what.dynamicShared;
  parameters.resize(program.paramBytes);
  for (size_t i = 0; i < what.arguments.size(); ++i)
    std::copy(what.arguments[i].bytes.begin(), what.arguments[i].bytes.end(),
              parameters.begin() + program.parameterOffsets[i]);
  for (GlobalMemory::Region &region : memory.regions()) {
    MappedRegion mapped{
        region.name, region.data, region.address, region.bytes, region.writable,
        nullptr,     {}};
    if (!region.initialised) {
      region.written.resize(region.bytes);
      mapped.written = region.written.data();
    }
    regions.push_back(std::move(mapped));
  }
  for (Storage::Variable &variable : storage.variables)
    if (variable.space == Space::Global)
      regions.push_back({variable.name,
                         variable.bytes.data(),
                         variable.address,
                         variable.bytes.size(),
                         true,
                         nullptr,
                         {}});
  std::sort(regions.begin(), regions.end(),
            [](const auto &a, const auto &b) { return a.address < b.address; });
  for (MappedRegion &region : regions)
    if (region.writable)
      region.shadow.reset(
          (region.address % program.globalGranule + region.bytes) /
              program.globalGranule +
          1);
}

MappedRegion *Grid::regionOf(uint64_t address, unsigned &hint) {
  auto holds = [&](const MappedRegion &region) {
    return address - region.address < region.bytes;
  };
  if (hint < regions.size() && holds(regions[hint]))
    return &regions[hint];
  auto after = std::upper_bound(regions.begin(), regions.end(), address,
                                [](uint64_t value, const MappedRegion &region) {
                                  return value < region.address;
                                });
  if (after == regions.begin() || !holds(after[-1]))
    return nullptr;
  hint = after - 1 - regions.begin();
  return &after[-1];
}

static std::string hex(uint64_t value) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  do
    text.insert(text.begin(), digits[value & 15]);
  while (value >>= 4);
  return "0x" + text;
}

static std::string bytesText(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

std::string Grid::describe(uint64_t address) const {
  const MappedRegion *nearest = nullptr;
  uint64_t distance = uint64_t(1) << 40;
  bool behind = false;
  for (const MappedRegion &region : regions) {
    uint64_t end = region.address + region.bytes;
    bool past = address >= end;
    uint64_t away = address - region.address < region.bytes ? 0
                    : past ? address - end
                           : region.address - address;
    if (away < distance) {
      nearest = &region;
      distance = away;
      behind = past;
    }
  }
  if (!nearest)
    return "address " + hex(address) + ", far from all buffers";
  std::string size =
      "'" + nearest->name + "' (" + bytesText(nearest->bytes) + ")";
  if (address - nearest->address < nearest->bytes)
    return "byte " + std::to_string(address - nearest->address) + " of " + size;
  return behind ? bytesText(distance) + " past the end of " + size
                : bytesText(distance) + " before " + size;
}

std::string Grid::describeShared(uint64_t address) const {
  if (address - program.dynamicBase < what.dynamicShared)
    return "byte " + std::to_string(address - program.dynamicBase) +
           " of dynamic shared memory (" + bytesText(what.dynamicShared) + ")";
  for (const Program::SharedVariable &variable : program.shared)
    if (address - variable.address < variable.bytes)
      return "byte " + std::to_string(address - variable.address) + " of '" +
             variable.name + "'";
  if (what.dynamicShared && address >= program.dynamicBase)
    return bytesText(address - program.dynamicBase - what.dynamicShared) +
           " past the end of dynamic shared memory (" +
           bytesText(what.dynamicShared) + ")";
  for (auto variable = program.shared.rbegin();
       variable != program.shared.rend(); ++variable)
    if (address >= variable->address)
      return bytesText(address - variable->address - variable->bytes) +
             " past the end of '" + variable->name + "' (" +
             bytesText(variable->bytes) + ")";
  return "shared address " + hex(address);
}

Dim3 Grid::blockAt(uint32_t linear) const {
  return {linear % what.grid.x, linear / what.grid.x % what.grid.y,
          linear / what.grid.x / what.grid.y};
}

Dim3 Grid::threadAt(uint32_t linear) const {
  return {linear % what.block.x, linear / what.block.x % what.block.y,
          linear / what.block.x / what.block.y};
}

static std::string oneLine(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

Site Grid::siteOf(const Place &place) const {
  const Instruction &one = program.code[place.pc];
  return {one.line, oneLine(one.text), blockAt(place.block),
          threadAt(place.thread)};
}

void Grid::fault(ErrorKind kind, std::string message, const Place &place,
                 const std::optional<Place> &other) {
  uint32_t otherPc = other ? other->pc : noPc;
  if (!faults.count(kind, place, otherPc))
    return;
  Error error{kind, std::move(message), siteOf(place), std::nullopt};
  if (other)
    error.other = siteOf(*other);
  faults.keep(std::move(error), place, otherPc);
}
