// Instruction-set levels and the shapes of sub-tiles on them.
#include "codegen/cpu/CpuTarget.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;

namespace weir::cpu {

llvm::ArrayRef<Level> allLevels() {
  static const Level levels[] = {
      {"x86-64-v2", "+sse4.2,+popcnt,+cx16", 128, 16},
      {"x86-64-v3", "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe,+popcnt", 256,
       16},
      {"x86-64-v4",
       "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe,+popcnt,"
       "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl,-prefer-256-bit",
       512, 32, true},
      {"aarch64+neon", "+neon", 128, 32},
  };
  return levels;
}

const Level &hostLevel() {
  static const Level &host = []() -> const Level & {
    if (llvm::Triple(llvm::sys::getDefaultTargetTriple()).isAArch64())
      return allLevels()[3];
    auto features = llvm::sys::getHostCPUFeatures();
    auto has = [&](auto... names) { return (features.lookup(names) && ...); };
    if (has("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2",
            "fma"))
      return allLevels()[2];
    return has("avx2", "fma", "bmi", "bmi2", "f16c") ? allLevels()[1]
                                                     : allLevels()[0];
  }();
  return host;
}

const Level *findLevel(StringRef name) {
  if (name == "host")
    return &hostLevel();
  for (const Level &level : allLevels())
    if (level.name == name)
      return &level;
  return nullptr;
}

tile::TilePlan CpuTarget::plan(Type element) const {
  // 64 columns of f32: four AVX-512 registers; narrower targets take them in
  // parts.
  return {6, element.isF64() ? 32 : 64, 192};
}

int64_t CpuTarget::vectorsPerRow(int64_t rows) const {
  // Three quarters of the registers accumulate; the rest hold operands.
  return std::max<int64_t>(1, level.registers * 3 / 4 / rows);
}

} // namespace weir::cpu
