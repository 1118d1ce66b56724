// A sum in shared memory, one value a block.
extern "C" __global__ void reduction(const float *x, float *sums, int n) {
  __shared__ float partial[256];
  int t = threadIdx.x;
  float sum = 0;
  for (int i = blockIdx.x * 256 + t; i < n; i += gridDim.x * 256)
    sum += x[i];
  partial[t] = sum;
  __syncthreads();
  for (int half = 128; half; half >>= 1) {
    if (t < half)
      partial[t] += partial[t + half];
    __syncthreads();
  }
  if (t == 0)
    sums[blockIdx.x] = partial[0];
}
