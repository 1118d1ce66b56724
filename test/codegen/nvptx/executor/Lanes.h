// A harness for tests of single instructions: one warp, three inputs a lane.
#ifndef WEIR_TEST_CODEGEN_NVPTX_EXECUTOR_LANES_H
#define WEIR_TEST_CODEGEN_NVPTX_EXECUTOR_LANES_H

#include "codegen/nvptx/executor/Executor.h"

#include <array>
#include <bit>
#include <functional>
#include <gtest/gtest.h>

namespace weir::ptx::test {

struct Inputs {
  uint64_t a = 0, b = 0, c = 0;
};

inline uint64_t f32(float value) { return std::bit_cast<uint32_t>(value); }
inline uint64_t f64(double value) { return std::bit_cast<uint64_t>(value); }
inline float asF32(uint64_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}
inline double asF64(uint64_t bits) { return std::bit_cast<double>(bits); }

/// A PTX text around the statements of a kernel `k` with parameters `in` and
/// `out`. Each lane has loaded its inputs into %la %lb %lc (64 bits), %a %b %c
/// (their low 32) and %ha %hb %hc (their low 16); what it leaves in %lo is its
/// output. %o and %ho are there to be widened into it by `result`.
std::string kernelText(const std::string &body, const std::string &result,
                       const std::string &declarations = "");

struct Outcome {
  Report report;
  std::array<uint64_t, 32> lanes{};
};

/// Parses and runs such a text in one warp; inputs are repeated over lanes.
Outcome runLanes(const std::string &text, const std::vector<Inputs> &inputs);

/// One instruction with expected results.
struct Case {
  const char *name;
  const char *body;
  std::vector<Inputs> inputs;
  std::function<uint64_t(const Inputs &)> expected; ///< of a lane's inputs
  enum Width { Bits16, Bits32, Bits64, Predicate } width = Bits32;
};

void check(const Case &one);

inline std::ostream &operator<<(std::ostream &out, const Case &one) {
  return out << one.body;
}

class LanesTest : public testing::TestWithParam<Case> {};

/// Tests of all cases of a list, by their names.
inline std::string nameOfCase(const testing::TestParamInfo<Case> &info) {
  return info.param.name;
}

} // namespace weir::ptx::test

#endif // WEIR_TEST_CODEGEN_NVPTX_EXECUTOR_LANES_H
