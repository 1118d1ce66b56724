// How many points of an index space are present: predicates counted, not enumerated where possible.
#include "passes/analysis/Points.h"

#include "passes/algebra/Arithmetic.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;
using namespace weir::cascade;
using namespace weir::algebra;

namespace weir {
namespace {

/// Half-open intervals of one rank, ascending and disjoint.
using Intervals = std::vector<std::pair<int64_t, int64_t>>;

Intervals intersect(const Intervals &a, const Intervals &b) {
  Intervals both;
  for (auto [i, j] = std::pair(size_t(0), size_t(0)); i < a.size() && j < b.size();) {
    int64_t low = std::max(a[i].first, b[j].first), high = std::min(a[i].second, b[j].second);
    if (low < high)
      both.push_back({low, high});
    ++(a[i].second < b[j].second ? i : j);
  }
  return both;
}

Intervals complement(const Intervals &a, int64_t size) {
  Intervals rest;
  int64_t from = 0;
  for (auto [low, high] : a) {
    if (from < low)
      rest.push_back({from, low});
    from = high;
  }
  if (from < size)
    rest.push_back({from, size});
  return rest;
}

/// Counts one set of conditions over ranks that hang together through them.
class Counter {
public:
  Counter(ArrayRef<StringAttr> ranks, const Sizes &sizes) : sizes(sizes), ranks(ranks) {
    llvm::sort(this->ranks, [&](StringAttr a, StringAttr b) { return sizes.extentOf(a) < sizes.extentOf(b); });
    for (StringAttr rank : this->ranks)
      values[rank] = 0;
    last = this->ranks.back();
    size = int64_t(sizes.extentOf(last));
  }

  Count run(ArrayRef<Expr> conditions) {
    Count count;
    double rows = 1;
    for (StringAttr rank : ArrayRef(ranks).drop_back())
      rows *= sizes.extentOf(rank);
    if (rows == 0 || size == 0)
      return count;
    bool isRegular = llvm::all_of(conditions, [&](Expr condition) { return intervals(condition).has_value(); });
    double mostRows = isRegular ? double(1 << 22) : double(1 << 22) / double(std::min(size, longest));
    double taken = std::min(rows, mostRows);
    count.isEstimate = taken < rows;
    for (double k = 0; k < taken; ++k) {
      setRow(taken < rows ? std::floor((k + 0.5) * rows / taken) : k);
      count.points += countRow(conditions);
    }
    count.points *= rows / taken;
    count.isEstimate |= sampled;
    return count;
  }

private:
  static constexpr int64_t longest = 4096; ///< rows of irregular conditions beyond are sampled

  void setRow(double row) {
    for (StringAttr rank : ArrayRef(ranks).drop_back()) {
      double extent = sizes.extentOf(rank);
      values[rank] = std::fmod(row, extent);
      row = std::floor(row / extent);
    }
  }

  double countRow(ArrayRef<Expr> conditions) {
    Intervals present{{0, size}};
    std::vector<Expr> irregular;
    for (Expr condition : conditions)
      if (auto where = intervals(condition))
        present = intersect(present, *where);
      else
        irregular.push_back(condition);
    double count = 0;
    for (auto [low, high] : present)
      count += irregular.empty() ? double(high - low) : enumerate(irregular, low, high);
    return count;
  }

  double enumerate(ArrayRef<Expr> conditions, int64_t low, int64_t high) {
    int64_t step = std::max<int64_t>(1, (high - low) / longest);
    sampled |= step > 1;
    double count = 0;
    for (int64_t n = low; n < high; n += step) {
      values[last] = double(n);
      count += llvm::all_of(conditions, [&](Expr condition) { return holds(condition); });
    }
    return step > 1 ? count * double(high - low) / std::ceil(double(high - low) / double(step)) : count;
  }

  bool varies(Expr e) {
    auto [it, isNew] = varying.try_emplace(e, false);
    if (isNew) {
      bool any = (e->op == OpKind::Index && e->rank == last);
      for (Expr operand : e->operands)
        any |= varies(operand);
      varying[e] = any;
    }
    return varying[e];
  }

