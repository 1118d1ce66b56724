// A product of matrices by tiles of 16 x 16, ragged at the edges.
extern "C" __global__ void product(const float *a, const float *b, float *c, int m, int n, int k) {
  __shared__ float left[16][16], right[16][17];
  int x = threadIdx.x, y = threadIdx.y;
  int row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
  float sum = 0;
  for (int start = 0; start < k; start += 16) {
    left[y][x] = row < m && start + x < k ? a[row * k + start + x] : 0;
    right[y][x] = start + y < k && column < n ? b[(start + y) * n + column] : 0;
    __syncthreads();
    for (int i = 0; i < 16; ++i)
      sum += left[y][i] * right[i][x];
    __syncthreads();
  }
  if (row < m && column < n)
    c[row * n + column] = sum;
}
