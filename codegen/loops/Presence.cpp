// Which values of a kernel may be absent, and which subscripts may be out of
// range.
#include "codegen/loops/Presence.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace weir::loops {

using cascade::Combiner;

cascade::RecurrenceOp recurrenceOf(Value tensor) {
  Operation *op = definingTensor(tensor).getDefiningOp();
  auto group =
      dyn_cast_or_null<cascade::RecurrenceOp>(op ? op->getParentOp() : nullptr);
  if (!group || !llvm::is_contained(
                    group.getBody().front().getTerminator()->getOperands(),
                    op->getResult(0)))
    return {};
  return group;
}

cascade::StartOp startOf(Value tensor, StringAttr along) {
  auto group = recurrenceOf(tensor);
  for (auto start : group.getBody().getOps<cascade::StartOp>())
    if (start.getAlongAttr() == along &&
        definingTensor(start.getTensor()) == definingTensor(tensor))
      return start;
  return {};
}

/// The rank over which an argument of a scalar region runs, if it stays within
/// its extent.
static StringAttr rankOfArgument(BlockArgument argument) {
  Region *region = argument.getParentRegion();
  Operation *op = region->getParentOp();
  unsigned number = argument.getArgNumber();
  if (auto start = dyn_cast<cascade::StartOp>(op)) {
    // Other iterative ranks may be at their own starts.
    auto rank = cast<cascade::TensorType>(start.getTensor().getType())
                    .getRanks()[number];
    auto group = cast<cascade::RecurrenceOp>(start->getParentOp());
    return llvm::is_contained(group.getIterative(), rank) ? StringAttr() : rank;
  }
  auto equation = dyn_cast<cascade::Equation>(op);
  if (!equation)
    return {};
  if (region == &equation.getEquationBody())
    return equation.getBodyRanks()[number];
  auto ranks = equation.getTensorType().getRanks();
  return number < ranks.size() ? ranks[number] : StringAttr();
}

static std::optional<int64_t> constantOf(Value scalar) {
  auto op = scalar.getDefiningOp<cascade::ConstOp>();
  auto value = op ? dyn_cast<IntegerAttr>(op.getValue()) : IntegerAttr();
  return value ? std::optional<int64_t>(value.getInt()) : std::nullopt;
}

static Offset
offsetFrom(Value index,
           llvm::function_ref<Offset(BlockArgument)> offsetOfArgument) {
  if (auto argument = dyn_cast<BlockArgument>(index))
    return offsetOfArgument(argument);
  auto op = index.getDefiningOp<cascade::BinaryOp>();
  if (!op || (op.getFn() != cascade::BinaryFn::Add &&
              op.getFn() != cascade::BinaryFn::Sub))
    return {};
  Offset base = offsetFrom(op.getLhs(), offsetOfArgument);
  auto constant = constantOf(op.getRhs());
  if (!base.rank || !constant)
    return {};
  bool isSum = op.getFn() == cascade::BinaryFn::Add;
  return {base.rank, isSum ? base.constant + *constant
                           : base.constant - *constant};
}

std::optional<Offset> offsetOf(Value index) {
  Offset offset = offsetFrom(index, [](BlockArgument argument) {
    return Offset{rankOfArgument(argument)};
  });
  return offset.rank ? std::optional(offset) : std::nullopt;
}

Offset offsetIn(Value index, ArrayRef<Offset> arguments) {
  return offsetFrom(index, [&](BlockArgument argument) {
    return arguments[argument.getArgNumber()];
  });
}

//===-- The analysis
//--------------------------------------------------------===//

Presence::Presence(cascade::KernelOp kernel) : kernel(kernel) {
  // Tensors of a recurrence are read before they are defined: begin with all of
  // them present and repeat until nothing is added.
  for (bool changed = true; changed;) {
    changed = false;
    known.clear();
    kernel.walk([&](cascade::Equation op) {
      Value tensor = op->getResult(0);
      if (!partial.contains(tensor) && isPartialEquation(op))
        changed |= partial.insert(tensor).second;
    });
  }
}

bool Presence::haveSameExtent(StringAttr a, StringAttr b) const {
  auto &op = const_cast<Presence *>(this)->kernel;
  return op.getExtentOwner(a) == op.getExtentOwner(b);
}

