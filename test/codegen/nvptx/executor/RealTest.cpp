// Single instructions on f32, f64, f16, bf16 and their conversions.
#include "test/codegen/nvptx/executor/Lanes.h"

#include <cfenv>
#include <cmath>

using namespace weir::ptx::test;

namespace {

using I = const Inputs &;
using u32 = uint32_t;
using u64 = uint64_t;
using s64 = int64_t;

const float inf = INFINITY;
const u64 nan32 = 0x7fffffff;

Inputs reals(float a, float b = 0, float c = 0) {
  return {f32(a), f32(b), f32(c)};
}
const std::vector<Inputs> singles = {reals(1, 2, 3),
                                     reals(0.1f, 0.2f, 0.3f),
                                     reals(-1.5f, 1e-8f, 7),
                                     reals(3e38f, 3e38f, -1),
                                     reals(1, -1, 0),
                                     reals(16777216, 1, 1),
                                     reals(-0.0f, 0.0f, 0),
                                     reals(1e-20f, 1e-20f, 1e-40f),
                                     reals(1.1754944e-38f, 0.5f, -1e-45f),
                                     reals(3.25f, -7.75f, 0.125f)};
const std::vector<Inputs> unordered = {{nan32, f32(1), 0}, {f32(1), nan32, 0},
                                       reals(-0.0f, 0.0f), reals(0.0f, -0.0f),
                                       reals(inf, 1),      reals(2, 3)};
const std::vector<Inputs> doubles = {{f64(0.1), f64(0.2), f64(0.3)},
                                     {f64(1e308), f64(-1e308), f64(2)},
                                     {f64(-2.5), f64(1.0 / 3), f64(1e-300)}};

/// A computation under a rounding mode of the host.
template <typename F> u64 rounded(int mode, F compute) {
  std::fesetround(mode);
  volatile float result = compute();
  std::fesetround(FE_TONEAREST);
  return f32(result);
}
template <typename T> T opaque(T value) {
  volatile T copy = value;
  return copy;
}

float flush(float value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value)
                                                : value;
}

u64 half(double value) {
  return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
}
double fromHalf(u64 bits) {
  return std::bit_cast<_Float16>(static_cast<uint16_t>(bits));
}
double fromBfloat(u64 bits) {
  return std::bit_cast<float>(u32(bits & 0xffff) << 16);
}

/// The nearer of two neighbouring bf16, the even one of two equally near.
u64 bfloat(double value) {
  u32 below = std::bit_cast<u32>(std::fabs(static_cast<float>(value))) >> 16;
  while (below && fromBfloat(below) > std::fabs(value))
    --below;
  double down = std::fabs(value) - fromBfloat(below),
         up = fromBfloat(below + 1) - std::fabs(value);
  u32 nearest = down < up || (down == up && below % 2 == 0) ? below : below + 1;
  return nearest | (std::signbit(value) ? 0x8000 : 0);
}

const std::vector<Inputs> halfPairs = {{half(1.5), half(0.1), half(3)},
                                       {half(65504), half(16), half(-1)},
                                       {half(6e-8), half(6e-8), half(0)},
                                       {half(-2.25), half(1.0 / 3), half(0.7)},
                                       {half(1000), half(1e-3), half(-1)},
                                       {half(2048), half(1), half(0.5)},
                                       {half(6.1e-5), half(0.5), half(3e-5)}};
const std::vector<Inputs> bfloatPairs = {
    {bfloat(1.5), bfloat(0.1), bfloat(3)},
    {bfloat(256), bfloat(1), bfloat(-1)},
    {bfloat(-2.25), bfloat(1.0 / 3), bfloat(0.7)},
    {bfloat(1e30), bfloat(3e-20), bfloat(1e5)}};
const std::vector<Inputs> roundings = {
    reals(0.5f),  reals(1.5f),   reals(2.5f),   reals(-0.5f),  reals(-2.7f),
    reals(1e10f), reals(-1e10f), {nan32, 0, 0}, reals(255.5f), reals(127.49f)};
