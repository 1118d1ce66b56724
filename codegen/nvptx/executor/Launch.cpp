// Launches: checks of the geometry, blocks on host threads, the report.
#include "codegen/nvptx/executor/Block.h"

#include <algorithm>
#include <thread>

using namespace weir::ptx;

uint64_t GlobalMemory::map(std::string name, void *data, size_t bytes,
                           bool writable, bool initialised, unsigned offset) {
  Region region;
  region.name = std::move(name);
  region.data = static_cast<std::byte *>(data);
  region.bytes = bytes;
  region.address = next + offset;
  region.writable = writable;
  region.initialised = initialised;
  constexpr uint64_t alignment = 256, hole = 1 << 20;
  next = (next + offset + bytes + hole + alignment - 1) / alignment * alignment;
  mapped.push_back(std::move(region));
  return mapped.back().address;
}

/// Why a launch cannot be; empty if it can.
static std::string refusal(const Program &program, const Launch &what,
                           const Options &options) {
  const KernelInfo &info = program.info;
  if (!what.grid.count() || !what.block.count())
    return "an empty grid or block";
  if (what.block.count() > 1024 || what.block.x > 1024 || what.block.y > 1024 ||
      what.block.z > 64)
    return "a block of " + std::to_string(what.block.count()) +
           " threads: it may have 1024, 64 in z";
  const Dim3 &required = info.requiredThreads;
  if (required.x && (required.x != what.block.x || required.y != what.block.y ||
                     required.z != what.block.z))
    return "the kernel requires blocks of " + std::to_string(required.x) +
           " x " + std::to_string(required.y) + " x " +
           std::to_string(required.z) + " threads";
  if (info.maxThreads && what.block.count() > info.maxThreads)
    return "the kernel takes " + std::to_string(info.maxThreads) +
           " threads a block, the launch has " +
           std::to_string(what.block.count());
  if (info.staticShared + what.dynamicShared > options.sharedLimit)
    return "the block needs " +
           std::to_string(info.staticShared + what.dynamicShared) +
           " bytes of shared memory, there are " +
           std::to_string(options.sharedLimit);
  if (what.arguments.size() != info.parameters.size())
    return "the kernel takes " + std::to_string(info.parameters.size()) +
           " arguments, the launch gives " +
           std::to_string(what.arguments.size());
  for (size_t i = 0; i < what.arguments.size(); ++i)
    if (what.arguments[i].bytes.size() != info.parameters[i].bytes)
      return "parameter '" + info.parameters[i].name + "' has " +
             std::to_string(info.parameters[i].bytes) +
             " bytes, the argument has " +
             std::to_string(what.arguments[i].bytes.size());
  return "";
}

static Report badLaunch(std::string message) {
  Report report;
  report.errors.push_back(
      {ErrorKind::BadLaunch, std::move(message), {}, std::nullopt});
  return report;
}

static void countTraffic(Counters &counters, const Instruction &one,
                         const PcCounters &at) {
  auto banks = [&](BankCounters &out) {
    out.accesses += at.wavefronts ? at.warps : 0;
    out.wavefronts += at.wavefronts;
    out.conflicts += at.wavefronts - at.least;
  };
  auto global = [&](GlobalCounters &out) {
    out.requests += at.requests;
    out.sectors += at.sectors;
    out.bytes += at.bytes;
  };
  switch (one.traffic) {
  case Traffic::None:
    return;
  case Traffic::Load:
    banks(counters.load);
    return global(counters.globalLoad);
  case Traffic::Store:
    banks(counters.store);
    return global(counters.globalStore);
  case Traffic::Ldmatrix:
    return banks(counters.ldmatrix);
  case Traffic::Stmatrix:
    return banks(counters.stmatrix);
  case Traffic::Copy:
    banks(counters.copy);
    return global(counters.globalCopy);
  case Traffic::Atomic:
    banks(counters.atomic);
    return global(counters.globalAtomic);
  }
}

static void merge(Counters &counters, const Block &block) {
  const Program &program = block.grid.program;
  for (size_t pc = 0; pc < program.code.size(); ++pc) {
    const PcCounters &at = block.counters[pc];
    if (!at.warps)
      continue;
    const Instruction &one = program.code[pc];
    counters.warpInstructions += at.warps;
    counters.laneInstructions += at.lanes;
    counters.opcodes[block.grid.storage.opcodes[one.opcode]] += at.warps;
    LineCounters &line = counters.lines[one.line];
    line.warps += at.warps;
    line.lanes += at.lanes;
    line.conflicts += at.wavefronts - at.least;
    line.sectors += at.sectors;
    countTraffic(counters, one, at);
  }
  counters.divergentBranches += block.divergentBranches;
  counters.barriers += block.barriers;
}

Report weir::ptx::launch(Module &module, const Launch &what,
                         GlobalMemory &memory, const Options &options) {
  Storage &storage = module.storage();
  auto found = storage.programs.find(what.kernel);
  if (found == storage.programs.end())
    return badLaunch("no kernel '" + what.kernel + "'");
  std::string why = refusal(*found->second, what, options);
  if (!why.empty())
    return badLaunch(std::move(why));

  Grid grid(storage, *found->second, what, memory, options);
  uint64_t blocks = what.grid.count();
  uint64_t workers = options.threads
                         ? options.threads
                         : std::max(1u, std::thread::hardware_concurrency());
  std::atomic<uint64_t> next = 0;
  Report report;
  std::mutex mutex;
  auto work = [&] {
    Block block(grid);
    for (uint64_t number; (number = next++) < blocks && !grid.faults.full();)
      block.run(number);
    std::lock_guard lock(mutex);
    merge(report.counters, block);
  };
  std::vector<std::thread> others;
  for (uint64_t i = 1; i < std::min(workers, blocks); ++i)
    others.emplace_back(work);
  work();
  for (std::thread &other : others)
    other.join();
  report.errors = grid.faults.take();
  return report;
}
