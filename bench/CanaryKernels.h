// What a machine can do at most: the loops that figures are compared with.
#ifndef WEIR_BENCH_CANARYKERNELS_H
#define WEIR_BENCH_CANARYKERNELS_H

#include <cstdint>

namespace weir::bench {
namespace {

template <int bytes> using Vector __attribute__((vector_size(bytes))) = float;

/// Chains of multiply-adds in registers; returns multiply-adds of single
/// elements.
template <int bytes, int chains>
int64_t multiplyAdd(int64_t rounds, float *sink) {
  Vector<bytes> sums[chains] = {};
  Vector<bytes> factor = {}, term = {};
  factor += sink[0];
  term += sink[1];
  for (int64_t round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = sums[i] * factor + term;
    // Keeps the compiler from finding a closed form.
    asm volatile("" : "+x"(factor));
  }
  for (int i = 1; i < chains; ++i)
    sums[0] += sums[i];
  sink[2] += sums[0][0];
  return rounds * chains * (bytes / 4);
}

/// A block of `rows` rows and `columns` vectors over packed panels of depth 64
/// in L1.
template <int bytes, int rows, int columns>
int64_t multiplyPanels(int64_t rounds, float *panels) {
  constexpr int depth = 64, lanes = bytes / 4;
  const float *left = panels, *right = panels + depth * rows;
  float *sink = panels + depth * (rows + columns * lanes);
  for (int64_t round = 0; round < rounds; ++round) {
    Vector<bytes> sums[rows][columns] = {};
#pragma clang loop unroll(disable)
    for (int k = 0; k < depth; ++k) {
      Vector<bytes> operand[columns];
#pragma clang loop unroll(full)
      for (int j = 0; j < columns; ++j)
        operand[j] = *reinterpret_cast<const Vector<bytes> *>(
            right + (k * columns + j) * lanes);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i) {
        Vector<bytes> value = left[k * rows + i] - Vector<bytes>{};
#pragma clang loop unroll(full)
        for (int j = 0; j < columns; ++j)
          sums[i][j] = value * operand[j] + sums[i][j];
      }
    }
    Vector<bytes> total = {};
    for (auto &row : sums)
      for (auto &sum : row)
        total += sum;
    *reinterpret_cast<Vector<bytes> *>(sink) += total;
    asm volatile("" ::: "memory");
  }
  return rounds * depth * rows * columns * lanes;
}

/// The sum of `count` floats, a multiple of 512: nothing but loads, in eight
/// chains.
template <int bytes> float addUp(const float *data, int64_t count) {
  constexpr int chains = 8, lanes = bytes / 4;
  Vector<bytes> sums[chains] = {};
  for (int64_t i = 0; i < count; i += chains * lanes)
#pragma clang loop unroll(full)
    for (int j = 0; j < chains; ++j)
      sums[j] += *reinterpret_cast<const Vector<bytes> *>(data + i + j * lanes);
  for (int j = 1; j < chains; ++j)
    sums[0] += sums[j];
  float sum = 0;
  for (int i = 0; i < lanes; ++i)
    sum += sums[0][i];
  return sum;
}

} // namespace
} // namespace weir::bench

#endif // WEIR_BENCH_CANARYKERNELS_H
