// A kernel in two: what computes some tensors, and what reads them.
#include "passes/schedule/Cut.h"

#include "dialect/cascade/Names.h"
#include "passes/derive/Work.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::schedule {
namespace {

using OpSet = llvm::SetVector<Operation *>;

cascade::TensorType typeOf(Value tensor) { return cast<cascade::TensorType>(tensor.getType()); }

/// What `roots` are computed from, themselves included, without going beyond `isGiven`.
OpSet sliceOf(ArrayRef<Value> roots, llvm::function_ref<bool(Value)> isGiven) {
  OpSet slice;
  auto take = [&](Value tensor) {
    if (Operation *op = tensor.getDefiningOp(); op && !isGiven(tensor))
      slice.insert(op);
  };
  llvm::for_each(roots, take);
  for (unsigned i = 0; i < slice.size(); ++i)
    llvm::for_each(tensorsReadBy(slice[i]), take);
  return slice;
}

/// A name that is not taken yet.
StringAttr makeName(Names &taken, MLIRContext *context, const Twine &name) {
  auto found = StringAttr::get(context, name);
  for (unsigned i = 1; !taken.insert(found).second; ++i)
    found = StringAttr::get(context, name + Twine(i));
  return found;
}

/// A tensor that passes from one half to the other.
struct Passed {
  Value tensor; ///< of the kernel that is cut
  StringAttr name, presence; ///< `presence`: of the truth values that say where it is; may be null
  Absence absence;
};

/// The map at `at` over all points of `ranks`; `body` gives its value from the indices.
EinsumOp makeMap(OpBuilder &at, Location loc, StringAttr name, cascade::TensorType type,
                 llvm::function_ref<Value(OpBuilder &, ValueRange)> body) {
  auto op = EinsumOp::create(at, loc, type, name, CombinerAttr::get(at.getContext(), Combiner::None), at.getArrayAttr({}));
  OpBuilder inside(at.getContext());
  SmallVector<Type> types(type.getRank(), at.getI64Type());
  Block *block = inside.createBlock(&op.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
  YieldOp::create(inside, loc, body(inside, block->getArguments()));
  return op;
}

/// Whether none of the extents that `equation` reduces is 0.
Value reducesSomething(OpBuilder &builder, EinsumOp equation) {
  Location loc = equation.getLoc();
  Value zero = ConstOp::create(builder, loc, builder.getI64IntegerAttr(0)), all;
  for (auto rank : equation.getReduced().getAsRange<StringAttr>()) {
    Value extent = ExtentOp::create(builder, loc, builder.getI64Type(), rank);
    Value isSome = CompareOp::create(builder, loc, cascade::Predicate::Lt, zero, extent);
    all = all ? Value(BinaryOp::create(builder, loc, BinaryFn::And, all, isSome)) : isSome;
  }
  return all;
}

/// Erases what no output needs.
void eraseUnused(KernelOp kernel) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(kernel.getBody().front())))
    if (isa<InputOp, ParamOp, Equation, RecurrenceOp>(op) && op.use_empty())
      op.erase();
}

/// A copy of the kernel with those outputs of which `isKept` is true.
OwningOpRef<KernelOp> cloneWith(KernelOp kernel, IRMapping &mapping, llvm::function_ref<bool(Operation *)> isKept) {
  OwningOpRef<KernelOp> copy(cast<KernelOp>(kernel->clone(mapping)));
  for (auto output : kernel.getBody().getOps<OutputOp>())
    if (!isKept(output))
      mapping.lookup(output.getOperation())->erase();
  return copy;
}

/// The first half: the outputs `kept`, and what is passed on.
OwningOpRef<KernelOp> makeBefore(KernelOp kernel, ArrayRef<Passed> passed, const llvm::DenseSet<Operation *> &kept) {
  IRMapping mapping;
  auto before = cloneWith(kernel, mapping, [&](Operation *output) { return kept.contains(output); });
  OpBuilder at = OpBuilder::atBlockEnd(&before->getBody().front());
  for (const Passed &tensor : passed) {
    Value own = mapping.lookup(tensor.tensor);
    Location loc = own.getLoc();
    auto type = typeOf(own);
    OutputOp::create(at, loc, tensor.name, own, type.getScalarType(), TypedAttr());
    if (!tensor.presence)
      continue;
    auto truth = cascade::TensorType::get(type.getRanks(), at.getI1Type());
    auto name = at.getStringAttr(nameOf(tensor.tensor));
    auto isPresent = makeMap(at, loc, name, truth, [&](OpBuilder &inside, ValueRange indices) -> Value {
      return PresentOp::create(inside, loc, ReadOp::create(inside, loc, own, indices));
    });
    OutputOp::create(at, loc, tensor.presence, isPresent, at.getI1Type(), TypedAttr());
  }
  eraseUnused(*before);
  return before;
}

