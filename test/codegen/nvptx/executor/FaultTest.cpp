// Correct kernels with one fault planted each: the fault is reported as what it
// is, at its instructions.
#include "codegen/nvptx/executor/Executor.h"

#include <gtest/gtest.h>
#include <numeric>

using namespace weir::ptx;

namespace {

constexpr unsigned threads = 64, tiles = 4;

/// Copies of tiles run one ahead; each thread adds what another one copied, and
/// neighbours exchange their sums through shared memory.
const char *pipeline = R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry k(.param .u64 in, .param .u64 out)
{
  .shared .align 16 .b8 stage[2048];
  .shared .align 16 .b8 sums[256];
  .reg .pred %p<4>;
  .reg .b32 %r<40>;
  .reg .b64 %rd<9>;
  ld.param.u64 %rd1, [in];
  ld.param.u64 %rd2, [out];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, stage;
  mad.lo.u32 %r3, %r1, 16, %r2;
  mad.wide.u32 %rd3, %r1, 16, %rd1;
  xor.b32 %r4, %r1, 37;
  mad.lo.u32 %r4, %r4, 16, %r2;
  cp.async.cg.shared.global [%r3], [%rd3], 16;
  cp.async.commit_group;
  mov.u32 %r5, 0;
  mov.u32 %r6, 0;
  mov.u32 %r7, 0;
LOOP:
  add.u32 %r8, %r5, 1;
  xor.b32 %r7, %r7, 1024;
  setp.ge.u32 %p1, %r8, 4;
  @%p1 bra ISSUED;
  add.u64 %rd3, %rd3, 1024;
  add.u32 %r9, %r3, %r7;
  cp.async.cg.shared.global [%r9], [%rd3], 16;
ISSUED:
  cp.async.commit_group;
  cp.async.wait_group 1;
  bar.sync 0;
  xor.b32 %r10, %r7, 1024;
  add.u32 %r10, %r4, %r10;
  ld.shared.v4.u32 {%r11, %r12, %r13, %r14}, [%r10];
  add.u32 %r6, %r6, %r11;
  add.u32 %r6, %r6, %r14;
  bar.sync 1;
  mov.u32 %r5, %r8;
  setp.lt.u32 %p2, %r5, 4;
  @%p2 bra LOOP;
  mov.u32 %r15, sums;
  mad.lo.u32 %r16, %r1, 4, %r15;
  st.shared.u32 [%r16], %r6;
  xor.b32 %r17, %r1, 1;
  mad.lo.u32 %r17, %r17, 4, %r15;
  bar.warp.sync -1;
  ld.shared.u32 %r18, [%r17];
  add.u32 %r6, %r6, %r18;
  mov.u32 %r19, %ctaid.x;
  mad.lo.u32 %r19, %r19, 64, %r1;
  mad.wide.u32 %rd4, %r19, 4, %rd2;
  st.global.u32 [%rd4], %r6;
  ret;
}
)";

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct Outcome {
  Report report;
  std::vector<uint32_t> out;
};

Outcome run(const std::string &text, unsigned blocks = 1,
            const Options &options = {}) {
  Outcome outcome;
  std::vector<Diagnostic> diagnostics;
  auto module = parse(text, diagnostics);
  for (const Diagnostic &one : diagnostics)
    ADD_FAILURE() << one.line << ": " << one.message;
  if (!module)
    return outcome;
  std::vector<uint32_t> in(threads * 4 * tiles);
  std::iota(in.begin(), in.end(), 0);
  outcome.out.resize(threads * blocks);
  GlobalMemory memory;
  Argument first =
      Argument::of(memory.map("in", in.data(), in.size() * 4, false));
  Argument second = Argument::of(memory.map(
      "out", outcome.out.data(), outcome.out.size() * 4, true, false));
  outcome.report = launch(
      *module, {"k", {blocks, 1, 1}, {threads, 1, 1}, 0, {first, second}},
      memory, options);
  return outcome;
}

