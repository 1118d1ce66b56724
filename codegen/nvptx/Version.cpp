// Code for a call's extents, its tensors, and the values of its parameters.
#include "codegen/nvptx/Version.h"

#include "dialect/Refuse.h"

#include <cstring>

using namespace mlir;

namespace weir::nvptx {

FailureOr<std::string> ptxOfLlvm(cascade::KernelOp, const Code &code, const Architecture &architecture) {
  return emitPtx(code, architecture);
}

bool Version::isFor(const Call &call) const {
  return llvm::all_of(fixed, [&](auto &entry) { return call.resolution.extents.at(entry.first) == entry.second; });
}

FailureOr<Version> Version::make(const Call &call, MakePtx makePtx, const Architecture &architecture,
                                 const CompileOptions &options) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  auto extentOf = [&](StringRef rank) { return call.resolution.extents.at(rank.str()); };
  auto code = compile(kernel, architecture, options.remarks, extentOf, /*splits=*/true);
  if (failed(code))
    return failure();
  auto text = makePtx(kernel, *code, architecture);
  if (failed(text))
    return failure();
  Version version{std::move(*code), std::move(*text), {}};
  for (const std::string &rank : version.code.fixedRanks)
    version.fixed[rank] = extentOf(rank);
  return version;
}

FailureOr<Architecture> architectureOf(const Call &call, const CompileOptions &options) {
  auto architecture = findArchitecture(options.variant);
  if (succeeded(architecture))
    return architecture;
  return weir::refuse(const_cast<cascade::KernelOp &>(call.kernel), "unknown-target")
         << "no code is made for architecture '" << options.variant << "' (there is sm_80, sm_80+tf32)";
}

FailureOr<PlacedTensors> tensorsOf(const Call &call, const Code &code, std::vector<io::Tensor> &outputs) {
  auto kernel = const_cast<cascade::KernelOp &>(call.kernel);
  PlacedTensors tensors;
  for (auto &[name, tensor] : call.inputs) {
    auto dense = tensor.convert(tensor.type());
    if (!dense)
      return weir::refuse(kernel, "no-memory") << dense.message();
    tensors[name] = {*dense};
  }
  for (auto [op, output] : llvm::zip(kernel.getBody().getOps<cascade::OutputOp>(), outputs))
    tensors[op.getName().str()] = {output, /*isOutput=*/true};
  auto extentOf = [&](StringRef rank) { return call.resolution.extents.at(rank.str()); };
  for (const Scratch &scratch : code.scratch) {
    auto tensor = io::Tensor::zeros(WEIR_F32, code.shapeOf(scratch, extentOf));
    if (!tensor)
      return weir::refuse(kernel, "no-memory") << tensor.message();
    tensors[scratch.name] = {*tensor, /*isOutput=*/true};
  }
  return tensors;
}

template <typename T> static std::vector<std::byte> bytesOf(T value) {
  std::vector<std::byte> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::vector<std::byte> argumentOf(const Parameter &parameter, const Call &call, const PlacedTensors &tensors) {
  switch (parameter.kind) {
  case Parameter::Pointer:
    return bytesOf(tensors.at(parameter.name).address);
  case Parameter::Stride:
    return bytesOf(int32_t(tensors.at(parameter.name).tensor.strides()[parameter.dimension]));
  case Parameter::Extent:
    return bytesOf(int32_t(call.resolution.extents.at(parameter.name)));
  case Parameter::Scalar:
    break;
  }
  const scalar::Value &value = call.resolution.params.at(parameter.name);
  for (auto param : const_cast<cascade::KernelOp &>(call.kernel).getBody().getOps<cascade::ParamOp>())
    if (param.getName() == parameter.name) {
      Type type = cast<cascade::TensorType>(param.getType()).getScalarType();
      if (isa<FloatType>(type))
        return bytesOf(float(value.real));
      if (type.isInteger(1))
        return bytesOf(uint8_t(value.integer));
    }
  return bytesOf(int32_t(value.integer));
}

} // namespace weir::nvptx