  /// 1 or -1 where the term never falls or never rises with the last rank, 0 where it is constant.
  std::optional<int> slope(Expr e) {
    if (!varies(e))
      return 0;
    if (e->op == OpKind::Index)
      return 1;
    if (e->op == OpKind::Cast && !e->via)
      return slope(e->operands[0]);
    if (e->is(UnaryFn::Neg))
      return flipped(slope(e->operands[0]), true);
    if (e->op != OpKind::Binary)
      return std::nullopt;
    auto a = slope(e->operands[0]), b = slope(e->operands[1]);
    if (!a || !b)
      return std::nullopt;
    if (e->is(BinaryFn::Sub))
      b = -*b;
    if (e->is(BinaryFn::Add) || e->is(BinaryFn::Sub) || e->is(BinaryFn::Max) || e->is(BinaryFn::Min))
      return *a * *b < 0 ? std::nullopt : std::optional(*a ? *a : *b);
    if (e->is(BinaryFn::Mul) && (*a == 0 || *b == 0))
      return flipped(*a ? a : b, value(e->operands[*a ? 1 : 0]).value_or(0) < 0);
    if ((e->is(BinaryFn::FloorDiv) || e->is(BinaryFn::Div)) && *b == 0)
      return flipped(a, value(e->operands[1]).value_or(1) < 0);
    return std::nullopt;
  }

  static std::optional<int> flipped(std::optional<int> slope, bool flip) {
    return slope && flip ? std::optional(-*slope) : slope;
  }

  /// Where a condition holds along the last rank; nothing where it is no union of few intervals.
  std::optional<Intervals> intervals(Expr e) {
    if (!varies(e))
      return holds(e) ? Intervals{{0, size}} : Intervals{};
    if (e->is(UnaryFn::Not)) {
      auto inner = intervals(e->operands[0]);
      return inner ? std::optional(complement(*inner, size)) : std::nullopt;
    }
    if (e->is(BinaryFn::And) || e->is(BinaryFn::Or)) {
      auto a = intervals(e->operands[0]), b = intervals(e->operands[1]);
      if (!a || !b)
        return std::nullopt;
      if (e->is(BinaryFn::And))
        return intersect(*a, *b);
      return complement(intersect(complement(*a, size), complement(*b, size)), size);
    }
    if (e->op == OpKind::Present && e->operands[0]->op == OpKind::Read)
      return inRange(e->operands[0]);
    if (e->op != OpKind::Compare)
      return std::nullopt;
    auto a = slope(e->operands[0]), b = slope(e->operands[1]);
    if (!a || !b || *a * *b > 0)
      return std::nullopt;
    int rise = *a ? *a : -*b; // of the difference
    auto predicate = static_cast<cascade::Predicate>(e->code);
    switch (predicate) {
    case cascade::Predicate::Ne:
    case cascade::Predicate::Eq: {
      Intervals equal = intersect(suffix(e, rise, cascade::Predicate::Ge), suffix(e, rise, cascade::Predicate::Le));
      return predicate == cascade::Predicate::Eq ? equal : complement(equal, size);
    }
    default:
      return suffix(e, rise, predicate);
    }
  }

  /// Where all subscripts of a read lie in their ranks.
  std::optional<Intervals> inRange(Expr read) {
    Intervals all{{0, size}};
    for (auto [index, rank] : llvm::zip(read->operands, cast<cascade::TensorType>(read->tensor.getType()).getRanks())) {
      auto rise = slope(index);
      if (!rise)
        return std::nullopt;
      double low = -margin(read), high = sizes.extentOf(rank) + margin(read);
      auto isAbove = [&, index = index] { return value(index).value_or(low - 1) >= low; };
      auto isBelow = [&, index = index] { return value(index).value_or(high) < high; };
      all = intersect(all, bisect(*rise > 0, isAbove));
      all = intersect(all, bisect(*rise < 0, isBelow));
    }
    return all;
  }

  /// The end of the rank at which a monotone comparison holds.
  Intervals suffix(Expr e, int rise, cascade::Predicate predicate) {
    bool isUpper = (predicate == cascade::Predicate::Ge || predicate == cascade::Predicate::Gt) == (rise > 0);
    return bisect(isUpper, [&] {
      auto a = value(e->operands[0]), b = value(e->operands[1]);
      return a && b && apply(predicate, *a, *b);
    });
  }

  /// The upper or the lower end of the last rank at which `test` holds, which holds at no other points.
  Intervals bisect(bool isUpper, llvm::function_ref<bool()> test) {
    int64_t low = 0, high = size; // the first index at which the test changes lies between
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      values[last] = double(middle);
      if (test() == isUpper)
        high = middle;
      else
        low = middle + 1;
    }
    Intervals found{isUpper ? std::pair(low, size) : std::pair(int64_t(0), low)};
    return found.front().first < found.front().second ? found : Intervals{};
  }

  bool holds(Expr condition) { return value(condition).value_or(0) != 0; }

