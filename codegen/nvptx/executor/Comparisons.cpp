// Comparisons and selections: setp, set, selp, slct.
#include "codegen/nvptx/executor/Arithmetic.h"
#include "codegen/nvptx/executor/Lanes.h"

using namespace weir::ptx;

namespace {

enum class Compare : uint32_t {
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Equ,
  Neu,
  Ltu,
  Leu,
  Gtu,
  Geu,
  Num,
  Nan
};

template <typename T> bool holds(Compare compare, T a, T b) {
  bool unordered = a != a || b != b;
  switch (compare) {
  case Compare::Eq:
    return !unordered && a == b;
  case Compare::Ne:
    return !unordered && a != b;
  case Compare::Lt:
    return a < b;
  case Compare::Le:
    return a <= b;
  case Compare::Gt:
    return a > b;
  case Compare::Ge:
    return a >= b;
  case Compare::Equ:
    return unordered || a == b;
  case Compare::Neu:
    return unordered || a != b;
  case Compare::Ltu:
    return !(a >= b);
  case Compare::Leu:
    return !(a > b);
  case Compare::Gtu:
    return !(a <= b);
  case Compare::Geu:
    return !(a < b);
  case Compare::Num:
    return !unordered;
  case Compare::Nan:
    return unordered;
  }
  return false;
}

enum Field { compareField, flagsField, combineField };
enum Combine : uint32_t { NoCombine, And, Or, Xor };

/// Lanes of which a comparison holds. The comparison is chosen outside the
/// loop over lanes.
template <typename T>
uint32_t compareLanes(Warp &warp, const Instruction &one) {
  const T *a = warp.lanes<T>(one.slots[one.results]),
          *b = warp.lanes<T>(one.slots[one.results + 1]);
  auto with = [&](auto test) {
    uint32_t out = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      out |= uint32_t(test(a[lane], b[lane])) << lane;
    return out & warp.exec;
  };
  auto compare = Compare(one.data[compareField]);
  if constexpr (std::is_same_v<T, float>)
    if (one.data[flagsField] & flushFlag)
      return with(
          [=](T x, T y) { return holds(compare, flushed(x), flushed(y)); });
  switch (compare) {
  case Compare::Eq:
    return with([](T x, T y) { return x == y; });
  case Compare::Lt:
    return with([](T x, T y) { return x < y; });
  case Compare::Le:
    return with([](T x, T y) { return x <= y; });
  case Compare::Gt:
    return with([](T x, T y) { return x > y; });
  case Compare::Ge:
    return with([](T x, T y) { return x >= y; });
  default:
    return with([=](T x, T y) { return holds(compare, x, y); });
  }
}

template <typename Format>
uint32_t compareHalves(Warp &warp, const Instruction &one, unsigned shift,
                       unsigned bytes) {
  uint32_t out = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    auto load = [&](unsigned slot) {
      return Format::load(static_cast<uint16_t>(
          warp.value(one.slots[one.results + slot], lane) >> shift));
    };
    out |= uint32_t(holds(Compare(one.data[compareField]), load(0), load(1)))
           << lane;
  });
  return out;
}

uint32_t compareAny(Warp &warp, const Instruction &one) {
  switch (one.type) {
  case Type::B16:
  case Type::U16:
    return compareLanes<uint16_t>(warp, one);
  case Type::B32:
  case Type::U32:
    return compareLanes<uint32_t>(warp, one);
  case Type::B64:
  case Type::U64:
    return compareLanes<uint64_t>(warp, one);
  case Type::S16:
    return compareLanes<int16_t>(warp, one);
  case Type::S32:
    return compareLanes<int32_t>(warp, one);
  case Type::S64:
    return compareLanes<int64_t>(warp, one);
  case Type::F32:
    return compareLanes<float>(warp, one);
  case Type::F64:
    return compareLanes<double>(warp, one);
  case Type::F16:
    return compareHalves<Half>(warp, one, 0, 2);
  default:
    return compareHalves<Bfloat>(warp, one, 0, 2);
  }
}

