// PTX that nvcc and clang make of small CUDA programs gives the right answers.
// Where a compiler is missing its tests are skipped.
#include "codegen/nvptx/executor/Executor.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>
#include <sstream>
#include <unistd.h>

using namespace weir::ptx;

namespace {

struct Compiler {
  const char *name, *program, *options;
};

const Compiler nvcc = {"nvcc", WEIR_NVCC, "-arch=sm_80 -O3 -ptx"};
const Compiler clang = {
    "clang", WEIR_CLANG,
    "-x cuda --cuda-device-only --cuda-gpu-arch=sm_80 -nocudainc -nocudalib "
    "-Wno-unknown-cuda-version -O3 -S -include " WEIR_CUDA_FOLDER "/clang.h"};

/// The kernel of a program in the folder `cuda`, compiled for this test.
class CudaFixture : public testing::Test {
protected:
  void require(const Compiler &compiler) {
    if (std::string(compiler.program).empty())
      GTEST_SKIP() << "UNSUPPORTED: " << compiler.name
                   << " was not found when Weir was configured";
  }

  bool compile(const std::string &name, const Compiler &compiler) {
    std::string output = testing::TempDir() + "weir-" +
                         std::to_string(getpid()) + "-" + compiler.name + "-" +
                         name + ".ptx";
    std::string command = std::string(compiler.program) + " " +
                          compiler.options + " " WEIR_CUDA_FOLDER "/" + name +
                          ".cu -o " + output;
    if (std::system(command.c_str()) != 0) {
      ADD_FAILURE() << command;
      return false;
    }
    std::stringstream text;
    text << std::ifstream(output).rdbuf();
    std::remove(output.c_str());
    std::vector<Diagnostic> diagnostics;
    module = parse(text.str(), diagnostics);
    for (const Diagnostic &one : diagnostics)
      ADD_FAILURE() << output << ":" << one.line << ": " << one.message;
    what.kernel = name;
    return module.has_value();
  }

  template <typename T>
  void buffer(const char *name, std::vector<T> &data, bool isOutput = false) {
    what.arguments.push_back(Argument::of(memory.map(
        name, data.data(), data.size() * sizeof(T), isOutput, !isOutput)));
  }
  void number(int value) { what.arguments.push_back(Argument::of(value)); }

  Counters run(Dim3 grid, Dim3 block, uint32_t shared = 0) {
    what.grid = grid;
    what.block = block;
    what.dynamicShared = shared;
    Report report = launch(*module, what, memory);
    EXPECT_TRUE(report.ok()) << report.text();
    return report.counters;
  }

  std::optional<Module> module;
  GlobalMemory memory;
  Launch what;
};

template <typename T> std::vector<T> numbers(size_t count, int modulus) {
  std::vector<T> out(count);
  for (size_t i = 0; i < count; ++i)
    out[i] = static_cast<T>(static_cast<int>(i * 7919 % modulus) - modulus / 2);
  return out;
}

/// Programs without NVIDIA's headers, by each compiler.
class CudaTest : public CudaFixture,
                 public testing::WithParamInterface<const Compiler *> {
  void SetUp() override { require(*GetParam()); }
};

/// Programs with NVIDIA's headers.
class NvccTest : public CudaFixture {
  void SetUp() override { require(nvcc); }
};

} // namespace

TEST_P(CudaTest, Reduction) {
  if (!compile("reduction", *GetParam()))
    return;
  auto x = numbers<float>(5000, 101);
  std::vector<float> sums(3);
  buffer("x", x);
  buffer("sums", sums, true);
  number(5000);
  Counters counters = run({3, 1, 1}, {256, 1, 1});
  EXPECT_EQ(sums[0] + sums[1] + sums[2],
            std::accumulate(x.begin(), x.end(), 0.0f));
  EXPECT_EQ(counters.bankConflicts(), 0u);
}