/// Between two f16, two bf16 and two tf32.
const std::vector<Inputs> betweens = {reals(1.00048828125f, 2.0f),
                                      reals(1.00146484375f, -1.0009765f),
                                      reals(70000, 65519),
                                      reals(1e-7f, 3e-8f),
                                      reals(1.00390625f, 1.01171875f),
                                      reals(-3.1415927f, 1e-3f),
                                      reals(65520, -1e-9f)};

u64 both(u64 high, u64 low) { return high << 16 | low; }

const Case cases[] = {
    {"add_f32", "add.f32 %o, %a, %b;", singles,
     [](I i) { return f32(asF32(i.a) + asF32(i.b)); }},
    {"sub_f32", "sub.rn.f32 %o, %a, %b;", singles,
     [](I i) { return f32(asF32(i.a) - asF32(i.b)); }},
    {"mul_f32", "mul.f32 %o, %a, %b;", singles,
     [](I i) { return f32(asF32(i.a) * asF32(i.b)); }},
    {"mul_ftz_f32", "mul.ftz.f32 %o, %a, %b;", singles,
     [](I i) { return f32(flush(flush(asF32(i.a)) * flush(asF32(i.b)))); }},
    {"add_rz_f32", "add.rz.f32 %o, %a, %b;", singles,
     [](I i) {
       return rounded(FE_TOWARDZERO,
                      [&] { return opaque(asF32(i.a)) + opaque(asF32(i.b)); });
     }},
    {"mul_rp_f32", "mul.rp.f32 %o, %a, %b;", singles,
     [](I i) {
       return rounded(FE_UPWARD,
                      [&] { return opaque(asF32(i.a)) * opaque(asF32(i.b)); });
     }},
    {"fma_rn_f32", "fma.rn.f32 %o, %a, %b, %c;", singles,
     [](I i) { return f32(std::fma(asF32(i.a), asF32(i.b), asF32(i.c))); }},
    {"fma_rm_f32", "fma.rm.f32 %o, %a, %b, %c;", singles,
     [](I i) {
       return rounded(FE_DOWNWARD, [&] {
         return std::fma(opaque(asF32(i.a)), asF32(i.b), asF32(i.c));
       });
     }},
    {"fma_sat_f32", "fma.rn.sat.f32 %o, %a, %b, %c;", singles,
     [](I i) {
       return f32(std::fmin(
           std::fmax(std::fma(asF32(i.a), asF32(i.b), asF32(i.c)), 0.0f),
           1.0f));
     }},
    {"div_rn_f32",
     "div.rn.f32 %o, %a, %b;",
     {reals(1, 3), reals(-7, 0.3f), reals(1, 0), reals(1e-30f, 1e10f)},
     [](I i) { return f32(asF32(i.a) / asF32(i.b)); }},
    {"add_f64", "add.f64 %lo, %la, %lb;", doubles,
     [](I i) { return f64(asF64(i.a) + asF64(i.b)); }, Case::Bits64},
    {"fma_f64", "fma.rn.f64 %lo, %la, %lb, %lc;", doubles,
     [](I i) { return f64(std::fma(asF64(i.a), asF64(i.b), asF64(i.c))); },
     Case::Bits64},
    {"neg_f32", "neg.f32 %o, %a;", singles,
     [](I i) { return i.a ^ 0x80000000; }},
    {"abs_f32", "abs.f32 %o, %a;", singles,
     [](I i) { return i.a & 0x7fffffff; }},
    {"min_f32", "min.f32 %o, %a, %b;", unordered,
     [](I i) {
       return i.a == nan32               ? i.b
              : i.b == nan32             ? i.a
              : asF32(i.a) == asF32(i.b) ? 0x80000000
                                         : std::min(i.a, i.b);
     }},
    {"max_nan_f32", "max.NaN.f32 %o, %a, %b;", unordered,
     [](I i) {
       return i.a == nan32 || i.b == nan32 ? nan32
              : asF32(i.a) == asF32(i.b)   ? 0
                                           : std::max(i.a, i.b);
     }},
    {"copysign_f32", "copysign.f32 %o, %a, %b;", singles,
     [](I i) { return (i.b & 0x7fffffff) | (i.a & 0x80000000); }},
    {"testp_subnormal", "testp.subnormal.f32 %p, %c;", singles,
     [](I i) { return u64(std::fpclassify(asF32(i.c)) == FP_SUBNORMAL); },
     Case::Predicate},
    {"setp_neu_f32", "setp.neu.f32 %p, %a, %b;", unordered,
     [](I i) { return u64(!(asF32(i.a) == asF32(i.b))); }, Case::Predicate},
    {"setp_num_f32", "setp.num.f32 %p, %a, %b;", unordered,
     [](I i) { return u64(i.a != nan32 && i.b != nan32); }, Case::Predicate},
    {"setp_gtu_f64", "setp.gtu.f64 %p, %la, %lb;", doubles,
     [](I i) { return u64(asF64(i.a) > asF64(i.b)); }, Case::Predicate},
    {"set_f32", "set.lt.f32.f32 %o, %a, %b;", singles,
     [](I i) { return asF32(i.a) < asF32(i.b) ? f32(1) : 0; }},

    {"add_f16", "add.f16 %ho, %ha, %hb;", halfPairs,
     [](I i) { return half(fromHalf(i.a) + fromHalf(i.b)); }, Case::Bits16},
    {"mul_f16", "mul.rn.f16 %ho, %ha, %hb;", halfPairs,
     [](I i) { return half(fromHalf(i.a) * fromHalf(i.b)); }, Case::Bits16},
    {"fma_f16", "fma.rn.f16 %ho, %ha, %hb, %hc;", halfPairs,
     [](I i) { return half(fromHalf(i.a) * fromHalf(i.b) + fromHalf(i.c)); },
     Case::Bits16},
    {"fma_relu_f16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hc, %hc};\n fma.rn.relu.f16x2 "
     "%o, %r1, %r1, %r2;",
     halfPairs,
     [](I i) {
       auto part = [&](u64 x) {
         return half(std::max(fromHalf(x) * fromHalf(x) + fromHalf(i.c), 0.0));
       };
       return both(part(i.b), part(i.a));
     }},
    {"sub_f16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hc, %ha};\n sub.f16x2 %o, %r1, "
     "%r2;",
     halfPairs,
     [](I i) {
       return both(half(fromHalf(i.b) - fromHalf(i.a)),
                   half(fromHalf(i.a) - fromHalf(i.c)));
     }},
    {"max_f16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hb, %hc};\n max.f16x2 %o, %r1, "
     "%r2;",
     halfPairs,
     [](I i) {
       return both(half(std::max(fromHalf(i.b), fromHalf(i.c))),
                   half(std::max(fromHalf(i.a), fromHalf(i.b))));
     }},
    {"neg_f16", "neg.f16 %ho, %ha;", halfPairs,
     [](I i) { return (i.a ^ 0x8000) & 0xffff; }, Case::Bits16},
    {"add_rn_bf16", "add.rn.bf16 %ho, %ha, %hb;", bfloatPairs,
     [](I i) { return bfloat(fromBfloat(i.a) + fromBfloat(i.b)); },
     Case::Bits16},
    {"fma_bf16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hc, %hc};\n fma.rn.bf16x2 %o, "
     "%r1, %r2, %r1;",
     bfloatPairs,
     [](I i) {
       auto part = [&](u64 x) {
         return bfloat(fromBfloat(x) * fromBfloat(i.c) + fromBfloat(x));
       };
       return both(part(i.b), part(i.a));
     }},
    {"setp_f16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hb, %hc};\n setp.gt.f16x2 "
     "%q|%p, %r1, %r2;",
     halfPairs, [](I i) { return u64(fromHalf(i.b) > fromHalf(i.c)); },
     Case::Predicate},

    {"set_f16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hb, %hc};\n set.gt.f16x2.f16x2 "
     "%o, %r1, %r2;",
     halfPairs,
     [](I i) {
       auto part = [](u64 x, u64 y) {
         return fromHalf(x) > fromHalf(y) ? half(1) : 0;
       };
       return both(part(i.b, i.c), part(i.a, i.b));
     }},
    {"set_s32_bf16x2",
     "mov.b32 %r1, {%ha, %hb};\n mov.b32 %r2, {%hb, %hc};\n set.le.s32.bf16x2 "
     "%o, %r1, %r2;",
     bfloatPairs,
     [](I i) {
       auto part = [](u64 x, u64 y) {
         return fromBfloat(x) <= fromBfloat(y) ? 0xffffu : 0u;
       };
       return both(part(i.b, i.c), part(i.a, i.b));
     }},

    {"cvt_rni_s32_f32", "cvt.rni.s32.f32 %o, %a;", roundings,
     [](I i) {
       if (i.a == nan32)
         return u64(0);
       double r = std::nearbyint(asF32(i.a));
       return u64(
           u32(int32_t(std::min(std::max(r, -2147483648.0), 2147483647.0))));
     }},
    {"cvt_rzi_u8_f32",
     "cvt.rzi.u8.f32 %ho, %a;",
     {reals(3.9f), reals(300), reals(-4), reals(255.99f)},
     [](I i) {
       return u64(std::min(std::max(std::trunc(asF32(i.a)), 0.0f), 255.0f));
     },
     Case::Bits16},
    {"cvt_rpi_f32_f32", "cvt.rpi.f32.f32 %o, %a;", singles,
     [](I i) { return f32(std::ceil(asF32(i.a))); }},
    {"cvt_sat_f32_f32", "cvt.sat.f32.f32 %o, %a;", singles,
     [](I i) { return asF32(i.a) > 0 ? f32(std::min(asF32(i.a), 1.0f)) : 0; }},
    {"cvt_rn_f32_s32",
     "cvt.rn.f32.s32 %o, %a;",
     {{0x7fffffff, 0, 0}, {0xffffffff, 0, 0}, {16777217, 0, 0}},
     [](I i) { return f32(static_cast<float>(int32_t(i.a))); }},
    {"cvt_rz_f32_u64",
     "cvt.rz.f32.u64 %o, %la;",
     {{0xffffffffffffffff, 0, 0}, {0x1000001fff, 0, 0}, {3, 0, 0}},
     [](I i) {
       return rounded(FE_TOWARDZERO,
                      [&] { return static_cast<float>(opaque(i.a)); });
     }},
    {"cvt_rn_f64_u64",
     "cvt.rn.f64.u64 %lo, %la;",
     {{0xffffffffffffffff, 0, 0}, {(1ull << 53) + 1, 0, 0}},
     [](I i) { return f64(static_cast<double>(i.a)); },
     Case::Bits64},
    {"cvt_rn_f32_f64", "cvt.rn.f32.f64 %o, %la;", doubles,
     [](I i) { return f32(static_cast<float>(asF64(i.a))); }},
    {"cvt_f64_f32", "cvt.f64.f32 %lo, %a;", singles,
     [](I i) { return f64(asF32(i.a)); }, Case::Bits64},
    {"cvt_s64_s8",
     "cvt.s64.s8 %lo, %a;",
     {{0x80, 0, 0}, {0x7f, 0, 0}, {0x1ff, 0, 0}},
     [](I i) { return u64(s64(int8_t(i.a))); },
     Case::Bits64},
    {"cvt_sat_u8_s32",
     "cvt.sat.u8.s32 %o, %a;",
     {{300, 0, 0}, {0xffffffff, 0, 0}, {200, 0, 0}},
     [](I i) { return u64(std::min(std::max(int32_t(i.a), 0), 255)); }},
    {"cvt_rn_f16_f32", "cvt.rn.f16.f32 %ho, %a;", betweens,
     [](I i) { return half(asF32(i.a)); }, Case::Bits16},
    {"cvt_rz_f16_f32", "cvt.rz.f16.f32 %ho, %a;", betweens,
     [](I i) {
       u64 nearest =
           half(asF32(i.a)); // one too far where it was rounded away from zero
       return std::fabs(fromHalf(nearest)) > std::fabs(asF32(i.a)) ? nearest - 1
                                                                   : nearest;
     },
     Case::Bits16},
    {"cvt_f32_f16", "cvt.f32.f16 %o, %ha;", halfPairs,
     [](I i) { return f32(float(fromHalf(i.a))); }},
    {"cvt_rn_bf16_f32", "cvt.rn.bf16.f32 %ho, %a;", betweens,
     [](I i) { return bfloat(asF32(i.a)); }, Case::Bits16},
    {"cvt_rn_f16x2_f32", "cvt.rn.f16x2.f32 %o, %a, %b;", betweens,
     [](I i) { return both(half(asF32(i.a)), half(asF32(i.b))); }},
    {"cvt_rn_bf16x2_f32", "cvt.rn.bf16x2.f32 %o, %a, %b;", betweens,
     [](I i) { return both(bfloat(asF32(i.a)), bfloat(asF32(i.b))); }},
    {"cvt_rz_relu_bf16x2_f32", "cvt.rz.relu.bf16x2.f32 %o, %a, %b;", betweens,
     [](I i) {
       auto part = [](u64 x) { return x >> 31 & 1 ? 0 : x >> 16; };
       return both(part(i.a), part(i.b));
     }},
    {"cvt_rna_tf32_f32", "cvt.rna.tf32.f32 %o, %a;", betweens,
     [](I i) { return (i.a + 0x1000) & 0xffffe000; }},
};

