// Jobs and their threads, and how the two come to an end.

#include "loop/futures/thread_pool_executor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "selectors/errors.h"

namespace loop {
namespace {

using namespace std::chrono_literals;  // NOLINT: as a user would write 10ms.
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// How long a test waits before it says that something hangs.
constexpr auto kGenerous = 20s;

// A job that keeps its thread until it is let go.
struct Blocker {
  explicit Blocker(ThreadPoolExecutor& executor) {
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
  Blocker first(executor);
  Blocker second(executor);
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

TEST(ThreadPoolExecutor, ExceptionIsReportedAndTheThreadGoesOn) {
  ThreadPoolExecutor executor(1);
  bool ran = false;
  CaptureStderr();
  executor.submit([] { throw std::runtime_error("the reason"); });
  executor.submit([&] { ran = true; });
  EXPECT_TRUE(executor.shutdown(kGenerous));
  EXPECT_EQ(GetCapturedStderr(),
            "loop: Exception in a job of a ThreadPoolExecutor: the reason\n");
  EXPECT_TRUE(ran);
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
  Blocker blocker(executor);
  int ran = 0;
  for (int i = 0; i < 10; ++i) executor.submit([&] { ++ran; });
  EXPECT_FALSE(executor.shutdown(0s));
  blocker.go.count_down();
  EXPECT_TRUE(executor.shutdown(std::chrono::nanoseconds::max()));
  EXPECT_EQ(ran, 10);
}

TEST(ThreadPoolExecutor, ShutdownCancelsWhatIsPending) {
  ThreadPoolExecutor executor(1);
  Blocker blocker(executor);
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

TEST(ThreadPoolExecutor, R116_ShutdownFromAJob) {
  ThreadPoolExecutor executor(1);
  std::promise<bool> ended;
  executor.submit([&] { ended.set_value(executor.shutdown(1ms)); });
  EXPECT_FALSE(ended.get_future().get());
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST(ThreadPoolExecutor, R116_ShutdownWithABlockedThread) {
  ThreadPoolExecutor executor(2);
  Blocker blocker(executor);
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
  Blocker blocker(*executor);
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
