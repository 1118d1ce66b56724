// Tests that run on each instruction-set level that this machine has.
#ifndef WEIR_TEST_CODEGEN_CPU_LEVELS_H
#define WEIR_TEST_CODEGEN_CPU_LEVELS_H

#include "codegen/cpu/CpuTarget.h"

#include <algorithm>
#include <gtest/gtest.h>

/// A test whose parameter is the name of a level.
class LevelTest : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    if (weir::cpu::findLevel(GetParam())->vectorBits > weir::cpu::hostLevel().vectorBits)
      GTEST_SKIP() << "this machine has no " << GetParam();
  }
};

inline auto everyLevel() { return testing::Values("x86-64-v2", "x86-64-v3", "x86-64-v4"); }

inline std::string levelName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

#endif // WEIR_TEST_CODEGEN_CPU_LEVELS_H
