/* Calls a kernel for a GPU on the driver of the tests, and compares with sums written out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gqa.h"
#include "test/runtime/cuda/MockDriver.h"

enum { B = 2, H = 4, G = 2, M = 130, N = 150, D = 64 };
static _Float16 q[B][M][H][D], k[B][G][N][D], v[B][G][N][D], o[B][M][H][D]; /* queries of all heads side by side */

static void fill(_Float16 *values, size_t count, unsigned seed) {
  for (size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (_Float16)((int)(seed >> 16) % 2001 / 1000.0 - 1);
  }
}

/* The greatest error of a causal attention, of which the last query sees all keys. */
static double difference(double scale) {
  double most = 0;
  for (int b = 0; b < B; ++b)
    for (int h = 0; h < H; ++h)
      for (int m = 0; m < M; ++m) {
        double sum = 0, mean[D] = {0};
        for (int n = 0; n <= m + N - M; ++n) {
          double score = 0;
          for (int d = 0; d < D; ++d)
            score += (double)q[b][m][h][d] * (double)k[b][h / (H / G)][n][d];
          double weight = exp(scale * score);
          sum += weight;
          for (int d = 0; d < D; ++d)
            mean[d] += weight * (double)v[b][h / (H / G)][n][d];
        }
        for (int d = 0; d < D; ++d)
          most = fmax(most, fabs(mean[d] / sum - (double)o[b][m][h][d]));
      }
  return most;
}

static void *upload(const void *data, size_t bytes) {
  unsigned long long address = 0;
  if (cuMemAlloc_v2(&address, bytes) || cuMemcpyHtoD_v2(address, data, bytes))
    exit(2);
  return (void *)address;
}

/* Describes a tensor that has queries of all heads side by side. */
static void interleave(weir_tensor *tensor) {
  tensor->strides[1] = D;
  tensor->strides[2] = H * D;
}

static weir_context context;

static void call(const char *what, const weir_tensor *tensors, weir_stream stream) {
  context = weir_serial_context();
  weir_status status = gqa(&context, tensors, stream);
  printf("%s: %d %s\n%s", what, status, context.message, mock_take_log());
}

/* What calls are refused for; none gets to the driver's launch. */
static void refuse(const weir_tensor *good) {
  weir_tensor tensors[gqa_argument_count];
  memcpy(tensors, good, sizeof tensors);
  tensors[gqa_arg_K].data = (char *)good[gqa_arg_K].data + 2;
  call("misaligned", tensors, NULL);
  tensors[gqa_arg_K].data = NULL;
  call("no data", tensors, NULL);
  tensors[gqa_arg_K] = good[gqa_arg_K];
  tensors[gqa_arg_K].strides[3] = 2;
  call("not contiguous", tensors, NULL);
  tensors[gqa_arg_K] = good[gqa_arg_K];
  tensors[gqa_arg_K].strides[2] = D + 4;
  call("rows between", tensors, NULL);
  tensors[gqa_arg_K].strides[2] = (int64_t)1 << 31;
  call("far apart", tensors, NULL);
  tensors[gqa_arg_K] = good[gqa_arg_K];
  tensors[gqa_arg_K].extents[2] = N + 1;
  call("extents", tensors, NULL);
  tensors[gqa_arg_K].extents[2] = tensors[gqa_arg_V].extents[2] = (int64_t)1 << 31;
  call("long", tensors, NULL);
  char message[WEIR_MESSAGE_SIZE] = "";
  printf("check: %d %s\n", gqa_check(tensors, message, sizeof message), message);
  mock_fail("cuModuleLoadDataEx", 2);
  call("no memory", good, NULL);
  mock_fail("cuModuleLoadDataEx", 0);
  mock_fail("cuLaunchKernel", 719);
  call("no launch", good, NULL);
  mock_fail("cuLaunchKernel", 0);
}

int main(int count, char **arguments) {
  CUcontext device;
  weir_stream stream;
  weir_tensor tensors[gqa_argument_count];
  if (count > 1) { /* the first call finds a driver and no device */
    static _Alignas(16) char data[16];
    gqa_dense(tensors, 1, 1, 1, 1, 1, data, data, data, NULL, data);
    mock_fail("cuInit", 100);
    call("no device", tensors, NULL);
    return 0;
  }
  mock_set_capability(90); /* PTX alone, whether there was ptxas or not */
  if (cuInit(0) || cuDevicePrimaryCtxRetain(&device, 0) || cuCtxSetCurrent(device) || cuStreamCreate(&stream, 0))
    return 1;
  fill(&q[0][0][0][0], sizeof q / 2, 1);
  fill(&k[0][0][0][0], sizeof k / 2, 2);
  fill(&v[0][0][0][0], sizeof v / 2, 3);
  const _Float16 scale = 0.25;
  gqa_dense(tensors, B, H, M, G, N, upload(q, sizeof q), upload(k, sizeof k), upload(v, sizeof v), &scale,
            upload(o, sizeof o));
  interleave(&tensors[gqa_arg_Q]);
  interleave(&tensors[gqa_arg_O]);
  refuse(tensors);
  call("right", tensors, stream);
  if (cuStreamSynchronize(stream) || cuMemcpyDtoH_v2(o, (unsigned long long)tensors[gqa_arg_O].data, sizeof o))
    return 1;
  printf("right: %s\n", difference(0.25) < 0x1p-9 ? "as expected" : "wrong numbers");
  printf("workspace %lld, %s, run %s\n", (long long)gqa_workspace(tensors, 1), gqa_variant(),
         gqa_info.run ? "without a stream" : "takes a stream");
  gqa_dense(tensors, B, H, 0, G, N, NULL, tensors[gqa_arg_K].data, tensors[gqa_arg_V].data, NULL, NULL);
  call("no queries", tensors, stream);
  return 0;
}