TEST_P(CudaTest, Product) {
  if (!compile("product", *GetParam()))
    return;
  constexpr int m = 37, n = 45, k = 50;
  auto a = numbers<float>(m * k, 13), b = numbers<float>(k * n, 11);
  std::vector<float> c(m * n);
  buffer("a", a);
  buffer("b", b);
  buffer("c", c, true);
  number(m);
  number(n);
  number(k);
  run({(n + 15) / 16, (m + 15) / 16, 1}, {16, 16, 1});
  for (int row = 0; row < m; ++row)
    for (int column = 0; column < n; ++column) {
      float sum = 0;
      for (int i = 0; i < k; ++i)
        sum += a[row * k + i] * b[i * n + column];
      ASSERT_EQ(c[row * n + column], sum) << row << ", " << column;
    }
}

TEST_P(CudaTest, Scan) {
  if (!compile("scan", *GetParam()))
    return;
  auto x = numbers<int>(250, 97);
  std::vector<int> sums(250), expected(250);
  buffer("x", x);
  buffer("sums", sums, true);
  number(250);
  run({1, 1, 1}, {256, 1, 1});
  std::partial_sum(x.begin(), x.end(), expected.begin());
  EXPECT_EQ(sums, expected);
}

TEST_F(NvccTest, Pipeline) {
  if (!compile("pipeline", nvcc))
    return;
  constexpr int tiles = 9, threads = 128;
  auto x = numbers<float>(tiles * threads * 4, 61);
  std::vector<float> sums(threads * 4);
  buffer("x", x);
  buffer("sums", sums, true);
  number(tiles);
  Counters counters = run({1, 1, 1}, {threads, 1, 1}, 3 * threads * 16);
  for (int t = 0; t < threads; ++t)
    for (int i = 0; i < 4; ++i) {
      float sum = 0;
      for (int tile = 0; tile < tiles; ++tile)
        sum += x[(tile * threads + (t * 5 + tile) % threads) * 4 + i];
      ASSERT_EQ(sums[t * 4 + i], sum) << t;
    }
  EXPECT_EQ(counters.copy.conflicts, 0u);
  EXPECT_EQ(counters.globalCopy.bytes, x.size() * 4);
}

TEST_F(NvccTest, Tensor) {
  if (!compile("tensor", nvcc))
    return;
  constexpr int size = 64;
  auto a = numbers<_Float16>(size * size, 17),
       b = numbers<_Float16>(size * size, 19);
  std::vector<float> c(size * size);
  buffer("a", a);
  buffer("b", b);
  buffer("c", c, true);
  Counters counters = run({1, 1, 1}, {128, 1, 1});
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column) {
      float sum = 0;
      for (int i = 0; i < size; ++i)
        sum += static_cast<float>(a[row * size + i]) *
               static_cast<float>(b[i * size + column]);
      ASSERT_EQ(c[row * size + column], sum) << row << ", " << column;
    }
  EXPECT_EQ(counters.bankConflicts(), 0u);
  EXPECT_EQ(counters.opcodes["mma.sync"], 4u * 4 * 2 * 4);
}

TEST_P(CudaTest, Divergence) {
  if (!compile("divergence", *GetParam()))
    return;
  constexpr int n = 300;
  std::vector<int> x(n), y(n), found(1);
  std::iota(x.begin(), x.end(), 1);
  buffer("x", x);
  buffer("y", y, true);
  what.arguments.push_back(Argument::of(memory.map("found", found.data(), 4)));
  number(n);
  Counters counters = run({3, 1, 1}, {128, 1, 1});
  int expectedFound = 0;
  for (int i = 0; i < n; ++i) {
    int value = x[i], result = -value;
    if (value % 5 == 0) {
      result = 0;
      for (unsigned long long v = value + 1; v != 1 && result < 1000; ++result)
        v = v % 2 ? 3 * v + 1 : v / 2;
    } else if (value % 5 == 1) {
      result = value * value;
    } else if (value % 5 == 2) {
      result = __builtin_popcount(value) << 3;
    } else if (value % 5 == 3) {
      result = value / 7 - value % 11;
    }
    ASSERT_EQ(y[i], result) << value;
    expectedFound += result > 50;
  }
  EXPECT_EQ(found[0], expectedFound);
  EXPECT_GT(counters.divergentBranches, 0u);
}

INSTANTIATE_TEST_SUITE_P(Compiled, CudaTest, testing::Values(&nvcc, &clang),
                         [](const auto &info) {
                           return std::string(info.param->name);
                         });
