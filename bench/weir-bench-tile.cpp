// weir-bench-tile: times a tile program of attention, as a ratio to the FMA
// peak.
//
//   weir-bench-tile FILE [m=4096] [n=4096] [d=64] [f=64] [b=1] [h=1]
//   [target=host] [threads=1] [asm=FILE]
#include "bench/Canary.h"
#include "bench/TileProgram.h"
#include "runtime/include/weir/pool.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <random>

using namespace weir;

namespace {

struct Options {
  std::string file, target = "host", assembly;
  std::map<std::string, int64_t> extents = {{"b", 1},    {"h", 1},  {"m", 4096},
                                            {"n", 4096}, {"d", 64}, {"f", 64}};
  int64_t threads = 1;
};

bool parse(int argc, char **argv, Options &options) {
  if (argc < 2)
    return false;
  options.file = argv[1];
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    size_t equal = word.find('=');
    if (equal == std::string::npos)
      return false;
    std::string key = word.substr(0, equal), value = word.substr(equal + 1);
    if (key == "target")
      options.target = value;
    else if (key == "asm")
      options.assembly = value;
    else if (key == "threads")
      options.threads = std::stoll(value);
    else
      options.extents[key] = std::stoll(value);
  }
  return true;
}

/// Wall time where several threads work, else the thread's own.
double secondsNow(int64_t threads) {
  if (threads == 1)
    return bench::threadSeconds();
  auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: weir-bench-tile FILE [rank=extent]... "
                         "[target=T] [threads=N] [asm=FILE]\n");
    return 2;
  }
  auto program = bench::TileProgram::compile(options.file, options.target);
  if (!program)
    return 1;
  std::printf("lowering %.1f ms, code generation %.1f ms\n",
              program->getLoweringMs(), program->getCodegenMs());
  if (!options.assembly.empty())
    std::ofstream(options.assembly) << program->assembly();

  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> data;
  std::vector<weir_tensor> tensors;
  for (auto argument : program->getKernel().getArgumentAttrs()) {
    std::vector<int64_t> shape;
    int64_t count = 1;
    for (auto rank : argument.getRanks().getAsValueRange<mlir::StringAttr>()) {
      shape.push_back(options.extents[rank.str()]);
      count *= shape.back();
    }
    auto &values = data.emplace_back(count);
    for (float &value : values)
      value = normal(random);
    if (argument.getDirection() == tile::Direction::Param)
      values[0] = 1 / std::sqrt(float(options.extents["d"]));
    tensors.push_back(
        weir_dense(values.data(), WEIR_F32, shape.size(), shape.data()));
  }
  weir_context context = {};
  context.abi_version = WEIR_ABI_VERSION;
  weir_pool *pool = weir_pool_create(options.threads);
  if (options.threads > 1)
    weir_pool_attach(pool, &context);

  auto &extent = options.extents;
  bool isCausal = program->getKernel().getSymName().contains("causal");
  double pairs = double(extent["m"]) * extent["n"];
  if (isCausal)
    pairs = (pairs + extent["m"]) / 2;
  double flops =
      2.0 * extent["b"] * extent["h"] * pairs * (extent["d"] + extent["f"]);
  unsigned bits = cpu::findLevel(options.target)->vectorBits;
  double best = 0;
  for (int i = 0; i < 7; ++i) {
    auto before = bench::measurePeaks(0.1, bits);
    double start = secondsNow(options.threads);
    double own = bench::threadSeconds();
    std::clock_t all = std::clock();
    weir_status status = program->run(context, tensors);
    double time = secondsNow(options.threads) - start;
    if (status != WEIR_OK) {
      std::fprintf(stderr, "status %d: %s\n", status, context.message);
      return 1;
    }
    double rate = flops / time * 1e-9,
           ratio = rate / before.fma / options.threads;
    best = std::max(best, ratio);
    if (options.threads > 1)
      std::printf("%.2f ms of processor time, this thread's %.2f: ",
                  1e3 * double(std::clock() - all) / CLOCKS_PER_SEC,
                  1e3 * (bench::threadSeconds() - own));
    std::printf("%.2f ms  %.1f GFLOP/s  peak %.1f (block %.2f)  ratio %.3f\n",
                time * 1e3, rate, before.fma, before.panels / before.fma,
                ratio);
  }
  std::printf("best %.3f\n", best);
  weir_pool_destroy(pool);
}
