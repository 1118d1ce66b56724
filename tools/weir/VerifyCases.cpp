// Cases are .npz files: numpy writes them with one call.
#include "tools/weir/VerifyCases.h"

#include <algorithm>
#include <filesystem>

#include "dialect/Refuse.h"
#include "runtime/io/TensorFile.h"
#include "tools/weir/Prepare.h"

using namespace mlir;
using namespace weir::cascade;

namespace weir::tool {
namespace {

/// The tensors of one file, taken out as they find their place.
class Recorded {
public:
  Recorded(KernelOp kernel, std::string file)
      : kernel(kernel), file(std::move(file)) {}

  LogicalResult read();
  FailureOr<Case> toCase();

private:
  std::optional<io::Tensor> take(StringRef name);
  FailureOr<Outputs> takeOutputs(const Call &call);

  KernelOp kernel;
  std::string file;
  TensorMap tensors;
};

LogicalResult Recorded::read() {
  auto names = io::listTensors(file);
  if (!names)
    return refuse(kernel, names.error().id) << names.message();
  for (const std::string &name : *names) {
    auto tensor = io::readTensor(file + ":" + name);
    if (!tensor)
      return refuse(kernel, tensor.error().id) << tensor.message();
    tensors.emplace(name, std::move(*tensor));
  }
  return success();
}

std::optional<io::Tensor> Recorded::take(StringRef name) {
  auto found = tensors.extract(name.str());
  if (found.empty())
    return std::nullopt;
  return std::move(found.mapped());
}

/// Recorded outputs in the types that the interpreter gives.
FailureOr<Outputs> Recorded::takeOutputs(const Call &call) {
  auto outputs = allocateOutputs(call, true);
  if (failed(outputs))
    return failure();
  for (auto [op, output] :
       llvm::zip(kernel.getBody().getOps<OutputOp>(), *outputs)) {
    auto recorded = take(op.getName());
    if (!recorded || recorded->shape() != output.shape())
      return refuse(op, "recorded-case")
             << "output '" << op.getName() << "' has shape "
             << io::toString(output.shape()) << ", and " << file << " holds "
             << (recorded ? io::toString(recorded->shape()) : "none");
    auto converted = recorded->convert(output.type());
    if (!converted)
      return refuse(op, converted.error().id) << converted.message();
    output = std::move(*converted);
  }
  return outputs;
}

FailureOr<Case> Recorded::toCase() {
  Case result{file, {kernel, {}, {}}, {}};
  ShapeRequest request;
  for (auto input : kernel.getBody().getOps<InputOp>())
    if (auto tensor = take(input.getName())) {
      request.shapes[input.getName().str()] = tensor->shape();
      result.call.inputs.emplace(input.getName(), std::move(*tensor));
    }
  for (auto param : kernel.getBody().getOps<ParamOp>())
    if (auto tensor = take(param.getName())) {
      Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
      request.params[param.getName().str()] =
          scalar::kindOf(type) == scalar::Kind::Real
              ? scalar::Value::of(tensor->getReal(0))
              : scalar::Value::of(tensor->getInt(0));
    }
  for (auto rank : kernel.getBody().getOps<RankOp>())
    if (auto tensor = take("#" + rank.getName().str()))
      request.pins[rank.getName().str()] = tensor->getInt(0);
  if (failed(checkTypes(kernel, result.call.inputs)))
    return failure();
  auto resolution = resolve(kernel, request);
  if (failed(resolution))
    return failure();
  result.call.resolution = std::move(*resolution);
  auto outputs = takeOutputs(result.call);
  if (failed(outputs) || failed(checkInputs(result.call)))
    return failure();
  result.expected = std::move(*outputs);
  if (!tensors.empty())
    return refuse(kernel, "recorded-case") << file << " holds '" << tensors.begin()->first
                              << "', which the kernel has no place for";
  return result;
}

} // namespace

FailureOr<std::vector<Case>> readCases(KernelOp kernel,
                                       const std::string &folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code error;
  for (auto &entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".npz")
      files.push_back(entry.path());
  if (error)
    return refuse(kernel, "file-access")
           << "no cases in '" << folder << "': " << error.message();
  std::ranges::sort(files);
  std::vector<Case> cases;
  for (const std::string &file : files) {
    Recorded recorded(kernel, file);
    auto made = succeeded(recorded.read()) ? recorded.toCase()
                                           : FailureOr<Case>(failure());
    if (failed(made))
      return failure();
    cases.push_back(std::move(*made));
  }
  return cases;
}

} // namespace weir::tool
