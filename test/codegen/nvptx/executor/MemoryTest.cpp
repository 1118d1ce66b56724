// Loads, stores, atomics, asynchronous copies; state spaces and addresses.
#include "test/codegen/nvptx/executor/Lanes.h"

#include <numeric>

using namespace weir::ptx;
using namespace weir::ptx::test;

namespace {

void expect(const std::string &body, const std::string &declarations,
            const std::function<uint64_t(unsigned)> &expected,
            const char *result = "cvt.u64.u32 %lo, %o;") {
  std::vector<Inputs> inputs;
  for (unsigned lane = 0; lane < 32; ++lane)
    inputs.push_back({lane, 3 * lane, 0x8091a2b3c4d5e6f7});
  Outcome run = runLanes(kernelText(body, result, declarations), inputs);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  for (unsigned lane = 0; lane < 32; ++lane)
    ASSERT_EQ(run.lanes[lane], expected(lane)) << "lane " << lane;
}

} // namespace

TEST(MemoryTest, NarrowLoadsExtend) {
  expect("mad.wide.u32 %at, %lane, 32, %in;\n ld.global.s8 %o, [%at+17];", "",
         [](unsigned) { return 0xffffffe6; });
  expect("mad.wide.u32 %at, %lane, 32, %in;\n ld.global.nc.u16 %o, [%at+22];",
         "", [](unsigned) { return 0x8091; });
  expect(
      "mad.wide.u32 %at, %lane, 32, %in;\n ld.global.L1::no_allocate.s32 %lo, "
      "[%at+20];",
      "", [](unsigned) { return 0xffffffff8091a2b3; }, "");
}

TEST(MemoryTest, VectorsInSharedMemory) {
  expect(R"(
  mov.u32 %r1, pool;
  shl.b32 %r2, %lane, 4;
  add.u32 %r2, %r1, %r2;
  mul.lo.u32 %r3, %lane, 3;
  st.shared.v4.u32 [%r2], {%lane, %r3, 7, %a};
  bar.sync 0;
  xor.b32 %r4, %lane, 1;
  shl.b32 %r4, %r4, 4;
  add.u32 %r4, %r1, %r4;
  ld.shared.v2.u32 {%r5, %r6}, [%r4];
  mad.lo.u32 %o, %r6, 1000, %r5;)",
         ".shared .align 16 .b8 pool[512];",
         [](unsigned lane) { return (lane ^ 1) * 3001; });
}

TEST(MemoryTest, StoresOfParts) {
  expect(R"(
  mov.u64 %l1, pool;
  mad.wide.u32 %l2, %lane, 4, %l1;
  st.shared.u8 [%l2], %lane;
  st.shared.u8 [%l2+1], 17;
  st.shared.u16 [%l2+2], %hb;
  ld.shared.u32 %o, [%l2];)",
         ".shared .align 4 .b8 pool[128];",
         [](unsigned lane) { return lane | 17 << 8 | (3 * lane) << 16; });
}

TEST(MemoryTest, GenericAddressesOfAllSpaces) {
  expect(R"(
  .local .align 8 .b8 mine[16];
  mov.u64 %l1, pool;
  cvta.shared.u64 %l2, %l1;
  mad.wide.u32 %l2, %lane, 4, %l2;
  mul.lo.u32 %r1, %lane, 5;
  st.u32 [%l2], %r1;
  ld.u32 %r2, [%l2];
  mov.u64 %l3, mine;
  cvta.local.u64 %l4, %l3;
  st.u32 [%l4+8], %r2;
  ld.local.u32 %r3, [mine+8];
  mov.u64 %l5, table;
  cvta.const.u64 %l5, %l5;
  ld.u32 %r4, [%l5+4];
  cvta.to.shared.u64 %l6, %l2;
  cvt.u32.u64 %r5, %l6;
  ld.shared.u32 %r6, [%r5];
  isspacep.shared %p, %l2;
  isspacep.global %q, %l2;
  selp.u32 %r7, 1000, 0, %p;
  @%q mov.u32 %r7, 1;
  add.u32 %o, %r3, %r4;
  add.u32 %o, %o, %r7;
  add.u32 %o, %o, %r6;)",
         ".shared .align 4 .b8 pool[128];\n.const .align 4 .u32 table[3] = {1, "
         "20000, 3};",
         [](unsigned lane) { return 10 * lane + 21000; });
}

TEST(MemoryTest, VariablesWithAddressesInThem) {
  expect("ld.global.u64 %l1, [place+8];\n ld.global.u32 %o, [%l1];",
         ".global .align 4 .u32 numbers[2] = {5, 77};\n.global .align 8 .u64 "
         "place[2] = {0, generic(numbers)+4};",
         [](unsigned) { return 77; });
  expect("ld.const.f32 %o, [values+4];",
         ".const .align 4 .f32 values[2] = {1.5, 0f40490fdb};",
         [](unsigned) { return 0x40490fdb; });
}

