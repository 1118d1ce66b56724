// Attention as a hand-written tile program, at awkward extents and strides, on every level.
#include "bench/TileProgram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace weir;

namespace {

struct Shape {
  int64_t b, h, m, n, d, f;
};

/// A tensor with its own memory; `stride` elements apart along the last rank.
struct Tensor {
  std::vector<float> data;
  weir_tensor descriptor;

  Tensor(std::vector<int64_t> shape, std::mt19937 &random, int64_t stride = 1) {
    descriptor = weir_dense(nullptr, WEIR_F32, shape.size(), shape.data());
    int64_t count = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      descriptor.strides[i] = count * stride;
      count *= std::max<int64_t>(1, shape[i]);
    }
    data.resize(count * stride + 1);
    std::normal_distribution<float> normal;
    for (float &value : data)
      value = normal(random);
    descriptor.data = data.data();
  }
  float at(int64_t b, int64_t h, int64_t i, int64_t j) const {
    const int64_t *s = descriptor.strides;
    return data[b * s[0] + h * s[1] + i * s[2] + j * s[3]];
  }
};

/// The greatest difference from attention in double precision.
double errorOf(const Shape &shape, const Tensor &q, const Tensor &k, const Tensor &v, const Tensor &o,
               double scale, bool isCausal) {
  double worst = 0;
  for (int64_t b = 0; b < shape.b; ++b)
    for (int64_t h = 0; h < shape.h; ++h)
      for (int64_t m = 0; m < shape.m; ++m) {
        int64_t end = isCausal ? std::min(shape.n, m + 1) : shape.n;
        std::vector<double> weights(end);
        double top = -INFINITY, sum = 0;
        for (int64_t n = 0; n < end; ++n) {
          double score = 0;
          for (int64_t d = 0; d < shape.d; ++d)
            score += double(q.at(b, h, m, d)) * k.at(b, h, n, d);
          weights[n] = scale * score;
          top = std::max(top, weights[n]);
        }
        for (double &weight : weights)
          sum += weight = std::exp(weight - top);
        for (int64_t f = 0; f < shape.f; ++f) {
          double value = 0;
          for (int64_t n = 0; n < end; ++n)
            value += weights[n] / sum * v.at(b, h, n, f);
          double error = std::abs(value - o.at(b, h, m, f));
          // A NaN is as wrong as can be.
          worst = error <= worst ? worst : std::isnan(error) ? INFINITY : error;
        }
      }
  return worst;
}

class Attention : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    const cpu::Level *level = cpu::findLevel(GetParam());
    if (level->vectorBits > cpu::hostLevel().vectorBits)
      GTEST_SKIP() << "this machine has no " << GetParam();
  }

  void check(bench::TileProgram &program, const Shape &shape, bool isCausal, int64_t stride = 1) {
    std::mt19937 random(shape.m * 1009 + shape.n);
    Tensor q({shape.b, shape.h, shape.m, shape.d}, random, stride);
    Tensor k({shape.b, shape.h, shape.n, shape.d}, random, stride);
    Tensor v({shape.b, shape.h, shape.n, shape.f}, random, stride);
    Tensor o({shape.b, shape.h, shape.m, shape.f}, random, stride);
    std::vector<float> before = o.data;
    float scale = 1 / std::sqrt(float(std::max<int64_t>(1, shape.d)));
    weir_tensor scalar = weir_dense(&scale, WEIR_F32, 0, nullptr);
    weir_context context = {};
    context.abi_version = WEIR_ABI_VERSION;
    ASSERT_EQ(program.run(context, {q.descriptor, k.descriptor, v.descriptor, scalar, o.descriptor}),
              WEIR_OK)
        << context.message;
    EXPECT_LT(errorOf(shape, q, k, v, o, scale, isCausal), 2e-6)
        << shape.m << " x " << shape.n << ", d = " << shape.d << ", f = " << shape.f;
    // Nothing but the output's own elements is written.
    for (size_t i = 0; i < before.size(); ++i) {
      if (i % stride != 0 || i + 1 == before.size()) {
        ASSERT_EQ(o.data[i], before[i]) << "element " << i;
      }
    }
  }

  std::unique_ptr<bench::TileProgram> compile(const char *name) {
    return bench::TileProgram::compile(std::string(WEIR_TEST_FOLDER) + name, GetParam());
  }
};

TEST_P(Attention, AwkwardExtents) {
  for (bool isCausal : {false, true}) {
    auto program = compile(isCausal ? "causal.mlir" : "dense.mlir");
    ASSERT_TRUE(program);
    for (int64_t m : {1, 17, 64, 100, 257})
      for (int64_t n : {1, 17, 64, 100, 257}) {
        check(*program, {1, 1, m, n, 64, 64}, isCausal);
        check(*program, {2, 3, m, n, 5, 3}, isCausal);
      }
    for (int64_t d : {1, 40, 65, 80, 128})
      check(*program, {1, 2, 33, 70, d, 129 - d}, isCausal);
  }
}

TEST_P(Attention, EmptyExtents) {
  auto program = compile("dense.mlir");
  ASSERT_TRUE(program);
  check(*program, {0, 2, 8, 8, 8, 8}, false);
  check(*program, {1, 2, 0, 8, 8, 8}, false);
  check(*program, {1, 2, 8, 8, 0, 8}, false);
  check(*program, {1, 2, 8, 8, 8, 0}, false);
}

TEST_P(Attention, StridesOtherThanOne) {
  auto program = compile("causal.mlir");
  ASSERT_TRUE(program);
  check(*program, {1, 2, 65, 65, 16, 64}, true, 2);
  check(*program, {2, 1, 65, 70, 16, 17}, true, 3);
}

INSTANTIATE_TEST_SUITE_P(Levels, Attention, testing::Values("x86-64-v2", "x86-64-v3", "x86-64-v4"),
                         [](auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
