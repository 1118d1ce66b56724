// Measured peaks of the machine, beside which every figure stands.
#include "bench/Canary.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

namespace weir::bench {

double threadSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

/// The best rate, in units of 1e9 a second, of several short runs.
static double rateOf(int64_t (*kernel)(int64_t, float *), double seconds) {
  std::vector<float> memory(8192, 0.5f);
  // Kernels load whole registers: start at a multiple of 64 bytes.
  auto address = reinterpret_cast<uintptr_t>(memory.data());
  float *data = memory.data() + (-address & 63) / sizeof(float);
  double best = 0;
  double end = threadSeconds() + seconds;
  int64_t rounds = 2000;
  do {
    double start = threadSeconds();
    int64_t done = kernel(rounds, data);
    double time = threadSeconds() - start;
    best = std::max(best, done / time * 1e-9);
    if (time < 2e-3)
      rounds *= 2;
  } while (threadSeconds() < end);
  return best;
}

Peaks measurePeaks(double seconds, unsigned vectorBits) {
  Peaks peaks;
  if (vectorBits == 512 && __builtin_cpu_supports("avx512dq")) {
    peaks.fma = 2 * rateOf(multiplyAddAvx512, seconds / 3);
    peaks.panels = 2 * rateOf(multiplyPanelsAvx512, seconds / 3);
    peaks.exp2 = rateOf(exp2Avx512, seconds / 3);
  } else if (__builtin_cpu_supports("fma")) {
    peaks.fma = 2 * rateOf(multiplyAddAvx2, seconds / 2);
    peaks.panels = 2 * rateOf(multiplyPanelsAvx2, seconds / 2);
  }
  return peaks;
}

/// Seconds in which each thread adds up its share of the array.
static double secondsToRead(float (*addUp)(const float *, int64_t),
                            const float *data, int64_t count, int threads) {
  auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> pool;
    int64_t share = count / threads & ~int64_t(511);
    for (int i = 0; i < threads; ++i)
      pool.emplace_back([=] {
        [[maybe_unused]] volatile float sum = addUp(data + i * share, share);
      });
  }
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return time.count();
}

double measureRead(int threads, double seconds) {
  if (!__builtin_cpu_supports("avx2"))
    return 0;
  auto addUp = __builtin_cpu_supports("avx512f") ? addUpAvx512 : addUpAvx2;
  constexpr int64_t count = int64_t(1) << 27;
  std::unique_ptr<float, decltype(&std::free)> data(
      static_cast<float *>(std::aligned_alloc(64, count * sizeof(float))),
      std::free);
  if (!data)
    return 0;
  std::fill_n(data.get(), count, 1.0f); // the pages come into being
  double best = 0;
  for (double spent = 0; spent < seconds;) {
    double time = secondsToRead(addUp, data.get(), count, threads);
    best = std::max(best, count * sizeof(float) / time * 1e-9);
    spent += time;
  }
  return best;
}

} // namespace weir::bench
