// Einsums, prefix forms and selections, point by point.
#include "codegen/interp/Evaluator.h"

#include <algorithm>

#include "codegen/interp/Accumulator.h"
#include "codegen/interp/Points.h"
#include "dialect/Refuse.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir::cascade;
using namespace weir::scalar;

namespace weir::interp {

FailureOr<Extents> extentsOf(Operation *op, ArrayRef<StringAttr> ranks,
                             const Environment &environment) {
  Extents extents;
  for (StringAttr rank : ranks) {
    auto extent = environment.extentOf(rank.getValue());
    if (!extent)
      return op->emitError()
             << "rank '" << rank.getValue() << "' has no extent";
    extents.push_back(*extent);
  }
  return extents;
}

FailureOr<std::shared_ptr<scalar::Tensor>>
allocate(Equation equation, const Environment &environment, State state) {
  auto type = equation.getTensorType();
  auto extents = extentsOf(equation, type.getRanks(), environment);
  if (failed(extents))
    return failure();
  int64_t size = 1;
  bool fits = true;
  for (int64_t extent : *extents)
    fits &= !__builtin_mul_overflow(size, extent, &size);
  if (!fits || size > maxElements)
    return refuse(equation, "interpreter-limit")
           << "'" << equation.getEquationName()
           << "' is too large for the interpreter, which holds tensors of up "
              "to "
           << maxElements << " elements";
  auto tensor = scalar::Tensor::create(kindOf(type.getScalarType()),
                                       std::move(*extents), state);
  if (!tensor)
    return refuse(equation, "no-memory")
           << "no memory for the " << size << " elements of '"
           << equation.getEquationName() << "'";
  return tensor;
}

namespace {

//===-- Einsum ------------------------------------------------------------===//

class EinsumEvaluator : public Evaluator {
public:
  EinsumEvaluator(EinsumOp op, Program program, Extents reduced,
                  bool roundToF32)
      : program(std::move(program)), reduced(std::move(reduced)),
        accumulator(op.getCombiner(), this->program.resultKind(), roundToF32),
        isMap(op.getCombiner() == Combiner::None) {}

  void fill(scalar::Tensor &result) override {
    int64_t position = 0;
    Missing none;
    forEachPoint(result.extents(), [&](ArrayRef<int64_t> point, size_t first) {
      result.set(position++, reduce(point, first, none));
    });
  }

  scalar::Value at(ArrayRef<int64_t> point, Missing &missing) override {
    size_t before = missing.size();
    scalar::Value value = reduce(point, 0, missing);
    return missing.size() == before ? value : scalar::Value::pending(0);
  }

private:
  /// The value at a point whose indices from number `first` on are new.
  scalar::Value reduce(ArrayRef<int64_t> point, size_t first,
                       Missing &missing) {
    for (size_t i = first; i < point.size(); ++i)
      program.setIndex(i, point[i]);
    if (isMap) {
      program.run(first);
      return noted(program.result(), missing);
    }
    accumulator.reset();
    size_t level = first;
    forEachPoint(reduced, [&](ArrayRef<int64_t> inner, size_t changed) {
      for (size_t i = changed; i < inner.size(); ++i)
        program.setIndex(point.size() + i, inner[i]);
      program.run(level + changed);
      level = point.size();
      accumulator.add(noted(program.result(), missing), inner.front());
    });
    return accumulator.result();
  }

  static const scalar::Value &noted(const scalar::Value &value,
                                    Missing &missing) {
    if (value.isPending())
      missing.push_back(value.integer);
    return value;
  }

  Program program;
  Extents reduced;
  Accumulator accumulator;
  bool isMap;
};

//===-- Fibres: forms along one rank --------------------------------------===//

/// Equations whose points along one rank are made from values along one.
class FibreEvaluator : public Evaluator {
public:
  /// `dimension`: of the result; `argument`: the program's index that runs.
  FibreEvaluator(Program program, size_t dimension, size_t argument,
                 int64_t length)
      : program(std::move(program)), dimension(dimension), argument(argument),
        length(length) {}

