/* What an object made for an NVIDIA GPU and the program that calls it need beside <weir/runtime.h>.
 *
 * Such an object holds code for the GPU and, for the processor, checks and a launch. A kernel `attention` is
 *
 *   weir_status attention(weir_context *context, const weir_tensor *tensors, weir_stream stream);
 *
 * and the other functions of <weir/runtime.h>. Link it with libweir_cuda; neither needs anything of CUDA to be built
 * or linked: the first call opens the driver, libcuda.so.1, of CUDA 12.3 or newer.
 *
 * What differs from a kernel for the processor:
 * - Data of inputs and outputs is in the memory of the stream's device; that of scalar parameters is the processor's.
 * - A call that succeeds has put the work into the stream. It is done when the stream is; what goes wrong on the
 *   device is reported there. A call that the driver refuses may have begun to write outputs.
 * - Nothing is waited for, but for the first call on a device, which loads the code: make it before a stream is captured.
 *   Any number of threads may make it.
 * - Elements of inputs are not looked at before: that they are in their declared ranges is the caller's part.
 * - Of the context only the version and the message are used. There is no workspace: <kernel>_workspace gives 0.
 * - The last rank of a tensor is contiguous. Where its extent is fixed to a multiple of 16 bytes, data and rows begin
 *   at multiples of 16 bytes. Extents and strides are below 2^31.
 * - <kernel>_info.run is null, as it has no stream.
 */
#ifndef WEIR_CUDA_H
#define WEIR_CUDA_H

#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A CUstream or a cudaStream_t; null is the default stream of the context that is current in the calling thread. */
typedef struct CUstream_st *weir_stream;

/* ---- Between the object and libweir_cuda ------------------------------- */

/* A function of the code, and what a block of it takes. */
typedef struct weir_cuda_entry {
  const char *name;
  int32_t threads;
  int32_t shared_bytes; /* dynamic */
} weir_cuda_entry;

/* Code for a GPU: machine code for one compute capability, and PTX for newer ones. */
typedef struct weir_cuda_code {
  void *loaded;       /* what libweir_cuda has loaded; null at first */
  int32_t capability; /* 10 * major + minor of the oldest device */
  int32_t entry_count;
  const weir_cuda_entry *entries;
  const void *cubin; /* null: none */
  const char *ptx;   /* NUL-terminated */
} weir_cuda_code;

/* Puts an entry's blocks, so many along x, y and z, into the stream, with the addresses
 * of its arguments; the code is loaded before, once a device. No block: nothing is done.
 * WEIR_NO_DEVICE, WEIR_UNSUPPORTED (the device is older than the code) or
 * WEIR_DEVICE_ERROR, and a line in `message`, where that fails. */
weir_status weir_cuda_launch(weir_cuda_code *code, int32_t entry, const int64_t blocks[3], void **arguments,
                             weir_stream stream, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_CUDA_H */
