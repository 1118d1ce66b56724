// Draws extents until a kernel's constraints hold.
#include "tools/weir/Sizes.h"

#include <random>

#include "tools/weir/Prepare.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::tool {
namespace {

/// Points of all equations together: what the interpreter takes about a second,
/// or a minute, for.
constexpr double mostSmallPoints = 3e6, mostLargePoints = 2e8;

/// Extents around those of tiles and vectors, none of them round.
constexpr int64_t smallExtents[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17};
constexpr int64_t largeExtents[] = {1, 2, 16, 31, 33, 64, 65, 96, 100, 129};

class Chooser {
public:
  Chooser(KernelOp kernel, bool large, uint64_t seed)
      : kernel(kernel), large(large), random(seed) {}

  /// Which free ranks are given extents; the others follow from constraints.
  enum Choice { Carried, All, Some };

  /// One try, with all of these extents 1 or drawn.
  std::optional<Call> draw(Choice choice, bool least) {
    ShapeRequest request;
    widened =
        random() % std::max<size_t>(
                       1, llvm::range_size(kernel.getBody().getOps<RankOp>()));
    size_t number = 0;
    for (auto rank : kernel.getBody().getOps<RankOp>()) {
      bool isFree =
          !rank.getFamily() && !rank.getSize() && rank.getExtent().empty();
      bool isChosen = choice == All ||
                      (choice == Carried && isCarried(rank.getNameAttr())) ||
                      (choice == Some && !(isConstrained(rank.getNameAttr()) &&
                                           random() % 2 == 0));
      if (isFree && isChosen)
        request.pins[rank.getName().str()] = least ? 1 : extent(number);
      ++number;
    }
    for (auto param : kernel.getBody().getOps<ParamOp>())
      if (param.getInit().empty())
        request.params[param.getName().str()] = value(param);
    // Constraints that do not hold are no news here.
    ScopedDiagnosticHandler quiet(kernel.getContext(),
                                  [](Diagnostic &) { return success(); });
    Call call{kernel, {}, {}};
    auto resolution = resolve(kernel, request);
    if (failed(resolution))
      return std::nullopt;
    call.resolution = std::move(*resolution);
    // A constraint may leave nothing but 0 to an extent that was not drawn.
    for (auto rank : kernel.getBody().getOps<RankOp>())
      if (isCarried(rank.getNameAttr()) &&
          call.resolution.extents.at(rank.getName().str()) == 0)
        return std::nullopt;
    if (points(call.resolution) > (large ? mostLargePoints : mostSmallPoints))
      return std::nullopt;
    if (failed(generateInputs(call, random())) || failed(checkInputs(call)))
      return std::nullopt;
    return call;
  }

private:
  /// Of small sizes, one rank crosses the edges of tiles all the same.
  int64_t extent(size_t number) {
    if (large || number == widened)
      return largeExtents[random() % std::size(largeExtents)];
    return smallExtents[random() % std::size(smallExtents)];
  }

  double points(const Resolution &resolution) {
    double sum = 0;
    kernel.walk([&](Equation equation) {
      double product = 1;
      for (StringAttr rank : equation.getBodyRanks())
        product *= double(resolution.extents.at(rank.str()));
      sum += product;
    });
    return sum;
  }

  bool isCarried(StringAttr rank) {
    return llvm::any_of(kernel.getBody().getOps<InputOp>(), [&](InputOp input) {
      return cast<cascade::TensorType>(input.getType()).indexOf(rank) >= 0;
    });
  }

  bool isConstrained(StringAttr rank) {
    bool isRead = false;
    for (auto require : kernel.getBody().getOps<RequireOp>())
      require.walk([&](ExtentOp op) { isRead |= op.getRankAttr() == rank; });
    return isRead;
  }

  scalar::Value value(ParamOp param) {
    auto type = cast<cascade::TensorType>(param.getType()).getScalarType();
    if (scalar::kindOf(type) == scalar::Kind::Real)
      return scalar::Value::of(0.25 + 0.5 * double(random() % 4));
    return scalar::Value::of(int64_t(1 + random() % 3));
  }

  KernelOp kernel;
  bool large;
  size_t widened = 0; ///< the number of the rank that is drawn large
  std::mt19937_64 random;
};

} // namespace

std::vector<Call> chooseSizes(KernelOp kernel, unsigned count, bool large,
                              uint64_t seed) {
  constexpr unsigned mostTries = 400;
  Chooser chooser(kernel, large, seed);
  std::vector<Call> calls;
  for (unsigned i = 0; i < mostTries && calls.size() < count; ++i) {
    bool least = count > 1 && calls.empty() && i < 3;
    auto call = chooser.draw(Chooser::Choice(i % 3), least);
    bool isNew = call && llvm::none_of(calls, [&](const Call &other) {
                   return other.resolution.extents == call->resolution.extents;
                 });
    if (isNew)
      calls.push_back(std::move(*call));
  }
  return calls;
}

std::string settingsOf(const Call &call) {
  std::string text;
  for (auto &[rank, extent] : call.resolution.extents)
    text += " --set " + rank + "=" + std::to_string(extent);
  return text.empty() ? text : text.substr(1);
}

} // namespace weir::tool
