// Resolves extents by repeated inference until nothing new follows.
#include "codegen/binding/Extents.h"

#include "dialect/Refuse.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {
using cascade::TensorType;

namespace {

/// An extent and where it comes from, for messages.
struct Known {
  int64_t extent;
  std::string source; ///< such as "in 'K'"
};

/// A way to find extents: true if it found one, false if not, or an error.
using Progress = FailureOr<bool>;

class Resolver {
public:
  Resolver(KernelOp kernel, const ShapeRequest &request)
      : kernel(kernel), request(request) {
    environment.extentOf = [this](StringRef rank) -> std::optional<int64_t> {
      auto it = known.find(rank.str());
      if (it == known.end())
        return std::nullopt;
      return it->second.extent;
    };
  }

  FailureOr<Resolution> run();

private:
  LogicalResult takePins();
  LogicalResult takeSizes();
  LogicalResult takeShapes();
  LogicalResult takeParams();
  LogicalResult infer();
  Progress inferFrom(RankOp rank);
  Progress inferFrom(ParamOp param);
  Progress inferFrom(RequireOp require);
  LogicalResult checkComplete();
  LogicalResult checkRequire(RequireOp require);

  /// Records an extent; an error at `op` if another one is known.
  LogicalResult learn(Operation *op, StringRef rank, int64_t extent,
                      const std::string &source);
  void setParam(ParamOp param, scalar::Value value);

  /// Ranks whose extents `region` reads and that are unknown yet.
  SmallVector<StringAttr> unknownRanks(Region &region);
  bool readsUnknownParam(Region &region);
  FailureOr<scalar::Value> evaluate(Region &region);
  std::string extentsIn(Region &region);
  std::vector<std::string> rankNames();

