// A harness for tests of single instructions.
#include "test/codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;
using namespace weir::ptx::test;

std::string test::kernelText(const std::string &body, const std::string &result,
                             const std::string &declarations) {
  return R"(.version 8.3
.target sm_80
.address_size 64
)" + declarations +
         R"(
.visible .entry k(.param .u64 in, .param .u64 out)
{
  .reg .pred %p, %q;
  .reg .b16 %ha, %hb, %hc, %ho, %h<9>;
  .reg .b32 %lane, %a, %b, %c, %o, %r<40>;
  .reg .b64 %in, %out, %at, %la, %lb, %lc, %lo, %l<9>;
  ld.param.u64 %in, [in];
  ld.param.u64 %out, [out];
  mov.u32 %lane, %laneid;
  mad.wide.u32 %at, %lane, 32, %in;
  ld.global.v2.u64 {%la, %lb}, [%at];
  ld.global.u64 %lc, [%at+16];
  cvt.u32.u64 %a, %la;
  cvt.u32.u64 %b, %lb;
  cvt.u32.u64 %c, %lc;
  cvt.u16.u64 %ha, %la;
  cvt.u16.u64 %hb, %lb;
  cvt.u16.u64 %hc, %lc;
)" + body +
         "\n" + result + R"(
  mad.wide.u32 %at, %lane, 8, %out;
  st.global.u64 [%at], %lo;
  ret;
}
)";
}

Outcome test::runLanes(const std::string &text,
                       const std::vector<Inputs> &inputs) {
  Outcome run;
  std::vector<Diagnostic> diagnostics;
  auto module = parse(text, diagnostics);
  for (const Diagnostic &one : diagnostics)
    ADD_FAILURE() << one.line << ": " << one.message;
  if (!module)
    return run;
  std::array<std::array<uint64_t, 4>, 32> rows{};
  for (unsigned lane = 0; lane < 32 && !inputs.empty(); ++lane) {
    const Inputs &one = inputs[lane % inputs.size()];
    rows[lane] = {one.a, one.b, one.c, 0};
  }
  GlobalMemory memory;
  uint64_t in = memory.map("in", rows.data(), sizeof(rows), false);
  uint64_t out = memory.map("out", run.lanes.data(), sizeof(run.lanes));
  Launch what{
      "k", {1, 1, 1}, {32, 1, 1}, 0, {Argument::of(in), Argument::of(out)}};
  run.report = launch(*module, what, memory);
  return run;
}

void test::check(const Case &one) {
  static constexpr const char *results[] = {"cvt.u64.u16 %lo, %ho;",
                                            "cvt.u64.u32 %lo, %o;", "",
                                            "selp.u64 %lo, 1, 0, %p;"};
  Outcome run = runLanes(kernelText(one.body, results[one.width]), one.inputs);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  for (unsigned lane = 0; lane < std::min<size_t>(32, one.inputs.size());
       ++lane) {
    const Inputs &in = one.inputs[lane];
    EXPECT_EQ(run.lanes[lane], one.expected(in))
        << one.body << std::hex << " of " << in.a << ", " << in.b << ", "
        << in.c;
  }
}

TEST_P(LanesTest, GivesWhatTheManualSays) { check(GetParam()); }
