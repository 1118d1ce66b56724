// Instructions among lanes: shuffles, votes, matches, reductions, matrices.
#include "test/codegen/nvptx/executor/Lanes.h"

#include <cmath>
#include <random>

using namespace weir::ptx;
using namespace weir::ptx::test;

namespace {

using Lanes = std::array<uint64_t, 32>;

/// Runs statements that leave 32 bits in %o.
Lanes outputs(const std::string &body, const std::string &declarations = "") {
  std::vector<Inputs> inputs;
  for (unsigned lane = 0; lane < 32; ++lane)
    inputs.push_back({lane * 7 % 5, lane, lane * lane});
  Outcome run =
      runLanes(kernelText(body, "cvt.u64.u32 %lo, %o;", declarations), inputs);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  return run.lanes;
}

void expect(const Lanes &lanes,
            const std::function<uint64_t(unsigned)> &expected) {
  for (unsigned lane = 0; lane < 32; ++lane)
    ASSERT_EQ(lanes[lane], expected(lane)) << "lane " << lane;
}

const char *shuffled =
    "selp.u32 %r2, 100, 0, %p;\n add.u32 %o, %r1, %r2;"; // 100 where in range

} // namespace

TEST(WarpTest, ShuffleIndex) {
  expect(outputs(std::string("shfl.sync.idx.b32 %r1|%p, %b, 5, 31, -1;") +
                 shuffled),
         [](unsigned) { return 105; });
  expect(outputs(std::string("shfl.sync.idx.b32 %r1|%p, %b, %a, 0x181f, -1;") +
                 shuffled), // segments of 8
         [](unsigned lane) { return (lane & 24) + lane * 7 % 5 + 100; });
}

TEST(WarpTest, ShuffleUpDown) {
  expect(
      outputs(std::string("shfl.sync.up.b32 %r1|%p, %b, 3, 0, -1;") + shuffled),
      [](unsigned lane) { return lane >= 3 ? lane - 3 + 100 : lane; });
  expect(
      outputs(std::string("shfl.sync.down.b32 %r1|%p, %b, 4, 0x101f, -1;") +
              shuffled), // segments of 16
      [](unsigned lane) { return lane % 16 + 4 < 16 ? lane + 4 + 100 : lane; });
}

TEST(WarpTest, ShuffleButterfly) {
  expect(outputs(std::string("shfl.sync.bfly.b32 %r1|%p, %b, 16, 31, -1;") +
                 shuffled),
         [](unsigned lane) { return (lane ^ 16) + 100; });
}

TEST(WarpTest, ShuffleFromALaneThatIsAwayIsUnwritten) {
  Outcome run = runLanes(kernelText(R"(
  setp.lt.u32 %p, %lane, 16;
  mov.u32 %o, 0;
  @%p shfl.sync.idx.b32 %o, %lane, 20, 31, 0xffff;
)",
                                    "cvt.u64.u32 %lo, %o;"),
                         {});
  EXPECT_TRUE(run.report.has(ErrorKind::UninitialisedRegister));
}

TEST(WarpTest, Votes) {
  expect(outputs("setp.lt.u32 %p, %b, 7;\n vote.sync.ballot.b32 %o, %p, -1;"),
         [](unsigned) { return 0x7f; });
  expect(outputs("setp.lt.u32 %p, %b, 7;\n vote.sync.any.pred %q, !%p, -1;\n "
                 "selp.u32 %o, 1, 0, %q;"),
         [](unsigned) { return 1; });
  expect(outputs("setp.lt.u32 %p, %b, 32;\n vote.sync.all.pred %q, %p, -1;\n "
                 "selp.u32 %o, 1, 0, %q;"),
         [](unsigned) { return 1; });
  expect(outputs("setp.lt.u32 %p, %b, 9;\n vote.sync.uni.pred %q, %p, -1;\n "
                 "selp.u32 %o, 1, 0, %q;"),
         [](unsigned) { return 0; });
}