/// The second half: the outputs that are not `kept` in the first.
OwningOpRef<KernelOp> makeAfter(KernelOp kernel, ArrayRef<Passed> passed, const llvm::DenseSet<Operation *> &kept) {
  IRMapping mapping;
  auto after = cloneWith(kernel, mapping, [&](Operation *output) { return !kept.contains(output); });
  Block &body = after->getBody().front();
  OpBuilder at(&*llvm::find_if(body, [](Operation &op) { return !isa<RankOp, InputOp>(op); }));
  for (const Passed &tensor : passed) {
    Value own = mapping.lookup(tensor.tensor);
    Location loc = own.getLoc();
    auto type = cascade::TensorType::get(typeOf(own).getRanks(), typeOf(own).getScalarType());
    Value given = InputOp::create(at, loc, type, tensor.name);
    Value presence;
    if (tensor.presence) {
      auto truth = cascade::TensorType::get(type.getRanks(), at.getI1Type());
      presence = InputOp::create(at, loc, truth, tensor.presence);
    }
    if (tensor.absence != Absence::Never) {
      auto name = at.getStringAttr(nameOf(tensor.tensor));
      given = makeMap(at, loc, name, typeOf(own), [&](OpBuilder &inside, ValueRange indices) -> Value {
        Value isPresent = presence ? Value(ReadOp::create(inside, loc, presence, indices))
                                   : reducesSomething(inside, cast<EinsumOp>(tensor.tensor.getDefiningOp()));
        return WhereOp::create(inside, loc, ReadOp::create(inside, loc, given, indices), isPresent);
      });
    }
    own.replaceAllUsesWith(given);
  }
  eraseUnused(*after);
  return after;
}

unsigned countReductions(KernelOp kernel) {
  return llvm::count_if(kernel.getBody().getOps(), [](Operation &op) { return isReduction(&op); });
}

/// True if a sum is read for all of one of the sum's own points, its last rank aside:
/// it is no row that only one point needs.
bool isSharedByRows(ReadOp read, EinsumOp sum) {
  auto points = sum.getBody().getArguments().take_front(sum.getTensorType().getRank());
  return llvm::any_of(points.drop_back(points.empty() ? 0 : 1), [&](Value point) {
    return llvm::all_of(read.getIndices(), [&](Value index) { return isa<BlockArgument>(index) && index != point; });
  });
}

/// True if `read` is a factor of what its equation sums.
bool isFactor(ReadOp read) {
  Operation *at = read;
  while (at->hasOneUse()) {
    at = *at->getUsers().begin();
    if (isa<YieldOp>(at))
      return true;
    auto product = dyn_cast<BinaryOp>(at);
    if (!product || product.getFn() != BinaryFn::Mul)
      return false;
  }
  return false;
}

/// True if the result of a recurrence is read at points of its ranks only: before the
/// first it has values that a tensor in memory has not.
bool isReadWithin(Value tensor) {
  return llvm::all_of(tensor.getUsers(), [](Operation *user) {
    auto read = dyn_cast<ReadOp>(user);
    return !read || llvm::all_of(read.getIndices(), llvm::IsaPred<BlockArgument>);
  });
}

} // namespace

bool isReduction(Operation *op) {
  auto einsum = dyn_cast<EinsumOp>(op);
  bool isMap = einsum && einsum.getCombiner() == Combiner::None;
  return isa<Equation, RecurrenceOp>(op) && !isMap;
}

SmallVector<Value> tensorsReadBy(Operation *op) {
  SmallVector<Value> read;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (isa<cascade::TensorType>(operand.getType()) && operand.getParentRegion() == op->getParentRegion())
        read.push_back(operand);
  });
  return read;
}

