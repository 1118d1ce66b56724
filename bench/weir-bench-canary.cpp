// weir-bench-canary: what this machine can do at most.
//
//   weir-bench-canary [seconds=1] [json] [read]
//
// With `json`, one object for programs: the widest registers only, and memory
// only where `read` asks for it, which takes long.
#include "bench/Canary.h"

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

using namespace weir::bench;

namespace {

void print(double seconds) {
  for (unsigned bits : {512u, 256u}) {
    auto peaks = measurePeaks(seconds, bits);
    std::printf("%u bits: fma %.1f GFLOP/s, 6-row block from L1 %.1f GFLOP/s "
                "(%.2f), exp2 %.2f G/s\n",
                bits, peaks.fma, peaks.panels,
                peaks.fma ? peaks.panels / peaks.fma : 0, peaks.exp2);
  }
  for (int threads : {1, 2})
    std::printf("%d thread%s: read %.1f GB/s\n", threads,
                threads == 1 ? "" : "s", measureRead(threads, seconds));
}

void printJson(double seconds, bool isRead) {
  unsigned bits = 512;
  auto peaks = measurePeaks(seconds, bits);
  if (!peaks.fma)
    peaks = measurePeaks(seconds, bits = 256);
  std::printf("{\"bits\": %u, \"fma\": %.4g, \"panels\": %.4g, "
              "\"exp2\": %.4g",
              bits, peaks.fma, peaks.panels, peaks.exp2);
  if (isRead)
    std::printf(", \"read\": [%.4g, %.4g]", measureRead(1, seconds),
                measureRead(2, seconds));
  std::printf("}\n");
}

} // namespace

int main(int argc, char **argv) {
  double seconds = 1;
  bool isJson = false, isRead = false;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "json")
      isJson = true;
    else if (word == "read")
      isRead = true;
    else if (word.starts_with("seconds="))
      seconds = std::atof(argv[i] + word.find('=') + 1);
    else {
      std::fprintf(stderr, "usage: weir-bench-canary [seconds=1] "
                           "[json] [read]\n");
      return 2;
    }
  }
  isJson ? printJson(seconds, isRead) : print(seconds);
}