uint32_t combined(Warp &warp, const Instruction &one, uint32_t answer) {
  if (one.data[combineField] == NoCombine)
    return answer;
  uint32_t other = warp.condition(one, one.results + 2);
  return one.data[combineField] == And  ? answer & other
         : one.data[combineField] == Or ? answer | other
                                        : answer ^ other;
}

void store(Warp &warp, Slot slot, uint32_t answer) {
  uint32_t &result = warp.predicate(slot);
  result = (result & ~warp.exec) | (answer & warp.exec);
}

void setp(Warp &warp, const Instruction &one) {
  uint32_t answer = compareAny(warp, one),
           second = combined(warp, one, ~answer);
  answer = combined(warp, one, answer);
  store(warp, one.slots[0], answer);
  if (one.results > 1)
    store(warp, one.slots[1], second);
}

/// Both halves of pairs: p of the low ones, q of the high ones.
template <typename Format> void setpPair(Warp &warp, const Instruction &one) {
  uint32_t low = combined(warp, one, compareHalves<Format>(warp, one, 0, 4));
  uint32_t high = combined(warp, one, compareHalves<Format>(warp, one, 16, 4));
  store(warp, one.slots[0], low);
  if (one.results > 1)
    store(warp, one.slots[1], high);
}

/// data[3]: the value of true.
void set(Warp &warp, const Instruction &one) {
  uint32_t answer = combined(warp, one, compareAny(warp, one));
  forLanes(warp.exec, [&](unsigned lane) {
    warp.setValue(one.slots[0], lane, answer >> lane & 1 ? one.data[3] : 0);
  });
}

/// The same for both halves; data[3] is the value of true in each.
template <typename Format> void setPair(Warp &warp, const Instruction &one) {
  uint32_t low = combined(warp, one, compareHalves<Format>(warp, one, 0, 4));
  uint32_t high = combined(warp, one, compareHalves<Format>(warp, one, 16, 4));
  forLanes(warp.exec, [&](unsigned lane) {
    uint32_t bits = (low >> lane & 1) | (high >> lane & 1) << 16;
    warp.setValue(one.slots[0], lane, bits * one.data[3]);
  });
}

void takeCompare(Decoding &d) {
  unsigned which =
      d.takeOneOf({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu",
                   "leu", "gtu", "geu", "num", "nan", "lo", "ls", "hi", "hs"});
  static constexpr Compare unsignedOnes[] = {Compare::Lt, Compare::Le,
                                             Compare::Gt, Compare::Ge};
  if (which >= 18)
    return d.fail("a comparison without an operator");
  d.out.data[compareField] = static_cast<uint32_t>(
      which >= 14 ? unsignedOnes[which - 14] : Compare(which));
  d.out.data[combineField] = (d.takeOneOf({"and", "or", "xor"}) + 1) & 3;
  d.out.data[flagsField] = takeFloatFlags(d);
}

/// Registers of pairs and halves are bits.
Type registerType(Type type) {
  if (type == Type::F16x2 || type == Type::BF16x2)
    return Type::B32;
  return type == Type::F16 || type == Type::BF16 ? Type::B16 : type;
}

void sources(Decoding &d, Type type) {
  d.source(1, registerType(type));
  d.source(2, registerType(type));
  bool combines = d.out.data[combineField] != NoCombine;
  if (combines)
    d.source(3, Type::Pred);
  d.expectOperands(combines ? 4 : 3, combines ? 4 : 3);
  d.out.type = type;
}

void decodeSetp(Decoding &d) {
  takeCompare(d);
  Type type = d.takeType();
  const Operand &to = d.operand(0);
  if (to.kind == Operand::Kind::Pair) {
    d.result(to.parts[0], Type::Pred);
    d.result(to.parts[1], Type::Pred);
  } else {
    d.result(to, Type::Pred);
  }
  sources(d, type);
  bool pair = type == Type::F16x2 || type == Type::BF16x2;
  d.out.run = !pair                 ? setp
              : type == Type::F16x2 ? setpPair<Half>
                                    : setpPair<Bfloat>;
}

