// Access and reductions of sub-tiles as tile programs, on every level.
#include "bench/TileProgram.h"
#include "test/codegen/cpu/Levels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace weir;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

weir_type typeOf(uint8_t) { return WEIR_BOOL; }
weir_type typeOf(int32_t) { return WEIR_I32; }
weir_type typeOf(int64_t) { return WEIR_I64; }
weir_type typeOf(float) { return WEIR_F32; }

/// A tensor of at most two ranks, whose neighbours lie `stride` elements apart.
template <typename T> struct Tensor {
  Tensor(std::vector<int64_t> shape, int64_t stride,
         llvm::function_ref<T(int64_t)> value) {
    tensor = weir_dense(nullptr, typeOf(T()), shape.size(), shape.data());
    int64_t count = 1;
    for (size_t i = shape.size(); i-- > 0; count *= shape[i])
      tensor.strides[i] = count * stride;
    for (int64_t i = 0; i < count * stride; ++i)
      data.push_back(value(i));
    tensor.data = data.data();
  }
  T &at(int64_t i) { return data[i * tensor.strides[0]]; }
  T &at(int64_t i, int64_t j) {
    return data[i * tensor.strides[0] + j * tensor.strides[1]];
  }

  std::vector<T> data;
  weir_tensor tensor;
};

class Subtile : public LevelTest {
protected:
  void compile(const char *name) {
    program = bench::TileProgram::compile(std::string(WEIR_TEST_FOLDER) + name,
                                          GetParam());
    ASSERT_TRUE(program);
  }

  void run(const std::vector<weir_tensor> &tensors) {
    weir_context context = {};
    context.abi_version = WEIR_ABI_VERSION;
    ASSERT_EQ(program->run(context, tensors), WEIR_OK) << context.message;
  }

  std::unique_ptr<bench::TileProgram> program;
  std::mt19937 random{1};
};

TEST_P(Subtile, Access) {
  compile("access.mlir");
  for (int64_t stride : {1, 2})
    for (int64_t m : {1, 20})
      for (int64_t n : {5, 64, 170}) {
        int64_t r = std::max(m, n), pages = 7;
        auto normal = [&](int64_t) {
          return std::normal_distribution<float>()(random);
        };
        auto page = [&](int64_t) { return int64_t(random() % pages); };
        auto zero = [](int64_t) { return -1.f; };
        Tensor<uint8_t> b({m, n}, stride,
                          [&](int64_t) { return random() % 2; });
        Tensor<float> y({r, n}, stride, normal), p({pages, 16}, stride, normal);
        Tensor<int32_t> t({r}, stride, page);
        Tensor<int64_t> rows({m}, stride, page);
        Tensor<uint8_t> inverse({m, n}, stride, [](int64_t) { return 7; });
        Tensor<float> h({m, n}, stride, zero), g({n}, stride, zero),
            d({m, n}, stride, zero), l({m}, stride, zero);
        run({b.tensor, y.tensor, p.tensor, t.tensor, rows.tensor,
             inverse.tensor, h.tensor, g.tensor, d.tensor, l.tensor});
        for (int64_t i = 0; i < m; ++i) {
          EXPECT_EQ(l.at(i), p.at(rows.at(i), i % 16));
          for (int64_t j = 0; j < n; ++j) {
            EXPECT_EQ(inverse.at(i, j), !b.at(i, j));
            EXPECT_EQ(h.at(i, j), b.at(i, j) ? y.at(i / 2, j) : 0);
            EXPECT_EQ(g.at(j), p.at(t.at(j / 16), j % 16));
            EXPECT_EQ(d.at(i, j), p.at(rows.at(i), (i + j) % 16));
          }
        }
        if (stride == 2) { // what lies between is left alone
          EXPECT_EQ(inverse.data[1], 7);
          EXPECT_EQ(h.data[1], -1);
        }
      }
}

TEST_P(Subtile, Reductions) {
  compile("reduce.mlir");
  for (int64_t m : {1, 64, 70})
    for (int64_t n : {1, 40, 64}) {
      auto small = [&](int64_t) { return float(int(random() % 9) - 4); };
      Tensor<float> x({m, n}, 1, small), columns({n}, 1, small),
          rows({m}, 1, small), c({}, 1, [](int64_t) { return 3; });
      if (m == 70)
        columns.at(n / 2) = NAN;
      std::vector<Tensor<float>> out;
      for (int i = 0; i < 7; ++i)
        out.emplace_back(std::vector<int64_t>{m}, 1, small);
      std::vector<weir_tensor> tensors = {x.tensor, columns.tensor, rows.tensor,
                                          c.tensor};
      for (auto &tensor : out) {
        tensor.tensor.data = tensor.data.data();
        tensors.push_back(tensor.tensor);
      }
      run(tensors);
      for (int64_t i = 0; i < m; ++i) {
        float all = 0, sum = 0, highest = -infinity, count = 0, top = -infinity,
              least = infinity, some = 0;
        auto extreme = [](float a, float b, bool isMax) {
          return std::isnan(a) || std::isnan(b) ? NAN
                 : isMax                        ? std::max(a, b)
                                                : std::min(a, b);
        };
        for (int64_t j = 0; j < n; ++j) {
          all += i >= 1 ? x.at(i, j) : 0;
          least = extreme(least, columns.at(j), false);
          some += (i / 2 + j) % 3 ? x.at(i, j) : 0;
          if (j > i)
            continue;
          sum += columns.at(j);
          highest = rows.at(i);
          count += 3;
          top = extreme(top, columns.at(j), true);
        }
        float expected[] = {all, sum, highest, count, top, least, some};
        for (int k = 0; k < 7; ++k)
          if (std::isnan(expected[k]))
            EXPECT_TRUE(std::isnan(out[k].at(i))) << k << ", row " << i;
          else
            EXPECT_EQ(out[k].at(i), expected[k]) << k << ", row " << i;
      }
    }
}

TEST_P(Subtile, Refusals) {
  for (const char *name :
       {"across-panels", "mixed-contraction", "narrow-stage"}) {
    std::string file =
        std::string(WEIR_TEST_FOLDER) + "refused/" + name + ".mlir";
    EXPECT_FALSE(bench::TileProgram::compile(file, GetParam())) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Subtile, everyLevel(), levelName);

} // namespace
