// The pool of threads: every index once, workers apart, several contexts.
#include <weir/pool.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

extern "C" weir_tensor describeFromC(float *data);

namespace {
using Pool = std::unique_ptr<weir_pool, decltype(&weir_pool_destroy)>;

Pool makePool(int64_t threads) {
  return {weir_pool_create(threads), weir_pool_destroy};
}

/// What the bodies of one loop saw.
struct Record {
  explicit Record(int64_t count, int64_t workers)
      : visits(count), busy(workers) {}
  std::vector<std::atomic<int>> visits;
  std::vector<std::atomic<bool>> busy;
  std::atomic<int> clashes{0};

  static void body(void *arg, int64_t index, int64_t worker) {
    auto &record = *static_cast<Record *>(arg);
    record.clashes += record.busy.at(worker).exchange(true);
    ++record.visits.at(index);
    std::this_thread::yield();
    record.busy[worker] = false;
  }
  bool eachOnce() const {
    return std::ranges::all_of(visits, [](auto &n) { return n == 1; });
  }
};

void run(weir_pool *pool, int64_t count) {
  weir_context context = weir_serial_context();
  weir_pool_attach(pool, &context);
  ASSERT_EQ(context.workers, weir_pool_workers(pool));
  Record record(count, context.workers);
  context.parallel(context.pool, count, Record::body, &record);
  EXPECT_TRUE(record.eachOnce()) << count << " indices";
  EXPECT_EQ(record.clashes, 0);
}
} // namespace

TEST(Pool, VisitsEachIndexOnceWithDistinctWorkers) {
  for (int64_t threads : {1, 2, 5}) {
    Pool pool = makePool(threads);
    ASSERT_TRUE(pool);
    EXPECT_EQ(weir_pool_workers(pool.get()), threads);
    for (int64_t count : {0, 1, 2, 7, 1000})
      run(pool.get(), count);
  }
}

TEST(Pool, RunsOnSeveralThreads) {
  // Three bodies that wait for each other: only three threads get past.
  Pool pool = makePool(3);
  weir_context context = weir_serial_context();
  weir_pool_attach(pool.get(), &context);
  std::atomic<int> arrived{0};
  auto meet = [](void *arg, int64_t, int64_t) {
    auto &arrived = *static_cast<std::atomic<int> *>(arg);
    ++arrived;
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (arrived < 3 && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    if (arrived < 3)
      arrived = -100;
  };
  context.parallel(context.pool, 3, meet, &arrived);
  EXPECT_EQ(arrived, 3);
}

TEST(Pool, BeginsIndicesInOrder) {
  Pool pool = makePool(1);
  weir_context context = weir_serial_context();
  weir_pool_attach(pool.get(), &context);
  std::vector<int64_t> order;
  auto note = [](void *arg, int64_t index, int64_t) {
    static_cast<std::vector<int64_t> *>(arg)->push_back(index);
  };
  context.parallel(context.pool, 4, note, &order);
  EXPECT_EQ(order, (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(Pool, ServesSeveralCallersAtOnce) {
  Pool pool = makePool(2);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat)
        run(pool.get(), 50);
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST(Pool, RefusesImpossibleSizes) {
  EXPECT_FALSE(makePool(-1));
  EXPECT_FALSE(makePool(1'000'000));
  EXPECT_GE(weir_pool_workers(makePool(0).get()), 1);
}

TEST(Pool, DetachesFromAContext) {
  Pool pool = makePool(2);
  weir_context context = weir_serial_context();
  weir_pool_attach(pool.get(), &context);
  weir_pool_attach(nullptr, &context);
  EXPECT_EQ(context.parallel, nullptr);
  EXPECT_EQ(context.workers, 1);
}

TEST(Runtime, DenseDescriptorIsRowMajor) {
  float data[6] = {};
  weir_tensor tensor = describeFromC(data);
  EXPECT_EQ(tensor.data, data);
  EXPECT_EQ(tensor.type, WEIR_F32);
  EXPECT_EQ(tensor.rank, 2);
  EXPECT_EQ(tensor.extents[1], 3);
  EXPECT_EQ(tensor.strides[0], 3);
  EXPECT_EQ(tensor.strides[1], 1);
}