/// Approximate functions, to 2^-20 of the exact value.
struct Function {
  const char *name, *body;
  double (*exact)(double);
};

class FunctionTest : public testing::TestWithParam<Function> {};

const Function functions[] = {
    {"ex2", "ex2.approx.ftz.f32 %o, %a;", std::exp2},
    {"lg2", "lg2.approx.f32 %o, %a;", std::log2},
    {"rcp", "rcp.rn.f32 %o, %a;", [](double x) { return 1 / x; }},
    {"sqrt", "sqrt.approx.f32 %o, %a;", std::sqrt},
    {"rsqrt", "rsqrt.approx.f32 %o, %a;",
     [](double x) { return 1 / std::sqrt(x); }},
    {"sin", "sin.approx.f32 %o, %a;", std::sin},
    {"cos", "cos.approx.f32 %o, %a;", std::cos},
    {"tanh", "tanh.approx.f32 %o, %a;", std::tanh},
    {"div_approx", "div.approx.f32 %o, 0f40400000, %a;",
     [](double x) { return 3 / x; }},
    {"div_full", "div.full.f32 %o, 0f40400000, %a;",
     [](double x) { return 3 / x; }},
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Real, LanesTest, testing::ValuesIn(cases), nameOfCase);

TEST_P(FunctionTest, IsNear) {
  std::vector<Inputs> inputs;
  for (float x : {0.1f, 0.5f, 1.0f, 1.7f, 3.0f, 10.25f})
    inputs.push_back(reals(x));
  Outcome run =
      runLanes(kernelText(GetParam().body, "cvt.u64.u32 %lo, %o;"), inputs);
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  for (unsigned lane = 0; lane < inputs.size(); ++lane) {
    double exact = GetParam().exact(asF32(inputs[lane].a));
    EXPECT_NEAR(asF32(run.lanes[lane]), exact, std::fabs(exact) * 0x1p-20)
        << asF32(inputs[lane].a);
  }
}

INSTANTIATE_TEST_SUITE_P(Real, FunctionTest, testing::ValuesIn(functions),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

TEST(RealTest, HalfFunctions) {
  Outcome run =
      runLanes(kernelText("ex2.approx.f16 %ho, %ha;\n tanh.approx.bf16 %h1, "
                          "%hb;\n mov.b32 %o, {%ho, %h1};",
                          "cvt.u64.u32 %lo, %o;"),
               {{half(1.5), bfloat(0.25), 0}});
  EXPECT_TRUE(run.report.ok()) << run.report.text();
  EXPECT_NEAR(fromHalf(run.lanes[0]), std::exp2(1.5), 0.002);
  EXPECT_NEAR(fromBfloat(run.lanes[0] >> 16), std::tanh(0.25), 0.002);
}
