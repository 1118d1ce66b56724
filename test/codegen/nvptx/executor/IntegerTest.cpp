// Single integer instructions, against the manual's definitions in plain C++.
#include "test/codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx::test;

namespace {

using I = const Inputs &;
using u32 = uint32_t;
using s32 = int32_t;
using u64 = uint64_t;
using s64 = int64_t;

u64 low(s64 value) { return static_cast<u32>(value); }

const std::vector<Inputs> pairs = {{1, 2, 3},
                                   {0xffffffff, 1, 7},
                                   {0x80000000, 0xffffffff, 9},
                                   {0x7fffffff, 0x7fffffff, 0},
                                   {12345, 678, 90},
                                   {0xfffffff0, 16, 100},
                                   {0, 5, 0x80000000},
                                   {0xdeadbeef, 0x12345678, 0xffffffff},
                                   {100, 0xfffffff9, 1}};
const std::vector<Inputs> wide = {{0xffffffffffffffff, 1, 2},
                                  {0x8000000000000000, 0xffffffffffffffff, 3},
                                  {0x123456789abcdef0, 0xfedcba98, 5},
                                  {7, 3, 0xfffffffffffffff0},
                                  {0x7fffffffffffffff, 2, 1}};
const std::vector<Inputs> fields = {{0xdeadbeef, 4, 8},  {0xdeadbeef, 28, 8},
                                    {0xdeadbeef, 0, 32}, {0x80000001, 31, 1},
                                    {0x12345678, 40, 4}, {0xffffffff, 3, 0},
                                    {0x00ff00ff, 7, 9},  {0x80000000, 20, 200}};

/// bfe as the manual writes it, bit by bit.
u64 field(u64 a, unsigned position, unsigned length, unsigned width,
          bool isSigned) {
  unsigned most = width - 1;
  unsigned sign = !isSigned || length == 0
                      ? 0
                      : a >> std::min(position + length - 1, most) & 1;
  u64 out = 0;
  for (unsigned i = 0; i < width; ++i)
    out |=
        u64(i < length && position + i <= most ? a >> (position + i) & 1 : sign)
        << i;
  return out;
}

u64 inserted(u64 a, u64 b, unsigned position, unsigned length, unsigned width) {
  for (unsigned i = 0; i < length && position + i < width; ++i)
    b = (b & ~(u64(1) << (position + i))) | (a >> i & 1) << (position + i);
  return b;
}

const Case cases[] = {
    {"add_u32", "add.u32 %o, %a, %b;", pairs,
     [](I i) { return low(i.a + i.b); }},
    {"add_s16", "add.s16 %ho, %ha, %hb;", pairs,
     [](I i) { return (i.a + i.b) & 0xffff; }, Case::Bits16},
    {"add_u64", "add.u64 %lo, %la, %lb;", wide, [](I i) { return i.a + i.b; },
     Case::Bits64},
    {"add_sat_s32", "add.sat.s32 %o, %a, %b;", pairs,
     [](I i) {
       return low(std::min<s64>(
           std::max<s64>(s64(s32(i.a)) + s32(i.b), INT32_MIN), INT32_MAX));
     }},
    {"sub_s32", "sub.s32 %o, %a, %b;", pairs,
     [](I i) { return low(i.a - i.b); }},
    {"add_cc_addc",
     "add.cc.u32 %r1, %a, %b;\n mov.b64 {%r2, %r3}, %la;\n addc.u32 %r4, %c, "
     "0;\n mov.b64 %lo, {%r1, %r4};",
     pairs,
     [](I i) {
       return (u64(low(i.c + (low(i.a) + low(i.b) > 0xffffffff))) << 32) |
              low(i.a + i.b);
     },
     Case::Bits64},
    {"sub_cc_subc",
     "sub.cc.u32 %r1, %a, %b;\n subc.u32 %r4, %c, 0;\n mov.b64 %lo, {%r1, "
     "%r4};",
     pairs,
     [](I i) {
       return (u64(low(i.c - (low(i.a) < low(i.b)))) << 32) | low(i.a - i.b);
     },
     Case::Bits64},
    {"mul_lo_s32", "mul.lo.s32 %o, %a, %b;", pairs,
     [](I i) { return low(i.a * i.b); }},
    {"mul_hi_u32", "mul.hi.u32 %o, %a, %b;", pairs,
     [](I i) { return (i.a & 0xffffffff) * (i.b & 0xffffffff) >> 32; }},
    {"mul_hi_s32", "mul.hi.s32 %o, %a, %b;", pairs,
     [](I i) { return low((s64(s32(i.a)) * s32(i.b)) >> 32); }},
    {"mul_hi_u64", "mul.hi.u64 %lo, %la, %lb;", wide,
     [](I i) { return u64((static_cast<unsigned __int128>(i.a) * i.b) >> 64); },
     Case::Bits64},
    {"mul_wide_s32", "mul.wide.s32 %lo, %a, %b;", pairs,
     [](I i) { return u64(s64(s32(i.a)) * s32(i.b)); }, Case::Bits64},
    {"mul_wide_u16", "mul.wide.u16 %o, %ha, %hb;", pairs,
     [](I i) { return (i.a & 0xffff) * (i.b & 0xffff); }},
    {"mad_lo_s32", "mad.lo.s32 %o, %a, %b, %c;", pairs,
     [](I i) { return low(i.a * i.b + i.c); }},
    {"mad_hi_u32", "mad.hi.u32 %o, %a, %b, %c;", pairs,
     [](I i) {
       return low(((i.a & 0xffffffff) * (i.b & 0xffffffff) >> 32) + i.c);
     }},
    {"mad_wide_s32", "mad.wide.s32 %lo, %a, %b, %lc;", pairs,
     [](I i) { return u64(s64(s32(i.a)) * s32(i.b)) + i.c; }, Case::Bits64},
    {"div_s32", "div.s32 %o, %a, %b;", pairs,
     [](I i) { return low(s64(s32(i.a)) / s32(i.b)); }},
    {"div_u64", "div.u64 %lo, %la, %lb;", wide, [](I i) { return i.a / i.b; },
     Case::Bits64},
    {"rem_s32", "rem.s32 %o, %a, %b;", pairs,
     [](I i) { return low(s64(s32(i.a)) % s32(i.b)); }},
    {"rem_u32", "rem.u32 %o, %a, %b;", pairs,
     [](I i) { return u64(u32(i.a) % u32(i.b)); }},
    {"abs_s32", "abs.s32 %o, %a;", pairs,
     [](I i) { return low(std::abs(s64(s32(i.a)))); }},
    {"neg_s64", "neg.s64 %lo, %la;", wide, [](I i) { return 0 - i.a; },
     Case::Bits64},
    {"min_s32", "min.s32 %o, %a, %b;", pairs,
     [](I i) { return low(std::min(s32(i.a), s32(i.b))); }},
    {"max_u32", "max.u32 %o, %a, %b;", pairs,
     [](I i) { return u64(std::max(u32(i.a), u32(i.b))); }},
    {"sad_u32", "sad.u32 %o, %a, %b, %c;", pairs,
     [](I i) {
       return low(i.c + (u32(i.a) < u32(i.b) ? i.b - i.a : i.a - i.b));
     }},
    {"and_b32", "and.b32 %o, %a, %b;", pairs, [](I i) { return i.a & i.b; }},
    {"or_b64", "or.b64 %lo, %la, %lb;", wide, [](I i) { return i.a | i.b; },
     Case::Bits64},
    {"xor_b16", "xor.b16 %ho, %ha, %hb;", pairs,
     [](I i) { return (i.a ^ i.b) & 0xffff; }, Case::Bits16},
    {"not_b32", "not.b32 %o, %a;", pairs, [](I i) { return low(~i.a); }},
    {"cnot_b32", "cnot.b32 %o, %a;", pairs,
     [](I i) { return u64(u32(i.a) == 0); }},
    {"lop3_xor3", "lop3.b32 %o, %a, %b, %c, 0x96;", pairs,
     [](I i) { return low(i.a ^ i.b ^ i.c); }},
    {"lop3_select", "lop3.b32 %o, %a, %b, %c, 0xCA;", pairs,
     [](I i) { return low((i.a & i.b) | (~i.a & i.c)); }},
    {"shl_b32", "shl.b32 %o, %a, %b;", fields,
     [](I i) { return i.b > 31 ? 0 : low(i.a << i.b); }},
    {"shr_s32", "shr.s32 %o, %a, %b;", fields,
     [](I i) { return low(s32(i.a) >> std::min<u64>(i.b, 31)); }},
    {"shr_u64", "shr.u64 %lo, %la, %b;", fields, [](I i) { return i.a >> i.b; },
     Case::Bits64},
    {"shf_l_wrap", "shf.l.wrap.b32 %o, %a, %c, %b;", fields,
     [](I i) {
       unsigned n = i.b & 31;
       return low(n ? i.c << n | u32(i.a) >> (32 - n) : i.c);
     }},
    {"shf_r_clamp", "shf.r.clamp.b32 %o, %a, %c, %b;", fields,
     [](I i) {
       u64 n = std::min<u64>(i.b, 32);
       return n == 32 ? low(i.c)
                      : low(n ? i.c << (32 - n) | u32(i.a) >> n : i.a);
     }},
    {"bfe_u32", "bfe.u32 %o, %a, %b, %c;", fields,
     [](I i) { return field(i.a, i.b, i.c, 32, false); }},
    {"bfe_s32", "bfe.s32 %o, %a, %b, %c;", fields,
     [](I i) { return field(i.a, i.b, i.c, 32, true); }},
    {"bfe_s64", "bfe.s64 %lo, %la, %b, %c;", fields,
     [](I i) { return field(i.a, i.b, i.c, 64, true); }, Case::Bits64},
    {"bfi_b32", "bfi.b32 %o, %a, 0x55555555, %b, %c;", fields,
     [](I i) { return inserted(i.a, 0x55555555, i.b, i.c, 32); }},
    {"popc_b32", "popc.b32 %o, %a;", pairs,
     [](I i) { return u64(__builtin_popcount(u32(i.a))); }},
    {"popc_b64", "popc.b64 %o, %la;", wide,
     [](I i) { return u64(__builtin_popcountll(i.a)); }},
    {"clz_b32", "clz.b32 %o, %a;", pairs,
     [](I i) { return u64(u32(i.a) ? __builtin_clz(u32(i.a)) : 32); }},
    {"brev_b32", "brev.b32 %o, %a;", pairs,
     [](I i) { return u64(__builtin_bitreverse32(u32(i.a))); }},
    {"bfind_s32", "bfind.s32 %o, %a;", pairs,
     [](I i) {
       s32 a = s32(i.a);
       u32 m = a < 0 ? ~u32(a) : u32(a);
       return m ? u64(31 - __builtin_clz(m)) : 0xffffffff;
     }},
    {"bfind_shiftamt", "bfind.shiftamt.u32 %o, %a;", pairs,
     [](I i) { return u32(i.a) ? u64(__builtin_clz(u32(i.a))) : 0xffffffff; }},
    {"prmt_bytes", "prmt.b32 %o, %a, %b, 0x7531;", pairs,
     [](I i) {
       return (i.a >> 8 & 255) | (i.a >> 24 & 255) << 8 |
              (i.b >> 8 & 255) << 16 | (i.b >> 24 & 255) << 24;
     }},
    {"prmt_sign", "prmt.b32 %o, %a, 0, 0xba98;", pairs,
     [](I i) {
       u64 o = 0;
       for (int k = 0; k < 4; ++k)
         o |= (i.a >> (8 * k + 7) & 1 ? 255ull : 0) << 8 * k;
       return o;
     }},
    {"prmt_b4e", "prmt.b32.b4e %o, %a, %b, 1;", pairs,
     [](I i) {
       return (i.a >> 8 & 255) | (i.a & 255) << 8 | (i.b >> 24 & 255) << 16 |
              (i.b >> 16 & 255) << 24;
     }},
    {"dp4a_s32", "dp4a.s32.s32 %o, %a, %b, %c;", pairs,
     [](I i) {
       s64 s = s32(i.c);
       for (int k = 0; k < 4; ++k)
         s += int8_t(i.a >> 8 * k) * int8_t(i.b >> 8 * k);
       return low(s);
     }},
    {"dp4a_mixed", "dp4a.u32.s32 %o, %a, %b, %c;", pairs,
     [](I i) {
       s64 s = s32(i.c);
       for (int k = 0; k < 4; ++k)
         s += uint8_t(i.a >> 8 * k) * int8_t(i.b >> 8 * k);
       return low(s);
     }},
    {"dp2a_hi", "dp2a.hi.s32.u32 %o, %a, %b, %c;", pairs,
     [](I i) {
       s64 s = s32(i.c);
       for (int k = 0; k < 2; ++k)
         s += int16_t(i.a >> 16 * k) * uint8_t(i.b >> (16 + 8 * k));
       return low(s);
     }},
    {"setp_lt_s32", "setp.lt.s32 %p, %a, %b;", pairs,
     [](I i) { return u64(s32(i.a) < s32(i.b)); }, Case::Predicate},
    {"setp_hi_u32", "setp.hi.u32 %p, %a, %b;", pairs,
     [](I i) { return u64(u32(i.a) > u32(i.b)); }, Case::Predicate},
    {"setp_and_not",
     "setp.ne.u32 %q, %c, 9;\n setp.le.and.u32 %p, %a, %b, !%q;", pairs,
     [](I i) { return u64(u32(i.a) <= u32(i.b) && i.c == 9); },
     Case::Predicate},
    {"setp_both", "setp.eq.u32 %q|%p, %a, %b;", pairs,
     [](I i) { return u64(u32(i.a) != u32(i.b)); }, Case::Predicate},
    {"predicate_logic",
     "setp.lt.u32 %p, %a, %b;\n setp.gt.u32 %q, %c, 5;\n xor.pred %p, %p, "
     "%q;\n not.pred %p, %p;",
     pairs, [](I i) { return u64((u32(i.a) < u32(i.b)) == (u32(i.c) > 5)); },
     Case::Predicate},
    {"set_u32", "set.gt.u32.s32 %o, %a, %b;", pairs,
     [](I i) { return s32(i.a) > s32(i.b) ? 0xffffffff : 0; }},
    {"selp_b32", "setp.ge.s32 %p, %a, 0;\n selp.b32 %o, %b, %c, %p;", pairs,
     [](I i) { return s32(i.a) >= 0 ? i.b : i.c; }},
    {"slct_b32", "slct.b32.s32 %o, %a, %b, %c;", pairs,
     [](I i) { return s32(i.c) >= 0 ? i.a : i.b; }},
    {"mov_pack", "mov.b32 %o, {%hb, %ha};", pairs,
     [](I i) { return (i.b & 0xffff) | (i.a & 0xffff) << 16; }},
    {"mov_unpack",
     "mov.b64 {%h1, %h2, %h3, %h4}, %la;\n mov.b32 %o, {%h4, %h1};", wide,
     [](I i) { return i.a >> 48 | (i.a & 0xffff) << 16; }},
    {"mov_unpack_sink", "mov.b32 {_, %ho}, %a;", pairs,
     [](I i) { return i.a >> 16 & 0xffff; }, Case::Bits16},
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Integer, LanesTest, testing::ValuesIn(cases),
                         nameOfCase);
