// Jobs and their threads, and how the two come to an end.

#include "loop/futures/thread_pool_executor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "selectors/errors.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.

// A job that keeps its thread until it is let go.
struct BusyThread {
  explicit BusyThread(ThreadPoolExecutor& executor) {
    auto has_begun = begun.get_future();
    executor.submit([this, ended = ended] {
      begun.set_value();
      go.wait();
      ended->set_value();
    });
    has_begun.wait();
  }
  std::promise<void> begun;
  std::latch go{1};
  std::shared_ptr<std::promise<void>> ended =
      std::make_shared<std::promise<void>>();
};

TEST(ThreadPoolExecutor, RunsInAnotherThread) {
  ThreadPoolExecutor executor;
  std::promise<std::thread::id> thread;
  executor.submit([&] { thread.set_value(std::this_thread::get_id()); });
  EXPECT_NE(thread.get_future().get(), std::this_thread::get_id());
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST(ThreadPoolExecutor, OneWorkerKeepsTheOrder) {
  ThreadPoolExecutor executor(1);
  std::vector<int> order;
  std::set<std::thread::id> threads;
  for (int i = 0; i < 100; ++i) {
    executor.submit([&, i] {
      order.push_back(i);
      threads.insert(std::this_thread::get_id());
    });
  }
  EXPECT_TRUE(executor.shutdown(kGenerous));
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
  EXPECT_EQ(threads.size(), 1u);
}

// None of them ends before all have begun.
TEST(ThreadPoolExecutor, AsManyAtATimeAsItHasWorkers) {
  ThreadPoolExecutor executor(3);
  std::latch all(3);
  for (int i = 0; i < 3; ++i) {
    executor.submit([&] { all.arrive_and_wait(); });
  }
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST(ThreadPoolExecutor, NoMoreThanItHasWorkers) {
  ThreadPoolExecutor executor(2);
  BusyThread first(executor);
  BusyThread second(executor);
  bool ran = false;
  executor.submit([&] { ran = true; });
  EXPECT_FALSE(executor.shutdown(0s, true));
  first.go.count_down();
  second.go.count_down();
  EXPECT_TRUE(executor.shutdown(kGenerous));
  EXPECT_FALSE(ran);
}

TEST(ThreadPoolExecutor, NegativeWorkers) {
  EXPECT_THROW(ThreadPoolExecutor(-1), selectors::ValueError);
}

TEST(ThreadPoolExecutor, ResultsAndExceptionsGoToTheFuture) {
  ThreadPoolExecutor executor(1);
  const auto fails =
      executor.submit([]() -> int { throw std::runtime_error("no"); });
  const auto gives = executor.submit([] { return std::make_unique<int>(7); });
  const auto runs = executor.submit([] {});
  EXPECT_THROW(fails.result(kGenerous), std::runtime_error);
  EXPECT_EQ(*gives.result(kGenerous), 7);
  runs.result(kGenerous);
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST(ThreadPoolExecutor, AResultThatCannotBeMovedIsAnException) {
  struct Throws {
    Throws() = default;
    Throws(Throws&&) { throw Mistake("no"); }  // NOLINT: not noexcept.
  };
  ThreadPoolExecutor executor(1);
  const auto future = executor.submit([] { return Throws(); });
  EXPECT_THROW(future.result(kGenerous), Mistake);
}

// The thread reports that, and goes on.
TEST(ThreadPoolExecutor, OtherCodeGivesTheResult) {
  ThreadPoolExecutor executor(1);
  BusyThread blocker(executor);
  const auto given = executor.submit([] { return 1; });
  given.set_result(2);
  testing::internal::CaptureStderr();
  blocker.go.count_down();
  EXPECT_EQ(executor.submit([] { return 3; }).result(kGenerous), 3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "loop: Exception in a thread of an executor: "
            "set_running_or_notify_cancel: the future is running or done\n");
  EXPECT_EQ(given.result(), 2);
}

TEST(ThreadPoolExecutor, CancelledUntilItBegins) {
  ThreadPoolExecutor executor(1);
  BusyThread blocker(executor);
  bool ran = false;
  const auto pending = executor.submit([&] { ran = true; });
  EXPECT_FALSE(pending.running());
  EXPECT_TRUE(pending.cancel());
  blocker.go.count_down();
  std::promise<void> go;
  const auto running = executor.submit([&] { go.get_future().wait(); });
  while (!running.running()) std::this_thread::yield();
  EXPECT_FALSE(running.cancel());
  go.set_value();
  running.result(kGenerous);
  EXPECT_TRUE(executor.shutdown(kGenerous));
  EXPECT_FALSE(ran);
}

TEST(ThreadPoolExecutor, WhatNeverRunsIsCancelled) {
  ThreadPoolExecutor executor(1);
  BusyThread blocker(executor);
  const auto held = std::make_shared<int>();
  const auto pending = executor.submit([held] {});
  EXPECT_FALSE(executor.shutdown(0s, true));
  EXPECT_TRUE(pending.cancelled());
  EXPECT_EQ(held.use_count(), 1);
  blocker.go.count_down();
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

// A move constructor that submits would find the queue locked.
TEST(ThreadPoolExecutor, AFunctionMaySubmitAsItIsMoved) {
  ThreadPoolExecutor executor(1);
  struct Submits {
    explicit Submits(ThreadPoolExecutor& e) : executor(e) {}
    Submits(Submits&& other) noexcept : executor(other.executor) {
      executor.submit([] {});
    }
    ThreadPoolExecutor& executor;
  };
  executor.submit([submits = Submits(executor)] {}).result(kGenerous);
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST(ThreadPoolExecutor, JobsSubmitJobs) {
  ThreadPoolExecutor executor(1);
  std::promise<void> done;
  executor.submit([&] {
    executor.submit([&] { executor.submit([&] { done.set_value(); }); });
  });
  done.get_future().wait();
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

// ---- The end ----

TEST(ThreadPoolExecutor, ShutdownOfOneThatNeverRan) {
  ThreadPoolExecutor executor;
  EXPECT_TRUE(executor.shutdown(0s));
  EXPECT_TRUE(executor.shutdown(std::chrono::nanoseconds::max()));
}

TEST(ThreadPoolExecutor, SubmitAfterShutdown) {
  ThreadPoolExecutor executor;
  executor.shutdown(0s);
  const auto held = std::make_shared<int>();
  EXPECT_THROW(executor.submit([held] {}), selectors::RuntimeError);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadPoolExecutor, ShutdownRunsWhatIsPending) {
  ThreadPoolExecutor executor(1);
  BusyThread blocker(executor);
  int ran = 0;
  for (int i = 0; i < 10; ++i) executor.submit([&] { ++ran; });
  EXPECT_FALSE(executor.shutdown(0s));
  blocker.go.count_down();
  EXPECT_TRUE(executor.shutdown(std::chrono::nanoseconds::max()));
  EXPECT_EQ(ran, 10);
}

TEST(ThreadPoolExecutor, ShutdownCancelsWhatIsPending) {
  ThreadPoolExecutor executor(1);
  BusyThread blocker(executor);
  bool ran = false;
  bool refused = false;
  // What dies may call back.
  const auto submit = [&](void*) {
    try {
      executor.submit([] {});
    } catch (const selectors::RuntimeError&) {
      refused = true;
    }
  };
  executor.submit(
      [&, held = std::shared_ptr<void>(nullptr, submit)] { ran = true; });
  EXPECT_FALSE(executor.shutdown(0s, true));
  EXPECT_TRUE(refused);
  blocker.go.count_down();
  EXPECT_TRUE(executor.shutdown(kGenerous));
  EXPECT_FALSE(ran);
}

// A destructor that ran out of memory would end the process.
TEST(ThreadPoolExecutor, IsDestroyedWithoutMemory) {
  std::optional<ThreadPoolExecutor> executor(std::in_place, 1);
  std::latch running(1), go_on(1);
  auto first = executor->submit([&] {
    running.count_down();
    go_on.wait();
  });
  const auto second = executor->submit([] {});
  running.wait();
  {
    const tests::FailingAllocations failing;
    EXPECT_FALSE(executor->shutdown(0ns, true));
    go_on.count_down();
    executor.reset();
    EXPECT_FALSE(failing.struck());
  }
  first.result();  // The destructor may not have waited for it.
  EXPECT_TRUE(second.cancelled());
}

TEST(ThreadPoolExecutor, R116_ShutdownFromAJob) {
  ThreadPoolExecutor executor(1);
  std::promise<bool> ended;
  executor.submit([&] { ended.set_value(executor.shutdown(1ms)); });
  EXPECT_FALSE(ended.get_future().get());
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST(ThreadPoolExecutor, R116_ShutdownWithABlockedThread) {
  ThreadPoolExecutor executor(2);
  BusyThread blocker(executor);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(executor.shutdown(10ms));
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, 10ms);
  EXPECT_LT(took, kGenerous);
  blocker.go.count_down();
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

// The thread goes on without it.
TEST(ThreadPoolExecutor, R116_DestroyedWithABlockedThread) {
  auto executor = std::make_unique<ThreadPoolExecutor>(1);
  BusyThread blocker(*executor);
  auto ended = blocker.ended->get_future();
  const auto held = std::make_shared<int>();
  executor->submit([held] {});
  executor.reset();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_NE(ended.wait_for(0s), std::future_status::ready);
  blocker.go.count_down();
  EXPECT_EQ(ended.wait_for(kGenerous), std::future_status::ready);
}

}  // namespace
}  // namespace loop
