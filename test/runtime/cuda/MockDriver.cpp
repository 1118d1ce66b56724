// A driver library that runs PTX on the executor.
#include "test/runtime/cuda/MockDriver.h"

#include "codegen/nvptx/executor/Executor.h"
#include "runtime/cuda/Driver.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace weir;

struct CUfunc_st {
  CUmod_st *module;
  ptx::KernelInfo info;
  unsigned sharedLimit = 48 * 1024; ///< until an attribute raises it
};

struct CUmod_st {
  CUctx_st *context;
  ptx::Module code;
  std::map<std::string, CUfunc_st> functions;
};

struct CUstream_st {
  CUctx_st *context;
  std::deque<std::pair<CUmod_st *, ptx::Launch>> waiting;
};

struct CUevent_st {
  std::chrono::steady_clock::time_point time;
};

struct CUctx_st {
  CUctx_st(int device, unsigned long long id) : device(device), id(id) {}

  int device;
  unsigned long long id;
  CUresult error = 0; ///< of work on the device; stays
  CUstream_st defaultStream{this, {}};
  std::vector<std::unique_ptr<CUmod_st>> modules;
  std::map<uint64_t, std::vector<std::byte>> buffers; ///< by address
  ptx::GlobalMemory memory;
};

namespace {

enum : CUresult {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialised = 3,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  InvalidPtx = 218,
  NotFound = 500,
  LaunchFailed = 719,
};

const std::map<CUresult, std::pair<const char *, const char *>> words{
    {InvalidValue, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
    {OutOfMemory, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
    {NotInitialised, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
    {NoDevice, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
    {InvalidDevice, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}},
    {InvalidContext, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
    {NoBinaryForGpu, {"CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"}},
    {InvalidPtx, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
    {NotFound, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
    {LaunchFailed, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
};

constexpr int devices = 2;
constexpr unsigned sharedOfBlock = 166912; ///< what an attribute may ask for

std::recursive_mutex mutex;
bool isInitialised = false;
int capability = 80;
unsigned long long nextContext = 1;
std::unique_ptr<CUctx_st> primary[devices];
std::map<std::string, CUresult> failures;
std::string lines, taken;
thread_local std::vector<CUcontext> current; ///< a stack

/// The error that a function begins with; the driver is locked for the rest of it.
struct Call {
  std::lock_guard<std::recursive_mutex> lock{mutex};
  CUresult error;

  explicit Call(const char *function, CUcontext context = nullptr) {
    auto found = failures.find(function);
    error = found != failures.end() ? found->second : !isInitialised ? NotInitialised : context ? context->error : Success;
  }
};

CUcontext currentContext() { return current.empty() ? nullptr : current.back(); }

/// The streams of this process that null stands for.
CUstream_st *resolve(weir_stream stream) {
  if (stream)
    return stream;
  return currentContext() ? &currentContext()->defaultStream : nullptr;
}

/// The buffer that holds some bytes, and where in it they are.
std::byte *find(CUcontext context, uint64_t address, size_t bytes) {
  auto after = context->buffers.upper_bound(address);
  if (after == context->buffers.begin())
    return nullptr;
  auto &[begin, data] = *std::prev(after);
  uint64_t offset = address - begin;
  return offset <= data.size() && bytes <= data.size() - offset ? data.data() + offset : nullptr;
}

void markWritten(CUcontext context, uint64_t address, size_t bytes) {
  for (auto &region : context->memory.regions())
    if (address >= region.address && address < region.address + region.bytes) {
      region.written.resize(region.bytes);
      std::fill_n(region.written.begin() + static_cast<ptrdiff_t>(address - region.address), bytes, 1);
    }
}

void synchronise(CUstream_st &stream) {
  for (; !stream.waiting.empty(); stream.waiting.pop_front()) {
    auto &[module, launch] = stream.waiting.front();
    ptx::Report report = ptx::launch(module->code, launch, stream.context->memory);
    if (report.ok())
      continue;
    std::fprintf(stderr, "%s", report.text().c_str());
    stream.context->error = LaunchFailed;
  }
}

/// What the driver's compiler says goes to the buffer among the options.
void writeLog(const std::string &text, unsigned count, const int *options, void **values) {
  char *buffer = nullptr;
  size_t size = 0;
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
      buffer = static_cast<char *>(values[i]);
    else if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      size = reinterpret_cast<uintptr_t>(values[i]);
  std::snprintf(buffer, size, "%s", text.c_str());
}

} // namespace

extern "C" {

void mock_set_capability(int value) { capability = value; }

void mock_fail(const char *function, int error) {
  std::lock_guard lock(mutex);
  if (error)
    failures[function] = error;
  else
    failures.erase(function);
}

const char *mock_take_log() {
  std::lock_guard lock(mutex);
  taken = std::move(lines);
  lines.clear();
  return taken.c_str();
}

CUresult cuInit(unsigned) {
  isInitialised = true;
  return Call("cuInit").error;
}

CUresult cuGetErrorName(CUresult error, const char **name) {
  auto found = words.find(error);
  *name = found != words.end() ? found->second.first : nullptr;
  return *name ? Success : InvalidValue;
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  auto found = words.find(error);
  *text = found != words.end() ? found->second.second : nullptr;
  return *text ? Success : InvalidValue;
}

//===-- Devices, contexts, streams ------------------------------------------===//

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice) {
  Call call("cuDeviceGetAttribute");
  *value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR   ? capability / 10
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR ? capability % 10
                                                                       : 0;
  return call.error;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice) {
  Call call("cuDeviceGetName");
  std::snprintf(name, size_t(size), "PTX executor");
  return call.error;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Call call("cuDevicePrimaryCtxRetain");
  if (device < 0 || device >= devices)
    return InvalidDevice;
  auto &held = primary[device];
  if (!call.error && !held)
    held.reset(new CUctx_st(device, nextContext++));
  *context = held.get();
  return call.error;
}

CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
  Call call("cuDevicePrimaryCtxReset");
  primary[device].reset();
  return call.error;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  current.assign(context != nullptr, context);
  return Success;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  *context = currentContext();
  return Success;
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  Call call("cuCtxPushCurrent_v2");
  if (!call.error)
    current.push_back(context);
  return call.error;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  *context = currentContext();
  if (!*context)
    return InvalidContext;
  current.pop_back();
  return Success;
}

CUresult cuCtxGetDevice(CUdevice *device) {
  Call call("cuCtxGetDevice", currentContext());
  if (!currentContext())
    return InvalidContext;
  *device = currentContext()->device;
  return call.error;
}

CUresult cuCtxGetId(CUcontext context, unsigned long long *id) {
  Call call("cuCtxGetId");
  *id = context->id;
  return call.error;
}

CUresult cuStreamCreate(weir_stream *stream, unsigned) {
  Call call("cuStreamCreate");
  if (!currentContext())
    return InvalidContext;
  *stream = new CUstream_st{currentContext(), {}};
  return call.error;
}

CUresult cuStreamDestroy_v2(weir_stream stream) {
  delete stream;
  return Success;
}

CUresult cuStreamGetCtx(weir_stream stream, CUcontext *context) {
  Call call("cuStreamGetCtx");
  CUstream_st *found = resolve(stream);
  if (!found)
    return call.error ? call.error : InvalidContext;
  *context = found->context;
  return call.error;
}

CUresult cuStreamSynchronize(weir_stream stream) {
  Call call("cuStreamSynchronize");
  CUstream_st *found = resolve(stream);
  if (!found)
    return InvalidContext;
  synchronise(*found);
  return found->context->error;
}

//===-- Events --------------------------------------------------------------===//

CUresult cuEventCreate(CUevent_st **event, unsigned) {
  Call call("cuEventCreate", currentContext());
  *event = new CUevent_st;
  return call.error;
}

/// The stream's work is done first, so that the event has a time.
CUresult cuEventRecord(CUevent_st *event, weir_stream stream) {
  CUresult error = cuStreamSynchronize(stream);
  event->time = std::chrono::steady_clock::now();
  return error;
}

CUresult cuEventSynchronize(CUevent_st *) { return Call("cuEventSynchronize").error; }

CUresult cuEventElapsedTime(float *milliseconds, CUevent_st *begin, CUevent_st *end) {
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return Call("cuEventElapsedTime").error;
}

//===-- Memory --------------------------------------------------------------===//

CUresult cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  CUcontext context = currentContext();
  Call call("cuMemAlloc_v2", context);
  if (call.error || !context || bytes == 0)
    return call.error ? call.error : context ? InvalidValue : InvalidContext;
  std::vector<std::byte> data(bytes);
  *address = context->memory.map("buffer " + std::to_string(context->buffers.size()), data.data(), bytes, true, false);
  context->buffers[*address] = std::move(data);
  return Success;
}

CUresult cuMemFree_v2(unsigned long long address) {
  CUcontext context = currentContext();
  if (!context || !context->buffers.erase(address))
    return InvalidValue;
  auto &regions = context->memory.regions();
  regions.erase(std::ranges::find(regions, address, &ptx::GlobalMemory::Region::address));
  return Success;
}

CUresult cuMemcpyHtoD_v2(unsigned long long address, const void *data, size_t bytes) {
  CUcontext context = currentContext();
  Call call("cuMemcpyHtoD_v2", context);
  std::byte *to = context ? find(context, address, bytes) : nullptr;
  if (!to)
    return InvalidValue;
  std::memcpy(to, data, bytes);
  markWritten(context, address, bytes);
  return call.error;
}

/// As with the blocking copies of a device, the default stream has ended then.
CUresult cuMemcpyDtoH_v2(void *data, unsigned long long address, size_t bytes) {
  CUcontext context = currentContext();
  Call call("cuMemcpyDtoH_v2", context);
  std::byte *from = context ? find(context, address, bytes) : nullptr;
  if (!from)
    return InvalidValue;
  synchronise(context->defaultStream);
  std::memcpy(data, from, bytes);
  return context->error;
}

//===-- Code ----------------------------------------------------------------===//

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, int *options, void **values) {
  CUcontext context = currentContext();
  Call call("cuModuleLoadDataEx", context);
  const char *text = static_cast<const char *>(image);
  bool isMachineCode = std::strncmp(text, "\177ELF", 4) == 0;
  lines += isMachineCode ? "load machine code" : "load PTX";
  lines += ", device " + std::to_string(context->device) + "\n";
  if (call.error)
    return call.error;
  if (isMachineCode && text[4] < ' ')
    return NoBinaryForGpu;
  std::vector<ptx::Diagnostic> diagnostics;
  auto code = ptx::parse(isMachineCode ? text + 4 : text, diagnostics);
  if (!code) {
    writeLog("line " + std::to_string(diagnostics.at(0).line) + "; " + diagnostics[0].message + "\nand more", count, options,
             values);
    return isMachineCode ? NoBinaryForGpu : InvalidPtx;
  }
  context->modules.emplace_back(new CUmod_st{context, std::move(*code), {}});
  *module = context->modules.back().get();
  for (ptx::KernelInfo &info : (*module)->code.kernels())
    (*module)->functions[info.name] = CUfunc_st{*module, info};
  return Success;
}

CUresult cuModuleUnload(CUmodule module) {
  std::lock_guard lock(mutex);
  lines += "unload\n";
  std::erase_if(module->context->modules, [&](auto &held) { return held.get() == module; });
  return Success;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  Call call("cuModuleGetFunction", module->context);
  auto found = module->functions.find(name);
  if (found == module->functions.end())
    return NotFound;
  *function = &found->second;
  return call.error;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  Call call("cuFuncSetAttribute", function->module->context);
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 || unsigned(value) > sharedOfBlock)
    return InvalidValue;
  function->sharedLimit = unsigned(value);
  return call.error;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, weir_stream stream, void **arguments, void **) {
  CUstream_st *queue = resolve(stream);
  Call call("cuLaunchKernel", function->module->context);
  if (call.error)
    return call.error;
  const ptx::KernelInfo &info = function->info;
  if (!queue || queue->context != function->module->context)
    return InvalidContext;
  if (gridX * gridY * gridZ == 0 || sharedBytes > function->sharedLimit)
    return InvalidValue;
  ptx::Launch launch{info.name, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, {}};
  for (size_t i = 0; i < info.parameters.size(); ++i) {
    auto *bytes = static_cast<const std::byte *>(arguments[i]);
    launch.arguments.push_back({{bytes, bytes + info.parameters[i].bytes}});
  }
  lines += "launch " + info.name + ", " + std::to_string(gridX) + " x " + std::to_string(gridY) + " x " + std::to_string(gridZ) + " blocks of " + std::to_string(blockX) + " threads, " +
           std::to_string(sharedBytes) + " bytes, " + (stream ? "a" : "the default") + " stream of device " +
           std::to_string(queue->context->device) + "\n";
  queue->waiting.emplace_back(function->module, std::move(launch));
  return Success;
}

} // extern "C"