  /// The value of a term at the current point; nothing where it is absent.
  std::optional<double> value(Expr e) {
    switch (e->op) {
    case OpKind::Real: return e->real;
    case OpKind::Integer: case OpKind::Truth: return double(e->code);
    case OpKind::Index: case OpKind::Bound: {
      auto it = values.find(e->rank);
      return it == values.end() ? 0 : it->second;
    }
    case OpKind::Extent: return sizes.extentOf(e->rank);
    case OpKind::Read: return valueOfRead(e);
    case OpKind::Present: return value(e->operands[0]).has_value();
    case OpKind::Else: {
      auto first = value(e->operands[0]);
      return first ? first : value(e->operands[1]);
    }
    case OpKind::Absent: return std::nullopt;
    default: break;
    }
    SmallVector<double, 3> x;
    for (Expr operand : e->operands) {
      auto found = value(operand);
      if (!found)
        return e->op == OpKind::Compare ? std::optional(0.0) : std::nullopt;
      x.push_back(*found);
    }
    switch (e->op) {
    case OpKind::Unary: return apply(static_cast<UnaryFn>(e->code), x[0]);
    case OpKind::Binary: return apply(static_cast<BinaryFn>(e->code), x[0], x[1]);
    case OpKind::Compare: return apply(static_cast<cascade::Predicate>(e->code), x[0], x[1]);
    case OpKind::Select: return x[0] != 0 ? x[1] : x[2];
    case OpKind::Where: return x[1] != 0 ? std::optional(x[0]) : std::nullopt;
    default: return x[0]; // casts and roundings
    }
  }

  /// How far out of range a tensor has values: a recurrence has its start there.
  static double margin(Expr read) {
    return isa<BlockArgument>(read->tensor) || read->tensor.getDefiningOp<RecurrenceOp>() ? 1 : 0;
  }

  /// A tensor's element: absent out of range, and inside some number, for its presence alone matters
  /// of all tensors but parameters.
  std::optional<double> valueOfRead(Expr e) {
    if (auto it = sizes.scalars.find(e->tensor); it != sizes.scalars.end())
      return it->second;
    for (auto [index, rank] : llvm::zip(e->operands, cast<cascade::TensorType>(e->tensor.getType()).getRanks())) {
      auto at = value(index);
      if (!at || *at < -margin(e) || *at >= sizes.extentOf(rank) + margin(e))
        return std::nullopt;
    }
    return 1;
  }

  const Sizes &sizes;
  SmallVector<StringAttr> ranks;
  StringAttr last; ///< the longest rank: counted by intervals
  int64_t size = 0;
  llvm::DenseMap<StringAttr, double> values;
  llvm::DenseMap<Expr, bool> varying;
  bool sampled = false;
};

/// True if the value of `e`, or its presence where that alone is asked for, depends on the values
/// of tensors rather than on which points are in range.
bool readsData(Expr e, const Sizes &sizes, bool isPresence = false) {
  auto any = [&](ArrayRef<Expr> parts, bool ofPresence) {
    return llvm::any_of(parts, [&](Expr part) { return readsData(part, sizes, ofPresence); });
  };
  switch (e->op) {
  case OpKind::Read:
    return (!isPresence && !sizes.scalars.contains(e->tensor)) || any(e->operands, false);
  case OpKind::Present:
    return any(e->operands, true);
  case OpKind::Where:
    return readsData(e->operands[0], sizes, isPresence) || readsData(e->operands[1], sizes);
  case OpKind::Select:
    return readsData(e->operands[0], sizes) || any(e->operands.drop_front(), isPresence);
  case OpKind::Compare:
    return !isPresence && any(e->operands, false);
  default:
    return any(e->operands, isPresence);
  }
}

} // namespace

Count countPoints(ArrayRef<StringAttr> ranks, const Conditions &conditions, const Sizes &sizes) {
  // Conditions that share a rank are counted together, the others multiply.
  struct Part {
    llvm::SetVector<StringAttr> ranks;
    std::vector<Expr> conditions;
  };
  std::vector<Part> parts;
  Count count{1};
  for (Atom condition : conditions) {
    if (readsData(condition.expr, sizes)) {
      count.dependsOnData = true;
      continue;
    }
    Part joined;
    joined.ranks.insert_range(freeRanks(condition.expr, ranks));
    joined.conditions.push_back(condition.expr);
    for (auto it = parts.begin(); it != parts.end();) {
      if (llvm::none_of(it->ranks, [&](StringAttr rank) { return joined.ranks.contains(rank); })) {
        ++it;
        continue;
      }
      joined.ranks.insert_range(it->ranks);
      llvm::append_range(joined.conditions, it->conditions);
      it = parts.erase(it);
    }
    if (!joined.ranks.empty())
      parts.push_back(std::move(joined));
  }
  llvm::SetVector<StringAttr> counted;
  for (Part &part : parts) {
    Count own = Counter(part.ranks.getArrayRef(), sizes).run(part.conditions);
    count.points *= own.points;
    count.isEstimate |= own.isEstimate;
    counted.insert_range(part.ranks);
  }
  for (StringAttr rank : ranks)
    if (!counted.contains(rank))
      count.points *= sizes.extentOf(rank);
  return count;
}

} // namespace weir
