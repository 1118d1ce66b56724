// The C interface compiles as C and has the layout that emitted code assumes.
#include <weir/cuda.h>
#include <weir/pool.h>

_Static_assert(sizeof(weir_tensor) == 144, "weir_tensor");
_Static_assert(offsetof(weir_tensor, type) == 8, "weir_tensor.type");
_Static_assert(offsetof(weir_tensor, rank) == 12, "weir_tensor.rank");
_Static_assert(offsetof(weir_tensor, extents) == 16, "weir_tensor.extents");
_Static_assert(offsetof(weir_tensor, strides) == 80, "weir_tensor.strides");

_Static_assert(sizeof(weir_context) == 304, "weir_context");
_Static_assert(offsetof(weir_context, parallel) == 8, "weir_context.parallel");
_Static_assert(offsetof(weir_context, pool) == 16, "weir_context.pool");
_Static_assert(offsetof(weir_context, workers) == 24, "weir_context.workers");
_Static_assert(offsetof(weir_context, workspace) == 32,
               "weir_context.workspace");
_Static_assert(offsetof(weir_context, workspace_size) == 40,
               "weir_context.workspace_size");
_Static_assert(offsetof(weir_context, message) == 48, "weir_context.message");

_Static_assert(sizeof(weir_argument_info) == 152, "weir_argument_info");
_Static_assert(offsetof(weir_argument_info, rank_names) == 24,
               "weir_argument_info.rank_names");
_Static_assert(offsetof(weir_argument_info, extents) == 88,
               "weir_argument_info.extents");

_Static_assert(sizeof(weir_kernel_info) == 72, "weir_kernel_info");
_Static_assert(offsetof(weir_kernel_info, arguments) == 32,
               "weir_kernel_info.arguments");
_Static_assert(offsetof(weir_kernel_info, run) == 48, "weir_kernel_info.run");

_Static_assert(sizeof(weir_cuda_entry) == 16, "weir_cuda_entry");
_Static_assert(offsetof(weir_cuda_entry, threads) == 8,
               "weir_cuda_entry.threads");
_Static_assert(offsetof(weir_cuda_entry, shared_bytes) == 12,
               "weir_cuda_entry.shared_bytes");

_Static_assert(sizeof(weir_cuda_code) == 40, "weir_cuda_code");
_Static_assert(offsetof(weir_cuda_code, capability) == 8,
               "weir_cuda_code.capability");
_Static_assert(offsetof(weir_cuda_code, entry_count) == 12,
               "weir_cuda_code.entry_count");
_Static_assert(offsetof(weir_cuda_code, entries) == 16,
               "weir_cuda_code.entries");
_Static_assert(offsetof(weir_cuda_code, cubin) == 24, "weir_cuda_code.cubin");
_Static_assert(offsetof(weir_cuda_code, ptx) == 32, "weir_cuda_code.ptx");

// What a C program writes to describe a 2 × 3 matrix; PoolTest.cpp looks at it.
weir_tensor describeFromC(float *data);
weir_tensor describeFromC(float *data) {
  const int64_t extents[] = {2, 3};
  return weir_dense(data, WEIR_F32, 2, extents);
}
