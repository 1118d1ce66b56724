// Prefix sums of a block by shuffles, warps joined in shared memory.
extern "C" __global__ void scan(const int *x, int *sums, int n) {
  __shared__ int totals[8];
  int t = threadIdx.x, lane = t % 32, warp = t / 32;
  int value = t < n ? x[t] : 0;
  for (int step = 1; step < 32; step *= 2) {
    int other = __shfl_up_sync(0xffffffffu, value, step);
    if (lane >= step)
      value += other;
  }
  if (lane == 31)
    totals[warp] = value;
  __syncthreads();
  if (warp == 0) {
    int total = lane < 8 ? totals[lane] : 0;
    for (int step = 1; step < 8; step *= 2) {
      int other = __shfl_up_sync(0xffffffffu, total, step);
      if (lane >= step)
        total += other;
    }
    if (lane < 8)
      totals[lane] = total;
  }
  __syncthreads();
  if (warp > 0)
    value += totals[warp - 1];
  if (t < n)
    sums[t] = value;
}
