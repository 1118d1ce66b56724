// Two kernels called at once by two threads, which share two helpers, for threads.test.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "mean.h"
#include "recent.h"

/// Threads that several callers share, as a program has them.
class Pool {
public:
  explicit Pool(int helpers) {
    for (int i = 0; i < helpers; ++i)
      threads.emplace_back([this](std::stop_token stop) { help(stop); });
  }

  static void parallel(void *pool, int64_t count, weir_body body, void *arg) {
    static_cast<Pool *>(pool)->run(count, body, arg);
  }
  int64_t workers() const { return static_cast<int64_t>(threads.size()) + 1; }

private:
  void run(int64_t count, weir_body body, void *arg) {
    std::atomic<int64_t> next{0};
    std::latch done(static_cast<ptrdiff_t>(threads.size()));
    auto take = [&](int64_t worker) {
      for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;)
        body(arg, i, worker);
    };
    {
      std::lock_guard lock(mutex);
      for (int64_t worker = 1; worker < workers(); ++worker)
        tasks.emplace_back([&take, &done, worker] {
          take(worker);
          done.count_down();
        });
    }
    wake.notify_all();
    take(0);
    done.wait();
  }

  void help(std::stop_token stop) {
    for (std::unique_lock lock(mutex); wake.wait(lock, stop, [&] { return !tasks.empty(); });) {
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex;
  std::condition_variable_any wake;
  std::deque<std::function<void()>> tasks;
  std::vector<std::jthread> threads;
};

constexpr int64_t queries = 400, keys = 500, width = 64;

/// Calls a kernel many times; returns how many results were wrong.
template <typename Describe>
int callOften(Pool &pool, const weir_kernel_info &kernel, Describe *describe, float expected) {
  std::vector<float> Q(queries * width), K(keys * width), V(keys * width), O(queries * width);
  for (int64_t i = 0; i < keys * width; ++i)
    V[i] = static_cast<float>(i / width);
  std::vector<weir_tensor> tensors(kernel.argument_count);
  describe(tensors.data(), queries, width, keys, width, Q.data(), K.data(), V.data(), O.data());
  weir_context context = weir_serial_context();
  context.parallel = Pool::parallel;
  context.pool = &pool;
  context.workers = pool.workers();
  int wrong = 0;
  for (int i = 0; i < 40; ++i) {
    context.workspace_size = kernel.workspace(tensors.data(), context.workers);
    std::unique_ptr<void, decltype(&std::free)> space(std::aligned_alloc(64, context.workspace_size), std::free);
    context.workspace = space.get();
    O.back() = -1;
    wrong += kernel.run(&context, tensors.data()) != WEIR_OK || O.back() != expected;
  }
  return wrong;
}

int main(int argc, char **) {
  Pool pool(2);
  int wrongMeans = 0, wrongRecent = 0, unordered = 0;
  {
    std::jthread first([&] { wrongMeans = callOften(pool, mean_info, mean_dense, 249.5f); });
    std::jthread second([&] { wrongRecent = callOften(pool, recent_info, recent_dense, 395.5f); });
  }
  if (argc > 1) {
    std::jthread first([&] { ++unordered; });
    std::jthread second([&] { ++unordered; });
  }
  std::printf("2 kernels, 2 callers, 40 calls each: %d wrong\n", wrongMeans + wrongRecent);
  return wrongMeans + wrongRecent;
}