  KernelOp kernel;
  const ShapeRequest &request;
  scalar::Environment environment;
  std::map<std::string, Known> known;
  std::map<std::string, scalar::Value> params;
};

LogicalResult Resolver::learn(Operation *op, StringRef rank, int64_t extent,
                              const std::string &source) {
  if (extent < 0)
    return refuse(op, "extent-range") << "rank '" << rank << "' has the negative extent "
                           << extent << ' ' << source;
  auto [it, isNew] = known.try_emplace(rank.str(), Known{extent, source});
  if (isNew || it->second.extent == extent)
    return success();
  return refuse(op, "extent-mismatch") << "rank '" << rank << "' has extent " << extent << ' '
                         << (isa<InputOp>(op) ? "here" : source) << " and "
                         << it->second.extent << ' ' << it->second.source;
}

std::vector<std::string> Resolver::rankNames() {
  std::vector<std::string> names;
  for (auto rank : kernel.getBody().getOps<RankOp>())
    names.push_back(rank.getName().str());
  return names;
}

LogicalResult Resolver::takePins() {
  for (auto &[rank, extent] : request.pins) {
    auto name = StringAttr::get(kernel.getContext(), rank);
    RankOp declaration = kernel.getRankDeclaration(name);
    if (!declaration)
      return refuse(kernel, "unknown-setting") << "no rank '" << rank << "' to set"
                                << suggestion(rank, rankNames());
    if (failed(learn(declaration, rank, extent, "by --set")))
      return failure();
  }
  return success();
}

LogicalResult Resolver::takeSizes() {
  for (auto rank : kernel.getBody().getOps<RankOp>())
    if (auto size = rank.getSize())
      if (failed(learn(rank, rank.getName(), *size, "by its declaration")))
        return failure();
  return success();
}

LogicalResult Resolver::takeShapes() {
  for (auto input : kernel.getBody().getOps<InputOp>()) {
    auto it = request.shapes.find(input.getName().str());
    if (it == request.shapes.end())
      continue;
    auto type = cast<TensorType>(input.getType());
    if (it->second.size() != type.getRanks().size()) {
      auto error = refuse(input, "dimension-count")
                   << "'" << input.getName() << "' has " << it->second.size()
                   << " dimensions; the kernel takes " << type.getRanks().size()
                   << ": [";
      llvm::interleaveComma(type.getRanks(), error,
                            [&](StringAttr r) { error << r.getValue(); });
      return error << "]";
    }
    for (auto [rank, extent] : llvm::zip(type.getRanks(), it->second))
      if (failed(learn(input, rank.getValue(), extent,
                       "in '" + input.getName().str() + "'")))
        return failure();
  }
  return success();
}

void Resolver::setParam(ParamOp param, scalar::Value value) {
  params[param.getName().str()] = value;
  auto kind = scalar::kindOf(cast<TensorType>(param.getType()).getScalarType());
  environment.tensors[param.getResult()] = scalar::Tensor::scalar(kind, value);
}

LogicalResult Resolver::takeParams() {
  std::vector<std::string> names;
  for (auto param : kernel.getBody().getOps<ParamOp>()) {
    names.push_back(param.getName().str());
    auto it = request.params.find(names.back());
    if (it != request.params.end())
      setParam(param, it->second);
    else if (param.getInit().empty())
      return refuse(param, "missing-parameter") << "parameter '" << param.getName()
                               << "' has no default; give it a value";
  }
  for (auto &[name, value] : request.params)
    if (!llvm::is_contained(names, name))
      return refuse(kernel, "unknown-parameter")
             << "no parameter '" << name << "'" << suggestion(name, names);
  return success();
}

//===-- Regions of extents ------------------------------------------------===//

SmallVector<StringAttr> Resolver::unknownRanks(Region &region) {
  SmallVector<StringAttr> unknown;
  region.walk([&](ExtentOp op) {
    if (!known.count(op.getRank().str()) &&
        !llvm::is_contained(unknown, op.getRankAttr()))
      unknown.push_back(op.getRankAttr());
  });
  return unknown;
}

bool Resolver::readsUnknownParam(Region &region) {
  return region
      .walk([&](ReadOp op) {
        return environment.tensors.count(op.getTensor())
                   ? WalkResult::advance()
                   : WalkResult::interrupt();
      })
      .wasInterrupted();
}

FailureOr<scalar::Value> Resolver::evaluate(Region &region) {
  auto program = scalar::Program::compile(region, environment);
  if (failed(program))
    return failure();
  program->run();
  return program->result();
}

std::string Resolver::extentsIn(Region &region) {
  std::map<std::string, int64_t> values;
  region.walk([&](ExtentOp op) {
    if (auto extent = environment.extentOf(op.getRank()))
      values[op.getRank().str()] = *extent;
  });
  std::string text;
  for (auto &[rank, extent] : values)
    text += (text.empty() ? "" : ", ") + ("#" + rank) + " is " +
            std::to_string(extent);
  return text;
}

//===-- Inference ---------------------------------------------------------===//

Progress Resolver::inferFrom(RankOp rank) {
  StringRef name = rank.getName();
  bool isKnown = known.count(name.str());
  if (auto family = rank.getFamily()) {
    auto other = known.find(family->str());
    if (other != known.end() && !isKnown)
      return failed(learn(rank, name, other->second.extent,
                          "like '" + family->str() + "'"))
                 ? Progress(failure())
                 : Progress(true);
    if (other == known.end() && isKnown)
      return failed(learn(rank, *family, known[name.str()].extent,
                          "like '" + name.str() + "'"))
                 ? Progress(failure())
                 : Progress(true);
    return false;
  }
  Region &region = rank.getExtent();
  if (isKnown || region.empty() || !unknownRanks(region).empty() ||
      readsUnknownParam(region))
    return false;
  auto extent = evaluate(region);
  if (failed(extent))
    return failure();
  if (!extent->isPresent())
    return refuse(rank, "undefined-extent") << "the extent of rank '" << name
                            << "' is undefined: " << extentsIn(region);
  if (failed(learn(rank, name, extent->integer, "by its declaration")))
    return failure();
  return true;
}

Progress Resolver::inferFrom(ParamOp param) {
  Region &region = param.getInit();
  if (params.count(param.getName().str()) || region.empty() ||
      !unknownRanks(region).empty() || readsUnknownParam(region))
    return false;
  auto value = evaluate(region);
  if (failed(value))
    return failure();
  if (!value->isPresent())
    return refuse(param, "undefined-default") << "the default of parameter '" << param.getName()
                             << "' is absent: " << extentsIn(region);
  setParam(param, *value);
  return true;
}

/// A constraint with one unknown determines it, if exactly the values of an
/// interval from 0 on were tried: the least one that fulfils an equation.
Progress Resolver::inferFrom(RequireOp require) {
  Region &region = require.getCondition();
  SmallVector<StringAttr> unknown = unknownRanks(region);
  auto equation =
      region.front().getTerminator()->getOperand(0).getDefiningOp<CompareOp>();
  if (unknown.size() != 1 || readsUnknownParam(region) || !equation ||
      equation.getPredicate() != Predicate::Eq)
    return false;
  // Only an equation that defines the rank may do so, not one that its own
  // declaration will check.
  std::string rank = unknown.front().getValue().str();
  RankOp declaration = kernel.getRankDeclaration(unknown.front());
  if (!declaration || !declaration.getExtent().empty() ||
      declaration.getFamily())
    return false;
  constexpr int64_t most = 1 << 16;
  for (int64_t extent = 0; extent <= most; ++extent) {
    known[rank] = {extent, "by " + require.getText().str()};
    auto holds = evaluate(region);
    if (failed(holds))
      return failure();
    if (holds->isTrue())
      return true;
  }
  known.erase(rank);
  return refuse(require, "constraint")
         << "no extent of rank '" << rank << "' up to " << most << " fulfils '"
         << require.getText() << "': " << extentsIn(region);
}

LogicalResult Resolver::infer() {
  bool changed = true;
  auto apply = [&](auto ops) -> LogicalResult {
    for (auto op : ops) {
      Progress progress = inferFrom(op);
      if (failed(progress))
        return failure();
      changed |= *progress;
    }
    return success();
  };
  while (changed) {
    changed = false;
    if (failed(apply(kernel.getBody().getOps<RankOp>())) ||
        failed(apply(kernel.getBody().getOps<ParamOp>())))
      return failure();
    if (!changed && failed(apply(kernel.getBody().getOps<RequireOp>())))
      return failure();
  }
  return success();
}

//===-- Checks ------------------------------------------------------------===//

LogicalResult Resolver::checkComplete() {
  for (auto rank : kernel.getBody().getOps<RankOp>())
    if (!known.count(rank.getName().str()))
      return refuse(rank, "missing-extent")
             << "rank '" << rank.getName()
             << "' has no extent: no given input carries it; set it";
  for (auto rank : kernel.getBody().getOps<RankOp>()) {
    StringRef name = rank.getName();
    const Known &own = known[name.str()];
    if (auto family = rank.getFamily())
      if (failed(learn(rank, name, known[family->str()].extent,
                       "like '" + family->str() + "'")))
        return failure();
    bool isPinned = rank.getSize() || request.pins.count(name.str());
    if (rank.getExtent().empty() || isPinned)
      continue;
    auto declared = evaluate(rank.getExtent());
    if (failed(declared))
      return failure();
    if (!declared->isPresent() || declared->integer != own.extent)
      return refuse(rank, "extent-mismatch")
             << "rank '" << name << "' has extent " << own.extent << ' '
             << own.source << " and "
             << (declared->isPresent() ? std::to_string(declared->integer)
                                       : "none")
             << " by its declaration: " << extentsIn(rank.getExtent());
  }
  return success();
}

LogicalResult Resolver::checkRequire(RequireOp require) {
  auto holds = evaluate(require.getCondition());
  if (failed(holds))
    return failure();
  if (holds->isTrue())
    return success();
  return refuse(require, "constraint") << "the kernel requires " << require.getText()
                             << "; " << extentsIn(require.getCondition());
}

FailureOr<Resolution> Resolver::run() {
  if (failed(takePins()) || failed(takeSizes()) || failed(takeShapes()) ||
      failed(takeParams()) || failed(infer()) || failed(checkComplete()))
    return failure();
  for (auto require : kernel.getBody().getOps<RequireOp>())
    if (failed(checkRequire(require)))
      return failure();
  Resolution resolution;
  for (auto &[rank, entry] : known)
    resolution.extents[rank] = entry.extent;
  resolution.params = std::move(params);
  return resolution;
}

} // namespace

