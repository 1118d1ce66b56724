// Instructions among the lanes of a warp: shuffles, votes, matches, reductions.
#include "codegen/nvptx/executor/Block.h"
#include "codegen/nvptx/executor/Decoding.h"

#include <algorithm>

using namespace weir::ptx;

namespace {

/// The executing lanes that take part with this one.
uint32_t partners(Warp &warp, const Instruction &one, unsigned lane) {
  auto mask =
      static_cast<uint32_t>(warp.value(one.slots[one.data[3] - 1], lane));
  if (!(mask >> lane & 1))
    warp.fault(ErrorKind::BarrierMismatch, one, lane,
               "a thread that is not in its own member mask");
  return mask & warp.exec;
}

enum class Shuffle : uint32_t { Up, Down, Butterfly, Index };

/// The lane whose value a lane gets, and whether it is in range.
std::pair<unsigned, bool> sourceLane(Shuffle mode, unsigned lane, uint32_t b,
                                     uint32_t c) {
  int own = lane, step = b & 31, clamp = c & 31, segment = c >> 8 & 31;
  int most = (own & segment) | (clamp & ~segment), least = own & segment,
      from = own;
  bool inRange = false;
  switch (mode) {
  case Shuffle::Up:
    from = own - step;
    inRange = from >= most;
    break;
  case Shuffle::Down:
    from = own + step;
    inRange = from <= most;
    break;
  case Shuffle::Butterfly:
    from = own ^ step;
    inRange = from <= most;
    break;
  case Shuffle::Index:
    from = least | (step & ~segment);
    inRange = from <= most;
    break;
  }
  return {inRange ? from : own, inRange};
}

/// Slots: d, p, a, b, c, mask. A value from a lane that does not take part is
/// undefined: the result counts as unwritten.
void shuffle(Warp &warp, const Instruction &one) {
  const uint32_t *a = warp.lanes<uint32_t>(one.slots[2]),
                 *b = warp.lanes<uint32_t>(one.slots[3]),
                 *c = warp.lanes<uint32_t>(one.slots[4]);
  uint32_t results[32], ranges = 0, written = warp.initialised(one.slots[2]);
  forLanes(warp.exec, [&](unsigned lane) {
    auto [from, inRange] =
        sourceLane(Shuffle(one.data[0]), lane, b[lane], c[lane]);
    results[lane] = a[from];
    ranges |= uint32_t(inRange) << lane;
    if (!(partners(warp, one, lane) & written & (1u << from)))
      warp.unwritten |= 1u << lane;
  });
  uint32_t *result = warp.lanes<uint32_t>(one.slots[0]);
  forLanes(warp.exec, [&](unsigned lane) { result[lane] = results[lane]; });
  uint32_t &predicate = warp.predicate(one.slots[1]);
  predicate = (predicate & ~warp.exec) | ranges;
}

void collective(Decoding &d, Handler handler) {
  d.out.run = handler;
  d.out.flow = Flow::Collective;
  d.out.data[3] = d.out.results + d.out.sources; // the mask is the last operand
}

/// A result with a predicate beside it: d|p, or d alone.
void resultWithPredicate(Decoding &d, Type type) {
  static const Operand sink = [] {
    Operand one;
    one.kind = Operand::Kind::Sink;
    return one;
  }();
  const Operand &to = d.operand(0);
  bool pair = to.kind == Operand::Kind::Pair;
  d.result(pair ? to.parts[0] : to, type);
  d.result(pair ? to.parts[1] : sink, Type::Pred);
}

void decodeShuffle(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("'shfl' without .sync is not modelled");
  d.out.data[0] = d.takeOneOf({"up", "down", "bfly", "idx"});
  d.takeType();
  d.expectOperands(5, 5);
  resultWithPredicate(d, Type::B32);
  for (size_t i = 1; i <= 4; ++i)
    d.source(i, Type::B32);
  d.out.reads = Reads::Own;
  collective(d, shuffle);
}

enum class Vote : uint32_t { All, Any, Uniform, Ballot };

void vote(Warp &warp, const Instruction &one) {
  uint32_t holds = warp.condition(one, 1), answers = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    uint32_t all = partners(warp, one, lane), yes = holds & all;
    switch (Vote(one.data[0])) {
    case Vote::All:
      answers |= uint32_t(yes == all) << lane;
      break;
    case Vote::Any:
      answers |= uint32_t(yes != 0) << lane;
      break;
    case Vote::Uniform:
      answers |= uint32_t(yes == all || yes == 0) << lane;
      break;
    case Vote::Ballot:
      warp.setValue(one.slots[0], lane, yes);
      break;
    }
  });
  if (Vote(one.data[0]) == Vote::Ballot)
    return;
  uint32_t &result = warp.predicate(one.slots[0]);
  result = (result & ~warp.exec) | answers;
}

