// The pool of threads behind weir_context.parallel, by oneTBB.
#include <weir/pool.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <optional>

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

struct weir_pool {
  explicit weir_pool(int workers) : workers(workers), arena(workers) {
    if (workers > tbb::info::default_concurrency())
      limit.emplace(tbb::global_control::max_allowed_parallelism, workers);
    arena.initialize();
  }

  int workers;
  std::optional<tbb::global_control> limit;
  tbb::task_arena arena;
};

namespace {
/// A loop whose indices are handed out one by one, in order, to whoever is
/// free. The number of a taker is its worker: distinct by construction,
/// whichever threads run the takers.
struct Loop {
  int64_t count;
  weir_body body;
  void *arg;
  std::atomic<int64_t> next{0};

  void take(int64_t worker) {
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;)
      body(arg, i, worker);
  }
};
} // namespace

static void runParallel(void *opaque, int64_t count, weir_body body,
                        void *arg) {
  auto *pool = static_cast<weir_pool *>(opaque);
  Loop loop{count, body, arg};
  int takers = static_cast<int>(std::min<int64_t>(pool->workers, count));
  if (takers > 1) {
    try {
      pool->arena.execute([&] {
        tbb::parallel_for(
            0, takers, [&](int worker) { loop.take(worker); },
            tbb::static_partitioner());
      });
    } catch (...) {
      // oneTBB ran out of memory for its tasks; those it had begun are done,
      // and what they left is taken below.
    }
  }
  loop.take(0);
}

weir_pool *weir_pool_create(int64_t threads) {
  constexpr int64_t most = 4096;
  if (threads < 0 || threads > most)
    return nullptr;
  try {
    return new weir_pool(threads ? static_cast<int>(threads)
                                 : tbb::info::default_concurrency());
  } catch (...) {
    return nullptr;
  }
}

void weir_pool_destroy(weir_pool *pool) { delete pool; }

int64_t weir_pool_workers(const weir_pool *pool) { return pool->workers; }

void weir_pool_attach(weir_pool *pool, weir_context *context) {
  context->parallel = pool ? runParallel : nullptr;
  context->pool = pool;
  context->workers = pool ? pool->workers : 1;
}
