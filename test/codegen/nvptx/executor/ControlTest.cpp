// Divergence, loops, calls, branches by index, barriers, launches.
#include "test/codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;
using namespace weir::ptx::test;

namespace {

Outcome run(const std::string &body, const std::string &declarations = "") {
  std::vector<Inputs> inputs;
  for (unsigned lane = 0; lane < 32; ++lane)
    inputs.push_back({lane, lane % 7, 0});
  return runLanes(kernelText(body, "cvt.u64.u32 %lo, %o;", declarations),
                  inputs);
}

void expect(const std::string &body,
            const std::function<uint64_t(unsigned)> &expected,
            const std::string &declarations = "") {
  Outcome done = run(body, declarations);
  EXPECT_TRUE(done.report.ok()) << done.report.text();
  for (unsigned lane = 0; lane < 32; ++lane)
    ASSERT_EQ(done.lanes[lane], expected(lane)) << "lane " << lane;
}

} // namespace

TEST(ControlTest, LoopsOfDifferentLengths) {
  expect(R"(
  mov.u32 %o, 0;
  mov.u32 %r1, 0;
LOOP:
  setp.ge.u32 %p, %r1, %b;
  @%p bra DONE;
  add.u32 %o, %o, %lane;
  add.u32 %r1, %r1, 1;
  bra LOOP;
DONE:
  activemask.b32 %r2;
  setp.ne.u32 %q, %r2, -1;
  @%q trap;)",
         [](unsigned lane) { return lane * (lane % 7); });
}

TEST(ControlTest, NestedDivergenceMeetsAgain) {
  expect(R"(
  mov.u32 %o, 0;
  setp.lt.u32 %p, %lane, 16;
  @%p bra LOW;
  setp.lt.u32 %q, %lane, 24;
  @%q bra MIDDLE;
  mov.u32 %o, 3;
  bra HIGH_DONE;
MIDDLE:
  mov.u32 %o, 2;
HIGH_DONE:
  activemask.b32 %r1;
  bra JOIN;
LOW:
  activemask.b32 %r1;
  mov.u32 %o, 1;
JOIN:
  activemask.b32 %r2;
  popc.b32 %r1, %r1;
  popc.b32 %r2, %r2;
  mad.lo.u32 %o, %r1, 100, %o;
  mad.lo.u32 %o, %r2, 10000, %o;)",
         [](unsigned lane) {
           return 321600 + (lane < 16 ? 1 : lane < 24 ? 2 : 3);
         });
}

TEST(ControlTest, WarpBarriersInBothBranches) {
  expect(R"(
  setp.lt.u32 %p, %lane, 16;
  @%p bra LOW;
  bar.warp.sync -1;
  shfl.sync.idx.b32 %o, %lane, 20, 31, 0xffff0000;
  bra JOIN;
LOW:
  bar.warp.sync -1;
  shfl.sync.idx.b32 %o, %lane, 4, 31, 0x0000ffff;
JOIN:)",
         [](unsigned lane) { return lane < 16 ? 4 : 20; });
}

TEST(ControlTest, CollectivesWaitForLanesThatComeLater) {
  expect(R"(
  mov.u32 %r1, 0;
  setp.eq.u32 %p, %lane, 0;
  @!%p bra MEET;
  mov.u32 %r1, 42;
MEET:
  shfl.sync.idx.b32 %o, %r1, 0, 31, -1;)",
         [](unsigned) { return 42; });
}

TEST(ControlTest, FunctionsAreInlined) {
  const char *functions = R"(
.func (.param .b32 result) larger(.param .b32 x, .param .b32 y)
{
  .reg .b32 %r<4>;
  .reg .pred %p<2>;
  ld.param.b32 %r1, [x];
  ld.param.b32 %r2, [y];
  setp.gt.u32 %p1, %r1, %r2;
  @%p1 bra FIRST;
  st.param.b32 [result+0], %r2;
  ret;
FIRST:
  st.param.b32 [result+0], %r1;
  ret;
}
.func (.param .b32 result) twice(.param .b32 x)
{
  .reg .b32 %r<4>;
  ld.param.b32 %r1, [x];
  {
    .param .b32 p0;
    .param .b32 p1;
    .param .b32 back;
    st.param.b32 [p0], %r1;
    st.param.b32 [p1], 10;
    call.uni (back), larger, (p0, p1);
    ld.param.b32 %r2, [back];
  }
  add.u32 %r2, %r2, %r2;
  st.param.b32 [result], %r2;
  ret;
}
)";
  expect(
      R"(
  {
    .param .b32 given;
    .param .b32 got;
    st.param.b32 [given], %lane;
    call (got), twice, (given);
    ld.param.b32 %o, [got];
  })",
      [](unsigned lane) { return 2 * std::max(lane, 10u); }, functions);
}