Presence::Range Presence::rangeOf(cascade::ReadOp read,
                                  unsigned dimension) const {
  auto rank = cast<cascade::TensorType>(read.getTensor().getType())
                  .getRanks()[dimension];
  auto offset = offsetOf(read.getIndices()[dimension]);
  if (!offset || !haveSameExtent(offset->rank, rank))
    return Range::Unknown;
  if (offset->constant == 0)
    return Range::Inside;
  auto group = recurrenceOf(read.getTensor());
  if (!group)
    return Range::Unknown;
  for (auto [name, descending] :
       llvm::zip(group.getIterative(), group.getDescending()))
    if (name == rank && offset->constant == (descending ? 1 : -1))
      return Range::InsideOrStart;
  return Range::Unknown;
}

bool Presence::isPartialRead(cascade::ReadOp op) const {
  if (mayBeAbsent(op.getTensor()))
    return true;
  for (auto [dimension, index] : llvm::enumerate(op.getIndices())) {
    Range range = rangeOf(op, dimension);
    if (range == Range::Unknown || isPartial(index))
      return true;
    if (range == Range::Inside)
      continue;
    auto type = cast<cascade::TensorType>(op.getTensor().getType());
    if (auto start = startOf(op.getTensor(), type.getRanks()[dimension]))
      if (isPartial(start.getBody().front().getTerminator()->getOperand(0)))
        return true;
  }
  return false;
}

bool Presence::isPartialOp(Operation *op) const {
  auto anyOperand = [&] {
    return llvm::any_of(op->getOperands(),
                        [&](Value v) { return isPartial(v); });
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](cascade::ReadOp op) { return isPartialRead(op); })
      .Case([&](cascade::UnaryOp op) {
        bool isDefined = op.getFn() != cascade::UnaryFn::ISqrt &&
                         op.getFn() != cascade::UnaryFn::ILog2;
        return !isDefined || anyOperand();
      })
      .Case([&](cascade::BinaryOp op) {
        using Fn = cascade::BinaryFn;
        if (op.getFn() == Fn::Max || op.getFn() == Fn::Min)
          return isPartial(op.getLhs()) && isPartial(op.getRhs());
        bool divides = op.getFn() == Fn::FloorDiv || op.getFn() == Fn::Mod;
        if (op.getType().isInteger(64) && (divides || op.getFn() == Fn::Pow))
          return !divides || constantOf(op.getRhs()).value_or(0) <= 0 ||
                 isPartial(op.getLhs());
        return anyOperand();
      })
      .Case([&](cascade::SelectOp op) {
        return isPartial(op.getOnTrue()) || isPartial(op.getOnFalse());
      })
      .Case([&](cascade::ElseOp op) {
        return isPartial(op.getOperand(0)) && isPartial(op.getFallback());
      })
      .Case([&](cascade::CastOp op) {
        bool truncates = isa<FloatType>(op.getOperand().getType()) &&
                         op.getType().isInteger(64);
        return truncates || anyOperand();
      })
      .Case<cascade::WhereOp, cascade::AbsentOp, cascade::RoundOp>(
          [](auto) { return true; })
      .Default([](Operation *) { return false; });
}

bool Presence::isPartial(Value scalar) const {
  Operation *op = scalar.getDefiningOp();
  if (!op || scalar.getType().isInteger(1))
    return false;
  auto found = known.find(scalar);
  if (found != known.end())
    return found->second;
  bool result = isPartialOp(op);
  known[scalar] = result;
  return result;
}

static bool isTotal(Combiner combiner) {
  return llvm::is_contained({Combiner::Sum, Combiner::Prod, Combiner::Any,
                             Combiner::All, Combiner::Count},
                            combiner);
}

bool Presence::combinesPresent(cascade::Equation op) const {
  return !isPartial(op.getEquationBody().front().getTerminator()->getOperand(0));
}

bool Presence::isPartialEquation(cascade::Equation op) const {
  auto yields = [&] { return !combinesPresent(op); };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](cascade::EinsumOp op) {
        return op.getCombiner() == Combiner::None ? yields()
                                                  : !isTotal(op.getCombiner());
      })
      .Case([&](cascade::PrefixOp op) { return !isTotal(op.getCombiner()); })
      .Case([&](cascade::StateOp op) {
        return op.getPartial() || !isTotal(op.getCombiner());
      })
      .Case([&](cascade::TopKOp) { return true; })
      .Default([&](Operation *) { return yields(); });
}

} // namespace weir::loops
