// Calls on a device: tensors are copied there, the launcher of libweir_cuda puts the work into a stream.
#include "codegen/nvptx/Device.h"

#include "codegen/nvptx/Version.h"
#include "dialect/Refuse.h"
#include "runtime/cuda/Driver.h"

#include <array>
#include <cstring>
#include <dlfcn.h>

using namespace mlir;

namespace weir::nvptx {
namespace {

using Event = struct CUevent_st *;

/// What a program needs of the driver beside the launcher.
struct Functions {
  CUresult (*cuDevicePrimaryCtxRetain)(CUcontext *, CUdevice);
  CUresult (*cuDeviceGetName)(char *, int, CUdevice);
  CUresult (*cuStreamCreate)(weir_stream *, unsigned);
  CUresult (*cuStreamSynchronize)(weir_stream);
  CUresult (*cuMemAlloc_v2)(unsigned long long *, size_t);
  CUresult (*cuMemFree_v2)(unsigned long long);
  CUresult (*cuMemcpyHtoD_v2)(unsigned long long, const void *, size_t);
  CUresult (*cuMemcpyDtoH_v2)(void *, unsigned long long, size_t);
  CUresult (*cuEventCreate)(Event *, unsigned);
  CUresult (*cuEventRecord)(Event, weir_stream);
  CUresult (*cuEventSynchronize)(Event);
  CUresult (*cuEventElapsedTime)(float *milliseconds, Event, Event);
};

/// The first device, its primary context and a stream; or why not.
class Device {
public:
  static const Device &get() {
    static const Device device;
    return device;
  }

  std::string error; ///< empty: the device is there
  const weir_cuda_driver *driver = nullptr;
  Functions cuda{};
  CUcontext context = nullptr;
  weir_stream stream = nullptr;
  std::string name;

  /// An error's words; empty for success.
  std::string wordsOf(CUresult result, const char *function) const {
    char message[WEIR_MESSAGE_SIZE] = "";
    weir_cuda_check(driver, result, function, message, sizeof message);
    return message;
  }

private:
  Device() { open(); }

  void open() {
    char message[WEIR_MESSAGE_SIZE] = "";
    driver = weir_cuda_find_driver(message, sizeof message);
    if (!driver) {
      error = message;
      return;
    }
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    auto find = [&](auto &function, const char *symbol) {
      void *found = dlsym(library, symbol);
      if (!found && error.empty())
        error = std::string("NVIDIA's driver has no ") + symbol;
      std::memcpy(&function, &found, sizeof found);
    };
    find(cuda.cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain");
    find(cuda.cuDeviceGetName, "cuDeviceGetName");
    find(cuda.cuStreamCreate, "cuStreamCreate");
    find(cuda.cuStreamSynchronize, "cuStreamSynchronize");
    find(cuda.cuMemAlloc_v2, "cuMemAlloc_v2");
    find(cuda.cuMemFree_v2, "cuMemFree_v2");
    find(cuda.cuMemcpyHtoD_v2, "cuMemcpyHtoD_v2");
    find(cuda.cuMemcpyDtoH_v2, "cuMemcpyDtoH_v2");
    find(cuda.cuEventCreate, "cuEventCreate");
    find(cuda.cuEventRecord, "cuEventRecord");
    find(cuda.cuEventSynchronize, "cuEventSynchronize");
    find(cuda.cuEventElapsedTime, "cuEventElapsedTime");
    if (!error.empty())
      return;
    error = wordsOf(cuda.cuDevicePrimaryCtxRetain(&context, 0), "cuDevicePrimaryCtxRetain");
    if (error.empty())
      error = wordsOf(driver->cuCtxPushCurrent_v2(context), "cuCtxPushCurrent");
    if (error.empty())
      error = wordsOf(cuda.cuStreamCreate(&stream, 0), "cuStreamCreate");
    CUcontext popped;
    driver->cuCtxPopCurrent_v2(&popped); // calls push it in their threads
    char text[256] = "";
    if (error.empty())
      error = wordsOf(cuda.cuDeviceGetName(text, sizeof text, 0), "cuDeviceGetName");
    name = text;
  }
};

class DeviceKernel : public Executable {
public:
  DeviceKernel(cascade::KernelOp kernel, Architecture architecture, const CompileOptions &options)
      : kernel(kernel), architecture(std::move(architecture)), options(options) {}

  LogicalResult prepare(const Call &call);
  LogicalResult run(const Call &call, std::vector<io::Tensor> &outputs) override;
  FailureOr<std::vector<double>> measure(const Call &call, std::vector<io::Tensor> &outputs, unsigned repeat) override;
  std::string place() const override { return device.name; }

private:
  LogicalResult check(CUresult result, const char *function) {
    return result ? fail(device.wordsOf(result, function)) : success();
  }
  LogicalResult fail(const std::string &words) { return weir::refuse(kernel, "device-error") << words; }
  /// Copies the call's tensors to the device, does something there, copies outputs back.
  LogicalResult onDevice(const Call &call, std::vector<io::Tensor> &outputs, llvm::function_ref<LogicalResult()> body);
  LogicalResult launch();

  const Device &device = Device::get();
  cascade::KernelOp kernel;
  Architecture architecture;
  CompileOptions options;
  std::optional<Version> version;
  std::string cubin;
  std::vector<weir_cuda_entry> entries;
  weir_cuda_code code{};

