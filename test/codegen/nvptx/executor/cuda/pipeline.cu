// Copies of tiles run two ahead of the sums over them.
#include <cuda_pipeline.h>

constexpr int stages = 3, threads = 128;

extern "C" __global__ void pipeline(const float4 *x, float4 *sums, int tiles) {
  extern __shared__ float4 buffer[];
  int t = threadIdx.x;
  for (int tile = 0; tile < stages - 1; ++tile) {
    if (tile < tiles)
      __pipeline_memcpy_async(&buffer[tile * threads + t], &x[tile * threads + t], 16);
    __pipeline_commit();
  }
  float4 sum = {0, 0, 0, 0};
  for (int tile = 0; tile < tiles; ++tile) {
    __pipeline_wait_prior(stages - 2);
    __syncthreads();
    int ahead = tile + stages - 1;
    if (ahead < tiles)
      __pipeline_memcpy_async(&buffer[ahead % stages * threads + t], &x[ahead * threads + t], 16);
    __pipeline_commit();
    float4 one = buffer[tile % stages * threads + (t * 5 + tile) % threads];
    sum.x += one.x;
    sum.y += one.y;
    sum.z += one.z;
    sum.w += one.w;
  }
  sums[t] = sum;
}
