/* Opens NVIDIA's driver, which is never linked. */
#include "runtime/cuda/Driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static weir_cuda_driver driver;
static char failure[WEIR_MESSAGE_SIZE]; /* empty: the driver is there */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct {
  const char *name;
  size_t offset;
} symbols[] = {
    {"cuInit", offsetof(weir_cuda_driver, cuInit)},
    {"cuGetErrorName", offsetof(weir_cuda_driver, cuGetErrorName)},
    {"cuGetErrorString", offsetof(weir_cuda_driver, cuGetErrorString)},
    {"cuDeviceGetAttribute", offsetof(weir_cuda_driver, cuDeviceGetAttribute)},
    {"cuCtxPushCurrent_v2", offsetof(weir_cuda_driver, cuCtxPushCurrent_v2)},
    {"cuCtxPopCurrent_v2", offsetof(weir_cuda_driver, cuCtxPopCurrent_v2)},
    {"cuCtxGetDevice", offsetof(weir_cuda_driver, cuCtxGetDevice)},
    {"cuCtxGetId", offsetof(weir_cuda_driver, cuCtxGetId)},
    {"cuModuleLoadDataEx", offsetof(weir_cuda_driver, cuModuleLoadDataEx)},
    {"cuModuleUnload", offsetof(weir_cuda_driver, cuModuleUnload)},
    {"cuModuleGetFunction", offsetof(weir_cuda_driver, cuModuleGetFunction)},
    {"cuFuncSetAttribute", offsetof(weir_cuda_driver, cuFuncSetAttribute)},
    {"cuLaunchKernel", offsetof(weir_cuda_driver, cuLaunchKernel)},
    {"cuStreamGetCtx", offsetof(weir_cuda_driver, cuStreamGetCtx)},
};

static void open_driver(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(failure, sizeof failure, "NVIDIA's driver is not here: %s", dlerror());
    return;
  }
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; ++i) {
    void *symbol = dlsym(library, symbols[i].name);
    if (!symbol) {
      snprintf(failure, sizeof failure, "NVIDIA's driver has no %s: one of CUDA 12.3 or newer is needed",
               symbols[i].name);
      return;
    }
    memcpy((char *)&driver + symbols[i].offset, &symbol, sizeof symbol);
  }
  CUresult result = driver.cuInit(0);
  if (result)
    weir_cuda_check(&driver, result, "cuInit", failure, sizeof failure);
}

const weir_cuda_driver *weir_cuda_find_driver(char *message, size_t message_size) {
  pthread_once(&once, open_driver);
  if (!failure[0])
    return &driver;
  snprintf(message, message_size, "%s", failure);
  return NULL;
}

weir_status weir_cuda_check(const weir_cuda_driver *cuda, CUresult result, const char *function, char *message,
                            size_t message_size) {
  if (!result)
    return WEIR_OK;
  const char *name = NULL, *words = NULL;
  if (cuda->cuGetErrorName(result, &name) || !name)
    name = "unknown error";
  if (cuda->cuGetErrorString(result, &words) || !words)
    words = "the driver has no words for it";
  snprintf(message, message_size, "%s: %s (%d), %s", function, name, result, words);
  return WEIR_DEVICE_ERROR;
}