scalar::Environment Resolution::environment(KernelOp kernel) const {
  scalar::Environment environment;
  environment.extentOf =
      [extents = extents](StringRef rank) -> std::optional<int64_t> {
    auto it = extents.find(rank.str());
    if (it == extents.end())
      return std::nullopt;
    return it->second;
  };
  for (auto param : kernel.getBody().getOps<ParamOp>()) {
    auto type = cast<TensorType>(param.getType()).getScalarType();
    environment.tensors[param.getResult()] = scalar::Tensor::scalar(
        scalar::kindOf(type), params.at(param.getName().str()));
  }
  return environment;
}

std::optional<int64_t> Resolution::derivedExtent(RankOp rank) const {
  auto program = scalar::Program::compile(rank.getExtent(), environment(rank->getParentOfType<KernelOp>()));
  if (failed(program))
    return std::nullopt;
  program->run();
  scalar::Value derived = program->result();
  return derived.isPresent() ? std::optional(derived.integer) : std::nullopt;
}

std::vector<int64_t> Resolution::shapeOf(TensorType type) const {
  std::vector<int64_t> shape;
  for (StringAttr rank : type.getRanks())
    shape.push_back(extents.at(rank.getValue().str()));
  return shape;
}

FailureOr<Resolution> resolve(KernelOp kernel, const ShapeRequest &request) {
  return Resolver(kernel, request).run();
}

std::string suggestion(StringRef name, ArrayRef<std::string> known) {
  const std::string *best = nullptr;
  unsigned limit = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string &candidate : known) {
    unsigned distance = name.edit_distance(candidate, true, limit);
    if (distance < limit) {
      limit = distance;
      best = &candidate;
    }
  }
  return best ? "; did you mean '" + *best + "'?" : "";
}

} // namespace weir