TEST(WarpTest, VotesOfTwoHalves) {
  expect(outputs(R"(
  setp.lt.u32 %p, %lane, 16;
  selp.b32 %r1, 0xffff, 0xffff0000, %p;
  setp.lt.u32 %q, %lane, 20;
  vote.sync.ballot.b32 %o, %q, %r1;)"),
         [](unsigned lane) { return lane < 16 ? 0xffff : 0xf0000; });
}

TEST(WarpTest, Match) {
  expect(outputs("match.any.sync.b32 %o, %a, -1;"), [](unsigned lane) {
    uint32_t mask = 0;
    for (unsigned other = 0; other < 32; ++other)
      mask |= uint32_t(other * 7 % 5 == lane * 7 % 5) << other;
    return mask;
  });
  expect(outputs("mov.b32 %r2, 4;\n match.all.sync.b32 %r1|%p, %r2, -1;\n "
                 "selp.u32 %o, %r1, 0, %p;"),
         [](unsigned) { return 0xffffffff; });
}

TEST(WarpTest, Redux) {
  expect(outputs("redux.sync.add.u32 %o, %b, -1;"),
         [](unsigned) { return 496; });
  expect(outputs("neg.s32 %r1, %b;\n redux.sync.min.s32 %o, %r1, -1;"),
         [](unsigned) { return uint32_t(-31); });
  expect(outputs("redux.sync.xor.b32 %o, %c, -1;"), [](unsigned) {
    uint32_t all = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      all ^= lane * lane;
    return all;
  });
}

TEST(WarpTest, ActivemaskAndElect) {
  expect(outputs(R"(
  mov.u32 %o, 0;
  setp.ge.u32 %p, %lane, 24;
  @!%p bra DONE;
  activemask.b32 %o;
DONE:)"),
         [](unsigned lane) { return lane >= 24 ? 0xff000000 : 0; });
  expect(outputs("elect.sync %r1|%p, -1;\n selp.u32 %o, %r1, 99, %p;"),
         [](unsigned lane) { return lane == 0 ? 0 : 99; });
}

namespace {

/// Eight rows of eight numbers for each of four matrices, in shared memory.
const char *tileDeclaration = ".shared .align 16 .b8 tile[512];";
const char *fillTile = R"(
  mov.u32 %r1, tile;
  mad.lo.u32 %r2, %lane, 16, %r1;
  mul.lo.u32 %r3, %lane, 8;
  add.u32 %r4, %r3, 1; add.u32 %r5, %r3, 2; add.u32 %r6, %r3, 3; add.u32 %r7, %r3, 4;
  add.u32 %r8, %r3, 5; add.u32 %r9, %r3, 6; add.u32 %r10, %r3, 7;
  shl.b32 %r4, %r4, 16; or.b32 %r3, %r3, %r4;
  shl.b32 %r6, %r6, 16; or.b32 %r5, %r5, %r6;
  shl.b32 %r8, %r8, 16; or.b32 %r7, %r7, %r8;
  shl.b32 %r10, %r10, 16; or.b32 %r9, %r9, %r10;
  st.shared.v4.b32 [%r2], {%r3, %r5, %r7, %r9};
  bar.warp.sync -1;
)";

} // namespace

TEST(WarpTest, Ldmatrix) {
  auto number = [](unsigned matrix, unsigned row, unsigned column) {
    return 64 * matrix + 8 * row + column;
  };
  for (unsigned matrix = 0; matrix < 4; ++matrix) {
    std::string chosen = "mov.b32 %o, %r" + std::to_string(20 + matrix) + ";";
    expect(outputs(fillTile + ("ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
                               "{%r20, %r21, %r22, %r23}, [%r2];\n" +
                               chosen),
                   tileDeclaration),
           [&](unsigned lane) {
             return number(matrix, lane / 4, lane % 4 * 2) |
                    number(matrix, lane / 4, lane % 4 * 2 + 1) << 16;
           });
  }
  expect(outputs(fillTile + std::string("ldmatrix.sync.aligned.m8n8.x1.trans."
                                        "shared.b16 {%o}, [%r2+128];"),
                 tileDeclaration + std::string("")),
         [&](unsigned lane) {
           return number(1, lane % 4 * 2, lane / 4) |
                  number(1, lane % 4 * 2 + 1, lane / 4) << 16;
         });
}