TEST(ControlTest, BranchesByIndex) {
  expect(R"(
  and.b32 %r1, %lane, 3;
  brx.idx %r1, LIST;
LIST: .branchtargets A, B, A, C;
A:
  mov.u32 %o, 100;
  bra JOIN;
B:
  mov.u32 %o, 200;
  bra JOIN;
C:
  mov.u32 %o, 300;
JOIN:)",
         [](unsigned lane) {
           return lane % 4 == 1 ? 200 : lane % 4 == 3 ? 300 : 100;
         });
}

TEST(ControlTest, LanesThatExitAreNotWaitedFor) {
  expect(R"(
  mov.u32 %o, 5;
  setp.ge.u32 %p, %lane, 28;
  cvt.u64.u32 %lo, %o;
  mad.wide.u32 %at, %lane, 8, %out;
  @%p st.global.u64 [%at], %lo;
  @%p exit;
  vote.sync.ballot.b32 %o, 1, -1;)",
         [](unsigned lane) { return lane < 28 ? 0x0fffffff : 5; });
}

TEST(ControlTest, SpecialRegisters) {
  expect(R"(
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %lanemask_lt;
  popc.b32 %r3, %r3;
  mov.u32 %r4, %nctaid.y;
  mov.u32 %r5, %warpid;
  add.u32 %r1, %r1, %r3;
  add.u32 %r1, %r1, %r5;
  mad.lo.u32 %o, %r2, %r4, %r1;)",
         [](unsigned lane) { return 32 + 2 * lane; });
}

namespace {

const char *fourWarps = R"(.version 8.3
.target sm_80
.address_size 64
.shared .align 4 .b8 pool[512];
.visible .entry k(.param .u64 out)
{
  .reg .b64 %rd<4>;
  .reg .b32 %r<12>;
  .reg .pred %p<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mad.wide.u32 %rd2, %r1, 4, %rd1;
  mov.u32 %r2, pool;
  mad.lo.u32 %r3, %r1, 4, %r2;
  xor.b32 %r4, %r1, 64;
  mad.lo.u32 %r4, %r4, 4, %r2;
BODY
  st.global.u32 [%rd2], %r9;
  ret;
}
)";

std::pair<Report, std::vector<uint32_t>>
runFourWarps(const std::string &body, const Options &options = {}) {
  std::string text = fourWarps;
  text.replace(text.find("BODY"), 4, body);
  std::vector<Diagnostic> diagnostics;
  auto module = parse(text, diagnostics);
  std::vector<uint32_t> out(128);
  if (!module) {
    ADD_FAILURE() << diagnostics[0].line << ": " << diagnostics[0].message;
    return {{}, out};
  }
  GlobalMemory memory;
  Launch what{"k",
              {1, 1, 1},
              {128, 1, 1},
              0,
              {Argument::of(memory.map("out", out.data(), 512))}};
  return {launch(*module, what, memory, options), out};
}

} // namespace

TEST(ControlTest, BarriersOfSomeWarps) {
  // Warps 0 and 1 produce, 2 and 3 consume: bar.arrive does not wait.
  auto [report, out] = runFourWarps(R"(
  setp.ge.u32 %p1, %r1, 64;
  mov.u32 %r9, 0;
  @%p1 bra CONSUME;
  st.shared.u32 [%r3], %r1;
  bar.arrive 1, 128;
  bra DONE;
CONSUME:
  bar.sync 1, 128;
  ld.shared.u32 %r9, [%r4];
DONE:)");
  EXPECT_TRUE(report.ok()) << report.text();
  for (unsigned i = 0; i < 128; ++i)
    EXPECT_EQ(out[i], i < 64 ? 0 : i - 64);
}