uint32_t trueOf(Type type, bool pair) {
  switch (type) {
  case Type::F32:
    return 0x3f80'0000;
  case Type::F16:
  case Type::F16x2:
    return 0x3c00;
  case Type::BF16:
  case Type::BF16x2:
    return 0x3f80;
  default:
    return pair ? 0xffff : ~0u;
  }
}

void decodeSet(Decoding &d) {
  takeCompare(d);
  Type to = d.takeType(), from = d.takeType();
  bool pair = from == Type::F16x2 || from == Type::BF16x2;
  bool toPair = to == Type::F16x2 || to == Type::BF16x2;
  bool good = pair ? toPair || to == Type::U32 || to == Type::S32
                   : !toPair && bytesOf(to) <= 4 && bytesOf(to) >= 2;
  if (!good || bytesOf(registerType(from)) < 2)
    return d.fail("'set' of these types is not modelled");
  d.result(0, registerType(to));
  sources(d, from);
  d.out.data[3] = trueOf(to, pair);
  d.out.run = !pair                 ? set
              : from == Type::F16x2 ? setPair<Half>
                                    : setPair<Bfloat>;
}

/// An unwritten value that is not chosen does no harm.
template <typename T> void selp(Warp &warp, const Instruction &one) {
  T *result = warp.lanes<T>(one.slots[0]);
  const T *a = warp.lanes<T>(one.slots[1]), *b = warp.lanes<T>(one.slots[2]);
  uint32_t chosen = warp.condition(one, 3);
  warp.unwritten = ~((warp.initialised(one.slots[1]) & chosen) |
                     (warp.initialised(one.slots[2]) & ~chosen)) |
                   ~warp.initialised(one.slots[3]);
  eachLane(warp.exec, [=](unsigned lane) {
    result[lane] = chosen >> lane & 1 ? a[lane] : b[lane];
  });
}

void decodeSelp(Decoding &d) {
  Type type = d.takeType();
  d.expectOperands(4, 4);
  d.result(0, type);
  d.source(1, type);
  d.source(2, type);
  d.source(3, Type::Pred);
  d.out.reads = Reads::Own;
  switch (bytesOf(type)) {
  case 2:
    d.out.run = selp<uint16_t>;
    break;
  case 4:
    d.out.run = selp<uint32_t>;
    break;
  case 8:
    d.out.run = selp<uint64_t>;
    break;
  default:
    d.fail("'selp' of this type is not modelled");
  }
}

template <typename T, typename C>
void slct(Warp &warp, const Instruction &one) {
  T *result = warp.lanes<T>(one.slots[0]);
  const T *a = warp.lanes<T>(one.slots[1]), *b = warp.lanes<T>(one.slots[2]);
  const C *c = warp.lanes<C>(one.slots[3]);
  eachLane(warp.exec, [=](unsigned lane) {
    result[lane] = c[lane] >= 0 ? a[lane] : b[lane];
  });
}

template <typename C> Handler slctOf(Type type) {
  switch (bytesOf(type)) {
  case 2:
    return slct<uint16_t, C>;
  case 4:
    return slct<uint32_t, C>;
  default:
    return slct<uint64_t, C>;
  }
}

void decodeSlct(Decoding &d) {
  if (d.take("ftz"))
    return d.unmodelled("ftz");
  Type type = d.takeType(), chooser = d.takeType();
  d.expectOperands(4, 4);
  d.result(0, type);
  d.source(1, type);
  d.source(2, type);
  d.source(3, chooser);
  d.out.run =
      chooser == Type::F32 ? slctOf<float>(type) : slctOf<int32_t>(type);
}

} // namespace

void weir::ptx::addComparisons(OpcodeTable &table) {
  table["setp"] = decodeSetp;
  table["set"] = decodeSet;
  table["selp"] = decodeSelp;
  table["slct"] = decodeSlct;
}
