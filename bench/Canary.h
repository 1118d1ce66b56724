// Measured peaks of the machine, beside which every figure stands.
#ifndef WEIR_BENCH_CANARY_H
#define WEIR_BENCH_CANARY_H

#include <cstdint>

namespace weir::bench {

/// Seconds of processor time that this thread has had: other work on the
/// machine does not count.
double threadSeconds();

/// Peaks of one thread at one moment; 0 where the machine has no such thing.
struct Peaks {
  double fma = 0;    ///< GFLOP/s of multiply-adds in registers
  double panels = 0; ///< GFLOP/s of a register block fed from L1
  double exp2 = 0;   ///< G/s
};

/// Measures for about `seconds`, with registers of `vectorBits` (512 or 256).
Peaks measurePeaks(double seconds, unsigned vectorBits);

/// GB/s at which `threads` threads together add up an array of 512 MiB, far
/// beyond the caches: the best of about `seconds`.
double measureRead(int threads, double seconds);

int64_t multiplyAddAvx2(int64_t rounds, float *sink);
int64_t multiplyPanelsAvx2(int64_t rounds, float *panels);
int64_t multiplyAddAvx512(int64_t rounds, float *sink);
int64_t multiplyPanelsAvx512(int64_t rounds, float *panels);
int64_t exp2Avx512(int64_t rounds, float *data);
float addUpAvx2(const float *data, int64_t count);
float addUpAvx512(const float *data, int64_t count);

} // namespace weir::bench

#endif // WEIR_BENCH_CANARY_H
