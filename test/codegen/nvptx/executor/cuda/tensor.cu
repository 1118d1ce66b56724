// A product of f16 matrices by ldmatrix and mma.sync: 32 x 32 a warp, with a swizzle that keeps banks free.
#include <cuda_fp16.h>

constexpr int size = 64;

__device__ unsigned at(const half *tile, int row, int column) {
  int chunk = column / 8 ^ row % 8;
  return static_cast<unsigned>(__cvta_generic_to_shared(tile + row * size + chunk * 8));
}

extern "C" __global__ void tensor(const half *a, const half *b, float *c) {
  __shared__ __align__(128) half left[size * size], right[size * size];
  int t = threadIdx.x, lane = t % 32, warp = t / 32;
  for (int i = t; i < size * size / 8; i += 128) {
    int row = i / 8, chunk = i % 8 ^ row % 8;
    reinterpret_cast<float4 *>(left)[row * 8 + chunk] = reinterpret_cast<const float4 *>(a)[i];
    reinterpret_cast<float4 *>(right)[row * 8 + chunk] = reinterpret_cast<const float4 *>(b)[i];
  }
  __syncthreads();
  int top = warp / 2 * 32, start = warp % 2 * 32;
  float sums[2][4][4] = {};
  for (int k = 0; k < size; k += 16)
    for (int m = 0; m < 2; ++m) {
      unsigned x[4];
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                   : "r"(at(left, top + m * 16 + lane % 16, k + lane / 16 * 8)));
      for (int n = 0; n < 4; ++n) {
        unsigned y[2];
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                     : "=r"(y[0]), "=r"(y[1])
                     : "r"(at(right, k + lane % 16, start + n * 8)));
        float *s = sums[m][n];
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
                     "{%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])
                     : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
      }
    }
  for (int m = 0; m < 2; ++m)
    for (int n = 0; n < 4; ++n)
      for (int i = 0; i < 4; ++i)
        c[(top + m * 16 + lane / 4 + i / 2 * 8) * size + start + n * 8 + lane % 4 * 2 + i % 2] = sums[m][n][i];
}
