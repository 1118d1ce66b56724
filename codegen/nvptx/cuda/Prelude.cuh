#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <math.h>

// ---- A warp's tiles -------------------------------------------------------
//
// A lane has rows lane / 4 + 8 i and columns lane % 4 * 2 + j / 2 * 8 + j % 2 of its warp's tile: x[i][j]. A value a row is
// x[i], the same in the four lanes of the row; a value a column x[j].

namespace weir {

constexpr int threads = 128;

__device__ inline int lane() { return static_cast<int>(threadIdx.x) % 32; }
__device__ inline int warp() { return static_cast<int>(threadIdx.x) / 32; }

/// Division rounded down, and what it leaves.
template <typename A, typename B> __device__ inline auto floordiv(A a, B b) -> decltype(a / b) {
  auto quotient = a / b, rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? quotient - 1 : quotient;
}
template <typename A, typename B> __device__ inline auto modulo(A a, B b) -> decltype(a / b) { return a - floordiv(a, b) * b; }

__device__ inline float exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ inline float log2(float x) {
  float y;
  asm("lg2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ inline float exp(float x) { return exp2(x * 1.4426950408889634f); }
__device__ inline float log(float x) { return log2(x) * 0.6931471805599453f; }
__device__ inline float divide(float a, float b) {
  float y;
  asm("div.full.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
  return y;
}
/// The greatest and the least; NaN if there is one.
__device__ inline float maximum(float a, float b) {
  float y;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
  return y;
}
__device__ inline float minimum(float a, float b) {
  float y;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
  return y;
}
template <typename A, typename B> __device__ inline auto maximum(A a, B b) -> decltype(a + b) { return a > b ? a : b; }
template <typename A, typename B> __device__ inline auto minimum(A a, B b) -> decltype(a + b) { return a < b ? a : b; }

struct Sum {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct Product {
  __device__ float operator()(float a, float b) const { return a * b; }
};
struct Max {
  __device__ float operator()(float a, float b) const { return maximum(a, b); }
};
struct Min {
  __device__ float operator()(float a, float b) const { return minimum(a, b); }
};
struct Any {
  __device__ bool operator()(bool a, bool b) const { return a | b; }
};
struct All {
  __device__ bool operator()(bool a, bool b) const { return a & b; }
};

/// Combines the four lanes of a row.
template <typename Combine, typename T> __device__ inline T acrossRow(T x) {
  Combine combine;
  x = combine(x, static_cast<T>(__shfl_xor_sync(~0u, x, 1)));
  return combine(x, static_cast<T>(__shfl_xor_sync(~0u, x, 2)));
}

/// Whether any lane of the warp has a row with this condition.
template <int R> __device__ inline bool anyRow(const bool (&condition)[R]) {
  bool any = false;
#pragma unroll
  for (int i = 0; i < R; ++i)
    any |= condition[i];
  return __any_sync(~0u, any);
}

/// Classes of tiles: in full ones every row and column is valid, and nothing is masked.
struct Full {
  static constexpr bool value = true;
};
struct Partial {
  static constexpr bool value = false;
};

// ---- Shared memory --------------------------------------------------------

extern __shared__ __align__(1024) unsigned char sharedMemory[];
__device__ inline unsigned sharedBase() { return static_cast<unsigned>(__cvta_generic_to_shared(sharedMemory)); }

/// A tile whose rows are swizzled, by what bits of the row's number flip, or padded: eight of them meet all banks.
template <typename T, int pitch, int flip1, int flip2, int flip4> struct SharedTile {
  typedef T Element;
  unsigned start; ///< byte of shared memory

  __device__ unsigned at(int row, int column) const {
    int flip = (row & 1) * flip1 ^ (row >> 1 & 1) * flip2 ^ (row >> 2 & 1) * flip4;
    return start + static_cast<unsigned>((row * pitch + column * static_cast<int>(sizeof(T))) ^ flip);
  }
  __device__ SharedTile slot(int number, int bytes) const { return {start + static_cast<unsigned>(number * bytes)}; }
};

/// Copies 16 bytes, or zeros, without waiting.
__device__ inline void copyAsync(unsigned to, const void *from, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(__cvta_generic_to_global(from)), "r"(valid ? 16 : 0)
               : "memory");
}
/// Waits for all copies of the thread.
__device__ inline void awaitCopies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

__device__ inline void storeShared(unsigned to, __nv_bfloat16 x) {
  asm volatile("st.shared.b16 [%0], %1;" ::"r"(to), "h"(__bfloat16_as_ushort(x)) : "memory");
}
__device__ inline void storeShared(unsigned to, __half x) {
  asm volatile("st.shared.b16 [%0], %1;" ::"r"(to), "h"(__half_as_ushort(x)) : "memory");
}

__device__ inline void storeShared(unsigned to, float x) {
  asm volatile("st.shared.f32 [%0], %1;" ::"r"(to), "f"(x) : "memory");
}
__device__ inline float loadShared(unsigned from) {
  float x;
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(x) : "r"(from) : "memory");
  return x;
}

// ---- Products -------------------------------------------------------------

/// Four 8 x 8 matrices, of which each lane points to a row.
template <bool transposed> __device__ inline void loadMatrices(unsigned (&x)[4], unsigned at) {
  if constexpr (transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(at)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(at)
                 : "memory");
}

/// sums += left * right, of 16 x 16 by 16 x 8.
__device__ inline void multiply(__nv_bfloat16, float &a, float &b, float &c, float &d, const unsigned (&left)[4], unsigned low,
                                unsigned high) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(a), "+f"(b), "+f"(c), "+f"(d)
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(low), "r"(high));
}
__device__ inline void multiply(__half, float &a, float &b, float &c, float &d, const unsigned (&left)[4], unsigned low,
                                unsigned high) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(a), "+f"(b), "+f"(c), "+f"(d)
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(low), "r"(high));
}