/// Only errors of this kind are expected; the first one is between instructions
/// with these texts.
void expectOnly(const Report &report, ErrorKind kind, const std::string &at,
                const std::string &with = "", const std::string &message = "") {
  ASSERT_FALSE(report.ok());
  const Error &error = report.errors[0];
  EXPECT_NE(error.site.instruction.find(at), std::string::npos)
      << report.text();
  EXPECT_NE(error.message.find(message), std::string::npos) << report.text();
  for (const Error &other : report.errors)
    EXPECT_EQ(other.kind, kind) << report.text();
  if (with.empty())
    return;
  ASSERT_TRUE(error.other) << report.text();
  EXPECT_NE(error.other->instruction.find(with), std::string::npos)
      << report.text();
}

/// Only races are expected, all between instructions with these two texts,
/// whichever came first.
void expectRaces(const Report &report, const std::string &a,
                 const std::string &b) {
  EXPECT_FALSE(report.ok());
  for (const Error &error : report.errors) {
    EXPECT_EQ(error.kind, ErrorKind::Race) << report.text();
    ASSERT_TRUE(error.other) << report.text();
    auto is = [](const Site &site, const std::string &text) {
      return site.instruction.find(text) != std::string::npos;
    };
    EXPECT_TRUE((is(error.site, a) && is(*error.other, b)) ||
                (is(error.site, b) && is(*error.other, a)))
        << report.text();
  }
}

} // namespace

TEST(FaultTest, NoneInTheKernelAsItIs) {
  Outcome outcome = run(pipeline, 3);
  EXPECT_TRUE(outcome.report.ok()) << outcome.report.text();
  auto sum = [](unsigned thread) {
    unsigned all = 0;
    for (unsigned tile = 0; tile < tiles; ++tile)
      all += 2 * (tile * 256 + (thread ^ 37) * 4) + 3;
    return all;
  };
  for (unsigned i = 0; i < 3 * threads; ++i)
    ASSERT_EQ(outcome.out[i], sum(i % threads) + sum((i % threads) ^ 1));
}

TEST(FaultTest, DroppedBarrierBeforeReading) {
  Report report = run(replaced(pipeline, "  bar.sync 0;\n", "")).report;
  std::erase_if(report.errors, [](const Error &error) {
    return error.kind == ErrorKind::CopyNotAwaited;
  });
  expectRaces(report, "ld.shared.v4",
              "cp.async.cg"); // the later ones find copies under way as well
}

TEST(FaultTest, DroppedBarrierBeforeWriting) {
  expectRaces(run(replaced(pipeline, "  bar.sync 1;\n", "")).report,
              "ld.shared.v4", "cp.async.cg");
}

TEST(FaultTest, DroppedWait) {
  // Warp 0 comes to the barrier first; behind it, it reads what warp 1 copies.
  expectOnly(run(replaced(pipeline, "  cp.async.wait_group 1;\n", "")).report,
             ErrorKind::CopyNotAwaited, "ld.shared.v4", "cp.async.cg");
}

TEST(FaultTest, WeakenedWait) {
  expectOnly(run(replaced(pipeline, "wait_group 1", "wait_group 2")).report,
             ErrorKind::CopyNotAwaited, "ld.shared.v4", "cp.async.cg");
}

TEST(FaultTest, MissingCommit) {
  // The copies of the loop are in no group, and no wait reaches them.
  std::string text =
      replaced(pipeline, "ISSUED:\n  cp.async.commit_group;\n", "ISSUED:\n");
  Report report = run(replaced(text, "wait_group 1", "wait_group 0")).report;
  expectOnly(report, ErrorKind::CopyNotCommitted, "ld.shared.v4", "cp.async.cg",
             "no group");
  // Where the wait leaves groups under way, the first one is missed and the
  // reason said.
  report = run(text).report;
  ASSERT_TRUE(report.has(ErrorKind::CopyNotAwaited)) << report.text();
  EXPECT_NE(report.text().find("has copies that are in no group"),
            std::string::npos)
      << report.text();
}

TEST(FaultTest, OffByOneBoundOfGlobalMemory) {
  expectOnly(
      run(replaced(pipeline, "setp.ge.u32 %p1", "setp.gt.u32 %p1")).report,
      ErrorKind::OutOfBounds, "cp.async.cg", "",
      "0 bytes past the end of 'in' (4096 bytes)");
}