void decodeVote(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("'vote' without .sync is not modelled");
  d.out.data[0] = d.takeOneOf({"all", "any", "uni", "ballot"});
  d.takeType();
  d.expectOperands(3, 3);
  d.result(0, Vote(d.out.data[0]) == Vote::Ballot ? Type::B32 : Type::Pred);
  d.source(1, Type::Pred);
  d.source(2, Type::B32);
  collective(d, vote);
}

/// Slots: d, p, a, mask. data[0]: all must have the same value.
void match(Warp &warp, const Instruction &one) {
  uint32_t agreed = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    uint32_t all = partners(warp, one, lane), same = 0;
    uint64_t own = warp.value(one.slots[2], lane);
    forLanes(all, [&](unsigned other) {
      same |= uint32_t(warp.value(one.slots[2], other) == own) << other;
    });
    agreed |= uint32_t(same == all) << lane;
    warp.setValue(one.slots[0], lane, one.data[0] && same != all ? 0 : same);
  });
  uint32_t &predicate = warp.predicate(one.slots[1]);
  predicate = (predicate & ~warp.exec) | agreed;
}

void decodeMatch(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("'match' without .sync");
  d.out.data[0] = d.takeOneOf({"any", "all"});
  Type type = d.takeType();
  d.expectOperands(3, 3);
  resultWithPredicate(d, Type::B32);
  d.source(1, type);
  d.source(2, Type::B32);
  collective(d, match);
}

enum class Reduce : uint32_t { Add, Min, Max, And, Or, Xor };

uint32_t reduced(Reduce reduce, bool isSignedType, uint32_t a, uint32_t b) {
  bool less = isSignedType ? int32_t(a) < int32_t(b) : a < b;
  switch (reduce) {
  case Reduce::Add:
    return a + b;
  case Reduce::Min:
    return less ? a : b;
  case Reduce::Max:
    return less ? b : a;
  case Reduce::And:
    return a & b;
  case Reduce::Or:
    return a | b;
  case Reduce::Xor:
    return a ^ b;
  }
  return a;
}

void redux(Warp &warp, const Instruction &one) {
  const uint32_t *a = warp.lanes<uint32_t>(one.slots[1]);
  uint32_t results[32];
  forLanes(warp.exec, [&](unsigned lane) {
    uint32_t all = partners(warp, one, lane);
    unsigned first = std::countr_zero(all);
    results[lane] = a[first];
    forLanes(all & (all - 1), [&](unsigned other) {
      results[lane] = reduced(Reduce(one.data[0]), isSigned(one.type),
                              results[lane], a[other]);
    });
  });
  forLanes(warp.exec, [&](unsigned lane) {
    warp.setValue(one.slots[0], lane, results[lane]);
  });
}

void decodeRedux(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("'redux' without .sync");
  d.out.data[0] = d.takeOneOf({"add", "min", "max", "and", "or", "xor"});
  d.out.type = d.takeType();
  if (d.out.type == Type::F32)
    return d.unmodelled("f32");
  d.expectOperands(3, 3);
  d.result(0, Type::B32);
  d.source(1, Type::B32);
  d.source(2, Type::B32);
  collective(d, redux);
}

void activemask(Warp &warp, const Instruction &one) {
  forLanes(warp.exec, [&](unsigned lane) {
    warp.setValue(one.slots[0], lane, warp.exec);
  });
}

void decodeActivemask(Decoding &d) {
  d.takeType();
  d.expectOperands(1, 1);
  d.result(0, Type::B32);
  d.out.run = activemask;
}

/// Slots: d, p, mask. The lowest lane of the mask is elected.
void elect(Warp &warp, const Instruction &one) {
  uint32_t elected = 0;
  forLanes(warp.exec, [&](unsigned lane) {
    unsigned first = std::countr_zero(partners(warp, one, lane));
    warp.setValue(one.slots[0], lane, first);
    elected |= uint32_t(first == lane) << lane;
  });
  uint32_t &predicate = warp.predicate(one.slots[1]);
  predicate = (predicate & ~warp.exec) | elected;
}

void decodeElect(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("'elect' without .sync");
  d.expectOperands(2, 2);
  resultWithPredicate(d, Type::B32);
  d.source(1, Type::B32);
  collective(d, elect);
}

} // namespace

void weir::ptx::addCollectives(OpcodeTable &table) {
  table["shfl"] = decodeShuffle;
  table["vote"] = decodeVote;
  table["match"] = decodeMatch;
  table["redux"] = decodeRedux;
  table["activemask"] = decodeActivemask;
  table["elect"] = decodeElect;
}
