/* A driver library for machines without a GPU, called libcuda.so.1: modules are PTX, which the PTX executor runs.
 *
 * A launch waits in its stream until that is synchronised. What the executor finds wrong is printed, and the error
 * stays in the context, as on a device. What looks like machine code (it begins as ELF files do) is refused, unless a
 * PTX text follows at once. */
#ifndef WEIR_TEST_RUNTIME_CUDA_MOCKDRIVER_H
#define WEIR_TEST_RUNTIME_CUDA_MOCKDRIVER_H

#include <stddef.h>
#include <weir/cuda.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What programs use beside the launcher: as cuda.h declares it. */
typedef struct CUctx_st *CUcontext;
int cuInit(unsigned flags);
int cuDevicePrimaryCtxRetain(CUcontext *, int device);
int cuDevicePrimaryCtxReset_v2(int device);
int cuCtxSetCurrent(CUcontext);
int cuCtxGetCurrent(CUcontext *);
int cuStreamCreate(weir_stream *, unsigned flags);
int cuStreamDestroy_v2(weir_stream);
int cuStreamSynchronize(weir_stream);
int cuMemAlloc_v2(unsigned long long *, size_t bytes);
int cuMemFree_v2(unsigned long long);
int cuMemcpyHtoD_v2(unsigned long long, const void *, size_t bytes);
int cuMemcpyDtoH_v2(void *, unsigned long long, size_t bytes);

/* The compute capability of both devices, 8.0 at first: 10 * major + minor. */
void mock_set_capability(int capability);

/* Lets a function fail from now on, with the number of an error; 0: no more. */
void mock_fail(const char *function, int error);

/* What was loaded and launched since the last time somebody asked: a line each. Valid until the next call. */
const char *mock_take_log(void);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_TEST_RUNTIME_CUDA_MOCKDRIVER_H */
