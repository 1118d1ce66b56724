// The canaries with 256-bit registers.
#include "bench/Canary.h"
#include "bench/CanaryKernels.h"

namespace weir::bench {
int64_t multiplyAddAvx2(int64_t rounds, float *sink) {
  return multiplyAdd<32, 12>(rounds, sink);
}
int64_t multiplyPanelsAvx2(int64_t rounds, float *panels) {
  return multiplyPanels<32, 6, 2>(rounds, panels);
}
float addUpAvx2(const float *data, int64_t count) {
  return addUp<32>(data, count);
}
} // namespace weir::bench
