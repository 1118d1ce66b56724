/* Loads the code of kernels, once a context of a device, and puts launches into streams. */
#include "runtime/cuda/Driver.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Code in one context. Contexts are known by numbers that no later one gets again. */
typedef struct loaded_code {
  struct loaded_code *next; /* of other contexts */
  unsigned long long context;
  CUmodule module;
  CUfunction functions[];
} loaded_code;

/* One call, and where its message goes. */
typedef struct call {
  const weir_cuda_driver *cuda;
  char *message;
  size_t message_size;
} call;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static weir_status check(call *self, CUresult result, const char *function) {
  return weir_cuda_check(self->cuda, result, function, self->message, self->message_size);
}

/* Loads one image; an error is the driver's, or that of its compiler. */
static weir_status load_image(call *self, const void *image, CUmodule *module) {
  char log[1024] = "";
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, (void *)(uintptr_t)sizeof log};
  weir_status status = check(self, self->cuda->cuModuleLoadDataEx(module, image, 2, options, values), "cuModuleLoadDataEx");
  if (status && log[0]) {
    log[strcspn(log, "\n")] = 0;
    size_t length = self->message_size ? strlen(self->message) : 0;
    snprintf(self->message + length, self->message_size - length, ": %s", log);
  }
  return status;
}

/* The machine code runs on devices of the same major capability. Others, and drivers that are older than the program
 * that made it, compile the PTX. */
static weir_status load_module(call *self, const weir_cuda_code *code, CUmodule *module) {
  CUdevice device;
  int major, minor;
  weir_status status = check(self, self->cuda->cuCtxGetDevice(&device), "cuCtxGetDevice");
  if (status)
    return status;
  if ((status = check(self, self->cuda->cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
                      "cuDeviceGetAttribute")) ||
      (status = check(self, self->cuda->cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device),
                      "cuDeviceGetAttribute")))
    return status;
  if (10 * major + minor < code->capability) {
    snprintf(self->message, self->message_size, "the code is for compute capability %d.%d and newer; device %d has %d.%d",
             code->capability / 10, code->capability % 10, device, major, minor);
    return WEIR_UNSUPPORTED;
  }
  if (code->cubin && major == code->capability / 10) {
    if (load_image(self, code->cubin, module) == WEIR_OK)
      return WEIR_OK;
    snprintf(self->message, self->message_size, "%s", "");
  }
  return load_image(self, code->ptx, module);
}

/* Finds the functions, and lets them have their shared memory. */
static weir_status prepare(call *self, const weir_cuda_code *code, loaded_code *loaded) {
  weir_status status = WEIR_OK;
  for (int32_t i = 0; i < code->entry_count && !status; ++i) {
    const weir_cuda_entry *entry = &code->entries[i];
    status = check(self, self->cuda->cuModuleGetFunction(&loaded->functions[i], loaded->module, entry->name),
                   "cuModuleGetFunction");
    if (!status)
      status = check(self,
                     self->cuda->cuFuncSetAttribute(loaded->functions[i], CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                                    entry->shared_bytes),
                     "cuFuncSetAttribute");
  }
  return status;
}

static weir_status load(call *self, const weir_cuda_code *code, unsigned long long context, loaded_code **result) {
  loaded_code *loaded = calloc(1, sizeof *loaded + code->entry_count * sizeof(CUfunction));
  if (!loaded) {
    snprintf(self->message, self->message_size, "there is no memory to load the code");
    return WEIR_DEVICE_ERROR;
  }
  loaded->context = context;
  weir_status status = load_module(self, code, &loaded->module);
  if (!status && (status = prepare(self, code, loaded)))
    self->cuda->cuModuleUnload(loaded->module);
  if (status)
    free(loaded);
  else
    *result = loaded;
  return status;
}

static loaded_code *find(weir_cuda_code *code, unsigned long long context) {
  loaded_code *loaded = __atomic_load_n((loaded_code **)&code->loaded, __ATOMIC_ACQUIRE);
  while (loaded && loaded->context != context)
    loaded = loaded->next;
  return loaded;
}

/* The code in the context that is current; loaded by the first who asks. */
static weir_status find_or_load(call *self, weir_cuda_code *code, CUcontext context, loaded_code **result) {
  unsigned long long id;
  weir_status status = check(self, self->cuda->cuCtxGetId(context, &id), "cuCtxGetId");
  if (status || (*result = find(code, id)))
    return status;
  pthread_mutex_lock(&loading);
  if (!(*result = find(code, id)) && !(status = load(self, code, id, result))) {
    (*result)->next = code->loaded;
    __atomic_store_n((loaded_code **)&code->loaded, *result, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&loading);
  return status;
}

weir_status weir_cuda_launch(weir_cuda_code *code, int32_t entry, const int64_t blocks[3], void **arguments,
                             weir_stream stream, char *message, size_t message_size) {
  static const int64_t most[3] = {INT32_MAX, 65535, 65535}; /* of every device */
  if (blocks[0] == 0 || blocks[1] == 0 || blocks[2] == 0)
    return WEIR_OK;
  for (int i = 0; i < 3; ++i)
    if (blocks[i] > most[i]) {
      snprintf(message, message_size, "%lld blocks along %c are more than a launch takes", (long long)blocks[i], "xyz"[i]);
      return WEIR_UNSUPPORTED;
    }
  call self = {weir_cuda_find_driver(message, message_size), message, message_size};
  if (!self.cuda)
    return WEIR_NO_DEVICE;
  CUcontext context;
  if (check(&self, self.cuda->cuStreamGetCtx(stream, &context), "cuStreamGetCtx"))
    return WEIR_NO_DEVICE;
  weir_status status = check(&self, self.cuda->cuCtxPushCurrent_v2(context), "cuCtxPushCurrent");
  if (status)
    return status;
  loaded_code *loaded;
  status = find_or_load(&self, code, context, &loaded);
  if (!status) {
    const weir_cuda_entry *what = &code->entries[entry];
    status = check(&self,
                   self.cuda->cuLaunchKernel(loaded->functions[entry], (unsigned)blocks[0], (unsigned)blocks[1],
                                             (unsigned)blocks[2], what->threads, 1, 1, what->shared_bytes, stream,
                                             arguments, NULL),
                   "cuLaunchKernel");
  }
  self.cuda->cuCtxPopCurrent_v2(&context);
  return status;
}