TEST(ControlTest, BarriersThatReduce) {
  auto [report, out] = runFourWarps(R"(
  setp.lt.u32 %p1, %r1, 50;
  bar.red.popc.u32 %r5, 0, %p1;
  bar.red.or.pred %p2, 0, %p1;
  bar.red.and.pred %p3, 0, 128, !%p1;
  selp.u32 %r6, 1000, 0, %p2;
  selp.u32 %r7, 10000, 0, %p3;
  add.u32 %r9, %r5, %r6;
  add.u32 %r9, %r9, %r7;)");
  EXPECT_TRUE(report.ok()) << report.text();
  for (unsigned i = 0; i < 128; ++i)
    EXPECT_EQ(out[i], 1050u);
}

TEST(ControlTest, ReleaseAndAcquireOrderWarps) {
  const char *body = R"(
  setp.ge.u32 %p1, %r1, 64;
  mov.u32 %r9, 0;
  @%p1 bra CONSUME;
  st.shared.u32 [%r3], %r1;
  bar.sync 1, 64;
  setp.eq.u32 %p2, %r1, 0;
  FENCE
  @%p2 atom.shared.exch.b32 %r5, [flag], 1;
  bra DONE;
CONSUME:
  atom.shared.or.b32 %r6, [flag], 0;
  setp.eq.u32 %p2, %r6, 0;
  @%p2 bra CONSUME;
  FENCE
  ld.shared.u32 %r9, [%r4];
DONE:)";
  auto withFence = [&](const char *fence) {
    std::string text =
        std::string(
            "  .shared .align 4 .u32 flag;\n  setp.eq.u32 %p3, %r1, 0;\n"
            "  @%p3 st.shared.u32 [flag], 0;\n  bar.sync 0;\n") +
        body;
    for (size_t at; (at = text.find("FENCE")) != std::string::npos;)
      text.replace(at, 5, fence);
    return runFourWarps(text).first;
  };
  Report fenced = withFence("fence.acq_rel.cta;");
  EXPECT_TRUE(fenced.ok()) << fenced.text();
  EXPECT_TRUE(withFence("").has(ErrorKind::Race));
}

TEST(ControlTest, ThreadsThatExitMayCountAsArrived) {
  const char *body = R"(
  mov.u32 %r9, 1;
  setp.ge.u32 %p1, %r1, 64;
  @%p1 exit;
  bar.sync 0;)";
  EXPECT_TRUE(runFourWarps(body).first.has(ErrorKind::Deadlock));
  Options options;
  options.exitedThreadsArrive = true;
  Report report = runFourWarps(body, options).first;
  EXPECT_TRUE(report.ok()) << report.text();
}

TEST(ControlTest, EndlessLoopsEnd) {
  Options options;
  options.maxWarpInstructions = 100000;
  EXPECT_TRUE(runFourWarps("mov.u32 %r9, 1;\nL: bra L;", options)
                  .first.has(ErrorKind::InstructionLimit));
}

TEST(ControlTest, LaunchesAreChecked) {
  std::vector<Diagnostic> diagnostics;
  auto module = parse(R"(.version 8.3
.target sm_80
.address_size 64
.extern .shared .align 16 .b8 dynamic[];
.visible .entry k(.param .u32 n)
.reqntid 64, 1, 1
{
  .reg .b32 %r<2>;
  mov.u32 %r1, dynamic;
  st.shared.u32 [%r1], 1;
  ret;
}
)",
                      diagnostics);
  ASSERT_TRUE(module);
  GlobalMemory memory;
  auto errorOf = [&](const Launch &what) {
    return launch(*module, what, memory).text();
  };
  Argument n = Argument::of(1);
  EXPECT_EQ(errorOf({"other", {1, 1, 1}, {64, 1, 1}, 16, {n}}),
            "bad launch: no kernel 'other'\n");
  EXPECT_EQ(errorOf({"k", {1, 1, 1}, {32, 1, 1}, 16, {n}}),
            "bad launch: the kernel requires blocks of 64 x 1 x 1 threads\n");
  EXPECT_EQ(errorOf({"k", {1, 1, 1}, {64, 1, 1}, 16, {}}),
            "bad launch: the kernel takes 1 arguments, the launch gives 0\n");
  EXPECT_EQ(
      errorOf({"k", {1, 1, 1}, {64, 1, 1}, 16, {Argument::of(int64_t(1))}}),
      "bad launch: parameter 'n' has 4 bytes, the argument has 8\n");
  EXPECT_EQ(errorOf({"k", {1, 1, 1}, {64, 1, 1}, 200000, {n}}),
            "bad launch: the block needs 200000 bytes of shared memory, there "
            "are 166912\n");
}
