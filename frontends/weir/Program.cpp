// Element types and kinds by name; walks over terms; components of a dependence
// graph.
#include "frontends/weir/Program.h"

#include "llvm/ADT/DenseSet.h"

#include <limits>

using namespace llvm;

namespace weir::frontend {

static constexpr StringRef typeSpellings[] = {
    "f64", "f32", "f16", "bf16", "f8e4m3", "f8e5m2", "i64",
    "i32", "i16", "i8",  "u8",   "i4",     "bool"};

ArrayRef<StringRef> elementTypeNames() { return typeSpellings; }

std::optional<ElementType> parseElementType(StringRef name) {
  const auto *it = llvm::find(typeSpellings, name);
  if (it == std::end(typeSpellings))
    return std::nullopt;
  return static_cast<ElementType>(it - std::begin(typeSpellings));
}

StringRef spell(ElementType type) {
  return typeSpellings[static_cast<unsigned>(type)];
}

Kind kindOf(ElementType type) {
  if (type == ElementType::F64)
    return Kind::F64;
  if (type == ElementType::Bool)
    return Kind::Bool;
  return type < ElementType::I64 ? Kind::F32 : Kind::Int;
}

StringRef spell(Kind kind) {
  switch (kind) {
  case Kind::Unknown:
    return "unknown";
  case Kind::Bool:
    return "bool";
  case Kind::Int:
    return "an integer";
  case Kind::Weak:
    return "a real";
  case Kind::F32:
    return "f32";
  case Kind::F64:
    return "f64";
  }
  return "unknown";
}

std::vector<Tensor *> Program::equations() {
  std::vector<Tensor *> list;
  for (Tensor &tensor : tensors)
    if (tensor.role == Tensor::Equation)
      list.push_back(&tensor);
  return list;
}

void forEachTerm(Term *root, function_ref<void(Term *)> visit) {
  SmallVector<Term *> stack = {root};
  DenseSet<Term *> seen = {root};
  while (!stack.empty()) {
    Term *term = stack.pop_back_val();
    visit(term);
    for (Term *argument : reverse(term->args))
      if (seen.insert(argument).second)
        stack.push_back(argument);
  }
}

namespace {
/// Tarjan's algorithm with its own stack: long chains of equations are no deep
/// recursion.
class ComponentFinder {
public:
  ComponentFinder(unsigned count,
                  function_ref<ArrayRef<unsigned>(unsigned)> successors)
      : successors(successors), order(count, unvisited), low(count),
        onStack(count) {}

  std::vector<std::vector<unsigned>> run() {
    for (unsigned root = 0; root < order.size(); ++root)
      if (order[root] == unvisited)
        visit(root);
    return std::move(result);
  }

private:
  void enter(unsigned node) {
    order[node] = low[node] = next++;
    open.push_back(node);
    onStack[node] = true;
    calls.push_back({node, 0});
  }

  void leave(unsigned node) {
    calls.pop_back();
    if (!calls.empty())
      low[calls.back().first] = std::min(low[calls.back().first], low[node]);
    if (low[node] != order[node])
      return;
    std::vector<unsigned> &members = result.emplace_back();
    unsigned member;
    do {
      member = open.back();
      open.pop_back();
      onStack[member] = false;
      members.push_back(member);
    } while (member != node);
    llvm::sort(members);
  }

  void visit(unsigned root) {
    enter(root);
    while (!calls.empty()) {
      auto &[node, position] = calls.back();
      ArrayRef<unsigned> targets = successors(node);
      if (position == targets.size()) {
        leave(node);
        continue;
      }
      unsigned current = node, target = targets[position++];
      if (order[target] == unvisited)
        enter(target);
      else if (onStack[target])
        low[current] = std::min(low[current], order[target]);
    }
  }

  static constexpr unsigned unvisited = std::numeric_limits<unsigned>::max();
  function_ref<ArrayRef<unsigned>(unsigned)> successors;
  std::vector<unsigned> order, low, open;
  std::vector<bool> onStack;
  std::vector<std::pair<unsigned, size_t>> calls;
  std::vector<std::vector<unsigned>> result;
  unsigned next = 0;
};
} // namespace

std::vector<std::vector<unsigned>>
components(unsigned count,
           function_ref<ArrayRef<unsigned>(unsigned)> successors) {
  return ComponentFinder(count, successors).run();
}

} // namespace weir::frontend
