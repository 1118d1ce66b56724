// The canaries with 512-bit registers.
#include "bench/Canary.h"
#include "bench/CanaryKernels.h"

#include <immintrin.h>

namespace weir::bench {
int64_t multiplyAddAvx512(int64_t rounds, float *sink) {
  return multiplyAdd<64, 24>(rounds, sink);
}
int64_t multiplyPanelsAvx512(int64_t rounds, float *panels) {
  return multiplyPanels<64, 6, 4>(rounds, panels);
}
float addUpAvx512(const float *data, int64_t count) {
  return addUp<64>(data, count);
}

/// 2^x as generated kernels compute it; returns elements.
int64_t exp2Avx512(int64_t rounds, float *data) {
  constexpr int count = 64;
  const float coefficients[] = {1.8671301215e-3f, 9.0170301595e-3f,
                                5.5799913284e-2f, 2.4016445007e-1f,
                                6.9315131182e-1f, 1.0f};
  for (int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < count; ++i) {
      __m512 x = _mm512_loadu_ps(data + 16 * i), part = _mm512_reduce_ps(x, 1);
      __m512 power = _mm512_set1_ps(coefficients[0]);
      for (int j = 1; j < 6; ++j)
        power = _mm512_fmadd_ps(power, part, _mm512_set1_ps(coefficients[j]));
      _mm512_storeu_ps(data + 16 * (count + i), _mm512_scalef_ps(power, x));
    }
    asm volatile("" ::: "memory");
  }
  return rounds * count * 16;
}
} // namespace weir::bench