Names argumentNames(KernelOp kernel) {
  Names taken;
  for (Operation &op : kernel.getBody().getOps())
    if (isa<InputOp, ParamOp, OutputOp>(op))
      taken.insert(op.getAttrOfType<StringAttr>("name"));
  return taken;
}

bool isFactorOfSums(Value tensor, bool isShared) {
  bool isLoose = isa<RecurrenceOp>(tensor.getDefiningOp()) && !isReadWithin(tensor);
  return !isLoose && llvm::all_of(tensor.getUsers(), [&](Operation *user) {
    auto read = dyn_cast<ReadOp>(user);
    auto sum = read ? dyn_cast<EinsumOp>(read->getParentOp()) : EinsumOp();
    return sum && sum.getCombiner() == Combiner::Sum && isFactor(read) && (!isShared || isSharedByRows(read, sum));
  });
}

bool hasRoom(KernelOp kernel, Value tensor, Room room) {
  if (isa<RecurrenceOp>(tensor.getDefiningOp()) && !isReadWithin(tensor))
    return false;
  derive::Work work(kernel);
  auto points = [&](Value of) { return work.pointsOf(typeOf(of).getRanks()); };
  auto countOf = [&](Value of, StringAttr extent) {
    return llvm::count_if(typeOf(of).getRanks(), [&](StringAttr r) { return kernel.getExtentOwner(r) == extent; });
  };
  auto isWithin = [&](Value argument) {
    bool isPart = llvm::all_of(typeOf(tensor).getRanks(), [&](StringAttr rank) {
      StringAttr extent = kernel.getExtentOwner(rank);
      return countOf(tensor, extent) <= countOf(argument, extent);
    });
    return isPart || (room == Room::Typically && points(tensor) <= points(argument));
  };
  return isa<TopKOp>(tensor.getDefiningOp()) || isFactorOfSums(tensor, /*isShared=*/true) ||
         llvm::any_of(kernel.getBody().getOps<InputOp>(), [&](InputOp input) { return isWithin(input); }) ||
         llvm::any_of(kernel.getBody().getOps<OutputOp>(), [&](OutputOp output) { return isWithin(output.getTensor()); });
}

FailureOr<Halves> cut(KernelOp kernel, ArrayRef<Value> targets, Room room, llvm::function_ref<Absence(Value)> absenceOf,
                      Names &taken) {
  OpSet early = sliceOf(targets, [](Value) { return false; });
  // Outputs that are ready with the targets, and the others.
  llvm::DenseSet<Operation *> kept;
  SmallVector<Value> late;
  for (auto output : kernel.getBody().getOps<OutputOp>()) {
    if (early.contains(output.getTensor().getDefiningOp()))
      kept.insert(output);
    else
      late.push_back(output.getTensor());
  }
  llvm::SetVector<Value> given;
  OpSet again = sliceOf(late, [&](Value tensor) {
    Operation *op = tensor.getDefiningOp();
    bool isGiven = llvm::is_contained(targets, tensor) ||
                   (early.contains(op) && isReduction(op) && hasRoom(kernel, tensor, room));
    if (isGiven)
      given.insert(tensor);
    return isGiven;
  });
  if (given.empty())
    return failure();
  SmallVector<Passed> passed;
  for (Value tensor : given) {
    Passed next{tensor, makeName(taken, kernel.getContext(), nameOf(tensor) + ".kept"), {}, absenceOf(tensor)};
    if (next.absence == Absence::Anywhere)
      next.presence = makeName(taken, kernel.getContext(), nameOf(tensor) + ".present");
    passed.push_back(next);
  }
  Halves halves{makeBefore(kernel, passed, kept), makeAfter(kernel, passed, kept), {}};
  SmallVector<Value> reals(llvm::make_filter_range(given, [](Value tensor) {
    return isa<FloatType>(typeOf(tensor).getScalarType());
  }));
  OpSet ofReals = sliceOf(reals, [](Value) { return false; });
  for (Operation *op : again)
    if (ofReals.contains(op) && isa<Equation>(op) && isReduction(op))
      halves.repeated.push_back(StringAttr::get(kernel.getContext(), nameOf(op->getResult(0))));
  unsigned all = countReductions(kernel);
  bool isProgress = countReductions(*halves.before) < all && countReductions(*halves.after) < all;
  return isProgress ? FailureOr<Halves>(std::move(halves)) : FailureOr<Halves>(failure());
}

} // namespace weir::schedule
