// Attention as hand-written tile programs, at awkward extents and strides, on
// every level.
#include "bench/TileProgram.h"
#include "test/codegen/cpu/Levels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace weir;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A tensor with its own memory; neighbours along the last rank are `stride`
/// elements apart.
template <typename T> struct Tensor {
  std::vector<T> data;
  weir_tensor descriptor;

  Tensor(std::vector<int64_t> shape, std::mt19937 &random, int64_t stride = 1) {
    descriptor = weir_dense(nullptr, sizeof(T) == 4 ? WEIR_F32 : WEIR_F64,
                            shape.size(), shape.data());
    int64_t count = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      descriptor.strides[i] = count * stride;
      count *= std::max<int64_t>(1, shape[i]);
    }
    data.resize(count * stride + 1);
    std::normal_distribution<T> normal;
    for (T &value : data)
      value = normal(random);
    descriptor.data = data.data();
  }

  template <typename... Indices> T &at(Indices... indices) {
    int64_t place = 0, rank = 0;
    ((place += indices * descriptor.strides[rank++]), ...);
    return data[place];
  }
};

struct Shape {
  int64_t b, h, g, m, n, d, f;
};

/// Operands and results of one call. Keys up to `m + shift` are present.
template <typename T> struct Case {
  Case(const Shape &shape, int64_t stride = 1)
      : shape(shape), random(shape.m * 1009 + shape.n),
        q({shape.b, shape.h, shape.m, shape.d}, random, stride),
        k({shape.b, shape.g, shape.n, shape.d}, random, stride),
        v({shape.b, shape.g, shape.n, shape.f}, random, stride),
        bias({shape.h, shape.m, shape.n}, random),
        o({shape.b, shape.h, shape.m, shape.f}, random, stride),
        l({shape.b, shape.h, shape.m}, random), before(o.data),
        scale(1 / std::sqrt(T(std::max<int64_t>(1, shape.d)))), stride(stride) {
  }

  weir_status run(bench::TileProgram &program) {
    weir_tensor scalar =
        weir_dense(&scale, sizeof(T) == 4 ? WEIR_F32 : WEIR_F64, 0, nullptr);
    weir_context context = {};
    context.abi_version = WEIR_ABI_VERSION;
    std::vector<weir_tensor> tensors = {q.descriptor, k.descriptor,
                                        v.descriptor};
    if (hasBias)
      tensors.push_back(bias.descriptor);
    tensors.insert(tensors.end(), {scalar, o.descriptor});
    if (hasBias)
      tensors.push_back(l.descriptor);
    return program.run(context, tensors);
  }

  /// The greatest difference from the definition in double precision.
  double error() {
    double worst = 0;
    auto compare = [&](double expected, double found) {
      if (std::isnan(expected) ? std::isnan(found) : expected == found)
        return;
      double error =
          std::abs(expected - found) / std::max(1.0, std::abs(expected));
      worst = std::isnan(error) ? infinity : std::max(worst, error);
    };
    for (int64_t b = 0; b < shape.b; ++b)
      for (int64_t h = 0; h < shape.h; ++h)
        for (int64_t m = 0; m < shape.m; ++m) {
          int64_t g = h / (shape.h / shape.g),
                  end = std::clamp<int64_t>(m + shift + 1, 0, shape.n);
          std::vector<double> weights(end);
          double top = -infinity, sum = 0;
          for (int64_t n = 0; n < end; ++n) {
            for (int64_t d = 0; d < shape.d; ++d)
              weights[n] += double(q.at(b, h, m, d)) * k.at(b, g, n, d);
            weights[n] = scale * weights[n] + (hasBias ? bias.at(h, m, n) : 0);
            top = std::isnan(weights[n]) || std::isnan(top)
                      ? nan
                      : std::max(top, weights[n]);
          }
          for (double &weight : weights)
            sum += weight = std::exp(weight - top);
          for (int64_t f = 0; f < shape.f; ++f) {
            double value = 0;
            for (int64_t n = 0; n < end; ++n)
              value += weights[n] / sum * v.at(b, g, n, f);
            compare(value, o.at(b, h, m, f));
          }
          if (hasBias)
            compare(end ? top + std::log(sum) : -infinity, l.at(b, h, m));
        }
    return worst;
  }

  /// True if only the output's own elements have changed.
  bool keepsTheRest() const {
    for (size_t i = 0; i < before.size(); ++i)
      if ((i % stride != 0 || i + 1 == before.size()) && o.data[i] != before[i])
        return false;
    return true;
  }

  Shape shape;
  std::mt19937 random;
  Tensor<T> q, k, v, bias, o, l;
  std::vector<T> before;
  T scale;
  int64_t stride, shift = std::numeric_limits<int32_t>::max();
  bool hasBias = false;
};

