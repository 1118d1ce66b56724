// Access to memory by lanes: spaces, bounds, alignment; local memory.
#include "codegen/nvptx/executor/Block.h"

#include <algorithm>

using namespace weir::ptx;

void Warp::addresses(const Instruction &one, unsigned slot,
                     uint64_t (&out)[32]) const {
  Slot base = one.slots[slot];
  const std::byte *data = file.data() + base.offset;
  if (base.bytes == 4) {
    auto *values = reinterpret_cast<const uint32_t *>(data);
    for (unsigned lane = 0; lane < 32; ++lane)
      out[lane] = static_cast<uint32_t>(values[lane] + one.offset);
  } else {
    auto *values = reinterpret_cast<const uint64_t *>(data);
    for (unsigned lane = 0; lane < 32; ++lane)
      out[lane] = values[lane] + one.offset;
  }
}

std::byte *Warp::access(const Instruction &one, unsigned lane, Space space,
                        uint64_t address, unsigned bytes, Kind kind,
                        const void *value) {
  if (space == Space::Generic) {
    space = spaceAt(address);
    address -= windowOf(space);
  }
  if (address & (bytes - 1)) {
    fault(ErrorKind::Misaligned, one, lane,
          "an access of " + std::to_string(bytes) + " bytes at " +
              (space == Space::Global   ? grid().describe(address)
               : space == Space::Shared ? grid().describeShared(address)
                                        : std::to_string(address) + " of " +
                                              nameOf(space) + " memory") +
              ", which is no multiple of " + std::to_string(bytes));
    return nullptr;
  }
  if (space == Space::Global)
    return accessGlobal(one, lane, address, bytes, kind, value);
  if (space == Space::Shared)
    return accessShared(one, lane, address, bytes, kind, value);
  std::byte *base = local.data() + size_t(lane) * grid().program.localBytes;
  uint64_t size = grid().program.localBytes;
  if (space == Space::Const || space == Space::Param) {
    auto &memory =
        space == Space::Const ? grid().storage.constants : grid().parameters;
    base = memory.data();
    size = memory.size();
    if (kind != Kind::Read) {
      fault(ErrorKind::OutOfBounds, one, lane,
            std::string("a write to ") + nameOf(space) + " memory");
      return nullptr;
    }
  }
  if (!fits(address, bytes, 0, size)) {
    fault(ErrorKind::OutOfBounds, one, lane,
          std::to_string(bytes) + " bytes at " + std::to_string(address) +
              " of " + std::to_string(size) + " bytes of " + nameOf(space) +
              " memory");
    return nullptr;
  }
  return base + address;
}

Grid &Warp::grid() const { return block.grid; }

void Warp::markLocal(unsigned lane, uint64_t address, unsigned bytes) {
  std::fill_n(localValid.begin() + size_t(lane) * grid().program.localBytes +
                  address,
              bytes, 1);
}

bool Warp::localWritten(unsigned lane, uint64_t address, unsigned bytes) const {
  auto first =
      localValid.begin() + size_t(lane) * grid().program.localBytes + address;
  return std::all_of(first, first + bytes,
                     [](uint8_t valid) { return valid != 0; });
}

std::byte *Warp::accessGlobal(const Instruction &one, unsigned lane,
                              uint64_t address, unsigned bytes, Kind kind,
                              const void *value) {
  MappedRegion *region = grid().regionOf(address, lastRegion);
  auto refuse = [&](const std::string &message) -> std::byte * {
    fault(ErrorKind::OutOfBounds, one, lane, message);
    return nullptr;
  };
  const char *verb = kind == Kind::Read ? "reads " : "writes ";
  if (!region)
    return refuse(verb + std::to_string(bytes) + " bytes at " +
                  grid().describe(address));
  uint64_t at = address - region->address;
  if (at + bytes > region->bytes)
    return refuse(verb + std::to_string(bytes) + " bytes at " +
                  grid().describe(address));
  if (kind != Kind::Read && !region->writable)
    return refuse("writes to '" + region->name + "', which is only to be read");
  if (region->written) {
    uint8_t *written = region->written + at;
    if (kind != Kind::Write &&
        !std::all_of(written, written + bytes,
                     [](uint8_t one) { return one != 0; })) {
      fault(ErrorKind::PoisonRead, one, lane,
            "reads " + grid().describe(address) +
                ", which nothing was written to");
      return nullptr;
    }
    if (kind != Kind::Read)
      std::fill_n(written, bytes, 1);
  }
  if (one.strong)
    block.synchronised = true;
  if (region->writable)
    checkGlobal(one, lane, *region, address, bytes, kind, value);
  if (one.strong)
    strongAccess(one, address, kind != Kind::Write, kind != Kind::Read);
  return region->data + at;
}

std::byte *Warp::accessShared(const Instruction &one, unsigned lane,
                              uint64_t address, unsigned bytes, Kind kind,
                              const void *value) {
  const Grid &all = grid();
  bool inside =
      fits(address, bytes, all.program.dynamicBase, all.what.dynamicShared);
  for (auto variable = all.program.shared.begin();
       !inside && variable != all.program.shared.end(); ++variable)
    inside = fits(address, bytes, variable->address, variable->bytes);
  if (!inside) {
    fault(ErrorKind::OutOfBounds, one, lane,
          (kind == Kind::Read ? "reads " : "writes ") + std::to_string(bytes) +
              " bytes at " + all.describeShared(address));
    return nullptr;
  }
  std::byte *data = block.shared.data() + address;
  bool equal = kind == Kind::Write && value && all.options.equalStores &&
               std::memcmp(data, value, bytes) == 0;
  uint64_t first = block.granuleOf(address),
           last = block.granuleOf(address + bytes - 1);
  bool good = true;
  for (uint64_t granule = first; granule <= last; ++granule) {
    bool holds = checkState(one, lane, granule, kind);
    if (kind != Kind::Write)
      checkSharedRead(one, lane, granule);
    if (kind != Kind::Read && holds)
      checkSharedWrite(one, lane, granule, equal);
    good &= holds;
  }
  if (one.strong)
    strongAccess(one, sharedWindow + address, kind != Kind::Write,
                 kind != Kind::Read);
  return good ? data : nullptr;
}