/// Two reals in a register.
__device__ inline unsigned pack(__nv_bfloat16, float low, float high) {
  unsigned both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
}
__device__ inline unsigned pack(__half, float low, float high) {
  unsigned both;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
}

/// sums += left * right at depth k, where `right` has what is summed over along its columns, or along its rows.
template <bool alongColumns, int R, int C, typename Right>
__device__ inline void multiplyStep(float (&sums)[R][C], const unsigned (&left)[R / 2][4], Right right, int k) {
  typename Right::Element type{};
#pragma unroll
  for (int j = 0; j < C; j += 4) { // two tiles of 8 columns
    unsigned x[4];
    if constexpr (alongColumns)
      loadMatrices<false>(x, right.at(j * 4 + lane() % 8 + lane() / 16 * 8, k + lane() / 8 % 2 * 8));
    else
      loadMatrices<true>(x, right.at(k + lane() % 16, j * 4 + lane() / 16 * 8));
#pragma unroll
    for (int i = 0; i < R; i += 2)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        multiply(type, sums[i][j + 2 * half], sums[i][j + 2 * half + 1], sums[i + 1][j + 2 * half], sums[i + 1][j + 2 * half + 1],
                 left[i / 2], x[2 * half], x[2 * half + 1]);
  }
}

/// sums += left * right at depth k in float, an element at a time.
template <bool alongColumns, int R, int C, typename Right>
__device__ inline void multiplyElements(float (&sums)[R][C], const float (&left)[R], Right right, int k) {
#pragma unroll
  for (int j = 0; j < C; ++j) {
    int column = lane() % 4 * 2 + j / 2 * 8 + j % 2;
    float x = loadShared(alongColumns ? right.at(column, k) : right.at(k, column));
#pragma unroll
    for (int i = 0; i < R; ++i)
      sums[i][j] = fmaf(left[i], x, sums[i][j]);
  }
}

template <typename Tile> constexpr bool isFloat = sizeof(typename Tile::Element) == sizeof(float);

/// sums = left * right: rows of the warp by the tile's columns.
template <bool alongColumns, int depth, int R, int C, typename Left, typename Right>
__device__ inline void contract(float (&sums)[R][C], Left left, Right right) {
#pragma unroll
  for (int i = 0; i < R; ++i)
#pragma unroll
    for (int j = 0; j < C; ++j)
      sums[i][j] = 0;
  if constexpr (isFloat<Right>) {
    for (int k = 0; k < depth; ++k) {
      float x[R];
#pragma unroll
      for (int i = 0; i < R; ++i)
        x[i] = loadShared(left.at(warp() * (R * 8) + lane() / 4 + 8 * i, k));
      multiplyElements<alongColumns>(sums, x, right, k);
    }
  } else {
#pragma unroll
    for (int k = 0; k < depth; k += 16) {
      unsigned x[R / 2][4];
#pragma unroll
      for (int i = 0; i < R / 2; ++i)
        loadMatrices<false>(x[i], left.at(warp() * (R * 8) + i * 16 + lane() % 16, k + lane() / 16 * 8));
      multiplyStep<alongColumns>(sums, x, right, k);
    }
  }
}

/// sums += weights * right. The registers of weights are those of a left operand already; in float, each weight comes
/// from the lane of its row that has it.
template <bool alongColumns, int R, int C, int K, typename Right>
__device__ inline void accumulate(float (&sums)[R][C], const float (&weights)[R][K], Right right) {
  if constexpr (isFloat<Right>) {
#pragma unroll
    for (int k = 0; k < K * 4; ++k) {
      float x[R];
#pragma unroll
      for (int i = 0; i < R; ++i)
        x[i] = __shfl_sync(~0u, weights[i][k / 8 * 2 + k % 2], lane() / 4 * 4 + k % 8 / 2);
      multiplyElements<alongColumns>(sums, x, right, k);
    }
  } else {
    typename Right::Element type{};
#pragma unroll
    for (int k = 0; k < K; k += 4) {
      unsigned x[R / 2][4];
#pragma unroll
      for (int i = 0; i < R / 2; ++i)
#pragma unroll
        for (int part = 0; part < 4; ++part) {
          const float *pair = &weights[i * 2 + part % 2][k + part / 2 * 2];
          x[i][part] = pack(type, pair[0], pair[1]);
        }
      multiplyStep<alongColumns>(sums, x, right, k * 4);
    }
  }
}

__device__ inline float real(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ inline float real(__half x) { return __half2float(x); }
__device__ inline float real(float x) { return x; }
template <typename T> __device__ inline T narrow(float x);
template <> __device__ inline __nv_bfloat16 narrow(float x) { return __float2bfloat16_rn(x); }
template <> __device__ inline __half narrow(float x) { return __float2half_rn(x); }
template <> __device__ inline float narrow(float x) { return x; }

} // namespace weir