class Attention : public LevelTest {
protected:
  std::unique_ptr<bench::TileProgram> compile(const char *name) {
    auto program = bench::TileProgram::compile(
        std::string(WEIR_TEST_FOLDER) + name, GetParam());
    EXPECT_TRUE(program);
    return program;
  }

  template <typename T>
  void check(bench::TileProgram &program, Case<T> &test, double bound) {
    ASSERT_EQ(test.run(program), WEIR_OK);
    EXPECT_LT(test.error(), bound)
        << test.shape.m << " x " << test.shape.n << ", d = " << test.shape.d
        << ", f = " << test.shape.f;
    EXPECT_TRUE(test.keepsTheRest());
  }

  void check(bench::TileProgram &program, const Shape &shape, bool isCausal,
             int64_t stride = 1) {
    Case<float> test(shape, stride);
    if (isCausal)
      test.shift = 0;
    check(program, test, 2e-6);
  }
};

TEST_P(Attention, AwkwardExtents) {
  for (bool isCausal : {false, true}) {
    auto program = compile(isCausal ? "causal.mlir" : "dense.mlir");
    for (int64_t m : {1, 17, 64, 100, 257})
      for (int64_t n : {1, 17, 64, 100, 257}) {
        check(*program, {1, 1, 1, m, n, 64, 64}, isCausal);
        check(*program, {2, 3, 3, m, n, 5, 3}, isCausal);
      }
    for (int64_t d : {1, 40, 65, 80, 128})
      check(*program, {1, 2, 2, 33, 70, d, 129 - d}, isCausal);
    for (int64_t f : {15, 16, 33, 48, 63, 97, 113})
      check(*program, {1, 1, 1, 13, 83, 8, f}, isCausal);
  }
}

TEST_P(Attention, EmptyExtents) {
  auto program = compile("dense.mlir");
  check(*program, {0, 2, 2, 8, 8, 8, 8}, false);
  check(*program, {1, 2, 2, 0, 8, 8, 8}, false);
  check(*program, {1, 2, 2, 8, 8, 0, 8}, false);
  check(*program, {1, 2, 2, 8, 8, 8, 0}, false);
}

TEST_P(Attention, StridesOtherThanOne) {
  auto program = compile("causal.mlir");
  check(*program, {1, 2, 2, 65, 65, 16, 64}, true, 2);
  check(*program, {2, 1, 1, 65, 70, 16, 17}, true, 3);
}

TEST_P(Attention, DoublePrecision) {
  auto program = compile("wide.mlir");
  for (int64_t n : {1, 31, 200})
    for (int64_t d : {7, 64}) {
      Case<double> test({2, 2, 2, 67, n, d, 40});
      test.shift = 0;
      check(*program, test, 1e-14);
    }
}

TEST_P(Attention, BiasGroupsAndRowsWithoutKeys) {
  auto program = compile("biased.mlir");
  for (int64_t m : {1, 9, 100})
    for (int64_t n : {1, 30, 130}) {
      Case<float> test({2, 6, 2, m, n, 20, 70});
      test.hasBias = true;
      test.shift = n - m;
      check(*program, test, 4e-6);
    }
}

TEST_P(Attention, InfinitiesAndNaN) {
  auto program = compile("biased.mlir");
  Case<float> test({1, 1, 1, 40, 140, 8, 8});
  test.hasBias = true;
  test.shift = 100;
  for (int64_t n = 0; n < 140; ++n) {
    test.bias.at(0, 3, n) = -infinity;              // all of a row: NaN
    test.bias.at(0, 5, n) = n < 70 ? -infinity : 1; // the first tile of a row
    test.bias.at(0, 6, n) = n < 70 ? 1 : -infinity; // the last
  }
  test.bias.at(0, 10, 50) = nan;
  test.bias.at(0, 11, 90) = infinity;
  test.bias.at(0, 12, 139) = nan; // absent there
  test.v.at(0, 0, 130, 2) =
      infinity; // absent in most rows, and of no matter there
  check(*program, test, 4e-6);
}

TEST_P(Attention, ScoresFarApart) {
  auto program = compile("biased.mlir");
  Case<float> test({1, 1, 1, 30, 200, 8, 8});
  test.hasBias = true;
  test.shift = 170;
  for (int64_t m = 0; m < 30; ++m)
    for (int64_t n = 0; n < 200; ++n)
      test.bias.at(0, m, n) = n % 2 ? -1e4 : 1e4;
  check(*program, test, 1e-3); // scores near 1e4 are rounded to 1e-3
}

INSTANTIATE_TEST_SUITE_P(Levels, Attention, everyLevel(), levelName);

} // namespace
