// Fragments of a warp: how lanes part, meet again, exit, and get stuck.
#include "codegen/nvptx/executor/Block.h"

#include <algorithm>

using namespace weir::ptx;

void Warp::addFragment(Fragment added) {
  auto free = std::find_if(fragments.begin(), fragments.end(),
                           [](const Fragment &one) { return one.mask == 0; });
  unsigned number = free - fragments.begin();
  if (free == fragments.end())
    fragments.push_back(added);
  else
    *free = added;
  meetIfThere(number);
}

int Warp::newJoin(uint32_t pc, uint32_t missing, int parent) {
  auto free = std::find_if(joins.begin(), joins.end(),
                           [](const Join &one) { return one.pc == noPc; });
  if (free == joins.end())
    free = joins.insert(joins.end(), Join());
  *free = {pc, 0, missing, parent};
  return free - joins.begin();
}

/// Ends a fragment that has come to its meeting point.
void Warp::meetIfThere(unsigned number) {
  Fragment &fragment = fragments[number];
  if (fragment.join < 0 || joins[fragment.join].pc != fragment.pc)
    return;
  int join = fragment.join;
  joins[join].waiting |= fragment.mask;
  joins[join].missing &= ~fragment.mask;
  fragment.mask = 0;
  releaseJoin(join);
}

/// Where all have met they run on together.
void Warp::releaseJoin(int number) {
  Join &join = joins[number];
  if (join.pc == noPc || join.missing)
    return;
  Fragment together{join.pc, join.waiting, join.parent, Fragment::State::Ready,
                    0};
  join = Join();
  if (together.mask)
    addFragment(together);
}

void Warp::jump(const Instruction &one, uint32_t target) {
  uint32_t targets[32];
  std::fill(targets, targets + 32, target);
  jumpEach(one, targets);
}

/// Executing lanes go to their targets, the fragment's other lanes go on.
void Warp::jumpEach(const Instruction &one, const uint32_t (&targets)[32]) {
  Fragment from = fragments[current];
  uint32_t rest = from.mask & ~exec;
  uint32_t first = targets[std::countr_zero(exec)], same = 0;
  forLanes(exec, [&](unsigned lane) {
    same |= uint32_t(targets[lane] == first) << lane;
  });
  moved = true;
  if (same == from.mask) {
    fragments[current].pc = first;
    meetIfThere(current);
    return;
  }
  ++block.divergentBranches;
  int join = from.join;
  if (one.join != noPc && (join < 0 || joins[join].pc != one.join))
    join = newJoin(one.join, from.mask, from.join);
  fragments[current].mask = 0;
  if (rest)
    addFragment({from.pc + 1, rest, join, Fragment::State::Ready, 0});
  for (uint32_t left = exec; left;) {
    uint32_t target = targets[std::countr_zero(left)], together = 0;
    forLanes(left, [&](unsigned lane) {
      together |= uint32_t(targets[lane] == target) << lane;
    });
    addFragment({target, together, join, Fragment::State::Ready, 0});
    left &= ~together;
  }
}

void Warp::exitLanes(uint32_t mask) {
  live &= ~mask;
  Fragment &fragment = fragments[current];
  fragment.mask &= ~mask;
  moved = true;
  if (fragment.mask) {
    ++fragment.pc;
    meetIfThere(current);
  }
  for (unsigned i = 0; i < joins.size(); ++i) {
    joins[i].missing &= ~mask;
    if (mask)
      releaseJoin(i);
  }
}

/// No fragment can run and none waits for other warps. Lanes that wait where
/// they would meet go on without the others, as the hardware's scheduling of
/// single threads lets them; if that does not help, it is an error.
bool Warp::settleStuck() {
  if (yieldJoin())
    return true;
  for (Fragment &one : fragments)
    if (one.mask && one.state == Fragment::State::AtCollective) {
      reportCollective(one);
      return true;
    }
  return reportBarrier();
}

bool Warp::yieldJoin() {
  for (Join &join : joins) {
    if (join.pc == noPc || !join.waiting)
      continue;
    Fragment early{join.pc, join.waiting, join.parent, Fragment::State::Ready,
                   0};
    join.waiting = 0;
    addFragment(early);
    return true;
  }
  return false;
}

static std::string lanesText(uint32_t mask) {
  std::string text;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    unsigned last = lane;
    while (last < 31 && mask >> (last + 1) & 1)
      ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(lane);
    if (last > lane)
      text += "-" + std::to_string(last);
    lane = last;
  }
  return (std::popcount(mask) == 1 ? "lane " : "lanes ") + text;
}

/// Lanes at a warp-wide instruction wait for lanes that never come.
void Warp::reportCollective(const Fragment &waiting) {
  const Instruction &one = codeAt(waiting.pc);
  exec = waiting.executing;
  uint32_t absent = members(one) & ~exec;
  std::optional<Place> other;
  for (const Fragment &fragment : fragments)
    if (fragment.mask & absent && !other)
      other =
          place(codeAt(fragment.pc), std::countr_zero(fragment.mask & absent));
  fault(ErrorKind::BarrierMismatch, one, std::countr_zero(exec),
        lanesText(exec) + " of warp " + std::to_string(index) + " wait for " +
            lanesText(absent) + ", which are elsewhere",
        other);
}

/// Lanes of the warp are at different barriers, or some have exited.
bool Warp::reportBarrier() {
  const Fragment *first = nullptr;
  uint32_t here = 0;
  std::optional<Place> other;
  for (const Fragment &one : fragments) {
    if (!one.mask || one.state != Fragment::State::AtBarrier)
      continue;
    if (!first)
      first = &one;
    if (one.pc == first->pc)
      here |= one.mask;
    else if (!other)
      other = place(codeAt(one.pc), std::countr_zero(one.mask));
  }
  if (!first)
    return false;
  const Instruction &one = codeAt(first->pc);
  uint32_t gone = born & ~live;
  std::string message = lanesText(here) + " of warp " + std::to_string(index) +
                        " are at this barrier, ";
  message += other ? lanesText(live & ~here) + " at another one"
                   : lanesText(gone) + " exited without reaching it";
  fault(ErrorKind::DivergentBarrier, one, std::countr_zero(here), message,
        other);
  return true;
}
