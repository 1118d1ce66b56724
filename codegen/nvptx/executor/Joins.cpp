// Where diverged lanes meet again: immediate post-dominators of branches.
#include "codegen/nvptx/executor/FunctionDecoder.h"

#include <algorithm>

using namespace weir::ptx;

namespace {

/// The post-dominator tree of a program's instructions, by the iteration of
/// Cooper, Harvey and Kennedy ("A simple, fast dominance algorithm", 2001) on
/// the reversed graph. The node behind the last instruction is the exit.
class PostDominators {
public:
  explicit PostDominators(const Program &program)
      : program(program), exit(program.code.size()) {
    predecessors.resize(exit + 1);
    for (uint32_t pc = 0; pc < exit; ++pc)
      for (uint32_t next : successors(pc))
        predecessors[next].push_back(pc);
    number();
    solve();
  }

  uint32_t of(uint32_t pc) const {
    return dominator[pc] == exit ? noPc : dominator[pc];
  }

private:
  std::vector<uint32_t> successors(uint32_t pc) const {
    const Instruction &one = program.code[pc];
    if (one.flow != Flow::Jump)
      return {pc + 1};
    std::vector<uint32_t> next;
    if (one.table)
      next = *one.table;
    else
      next.push_back(one.target == noPc ? exit : one.target);
    if (one.guarded)
      next.push_back(pc + 1);
    return next;
  }

  /// Post-order numbers of a depth-first walk from the exit, against the
  /// arrows.
  void number() {
    order.assign(exit + 1, unseen);
    std::vector<std::pair<uint32_t, size_t>> stack{{exit, 0}};
    order[exit] = open;
    while (!stack.empty()) {
      auto &[node, at] = stack.back();
      if (at == predecessors[node].size()) {
        order[node] = sequence.size();
        sequence.push_back(node);
        stack.pop_back();
        continue;
      }
      uint32_t next = predecessors[node][at++];
      if (order[next] == unseen) {
        order[next] = open;
        stack.push_back({next, 0});
      }
    }
  }

  uint32_t common(uint32_t a, uint32_t b) const {
    while (a != b)
      (order[a] < order[b] ? a : b) = dominator[order[a] < order[b] ? a : b];
    return a;
  }

  void solve() {
    dominator.assign(exit + 1, noPc);
    dominator[exit] = exit;
    for (bool changed = true; changed;) {
      changed = false;
      for (auto node = sequence.rbegin() + 1; node < sequence.rend(); ++node) {
        uint32_t best = noPc;
        for (uint32_t next : successors(*node))
          if (dominator[next] != noPc)
            best = best == noPc ? next : common(best, next);
        changed |= dominator[*node] != best;
        dominator[*node] = best;
      }
    }
  }

  static constexpr uint32_t unseen = ~0u, open = ~0u - 1;
  const Program &program;
  uint32_t exit;
  std::vector<std::vector<uint32_t>> predecessors;
  std::vector<uint32_t> order, sequence, dominator;
};

} // namespace

void weir::ptx::findJoins(Program &program) {
  PostDominators dominators(program);
  for (uint32_t pc = 0; pc < program.code.size(); ++pc)
    if (program.code[pc].flow == Flow::Jump)
      program.code[pc].join = dominators.of(pc);
}