TEST(WarpTest, StmatrixAndMovmatrix) {
  expect(outputs(R"(
  mov.u32 %r1, tile;
  mad.lo.u32 %r2, %lane, 16, %r1;
  stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r2], {%lane};
  bar.warp.sync -1;
  mad.lo.u32 %r3, %lane, 4, %r1;
  ld.shared.u32 %r4, [%r3];
  movmatrix.sync.aligned.m8n8.trans.b16 %r5, %lane;
  mad.lo.u32 %o, %r5, 64, %r4;)",
                 tileDeclaration),
         [](unsigned lane) {
           auto element = [](unsigned row, unsigned column) {
             return column % 2 ? 0u : row * 4 + column / 2;
           };
           unsigned row = lane % 4 * 2, column = lane / 4;
           uint32_t moved = element(row, column) | element(row + 1, column)
                                                       << 16;
           return uint32_t(moved * 64 + lane);
         });
}

namespace {

struct Mma {
  const char *name;
  const char *opcode;
  unsigned depth, aRegisters, bRegisters, cRegisters;
  enum Type { Half, Bfloat, Tf32, Int8 } type;
  bool halfSum;
};

class MmaTest : public testing::TestWithParam<Mma> {};

const Mma shapes[] = {
    {"f16_k16", "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 16, 4, 2,
     4, Mma::Half, false},
    {"bf16_k16", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 16, 4,
     2, 4, Mma::Bfloat, false},
    {"f16_k16_f16", "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 16, 4,
     2, 2, Mma::Half, true},
    {"f16_k8", "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", 8, 2, 1, 4,
     Mma::Half, false},
    {"bf16_k8", "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", 8, 2, 1,
     4, Mma::Bfloat, false},
    {"tf32_k8", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 8, 4, 2,
     4, Mma::Tf32, false},
    {"tf32_k4", "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 4, 2, 1,
     4, Mma::Tf32, false},
    {"s8_k32", "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32", 32, 4, 2, 4,
     Mma::Int8, false},
    {"s8_k16", "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32", 16, 2, 1, 4,
     Mma::Int8, false},
};

uint32_t encode(Mma::Type type, int value) {
  auto real = static_cast<float>(value);
  switch (type) {
  case Mma::Half:
    return std::bit_cast<uint16_t>(static_cast<_Float16>(real));
  case Mma::Bfloat:
    return std::bit_cast<uint32_t>(real) >> 16;
  case Mma::Tf32:
    return std::bit_cast<uint32_t>(real);
  case Mma::Int8:
    return static_cast<uint8_t>(value);
  }
  return 0;
}

std::string list(unsigned first, unsigned count) {
  std::string text = "{";
  for (unsigned i = 0; i < count; ++i)
    text += (i ? ", %x" : "%x") + std::to_string(first + i);
  return text + "}";
}

} // namespace

