// weir-bench-canary: what this machine can do at most, one thread.
#include "bench/Canary.h"

#include <cstdio>
#include <initializer_list>

int main() {
  for (unsigned bits : {512u, 256u}) {
    auto peaks = weir::bench::measurePeaks(1, bits);
    std::printf("%u bits: fma %.1f GFLOP/s, 6-row block from L1 %.1f GFLOP/s "
                "(%.2f), exp2 %.2f G/s\n",
                bits, peaks.fma, peaks.panels,
                peaks.fma ? peaks.panels / peaks.fma : 0, peaks.exp2);
  }
}