TEST(MemoryTest, AtomicsOnSharedMemory) {
  expect(R"(
  setp.eq.u32 %p, %lane, 0;
  @%p st.shared.v2.u32 [pool], {0, 100};
  bar.warp.sync -1;
  atom.shared.add.u32 %r1, [pool], %lane;
  atom.shared.min.s32 %r2, [pool+4], %lane;
  bar.warp.sync -1;
  ld.shared.v2.u32 {%r3, %r4}, [pool];
  mad.lo.u32 %o, %r3, 1000, %r4;)",
         ".shared .align 8 .b8 pool[8];", [](unsigned) { return 496000; });
  expect(R"(
  setp.eq.u32 %p, %lane, 0;
  @%p st.shared.u32 [pool], 0;
  bar.warp.sync -1;
  atom.shared.inc.u32 %r1, [pool], 9;
  bar.warp.sync -1;
  ld.shared.u32 %o, [pool];)",
         ".shared .align 4 .b8 pool[4];", [](unsigned) { return 32 % 10; });
  expect(R"(
  setp.eq.u32 %p, %lane, 3;
  @%p st.shared.u32 [pool], 8;
  bar.warp.sync -1;
  atom.shared.cas.b32 %r1, [pool], 8, 9;
  setp.eq.u32 %q, %r1, 8;
  vote.sync.ballot.b32 %r2, %q, -1;
  popc.b32 %o, %r2;)",
         ".shared .align 4 .b8 pool[4];", [](unsigned) { return 1; });
}

TEST(MemoryTest, AtomicsOnGlobalMemoryAcrossBlocks) {
  std::vector<Diagnostic> diagnostics;
  auto module = parse(R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry k(.param .u64 sum)
{
  .reg .b64 %rd<2>;
  .reg .b32 %r<4>;
  ld.param.u64 %rd1, [sum];
  mov.u32 %r1, %tid.x;
  red.global.add.u32 [%rd1], %r1;
  red.global.add.f32 [%rd1+4], 0f3f000000;
  atom.global.add.noftz.f16x2 %r2, [%rd1+8], 0x3c003c00;
  ret;
}
)",
                      diagnostics);
  ASSERT_TRUE(module) << diagnostics[0].message;
  uint32_t sums[3] = {};
  GlobalMemory memory;
  Launch what{"k",
              {8, 2, 1},
              {64, 1, 1},
              0,
              {Argument::of(memory.map("sum", sums, sizeof(sums)))}};
  Report report = launch(*module, what, memory);
  EXPECT_TRUE(report.ok()) << report.text();
  EXPECT_EQ(sums[0], 16 * 2016u);
  EXPECT_EQ(asF32(sums[1]), 512.0f);
  EXPECT_EQ(std::bit_cast<_Float16>(static_cast<uint16_t>(sums[2])), 1024);
}

TEST(MemoryTest, AsynchronousCopies) {
  expect(R"(
  mov.u32 %r1, pool;
  mad.lo.u32 %r2, %lane, 16, %r1;
  mad.wide.u32 %at, %lane, 32, %in;
  cp.async.cg.shared.global [%r2], [%at], 16;
  cp.async.commit_group;
  cp.async.wait_group 0;
  bar.sync 0;
  xor.b32 %r3, %lane, 31;
  mad.lo.u32 %r3, %r3, 16, %r1;
  ld.shared.u32 %r4, [%r3+8];
  ld.shared.u32 %r5, [%r3];
  add.u32 %o, %r4, %r5;)",
         ".shared .align 16 .b8 pool[512];",
         [](unsigned lane) { return 4 * (31 - lane); });
}

TEST(MemoryTest, AsynchronousCopiesFillWithZeros) {
  expect(
      R"(
  mov.u32 %r1, pool;
  mad.lo.u32 %r2, %lane, 8, %r1;
  mad.wide.u32 %at, %lane, 32, %in;
  and.b32 %r3, %lane, 1;
  mul.lo.u32 %r3, %r3, 6;
  cp.async.ca.shared.global [%r2], [%at+16], 8, %r3;
  cp.async.wait_all;
  ld.shared.u64 %lo, [%r2];)",
      ".shared .align 16 .b8 pool[256];",
      [](unsigned lane) { return lane % 2 ? 0xa2b3c4d5e6f7 : 0; }, "");
  expect(R"(
  mov.u32 %r1, pool;
  mad.lo.u32 %r2, %lane, 4, %r1;
  mad.wide.u32 %at, %lane, 32, %in;
  setp.ge.u32 %p, %lane, 30;
  cp.async.ca.shared.global [%r2], [%at+8], 4, %p;
  cp.async.wait_all;
  ld.shared.u32 %o, [%r2];)",
         ".shared .align 16 .b8 pool[128];",
         [](unsigned lane) { return lane < 30 ? 3 * lane : 0; });
}