  void fill(scalar::Tensor &result) override {
    Extents others(result.extents());
    int64_t wanted = others[dimension];
    others[dimension] = std::min<int64_t>(wanted, 1);
    Missing none;
    std::vector<scalar::Value> fibre(wanted);
    forEachPoint(others, [&](ArrayRef<int64_t> point, size_t) {
      evaluate(point, std::nullopt, fibre, none);
      int64_t start = positionOf(point, result.strides());
      for (int64_t i = 0; i < wanted; ++i)
        result.set(start + i * result.strides()[dimension], fibre[i]);
    });
  }

  scalar::Value at(ArrayRef<int64_t> point, Missing &missing) override {
    size_t before = missing.size();
    std::vector<scalar::Value> fibre(point[dimension] + 1);
    evaluate(point, point[dimension], fibre, missing);
    return missing.size() == before ? fibre.back() : scalar::Value::pending(0);
  }

protected:
  /// Fills the fibre through `point`, as far as `only` if that is given.
  virtual void evaluate(ArrayRef<int64_t> point, std::optional<int64_t> only,
                        MutableArrayRef<scalar::Value> fibre,
                        Missing &missing) = 0;

  /// The other indices of the fibre through a point.
  void setPoint(ArrayRef<int64_t> point) {
    for (size_t i = 0, to = 0; i < point.size(); ++i) {
      bool isOther = i != dimension;
      if (isOther || argument == dimension)
        program.setIndex(to, point[i]), ++to;
    }
    fresh = true;
  }

  scalar::Value score(int64_t index, Missing &missing) {
    program.setIndex(argument, index);
    program.run(fresh ? 0 : argument);
    fresh = false;
    if (program.result().isPending())
      missing.push_back(program.result().integer);
    return program.result();
  }

  Program program;
  size_t dimension, argument;
  int64_t length; ///< of the rank along which values are taken

private:
  bool fresh = true;
};

class PrefixEvaluator : public FibreEvaluator {
public:
  PrefixEvaluator(PrefixOp op, Program program, size_t dimension,
                  int64_t length, bool roundToF32)
      : FibreEvaluator(std::move(program), dimension, dimension, length),
        accumulator(op.getCombiner(), this->program.resultKind(), roundToF32),
        exclusive(op.getExclusive()), reverse(op.getReverse()) {}

private:
  void evaluate(ArrayRef<int64_t> point, std::optional<int64_t> only,
                MutableArrayRef<scalar::Value> fibre,
                Missing &missing) override {
    setPoint(point);
    accumulator.reset();
    for (int64_t step = 0; step < length; ++step) {
      int64_t i = reverse ? length - 1 - step : step;
      bool isLast = only == i;
      if (exclusive && (!only || isLast))
        fibre[i] = accumulator.result();
      if (exclusive && isLast)
        return;
      accumulator.add(score(i, missing));
      if (!exclusive && (!only || isLast))
        fibre[i] = accumulator.result();
      if (isLast)
        return;
    }
  }

  Accumulator accumulator;
  bool exclusive, reverse;
};

/// The present scores of a fibre, best first.
class SelectionEvaluator : public FibreEvaluator {
public:
  using FibreEvaluator::FibreEvaluator;

protected:
  struct Score {
    scalar::Value value;
    int64_t index;
  };

