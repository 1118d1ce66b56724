// What is not modelled is refused by name, at its line; what means nothing here
// is skipped.
#include "codegen/nvptx/executor/Executor.h"

#include <gtest/gtest.h>

using namespace weir::ptx;

namespace {

std::string refusal(const std::string &body) {
  std::string text = ".version 8.3\n.target sm_80\n.address_size 64\n.visible "
                     ".entry k(.param .u64 x)\n{\n"
                     ".reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .pred %p<9>; "
                     ".reg .b16 %h<9>;\n" +
                     body + "\nret;\n}\n";
  std::vector<Diagnostic> diagnostics;
  if (parse(text, diagnostics))
    return "accepted";
  return std::to_string(diagnostics[0].line) + ": " + diagnostics[0].message;
}

} // namespace

TEST(ParserTest, RefusesByName) {
  EXPECT_EQ(refusal("tex.2d.v4.f32.s32 %r1, [%rd1];"),
            "7: instruction 'tex' is not modelled");
  EXPECT_EQ(refusal("add.f32.magic %r1, %r2, %r3;"),
            "7: '.magic' of 'add' is not modelled");
  EXPECT_EQ(refusal("wgmma.fence.sync.aligned;"),
            "7: instruction 'wgmma' is not modelled");
  EXPECT_EQ(refusal("cp.async.bulk.commit_group;"),
            "7: '.bulk' of 'cp' is not modelled");
  EXPECT_EQ(refusal("mov.u32 %r1, %clock;"),
            "7: special register '%clock' is not modelled");
  EXPECT_EQ(refusal("mov.u32 %r1, %r77;"),
            "7: special register '%r77' is not modelled");
  EXPECT_EQ(refusal("add.u32 %r1, %rd1, %r2;"),
            "7: '%rd1' is 64 bits, the instruction takes 32 bits");
  EXPECT_EQ(refusal("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 "
                    "{%rd1,%rd2}, {%rd3}, {%rd4}, {%rd1,%rd2};"),
            "7: 'mma' of this shape or these types is not modelled");
  EXPECT_EQ(refusal("bra NOWHERE;"), "7: no label 'NOWHERE'");
  EXPECT_EQ(refusal("ld.shared.u32 %r1, [missing];"),
            "7: 'missing' is not declared");
  EXPECT_EQ(refusal("ld.shared.u32 %r1, [x];"), "7: 'x' is in parameter space");
  EXPECT_EQ(refusal("call.uni printf;"),
            "7: 'printf' is no function of this text");
  EXPECT_EQ(refusal("shfl.idx.b32 %r1, %r2, 0, 31;"),
            "7: 'shfl' without .sync is not modelled");
  EXPECT_EQ(refusal("add.u32 %r1, %r2"), "8: expected ';' before 'ret'");
  EXPECT_EQ(refusal(".shared .align 3 .b8 x[8];"), "7: an alignment of 3");
  EXPECT_EQ(refusal(".shared .b8 x[99999999999];"),
            "7: 'x' is larger than 1 GiB");
  EXPECT_EQ(refusal(".tex .u32 t;"), "7: directive '.tex' is not modelled");
}

TEST(ParserTest, SkipsWhatDebuggersRead) {
  EXPECT_EQ(refusal(R"(
  .pragma "nounroll";
  .loc 1 12 3
  .loc 1 14 3, function_name $L__info_string0, inlined_at 1 12 3
  // a comment; with .things in it
  /* and
     another */
  mov.u32 %r1, 0x10; mov.u32 %r2, -5; mov.f32 %r3, 1.5; mov.f32 %r4, 0f3F800000;
  mov.b64 %rd1, 0d3ff0000000000000; mov.u32 %r5, 0b101; mov.u32 %r6, 017U;)"),
            "accepted");
  std::vector<Diagnostic> diagnostics;
  EXPECT_TRUE(parse(R"(.version 8.3
.target sm_80, debug
.address_size 64
.file 1 "a.cu"
.visible .entry k() .maxntid 128, 1, 1 .minnctapersm 2 { ret; }
.section .debug_str { info: .b8 1, 2 }
)",
                    diagnostics))
      << diagnostics[0].message;
}

TEST(ParserTest, TellsWhatKernelsDeclare) {
  std::vector<Diagnostic> diagnostics;
  auto module = parse(R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry k(.param .u64 .ptr .global .align 16 p, .param .align 8 .b8 q[24]) .reqntid 128, 2
{
  .shared .align 16 .b8 a[1000];
  .shared .align 16 .b8 b[8];
  ret;
}
)",
                      diagnostics);
  ASSERT_TRUE(module) << diagnostics[0].message;
  KernelInfo info = module->kernels()[0];
  EXPECT_EQ(info.name, "k");
  ASSERT_EQ(info.parameters.size(), 2u);
  EXPECT_EQ(info.parameters[1].bytes, 24u);
  EXPECT_EQ(info.staticShared, 1016u);
  EXPECT_EQ(info.requiredThreads.y, 2u);
}
