// weir-bench-accuracy: the error of a function on vectors over all f32 inputs.
//
//   weir-bench-accuracy [FUNCTION=exp2] [target=host] [accurate]
//
// FUNCTION is exp2, exp, expm1, log, log2, log1p, tanh or erf. All 2^32 inputs
// are compared with libm in double precision, NaN and the infinities too.
#include "bench/TileProgram.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace weir;

namespace {

using Exact = double (*)(double);
const std::map<std::string, Exact> functions = {
    {"erf", std::erf},     {"exp", std::exp},  {"exp2", std::exp2},
    {"expm1", std::expm1}, {"log", std::log},  {"log1p", std::log1p},
    {"log2", std::log2},   {"tanh", std::tanh}};

/// A tile kernel that applies the function to each element.
std::string programOf(const std::string &function) {
  return R"(tile.kernel @apply sizes(n) (%X: f32[n]) -> (%Y: f32[n]) {
  %one = tile.index [1]
  tile.parallel (%i0) in (%one by 192) {
    %zero = tile.index [0]
    %whole = tile.index [(%$n floordiv 64) * 64]
    tile.for %n0 = %zero to %$n step 64 full %zero to %whole any {
      tile.subtile (%i, %n) in (%i0+192 to %one, %n0+64 to %$n) shape 6x64 {
        %x = tile.load %X[%n] : 1x64xf32
        %y = tile.map )" +
         function + R"((%x) : 1x64xf32
        tile.store %y, %Y[%n] : 1x64xf32
      }
    }
  }
})";
}

/// The difference in units of the last place of what is exact; an infinity
/// counts as the number after the greatest. Infinite where a NaN is wrong.
double ulps(float found, double exact) {
  if (std::isnan(exact) || std::isnan(found))
    return std::isnan(exact) && std::isnan(found) ? 0 : INFINITY;
  if (float(exact) == found)
    return 0;
  double value = std::isinf(found) ? std::copysign(0x1p128, found) : found;
  int exponent = exact == 0 ? -126 : std::clamp(std::ilogb(exact), -126, 127);
  return std::abs(value - exact) / std::ldexp(1.0, exponent - 23);
}

struct Worst {
  double error = 0;
  float input = 0, found = 0;
};

constexpr int64_t blocks = 1 << 12, blockSize = (int64_t(1) << 32) / blocks;

/// Runs the kernel on one block of the numbers' bits.
bool apply(bench::TileProgram &program, int64_t block, std::vector<float> &x,
           std::vector<float> &y) {
  for (int64_t i = 0; i < blockSize; ++i)
    x[i] = std::bit_cast<float>(uint32_t(block * blockSize + i));
  std::vector<weir_tensor> tensors = {
      weir_dense(x.data(), WEIR_F32, 1, &blockSize),
      weir_dense(y.data(), WEIR_F32, 1, &blockSize)};
  weir_context context = weir_serial_context();
  if (program.run(context, tensors) == WEIR_OK)
    return true;
  std::fprintf(stderr, "%s\n", context.message);
  return false;
}

Worst worstOf(Exact exact, const std::vector<float> &x,
              const std::vector<float> &y) {
  Worst worst;
  for (int64_t i = 0; i < blockSize; ++i)
    if (double error = ulps(y[i], exact(x[i])); error > worst.error)
      worst = {error, x[i], y[i]};
  return worst;
}

/// Each thread has a program of its own: it owns its workspace.
Worst worstOfAll(const std::string &function, const std::string &target,
                 bool isAccurate, bool &isComplete) {
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::vector<Worst> worst(std::max(1u, std::thread::hardware_concurrency()));
  {
    std::vector<std::jthread> threads;
    for (Worst &own : worst)
      threads.emplace_back([&] {
        auto program = bench::TileProgram::compileText(programOf(function),
                                                       target, isAccurate);
        std::vector<float> x(blockSize), y(blockSize);
        for (int64_t block; (block = next++) < blocks && !failed;) {
          if (!program || !apply(*program, block, x, y)) {
            failed = true;
            return;
          }
          Worst found = worstOf(functions.at(function), x, y);
          if (found.error > own.error)
            own = found;
        }
      });
  }
  isComplete = !failed;
  return *std::max_element(
      worst.begin(), worst.end(),
      [](const Worst &a, const Worst &b) { return a.error < b.error; });
}

} // namespace

int main(int argc, char **argv) {
  std::string function = "exp2", target = "host";
  bool isAccurate = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "accurate")
      isAccurate = true;
    else if (word.starts_with("target="))
      target = word.substr(7);
    else if (functions.count(word))
      function = word;
    else {
      std::fprintf(stderr,
                   "usage: weir-bench-accuracy [exp2|exp|expm1|log|log2|"
                   "log1p|tanh|erf] [target=T] [accurate]\n");
      return 2;
    }
  }
  bool isComplete = false;
  Worst worst = worstOfAll(function, target, isAccurate, isComplete);
  if (!isComplete)
    return 1;
  std::printf(
      "%s, %s%s: %.3f ulp at most over all 2^32 inputs, at %.9g (%.9g)\n",
      function.c_str(), target.c_str(), isAccurate ? ", accurate" : "",
      worst.error, worst.input, worst.found);
}