  std::vector<Score> ranked(ArrayRef<int64_t> point, int64_t most,
                            Missing &missing) {
    setPoint(point);
    std::vector<Score> scores;
    for (int64_t i = 0; i < length; ++i) {
      scalar::Value value = score(i, missing);
      if (value.isPresent())
        scores.push_back({value, i});
    }
    auto end = scores.begin() + std::min<int64_t>(most, scores.size());
    std::partial_sort(scores.begin(), end, scores.end(),
                      [kind = program.resultKind()](auto &a, auto &b) {
                        return beats(kind, a.value, a.index, b.value, b.index);
                      });
    scores.erase(end, scores.end());
    return scores;
  }
};

class TopKEvaluator : public SelectionEvaluator {
public:
  using SelectionEvaluator::SelectionEvaluator;

private:
  void evaluate(ArrayRef<int64_t> point, std::optional<int64_t>,
                MutableArrayRef<scalar::Value> fibre,
                Missing &missing) override {
    std::vector<Score> scores = ranked(point, fibre.size(), missing);
    llvm::fill(fibre, scalar::Value::absent());
    for (auto [value, score] : llvm::zip(fibre, scores))
      value = scalar::Value::of(score.index);
  }
};

class RankOfEvaluator : public SelectionEvaluator {
public:
  using SelectionEvaluator::SelectionEvaluator;

private:
  void evaluate(ArrayRef<int64_t> point, std::optional<int64_t> only,
                MutableArrayRef<scalar::Value> fibre,
                Missing &missing) override {
    llvm::fill(fibre, scalar::Value::absent());
    for (auto [rank, score] : llvm::enumerate(ranked(point, length, missing)))
      if (score.index < int64_t(fibre.size()))
        fibre[score.index] = scalar::Value::of(int64_t(rank));
  }
};

//===-- Creation ----------------------------------------------------------===//

using Created = FailureOr<std::unique_ptr<Evaluator>>;

/// The extent of one rank, which the equation's ranks have been checked for.
int64_t extentOf(StringRef rank, const Environment &environment) {
  return environment.extentOf(rank).value_or(0);
}

Created make(EinsumOp op, Program program, const Environment &environment) {
  SmallVector<StringAttr> ranks(op.getReduced().getAsRange<StringAttr>());
  auto reduced = extentsOf(op, ranks, environment);
  if (failed(reduced))
    return failure();
  Kind result = kindOf(op.getTensorType().getScalarType());
  if (resultKindOf(op.getCombiner(), program.resultKind()) != result)
    return op.emitError() << "'" << op.getName() << "' combines values of "
                          << "another type than its tensor's";
  return Created(std::make_unique<EinsumEvaluator>(
      op, std::move(program), std::move(*reduced), environment.roundToF32));
}

Created make(PrefixOp op, Program program, const Environment &environment) {
  return Created(std::make_unique<PrefixEvaluator>(
      op, std::move(program), op.getTensorType().indexOf(op.getAlongAttr()),
      extentOf(op.getAlong(), environment), environment.roundToF32));
}

Created make(TopKOp op, Program program, const Environment &environment) {
  size_t last = program.numArguments() - 1;
  return Created(std::make_unique<TopKEvaluator>(
      std::move(program), op.getTensorType().indexOf(op.getIntoAttr()), last,
      extentOf(op.getAlong(), environment)));
}

Created make(RankOfOp op, Program program, const Environment &environment) {
  size_t dimension = op.getTensorType().indexOf(op.getAlongAttr());
  return Created(std::make_unique<RankOfEvaluator>(
      std::move(program), dimension, dimension,
      extentOf(op.getAlong(), environment)));
}

} // namespace

FailureOr<std::unique_ptr<Evaluator>>
Evaluator::create(Equation equation, const Environment &environment) {
  auto extents = extentsOf(equation, equation.getBodyRanks(), environment);
  auto program = Program::compile(equation.getEquationBody(), environment);
  if (failed(extents) || failed(program))
    return failure();
  return TypeSwitch<Operation *, Created>(equation)
      .Case<EinsumOp, PrefixOp, RankOfOp, TopKOp>(
          [&](auto op) { return make(op, std::move(*program), environment); })
      .Default([](Operation *op) {
        return op->emitError("is not interpreted here");
      });
}

} // namespace weir::interp
