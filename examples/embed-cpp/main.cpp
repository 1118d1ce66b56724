// A kernel in a C++ program, on threads of the program's own.
#include <atomic>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "window.h"

using Tensor = std::vector<float>;

/// Spreads a loop over as many threads as the context has workers: any pool can be called in this way.
static void spread(void *workers, int64_t count, weir_body body, void *arg) {
  std::atomic<int64_t> next{0};
  auto work = [&](int64_t worker) {
    for (int64_t i; (i = next++) < count;)
      body(arg, i, worker);
  };
  std::vector<std::jthread> threads;
  for (int64_t worker = 1; worker < *static_cast<int64_t *>(workers); ++worker)
    threads.emplace_back(work, worker);
  work(0);
}

static void attend(int64_t heads, int64_t length, int64_t width, const Tensor &Q, const Tensor &K, const Tensor &V,
                   Tensor &O, int64_t workers) {
  weir_tensor tensors[window_argument_count];
  window_dense(tensors, heads, length, width, length, width, Q.data(), K.data(), V.data(), nullptr, O.data());
  weir_context context = weir_serial_context();
  context.parallel = spread;
  context.pool = &workers;
  context.workers = workers;
  context.workspace_size = window_workspace(tensors, workers);
  std::unique_ptr<void, decltype(&std::free)> space(std::aligned_alloc(64, context.workspace_size), std::free);
  context.workspace = space.get();
  if (window(&context, tensors) != WEIR_OK)
    throw std::runtime_error(context.message);
}

/// All keys are alike, so each query gets the mean of the values in its window: of its own and the three before it.
int main() {
  const int64_t heads = 3, length = 500, width = 64;
  Tensor Q(heads * length * width), K(Q.size()), V(Q.size()), O(Q.size());
  for (size_t i = 0; i < V.size(); ++i)
    V[i] = static_cast<float>(i / width % length);
  attend(heads, length, width, Q, K, V, O, 2);
  std::printf("%s: means %g %g %g\n", window_variant(), O[0], O[width], O.back());
}
