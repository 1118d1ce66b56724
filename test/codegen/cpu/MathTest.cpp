// Functions on vectors against libm in higher precision: all over their domain,
// and where they are special.
#include "bench/TileProgram.h"
#include "test/codegen/cpu/Levels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace weir;

namespace {

struct Function {
  const char *name;
  long double (*exact)(long double);
  double bound;       ///< in ulp of f32
  double doubleBound; ///< in ulp of f64
};

using Wide = long double;
const Function functions[] = {
    {"exp2", [](Wide x) { return std::exp2(x); }, 3.5, 2},
    {"exp", [](Wide x) { return std::exp(x); }, 2.5, 2},
    {"expm1", [](Wide x) { return std::expm1(x); }, 2, 2},
    {"tanh", [](Wide x) { return std::tanh(x); }, 3, 3},
    {"log", [](Wide x) { return std::log(x); }, 1.5, 1.5},
    {"log2", [](Wide x) { return std::log2(x); }, 2.5, 2.5},
    {"log1p", [](Wide x) { return std::log1p(x); }, 2, 2},
    {"erf", [](Wide x) { return std::erf(x); }, 3, 2},
};

/// The difference in units of the last place of what is exact.
template <typename T> double ulps(T found, long double exact) {
  if (std::isnan(exact))
    return std::isnan(found) ? 0 : INFINITY;
  T rounded = T(exact);
  if (rounded == found)
    return 0;
  if (std::isinf(rounded) && !std::isinf(exact)) // beyond the greatest number
    rounded = std::copysign(std::numeric_limits<T>::max(), rounded);
  if (std::isnan(found) || std::isinf(rounded))
    return INFINITY;
  int digits = std::numeric_limits<T>::digits,
      least = std::numeric_limits<T>::min_exponent - digits;
  long double unit = std::ldexp(
      1.0L,
      rounded == 0 ? least : std::max(std::ilogb(rounded) + 1 - digits, least));
  long double value =
      std::isinf(found)
          ? std::copysign(
                std::ldexp(1.0L, std::numeric_limits<T>::max_exponent), found)
          : found;
  return double(std::abs(value - exact) / unit);
}

class Math : public LevelTest {
protected:
  /// The results of all functions for all inputs.
  template <typename T> void compute(std::vector<T> &inputs) {
    int64_t count = inputs.size();
    auto tensor = [&](std::vector<T> &values) {
      return weir_dense(values.data(), sizeof(T) == 4 ? WEIR_F32 : WEIR_F64, 1,
                        &count);
    };
    std::vector<std::vector<T>> results(std::size(functions),
                                        std::vector<T>(count));
    std::vector<weir_tensor> tensors = {tensor(inputs)};
    for (auto &values : results)
      tensors.push_back(tensor(values));
    weir_context context = {};
    context.abi_version = WEIR_ABI_VERSION;
    ASSERT_EQ(program->run(context, tensors), WEIR_OK) << context.message;
    for (size_t i = 0; i < std::size(functions); ++i)
      for (int64_t k = 0; k < count; ++k) {
        long double exact = functions[i].exact(inputs[k]);
        double error = ulps(results[i][k], exact);
        if (!(error <= worst[i].error))
          worst[i] = {error, inputs[k], results[i][k]};
      }
  }

  /// The results for every `step`th number.
  void computeEvery(uint64_t step) {
    std::vector<float> inputs;
    for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += step) {
      inputs.push_back(std::bit_cast<float>(uint32_t(bits)));
      if (inputs.size() < 1 << 16 && bits + step < uint64_t(1) << 32)
        continue;
      compute(inputs);
      inputs.clear();
    }
  }

  void compile(const char *name, bool isAccurate = false) {
    program = bench::TileProgram::compile(std::string(WEIR_TEST_FOLDER) + name,
                                          GetParam(), isAccurate);
    ASSERT_TRUE(program);
  }

  void report(bool isDouble) {
    for (size_t i = 0; i < std::size(functions); ++i) {
      RecordProperty(functions[i].name, std::to_string(worst[i].error));
      std::printf("%-8s %.2f ulp at %.9g\n", functions[i].name, worst[i].error,
                  worst[i].input);
      EXPECT_LE(worst[i].error,
                isDouble ? functions[i].doubleBound : functions[i].bound)
          << functions[i].name << "(" << worst[i].input
          << ") = " << worst[i].found;
    }
  }

  struct Worst {
    double error = 0, input = 0, found = 0;
  };
  Worst worst[std::size(functions)];
  std::unique_ptr<bench::TileProgram> program;
};

TEST_P(Math, AllOverSinglePrecision) {
  compile("math.mlir");
  computeEvery(2039);
  report(false);
}

/// The exponentials as `--accurate` has them; weir-bench-accuracy tries all
/// inputs.
TEST_P(Math, AccurateExponentials) {
  compile("math.mlir", /*isAccurate=*/true);
  computeEvery(4073);
  for (size_t i : {0, 1})
    EXPECT_LE(worst[i].error, 1.5)
        << functions[i].name << "(" << worst[i].input
        << ") = " << worst[i].found;
}

TEST_P(Math, SpecialInSinglePrecision) {
  compile("math.mlir");
  constexpr float infinity = INFINITY;
  std::vector<float> inputs = {0.f,     -0.f,    infinity, -infinity, NAN,
                               1.f,     -1.f,    128.f,    -126.f,    -149.f,
                               -151.f,  88.7f,   89.f,     -104.f,    1e-45f,
                               -1e-45f, 3.4e38f, -3.4e38f};
  compute(inputs);
  report(false);
}

TEST_P(Math, DoublePrecision) {
  compile("math-f64.mlir");
  std::mt19937_64 random(1);
  std::vector<double> inputs = {0.,      -0.,    INFINITY, -INFINITY, NAN,
                                1.,      -1.,    1024.,    -1022.,    -1074.,
                                -1080.,  709.7,  710.5,    -746.,     5e-324,
                                -5e-324, 1.7e308};
  for (int i = 0; i < 200000; ++i) {
    inputs.push_back(std::bit_cast<double>(random()));
    inputs.push_back(
        std::normal_distribution<double>(0, i % 2 ? 1 : 30)(random));
  }
  compute(inputs);
  report(true);
}

INSTANTIATE_TEST_SUITE_P(Levels, Math, everyLevel(), levelName);

} // namespace
