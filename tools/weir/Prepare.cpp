// Reads or makes up what a kernel is called with.
#include "tools/weir/Prepare.h"

#include "codegen/scalar/StorageType.h"
#include "dialect/Refuse.h"
#include "runtime/io/Generate.h"
#include "runtime/io/TensorFile.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::tool {
namespace {

LogicalResult readInputs(KernelOp kernel, const Assignments &paths,
                         TensorMap &inputs) {
  for (auto &[name, path] : paths) {
    auto tensor = io::readTensor(path);
    if (!tensor)
      return refuse(kernel, tensor.error().id) << tensor.message();
    inputs.emplace(name, std::move(*tensor));
  }
  return success();
}

} // namespace

FailureOr<scalar::Value> parseValue(ParamOp param, StringRef text) {
  Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
  double real;
  int64_t integer;
  switch (scalar::kindOf(type)) {
  case scalar::Kind::Real:
    if (!text.getAsDouble(real))
      return scalar::Value::of(real);
    break;
  case scalar::Kind::Integer:
    if (!text.getAsInteger(0, integer))
      return scalar::Value::of(integer);
    break;
  case scalar::Kind::Truth:
    if (text == "true" || text == "false" || text == "1" || text == "0")
      return scalar::Value::of(int64_t(text == "true" || text == "1"));
    break;
  }
  Type declared = cast<cascade::TensorType>(param.getType()).getElementType();
  return refuse(param, "bad-parameter") << "parameter '" << param.getName() << "' is "
                           << storageNameOf(declared) << "; '" << text
                           << "' is no such value";
}

namespace {

LogicalResult parseParams(KernelOp kernel, const Assignments &texts,
                          ShapeRequest &request) {
  std::vector<std::string> names;
  for (auto param : kernel.getBody().getOps<ParamOp>()) {
    names.push_back(param.getName().str());
    auto it = texts.find(names.back());
    if (it == texts.end())
      continue;
    auto value = parseValue(param, it->second);
    if (failed(value))
      return failure();
    request.params[names.back()] = *value;
  }
  for (auto &[name, text] : texts)
    if (!llvm::is_contained(names, name))
      return refuse(kernel, "unknown-parameter")
             << "no parameter '" << name << "'" << suggestion(name, names);
  return success();
}

LogicalResult parsePins(KernelOp kernel, const Assignments &sets,
                        ShapeRequest &request) {
  for (auto &[rank, text] : sets)
    if (StringRef(text).getAsInteger(10, request.pins[rank]))
      return refuse(kernel, "bad-setting") << "rank '" << rank << "' cannot be set to '"
                                << text << "', which is no integer";
  return success();
}

} // namespace

LogicalResult generateInputs(Call &call, uint64_t seed) {
  for (auto input : call.kernel.getBody().getOps<InputOp>()) {
    std::string name = input.getName().str();
    if (call.inputs.count(name))
      continue;
    auto type = cast<cascade::TensorType>(input.getType());
    auto storage = storageTypeOf(type.getElementType());
    auto range = rangeOf(input, call.kernel, call.resolution);
    if (failed(range) || !storage)
      return failure();
    std::optional<io::IntRange> bounds;
    if (*range)
      bounds = io::IntRange{(*range)->first, (*range)->second};
    auto tensor = io::generate(*storage, call.resolution.shapeOf(type), seed,
                               name, bounds);
    if (!tensor)
      return refuse(input, tensor.error().id)
             << "cannot generate '" << name << "': " << tensor.message();
    call.inputs.emplace(name, std::move(*tensor));
  }
  return success();
}

FailureOr<Call> prepare(KernelOp kernel, const CallOptions &options) {
  Call call{kernel, {}, {}};
  ShapeRequest request;
  if (failed(readInputs(kernel, options.inputs, call.inputs)) ||
      failed(checkTypes(kernel, call.inputs)) ||
      failed(parseParams(kernel, options.params, request)) ||
      failed(parsePins(kernel, options.sets, request)))
    return failure();
  for (auto &[name, tensor] : call.inputs)
    request.shapes[name] = tensor.shape();
  auto resolution = resolve(kernel, request);
  if (failed(resolution))
    return failure();
  call.resolution = std::move(*resolution);
  if (failed(generateInputs(call, options.seed)) || failed(checkInputs(call)))
    return failure();
  return call;
}

} // namespace weir::tool
