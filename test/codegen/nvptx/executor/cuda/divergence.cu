// Loops of different lengths, a switch, an early way out, an atomic counter, a call.
__device__ __noinline__ int steps(unsigned long long value, int limit) {
  int count = 0;
  while (value != 1 && count < limit) {
    value = value % 2 ? 3 * value + 1 : value / 2;
    ++count;
  }
  return count;
}

extern "C" __global__ void divergence(const int *x, int *y, int *found, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  int value = x[i], result;
  switch (value % 5) {
  case 0: result = steps(value + 1, 1000); break;
  case 1: result = value * value; break;
  case 2: result = __popc(value) << 3; break;
  case 3: result = value / 7 - value % 11; break;
  default: result = -value; break;
  }
  if (result > 50)
    atomicAdd(found, 1);
  y[i] = result;
}
