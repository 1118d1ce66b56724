// Checks inputs before anything is computed, allocates outputs.
#include "codegen/binding/Binding.h"

#include "codegen/scalar/StorageType.h"
#include "dialect/Refuse.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir {
using cascade::TensorType;

namespace {

/// Whether every value of one type is a value of a larger one.
bool widensTo(io::ElementType from, io::ElementType to) {
  if (from == WEIR_BOOL || to == WEIR_BOOL || to == WEIR_U8)
    return false;
  return io::isFloat(from) == io::isFloat(to) &&
         io::elementBits(from) < io::elementBits(to);
}

LogicalResult checkType(InputOp input, io::Tensor &tensor) {
  Type declared = cast<TensorType>(input.getType()).getElementType();
  auto type = storageTypeOf(declared);
  if (type && tensor.type() == *type)
    return success();
  if (!type || !widensTo(tensor.type(), *type))
    return refuse(input, "element-type")
           << "'" << input.getName() << "' has elements of type "
           << std::string(io::elementName(tensor.type()))
           << "; the kernel takes " << storageNameOf(declared);
  auto widened = tensor.convert(*type);
  if (!widened)
    return refuse(input, widened.error().id)
           << "'" << input.getName() << "': " << widened.message();
  tensor = std::move(*widened);
  return success();
}

/// The subscripts of an element, as "[3, 5]".
std::string positionOf(int64_t element, const io::Shape &shape) {
  io::Shape indices(shape.size());
  for (size_t i = shape.size(); i-- > 0; element /= shape[i])
    indices[i] = element % shape[i];
  return io::toString(indices);
}

LogicalResult checkRange(InputOp input, const Call &call,
                         const io::Tensor &tensor) {
  auto range = rangeOf(input, call.kernel, call.resolution);
  if (failed(range))
    return failure();
  if (!*range)
    return success();
  auto [low, high] = **range;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    int64_t value = tensor.getInt(i);
    if (value < low || value >= high)
      return refuse(input, "index-range") << "'" << input.getName() << "' is " << value
                               << " at " << positionOf(i, tensor.shape())
                               << "; its range is " << low << ".." << high;
  }
  return success();
}

} // namespace

LogicalResult checkTypes(KernelOp kernel, TensorMap &inputs) {
  std::vector<std::string> names;
  for (auto input : kernel.getBody().getOps<InputOp>()) {
    names.push_back(input.getName().str());
    auto it = inputs.find(names.back());
    if (it != inputs.end() && failed(checkType(input, it->second)))
      return failure();
  }
  for (auto &[name, tensor] : inputs)
    if (!llvm::is_contained(names, name))
      return refuse(kernel, "unknown-input")
             << "no input '" << name << "'" << suggestion(name, names);
  return success();
}

LogicalResult checkInputs(const Call &call) {
  KernelOp kernel = call.kernel;
  for (auto input : kernel.getBody().getOps<InputOp>()) {
    auto it = call.inputs.find(input.getName().str());
    if (it == call.inputs.end())
      return refuse(input, "missing-input")
             << "input '" << input.getName() << "' is not given";
    if (failed(checkRange(input, call, it->second)))
      return failure();
  }
  return success();
}

FailureOr<std::optional<std::pair<int64_t, int64_t>>>
rangeOf(InputOp input, KernelOp kernel, const Resolution &resolution) {
  using Range = std::optional<std::pair<int64_t, int64_t>>;
  Region &region = input.getRange();
  if (region.empty())
    return Range();
  auto program =
      scalar::Program::compile(region, resolution.environment(kernel));
  if (failed(program))
    return failure();
  program->run();
  if (program->numResults() != 2 || !program->result(0).isPresent() ||
      !program->result(1).isPresent())
    return refuse(input, "undefined-range")
           << "the range of '" << input.getName() << "' is undefined";
  return Range({program->result(0).integer, program->result(1).integer});
}

FailureOr<std::vector<io::Tensor>> allocateOutputs(const Call &call,
                                                   bool wide) {
  std::vector<io::Tensor> outputs;
  KernelOp kernel = call.kernel;
  for (auto output : kernel.getBody().getOps<OutputOp>()) {
    auto type = storageTypeOf(output.getStorage());
    if (!type)
      return output.emitError() << "cannot store " << output.getStorage();
    if (wide && io::isFloat(*type))
      type = WEIR_F64;
    auto shape =
        call.resolution.shapeOf(cast<TensorType>(output.getTensor().getType()));
    auto tensor = io::Tensor::zeros(*type, shape);
    if (!tensor)
      return refuse(output, tensor.error().id)
             << "output '" << output.getName() << "': " << tensor.message();
    outputs.push_back(std::move(*tensor));
  }
  return outputs;
}

} // namespace weir