TEST(FaultTest, OffByOneBoundOfSharedMemory) {
  // Past the end of one variable, though another one follows.
  Report report =
      run(replaced(pipeline, "xor.b32 %r4, %r1, 37;", "add.u32 %r4, %r1, 1;"))
          .report;
  ASSERT_TRUE(report.has(ErrorKind::OutOfBounds)) << report.text();
  EXPECT_NE(report.text().find("0 bytes past the end of 'stage' (2048 bytes)"),
            std::string::npos)
      << report.text();
}

TEST(FaultTest, MissingWarpBarrier) {
  expectOnly(run(replaced(pipeline, "  bar.warp.sync -1;\n", "")).report,
             ErrorKind::Race, "ld.shared.u32", "st.shared.u32",
             "bar.warp.sync");
}

TEST(FaultTest, DoubleStoreOfTwoThreads) {
  std::string text =
      replaced(pipeline, "mad.lo.u32 %r19, %r19, 64, %r1;",
               "and.b32 %r20, %r1, 31;\n  mad.lo.u32 %r19, %r19, 64, %r20;");
  expectOnly(run(text).report, ErrorKind::Race, "st.global.u32",
             "st.global.u32", "of 'out' (256 bytes)");
}

TEST(FaultTest, DoubleStoreOfTwoBlocks) {
  std::string text = replaced(pipeline, "mad.lo.u32 %r19, %r19, 64, %r1;",
                              "mov.u32 %r19, %r1;");
  expectOnly(run(text, 2).report, ErrorKind::BlocksConflict, "st.global.u32",
             "st.global.u32", "two blocks write");
}

TEST(FaultTest, UninitialisedRegister) {
  expectOnly(run(replaced(pipeline, "  mov.u32 %r6, 0;\n", "")).report,
             ErrorKind::UninitialisedRegister, "add.u32 %r6, %r6, %r11", "",
             "'%r6'");
}

TEST(FaultTest, DivergentBarrier) {
  std::string text = replaced(
      pipeline, "  bar.sync 1;\n",
      "  setp.lt.u32 %p3, %r1, 16;\n  @%p3 bra SKIP;\n  bar.sync 1;\nSKIP:\n");
  // The lanes that pass by also race with those that wait.
  Report report = run(text).report;
  std::erase_if(report.errors, [](const Error &error) {
    return error.kind == ErrorKind::Race;
  });
  expectOnly(
      report, ErrorKind::DivergentBarrier, "bar.sync 1", "bar.sync 0",
      "lanes 16-31 of warp 0 are at this barrier, lanes 0-15 at another one");
}

TEST(FaultTest, BarrierThatSomeLanesPassBy) {
  std::string text = replaced(
      pipeline, "  bar.warp.sync -1;\n",
      "  setp.lt.u32 %p3, %r1, 8;\n  @%p3 bra SKIP;\n  bar.sync 1;\nSKIP:\n");
  Report report = run(text).report;
  ASSERT_TRUE(report.has(ErrorKind::DivergentBarrier)) << report.text();
  EXPECT_NE(report.text().find("lanes 0-7 exited without reaching it"),
            std::string::npos)
      << report.text();
}

TEST(FaultTest, BarrierThatOneWarpMisses) {
  std::string text = replaced(
      pipeline, "  mov.u32 %r15, sums;\n",
      "  setp.lt.u32 %p3, %r1, 32;\n  @%p3 bra OVER;\n  bar.sync 2;\nOVER:\n"
      "  mov.u32 %r15, sums;\n");
  expectOnly(run(text).report, ErrorKind::Deadlock, "bar.sync 2", "",
             "32 of 64 threads are at barrier 2, warp 0 exited");
}

TEST(FaultTest, BarrierForDifferentThreads) {
  std::string text = replaced(pipeline, "  bar.sync 1;\n",
                              "  setp.ge.u32 %p3, %r1, 32;\n  @%p3 bar.sync 1, "
                              "64;\n  @!%p3 bar.sync 1, 32;\n");
  EXPECT_TRUE(run(text).report.has(ErrorKind::BarrierMismatch));
}

TEST(FaultTest, MisalignedVectorAccess) {
  expectOnly(run(replaced(pipeline, "{%r11, %r12, %r13, %r14}, [%r10]",
                          "{%r11, %r12, %r13, %r14}, [%r10+4]"))
                 .report,
             ErrorKind::Misaligned, "ld.shared.v4", "", "no multiple of 16");
}

