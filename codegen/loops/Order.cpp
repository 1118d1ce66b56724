// The order of a recurrence: loops over iterative ranks around the cycles that
// they carry.
#include "codegen/loops/RankLists.h"

#include "dialect/Refuse.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace weir::loops {

using cascade::Equation;

/// Refuses a read that is known to come before its point is computed.
static LogicalResult verifyDirections(cascade::RecurrenceOp group) {
  WalkResult walk = group.walk([&](cascade::ReadOp read) -> WalkResult {
    if (recurrenceOf(read.getTensor()) != group)
      return success();
    auto type = typeOf(read.getTensor());
    for (auto [rank, descending] :
         llvm::zip(group.getIterative().getAsRange<StringAttr>(),
                   group.getDescending())) {
      int64_t dimension = type.indexOf(rank);
      auto offset =
          dimension < 0 ? std::nullopt : offsetOf(read.getIndices()[dimension]);
      if (dimension >= 0 && (!offset || offset->rank != rank))
        return success();
      if (dimension < 0 || offset->constant == 0)
        continue;
      if ((offset->constant < 0) == !descending)
        return success();
      return refuse(read, "cyclic-dependence") << "reads a point that is computed later along '"
                              << rank.getValue() << "'";
    }
    return success();
  });
  return failure(walk.wasInterrupted());
}

void Plan::buildNests() {
  kernel.walk([&](cascade::RecurrenceOp group) {
    if (failed(verifyDirections(group))) {
      valid = false;
      return;
    }
    auto equations = llvm::map_to_vector(
        equationsOf(group), [](Equation op) { return op.getOperation(); });
    nests[group] = order(group, equations, {});
  });
}

namespace {
/// Strongly connected components of a small graph, successors first.
struct Components {
  explicit Components(const std::vector<llvm::SetVector<int>> &edges)
      : edges(edges) {
    index.assign(edges.size(), -1);
    low.assign(edges.size(), 0);
    for (size_t i = 0; i < edges.size(); ++i)
      if (index[i] < 0)
        visit(i);
  }

  void visit(int node) {
    index[node] = low[node] = next++;
    stack.push_back(node);
    for (int to : edges[node]) {
      if (index[to] < 0)
        visit(to);
      if (llvm::is_contained(stack, to))
        low[node] = std::min(low[node], low[to]);
    }
    if (low[node] != index[node])
      return;
    auto first = llvm::find(stack, node);
    found.emplace_back(first, stack.end());
    llvm::sort(found.back());
    stack.erase(first, stack.end());
  }

  const std::vector<llvm::SetVector<int>> &edges;
  std::vector<int> index, low, stack;
  std::vector<std::vector<int>> found;
  int next = 0;
};
} // namespace

/// Orders equations so that each point is computed before it is read: cycles
/// become loops over the next iterative rank, which carry what reads earlier
/// points.
std::vector<Nest> Plan::order(cascade::RecurrenceOp group,
                              ArrayRef<Operation *> equations, Ranks opened) {
  auto isCarried = [&](const Access &access) {
    for (auto [rank, subscript] :
         llvm::zip(typeOf(access.tensor).getRanks(), access.subscripts))
      if (llvm::is_contained(opened, rank) && subscript != rank)
        return true;
    return false;
  };
  std::vector<llvm::SetVector<int>> edges(equations.size());
  for (auto [i, op] : llvm::enumerate(equations))
    for (const Access &access : accessesOf(op)) {
      auto *producer = llvm::find(equations, access.tensor.getDefiningOp());
      if (producer != equations.end() && !isCarried(access))
        edges[i].insert(producer - equations.begin());
    }
  std::vector<Nest> result;
  Components components(edges);
  for (const auto &members : components.found) {
    Nest nest;
    if (members.size() == 1 && !edges[members[0]].contains(members[0])) {
      nest.item = equations[members[0]];
      result.push_back(nest);
      continue;
    }
    auto inner =
        llvm::map_to_vector(members, [&](int i) { return equations[i]; });
    for (auto [rank, descending] :
         llvm::zip(group.getIterative().getAsRange<StringAttr>(),
                   group.getDescending())) {
      bool isShared = llvm::all_of(inner, [&](Operation *op) {
        return cast<Equation>(op).getTensorType().indexOf(rank) >= 0;
      });
      if (isShared && !nest.rank && !llvm::is_contained(opened, rank)) {
        nest.rank = rank;
        nest.isDescending = descending;
      }
    }
    if (!nest.rank) {
      refuse(group, "cyclic-dependence") << "the equations of '"
                        << cast<Equation>(inner[0]).getEquationName()
                        << "' depend on each other at the same point";
      valid = false;
      return result;
    }
    Ranks more = opened;
    more.push_back(nest.rank);
    nest.children = order(group, inner, more);
    result.push_back(std::move(nest));
  }
  return result;
}

} // namespace weir::loops
