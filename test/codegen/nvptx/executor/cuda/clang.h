// What the programs of this folder use of CUDA, for clang without NVIDIA's headers: keywords can only be macros.
#include <__clang_cuda_builtin_vars.h>

#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __noinline__ __attribute__((noinline))

__device__ inline int __shfl_up_sync(unsigned mask, int value, unsigned step) {
  return __nvvm_shfl_sync_up_i32(mask, value, step, 0);
}
__device__ inline int __popc(unsigned value) { return __builtin_popcount(value); }
__device__ inline int atomicAdd(int *at, int value) { return __nvvm_atom_add_gen_i(at, value); }