  // Of the call at hand.
  std::vector<std::vector<std::byte>> arguments;
  std::vector<std::array<int64_t, 3>> grids;
};

LogicalResult DeviceKernel::prepare(const Call &call) {
  if (!device.error.empty())
    return weir::refuse(kernel, "no-device") << "no kernel can run on a GPU here: " << device.error;
  if (version && version->isFor(call))
    return success();
  auto made = Version::make(call, ptxOfLlvm, architecture, options);
  if (failed(made))
    return failure();
  version.emplace(std::move(*made));
  if (!findPtxas().empty()) {
    auto binary = emitCubin(version->code, architecture);
    if (failed(binary))
      return failure();
    cubin = std::move(*binary);
  }
  entries.clear();
  for (const Launch &launch : version->code.launches)
    entries.push_back({launch.entry.c_str(), int32_t(launch.threads), int32_t(launch.sharedBytes)});
  code = {nullptr, 80, int32_t(entries.size()), entries.data(), cubin.empty() ? nullptr : cubin.data(), version->ptx.c_str()};
  return success();
}

LogicalResult DeviceKernel::launch() {
  SmallVector<void *> addresses;
  for (auto &argument : arguments)
    addresses.push_back(argument.data());
  char message[WEIR_MESSAGE_SIZE] = "";
  for (size_t i = 0; i < entries.size(); ++i)
    if (weir_cuda_launch(&code, int32_t(i), grids[i].data(), addresses.data(), device.stream, message, sizeof message))
      return fail(message);
  return success();
}

LogicalResult DeviceKernel::onDevice(const Call &call, std::vector<io::Tensor> &outputs,
                                     llvm::function_ref<LogicalResult()> body) {
  if (failed(prepare(call)))
    return failure();
  auto tensors = tensorsOf(call, version->code, outputs);
  if (failed(tensors))
    return failure();
  LogicalResult result = check(device.driver->cuCtxPushCurrent_v2(device.context), "cuCtxPushCurrent");
  if (failed(result))
    return failure();
  auto step = [&](CUresult error, const char *function) {
    if (succeeded(result))
      result = check(error, function);
    return succeeded(result);
  };
  for (auto &[name, placed] : *tensors) {
    unsigned long long address = 0;
    if (!step(device.cuda.cuMemAlloc_v2(&address, std::max<size_t>(placed.tensor.bytes(), 1)), "cuMemAlloc"))
      break;
    placed.address = address;
    if (placed.tensor.bytes())
      step(device.cuda.cuMemcpyHtoD_v2(address, placed.tensor.data(), placed.tensor.bytes()), "cuMemcpyHtoD");
  }
  if (succeeded(result)) {
    arguments.clear();
    grids.clear();
    for (const Parameter &parameter : version->code.parameters)
      arguments.push_back(argumentOf(parameter, call, *tensors));
    for (const Launch &launch : version->code.launches)
      grids.push_back(version->code.gridOf(
          launch, [&](StringRef rank) { return call.resolution.extents.at(rank.str()); }));
    result = body();
    step(device.cuda.cuStreamSynchronize(device.stream), "cuStreamSynchronize");
  }
  for (auto &[name, placed] : *tensors) {
    if (succeeded(result) && placed.isOutput && placed.tensor.bytes())
      step(device.cuda.cuMemcpyDtoH_v2(placed.tensor.data(), placed.address, placed.tensor.bytes()), "cuMemcpyDtoH");
    if (placed.address)
      device.cuda.cuMemFree_v2(placed.address);
  }
  CUcontext popped;
  device.driver->cuCtxPopCurrent_v2(&popped);
  return result;
}

LogicalResult DeviceKernel::run(const Call &call, std::vector<io::Tensor> &outputs) {
  return onDevice(call, outputs, [&] { return launch(); });
}

FailureOr<std::vector<double>> DeviceKernel::measure(const Call &call, std::vector<io::Tensor> &outputs, unsigned repeat) {
  std::vector<double> seconds;
  auto measured = onDevice(call, outputs, [&]() -> LogicalResult {
    Event begin, end;
    if (failed(check(device.cuda.cuEventCreate(&begin, 0), "cuEventCreate")) ||
        failed(check(device.cuda.cuEventCreate(&end, 0), "cuEventCreate")) || failed(launch())) // loads the code
      return failure();
    for (unsigned i = 0; i < repeat; ++i) {
      float milliseconds = 0;
      if (failed(check(device.cuda.cuEventRecord(begin, device.stream), "cuEventRecord")) || failed(launch()) ||
          failed(check(device.cuda.cuEventRecord(end, device.stream), "cuEventRecord")) ||
          failed(check(device.cuda.cuEventSynchronize(end), "cuEventSynchronize")) ||
          failed(check(device.cuda.cuEventElapsedTime(&milliseconds, begin, end), "cuEventElapsedTime")))
        return failure();
      seconds.push_back(milliseconds / 1e3);
    }
    return success();
  });
  if (failed(measured))
    return failure();
  return seconds;
}

} // namespace

FailureOr<std::unique_ptr<Executable>> compileForDevice(const Call &call, const CompileOptions &options) {
  auto architecture = architectureOf(call, options);
  if (failed(architecture))
    return failure();
  auto executable = std::make_unique<DeviceKernel>(call.kernel, *architecture, options);
  if (failed(executable->prepare(call)))
    return failure();
  return std::unique_ptr<Executable>(std::move(executable));
}

} // namespace weir::nvptx