/// The manual's tables, written per type as it does: for 16-bit types
/// a0,a1: (g, 2t+i)  a2,a3: (g+8, 2t+i)  a4,a5: (g, 2t+8+i)  a6,a7: (g+8, …).
TEST_P(MmaTest, MultipliesByTheManualsLayout) {
  const Mma &shape = GetParam();
  unsigned each = shape.type == Mma::Tf32 ? 1 : shape.type == Mma::Int8 ? 4 : 2;
  std::mt19937 random(7);
  std::uniform_int_distribution<int> digit(-8, 8);
  int a[16][32], b[32][8], c[16][8];
  for (auto &row : a)
    for (int &x : row)
      x = digit(random);
  for (auto &row : b)
    for (int &x : row)
      x = digit(random);
  for (auto &row : c)
    for (int &x : row)
      x = digit(random);

  // Registers a lane: A, B, C in a row of 16 words.
  std::array<std::array<uint32_t, 16>, 32> words{};
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned g = lane / 4, t = lane % 4, next = 0;
    for (unsigned r = 0; r < shape.aRegisters; ++r, ++next)
      for (unsigned i = 0; i < each; ++i) {
        unsigned row = r == 1 || r == 3 ? g + 8 : g,
                 k = each * t + i + (r >= 2 ? 4 * each : 0);
        words[lane][next] |= encode(shape.type, a[row][k])
                             << (32 / each * i) % 32;
      }
    for (unsigned r = 0; r < shape.bRegisters; ++r, ++next)
      for (unsigned i = 0; i < each; ++i)
        words[lane][next] |=
            encode(shape.type, b[each * t + i + r * 4 * each][g])
            << (32 / each * i) % 32;
    for (unsigned r = 0; r < shape.cRegisters; ++r, ++next) {
      if (shape.halfSum)
        words[lane][next] = encode(Mma::Half, c[g + 8 * r][2 * t]) |
                            encode(Mma::Half, c[g + 8 * r][2 * t + 1]) << 16;
      else
        words[lane][next] =
            shape.type == Mma::Int8
                ? uint32_t(c[r >= 2 ? g + 8 : g][2 * t + r % 2])
                : encode(Mma::Tf32, c[r >= 2 ? g + 8 : g][2 * t + r % 2]);
    }
  }

  unsigned bAt = shape.aRegisters, cAt = bAt + shape.bRegisters;
  std::string text = R"(.version 8.3
.target sm_80
.address_size 64
.visible .entry k(.param .u64 in, .param .u64 out)
{
  .reg .b32 %x<16>, %d<4>, %lane;
  .reg .b64 %in, %out;
  ld.param.u64 %in, [in];
  ld.param.u64 %out, [out];
  mov.u32 %lane, %laneid;
  mad.wide.u32 %in, %lane, 64, %in;
  mad.wide.u32 %out, %lane, 16, %out;
)";
  for (unsigned i = 0; i < 16; ++i)
    text += "  ld.global.b32 %x" + std::to_string(i) + ", [%in+" +
            std::to_string(4 * i) + "];\n";
  std::string result =
      shape.cRegisters == 2 ? "{%d0, %d1}" : "{%d0, %d1, %d2, %d3}";
  text += std::string("  ") + shape.opcode + " " + result + ", " +
          list(0, shape.aRegisters) + ", " + list(bAt, shape.bRegisters) +
          ", " + list(cAt, shape.cRegisters) + ";\n";
  text += shape.cRegisters == 2
              ? "  st.global.v2.b32 [%out], {%d0, %d1};\n"
              : "  st.global.v4.b32 [%out], {%d0, %d1, %d2, %d3};\n";
  text += "  ret;\n}\n";

  std::vector<Diagnostic> diagnostics;
  auto module = parse(text, diagnostics);
  ASSERT_TRUE(module) << diagnostics[0].message;
  std::array<std::array<uint32_t, 4>, 32> results{};
  GlobalMemory memory;
  Argument in =
      Argument::of(memory.map("in", words.data(), sizeof(words), false));
  Argument out =
      Argument::of(memory.map("out", results.data(), sizeof(results)));
  Report report =
      launch(*module, {"k", {1, 1, 1}, {32, 1, 1}, 0, {in, out}}, memory);
  EXPECT_TRUE(report.ok()) << report.text();

  for (unsigned row = 0; row < 16; ++row)
    for (unsigned column = 0; column < 8; ++column) {
      int sum = c[row][column];
      for (unsigned k = 0; k < shape.depth; ++k)
        sum += a[row][k] * b[k][column];
      unsigned lane = row % 8 * 4 + column / 2, high = row / 8;
      double got;
      if (shape.halfSum)
        got = std::bit_cast<_Float16>(
            static_cast<uint16_t>(results[lane][high] >> (16 * (column % 2))));
      else if (shape.type == Mma::Int8)
        got = static_cast<int32_t>(results[lane][2 * high + column % 2]);
      else
        got = std::bit_cast<float>(results[lane][2 * high + column % 2]);
      EXPECT_EQ(got, sum) << row << ", " << column;
    }
}

INSTANTIATE_TEST_SUITE_P(Warp, MmaTest, testing::ValuesIn(shapes),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });
