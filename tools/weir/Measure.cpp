// Measures the machine that Weir runs on, and finds descriptions of machines.
#include "tools/weir/Measure.h"

#include "bench/Canary.h"
#include "codegen/binding/Extents.h"
#include "tools/weir/Analyze.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

#include <chrono>
#include <numeric>
#include <thread>
#include <unistd.h>

namespace weir::tool {

std::string hostMachinePath() {
  llvm::SmallString<128> path;
  if (const char *cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
    path = cache;
  else if (!llvm::sys::path::cache_directory(path))
    path = ".";
  llvm::sys::path::append(path, "weir", "machine.yaml");
  return path.str().str();
}

Machine describeHost() {
  Machine machine;
  machine.name = "host";
  machine.about = llvm::sys::getHostCPUName().str();
  machine.units.push_back({"cores", {}, 0, false, false});
  const std::pair<const char *, int> levels[] = {
      {"L1", _SC_LEVEL1_DCACHE_SIZE}, {"L2", _SC_LEVEL2_CACHE_SIZE}, {"L3", _SC_LEVEL3_CACHE_SIZE}};
  for (auto [name, question] : levels)
    if (long bytes = sysconf(question); bytes > 0)
      machine.memories.push_back({name, double(bytes), 0});
  machine.memories.push_back({"memory", 0, 0});
  return machine;
}

/// Bytes a second that `threads` read together from arrays far larger than any cache.
static double readBandwidth(unsigned threads) {
  constexpr size_t words = size_t(24) << 20; // 192 MiB a thread
  std::vector<std::vector<uint64_t>> arrays(threads);
  std::vector<uint64_t> sums(threads);
  auto inAll = [&](auto work) {
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i)
      running.emplace_back([&, i] { work(i); });
    for (std::thread &thread : running)
      thread.join();
  };
  inAll([&](unsigned i) { arrays[i].assign(words, i); });
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    auto start = std::chrono::steady_clock::now();
    inAll([&](unsigned i) { sums[i] += std::accumulate(arrays[i].begin(), arrays[i].end(), uint64_t(0)); });
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::max(best, double(threads) * words * sizeof(uint64_t) / taken.count());
  }
  // The sums are kept, so that the loops are not removed.
  return std::accumulate(sums.begin(), sums.end(), uint64_t(0)) == 1 ? 0 : best;
}

Machine measureHost() {
  Machine machine = describeHost();
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool isWide = llvm::sys::getHostCPUFeatures().lookup("avx512f");
  bench::Peaks peaks = bench::measurePeaks(0.5, isWide ? 512 : 256);
  double perThread = peaks.fma * 1e9 / 2; // a multiply-add is two operations
  machine.about += ", " + std::to_string(threads) + " threads, measured by weir targets --measure";
  machine.units.front().rate = perThread * threads;
  machine.memories.back().bandwidth = readBandwidth(threads);
  // Emitted code makes an exponential of a handful of multiply-adds; other functions of about twice as many.
  machine.costs.exp = peaks.exp2 > 0 ? std::max(1.0, perThread / (peaks.exp2 * 1e9)) : 8;
  machine.costs.other = 2 * machine.costs.exp;
  machine.costs.divide = 4;
  return machine;
}

mlir::FailureOr<Machine> findMachine(const std::string &name) {
  bool isHost = name.empty() || name == "host";
  for (const MachineFile &file : machineFiles())
    if (file.name == name + ".yaml")
      return readMachine(file.text, file.name);
  auto file = llvm::MemoryBuffer::getFile(isHost ? hostMachinePath() : name);
  if (file)
    return readMachine((*file)->getBuffer(), isHost ? hostMachinePath() : name);
  if (isHost) // no rates: no bound
    return describeHost();
  std::vector<std::string> known{"host"};
  for (const MachineFile &built : machineFiles())
    known.push_back(built.name.drop_back(5).str()); // .yaml
  llvm::errs() << "weir: no machine and no file '" << name << "'" << suggestion(name, known) << " (there is "
               << llvm::join(known, ", ") << ")\n";
  return mlir::failure();
}

} // namespace weir::tool