TEST(MemoryTest, TwoStagesOfCopies) {
  expect(R"(
  mov.u32 %r1, pool;
  mad.lo.u32 %r2, %lane, 4, %r1;
  mad.wide.u32 %at, %lane, 32, %in;
  cp.async.ca.shared.global [%r2], [%at], 4;
  cp.async.commit_group;
  cp.async.ca.shared.global [%r2+128], [%at+8], 4;
  cp.async.commit_group;
  cp.async.wait_group 1;
  ld.shared.u32 %r3, [%r2];
  cp.async.wait_group 0;
  ld.shared.u32 %r4, [%r2+128];
  add.u32 %o, %r3, %r4;)",
         ".shared .align 16 .b8 pool[256];",
         [](unsigned lane) { return 4 * lane; });
}

TEST(MemoryTest, ParametersByValue) {
  std::vector<Diagnostic> diagnostics;
  auto module = parse(R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry k(.param .align 8 .b8 pair[16], .param .u8 small, .param .f32 scale)
{
  .reg .b64 %rd<5>;
  .reg .b32 %r<6>;
  ld.param.u64 %rd1, [pair+8];
  ld.param.u32 %r1, [pair];
  ld.param.s8 %r2, [small];
  ld.param.f32 %r3, [scale];
  mov.b64 %rd2, pair;
  ld.param.u32 %r4, [%rd2+4];
  st.global.v4.u32 [%rd1], {%r1, %r2, %r3, %r4};
  ret;
}
)",
                      diagnostics);
  ASSERT_TRUE(module) << diagnostics[0].message;
  uint32_t out[4] = {};
  GlobalMemory memory;
  struct {
    uint32_t first = 11, second = 22;
    uint64_t pointer;
  } pair;
  pair.pointer = memory.map("out", out, sizeof(out));
  Launch what{
      "k",
      {1, 1, 1},
      {1, 1, 1},
      0,
      {Argument::of(pair), Argument::of(int8_t(-3)), Argument::of(2.5f)}};
  Report report = launch(*module, what, memory);
  EXPECT_TRUE(report.ok()) << report.text();
  EXPECT_EQ(out[0], 11u);
  EXPECT_EQ(out[1], 0xfffffffdu);
  EXPECT_EQ(asF32(out[2]), 2.5f);
  EXPECT_EQ(out[3], 22u);
}

TEST(MemoryTest, CountsBankConflictsAndSectors) {
  auto counters = [](const std::string &body) {
    auto run = runLanes(kernelText(body, "mov.u64 %lo, 0;",
                                   ".shared .align 16 .b8 pool[4224];"),
                        {{0, 0, 0}});
    EXPECT_TRUE(run.report.ok()) << run.report.text();
    return run.report.counters;
  };
  std::string start = "mov.u32 %r1, pool;\n";
  EXPECT_EQ(
      counters(start +
               "mad.lo.u32 %r2, %lane, 4, %r1;\n st.shared.u32 [%r2], %lane;")
          .store.conflicts,
      0u);
  EXPECT_EQ(
      counters(start +
               "mad.lo.u32 %r2, %lane, 128, %r1;\n st.shared.u32 [%r2], %lane;")
          .store.conflicts,
      31u);
  EXPECT_EQ(
      counters(start +
               "mad.lo.u32 %r2, %lane, 132, %r1;\n st.shared.u32 [%r2], %lane;")
          .store.conflicts,
      0u);
  EXPECT_EQ(
      counters(start +
               "mad.lo.u32 %r2, %lane, 8, %r1;\n st.shared.u32 [%r2], %lane;")
          .store.conflicts,
      1u);
  Counters wide =
      counters(start + "mad.lo.u32 %r2, %lane, 16, %r1;\n"
                       "st.shared.v4.u32 [%r2], {%lane, %lane, %lane, %lane};");
  EXPECT_EQ(wide.store.wavefronts, 4u);
  EXPECT_EQ(wide.store.conflicts, 0u);
  EXPECT_EQ(wide.globalStore.sectors, 8u); // 32 lanes of 8 bytes
  EXPECT_EQ(wide.globalStore.bytes, 256u);
  EXPECT_EQ(wide.globalLoad.requests, 2u);
  EXPECT_EQ(wide.opcodes["st.shared"], 1u);
  EXPECT_EQ(wide.lines.size(), wide.warpInstructions);
}