TEST(FaultTest, MemoryThatNothingWasWrittenTo) {
  expectOnly(
      run(replaced(pipeline, "  st.shared.u32 [%r16], %r6;\n", "")).report,
      ErrorKind::PoisonRead, "ld.shared.u32", "", "of 'sums'");
  expectOnly(run(replaced(pipeline, "  st.global.u32 [%rd4], %r6;\n",
                          "  ld.global.u32 %r6, [%rd4];\n"))
                 .report,
             ErrorKind::PoisonRead, "ld.global.u32", "", "of 'out'");
}

TEST(FaultTest, EqualStoresCanBeAllowed) {
  std::string text = replaced(pipeline, "st.global.u32 [%rd4], %r6;",
                              "st.global.u32 [%rd2], 7;");
  EXPECT_TRUE(run(text).report.has(ErrorKind::Race));
  Options options;
  options.equalStores = true;
  Report report = run(text, 1, options).report;
  EXPECT_TRUE(report.ok()) << report.text();
}

namespace {

/// A tile of 8 rows of 128 bytes is written by rows and read by ldmatrix, 16
/// bytes of each of 8 rows at a time. `place` computes the chunk (%r7) that row
/// %r5's chunk %r6 lies in; for reading, `find`.
std::string swizzled(const std::string &place, const std::string &find) {
  return R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry k(.param .u64 in, .param .u64 out)
{
  .shared .align 128 .b8 tile[1024];
  .reg .b32 %r<20>;
  .reg .b64 %rd<9>;
  ld.param.u64 %rd1, [in];
  ld.param.u64 %rd2, [out];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, tile;
  mad.wide.u32 %rd3, %r1, 16, %rd1;
  shr.u32 %r5, %r1, 3;
  and.b32 %r6, %r1, 7;
)" + place +
         R"(
  mad.lo.u32 %r8, %r5, 128, %r2;
  mad.lo.u32 %r8, %r7, 16, %r8;
  ld.global.v4.u32 {%r11, %r12, %r13, %r14}, [%rd3];
  st.shared.v4.u32 [%r8], {%r11, %r12, %r13, %r14};
  bar.sync 0;
  and.b32 %r5, %r1, 7;
  shr.u32 %r6, %r1, 5;
)" + find +
         R"(
  mad.lo.u32 %r8, %r5, 128, %r2;
  mad.lo.u32 %r8, %r7, 16, %r8;
  ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r9}, [%r8];
  mad.wide.u32 %rd4, %r1, 4, %rd2;
  st.global.u32 [%rd4], %r9;
  ret;
}
)";
}

/// Whether lane l of warp w got word l % 4 of chunk w in row l / 4.
bool isRight(const std::vector<uint32_t> &out) {
  for (unsigned i = 0; i < threads; ++i)
    if (out[i] != i % 32 / 4 * 32 + i / 32 * 4 + i % 4)
      return false;
  return true;
}

} // namespace

TEST(FaultTest, WrongSwizzle) {
  const std::string right = "xor.b32 %r7, %r6, %r5;",
                    none = "mov.u32 %r7, %r6;",
                    weak = "shr.u32 %r10, %r5, 1;\n  xor.b32 %r7, %r6, %r10;";
  Outcome good = run(swizzled(right, right));
  EXPECT_TRUE(good.report.ok()) << good.report.text();
  EXPECT_TRUE(isRight(good.out));
  EXPECT_EQ(good.report.counters.bankConflicts(), 0u);
  // Both sides agree on a bad one: right answers, slowly.
  Outcome slow = run(swizzled(none, none));
  EXPECT_TRUE(isRight(slow.out));
  EXPECT_EQ(slow.report.counters.ldmatrix.conflicts,
            14u); // 8 wavefronts for 1, in two warps
  Outcome half = run(swizzled(weak, weak));
  EXPECT_EQ(half.report.counters.ldmatrix.conflicts, 2u);
  // The sides disagree: wrong answers.
  EXPECT_FALSE(isRight(run(swizzled(right, weak)).out));
}
