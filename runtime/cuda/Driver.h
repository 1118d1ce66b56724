/* The functions of NVIDIA's driver, found in libcuda.so.1 when they are first asked for. */
#ifndef WEIR_RUNTIME_CUDA_DRIVER_H
#define WEIR_RUNTIME_CUDA_DRIVER_H

#include <weir/cuda.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As cuda.h has them; no header of CUDA is needed. */
typedef int CUresult;
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
enum {
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
  CU_JIT_ERROR_LOG_BUFFER = 5,
  CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6
};

/* Named as in the library: "_v2" is part of some names. */
typedef struct weir_cuda_driver {
  CUresult (*cuInit)(unsigned flags);
  CUresult (*cuGetErrorName)(CUresult, const char **);
  CUresult (*cuGetErrorString)(CUresult, const char **);
  CUresult (*cuDeviceGetAttribute)(int *, int attribute, CUdevice);
  CUresult (*cuCtxPushCurrent_v2)(CUcontext);
  CUresult (*cuCtxPopCurrent_v2)(CUcontext *);
  CUresult (*cuCtxGetDevice)(CUdevice *);
  CUresult (*cuCtxGetId)(CUcontext, unsigned long long *);
  CUresult (*cuModuleLoadDataEx)(CUmodule *, const void *image, unsigned count, int *options, void **values);
  CUresult (*cuModuleUnload)(CUmodule);
  CUresult (*cuModuleGetFunction)(CUfunction *, CUmodule, const char *name);
  CUresult (*cuFuncSetAttribute)(CUfunction, int attribute, int value);
  CUresult (*cuLaunchKernel)(CUfunction, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                             unsigned blockY, unsigned blockZ, unsigned sharedBytes, weir_stream, void **arguments,
                             void **extra);
  CUresult (*cuStreamGetCtx)(weir_stream, CUcontext *);
} weir_cuda_driver;

/* The driver, initialised; null, and a line in `message`, where there is none. Any thread may ask. */
const weir_cuda_driver *weir_cuda_find_driver(char *message, size_t message_size);

/* WEIR_OK, or WEIR_DEVICE_ERROR and "FUNCTION: the driver's words" in `message`. */
weir_status weir_cuda_check(const weir_cuda_driver *driver, CUresult result, const char *function, char *message,
                            size_t message_size);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_RUNTIME_CUDA_DRIVER_H */
