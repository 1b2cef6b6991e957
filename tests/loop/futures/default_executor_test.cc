// run_in_executor() without an executor, and how that one ends.

#include "loop/futures/default_executor.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/future.h"
#include "loop/futures/run_in_executor.h"
#include "loop/futures/shutdown_default_executor.h"
#include "loop/futures/thread_pool_executor.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class DefaultExecutorTest : public ::testing::Test {
 protected:
  ~DefaultExecutorTest() override {
    loop_.reset();
    EXPECT_EQ(Counted::alive, 0);
  }

  bool shutdown(std::chrono::nanoseconds wait_at_most = kGenerous) {
    return run_until_complete(shutdown_default_executor(*loop_, wait_at_most));
  }

  std::optional<EventLoop> loop_{std::in_place};
};

TEST_F(DefaultExecutorTest, RunInExecutor) {
  const auto future =
      run_in_executor(*loop_, [] { return std::this_thread::get_id(); });
  EXPECT_NE(run_until_complete(future), std::this_thread::get_id());
  const auto error = run_in_executor(*loop_, [] { throw Mistake("no"); });
  EXPECT_THROW(run_until_complete(error), Mistake);
}

TEST_F(DefaultExecutorTest, MoveOnlyFunction) {
  const auto future = run_in_executor(
      *loop_, [given = std::make_unique<int>(7)] { return *given; });
  EXPECT_EQ(run_until_complete(future), 7);
}

// None of them ends before all have begun; a fourth waits for a thread.
TEST_F(DefaultExecutorTest, SetDefaultExecutor) {
  const auto executor = std::make_shared<ThreadPoolExecutor>(3);
  set_default_executor(*loop_, executor);
  std::latch all{3};
  std::latch go{1};
  std::vector<Future<void>> jobs;
  const auto job = [&] {
    all.count_down();
    go.wait();
  };
  for (int i = 0; i < 3; ++i) jobs.push_back(run_in_executor(*loop_, job));
  all.wait();
  const auto waiting = executor->submit([] {});
  EXPECT_FALSE(waiting.running());
  EXPECT_TRUE(waiting.cancel());
  go.count_down();
  for (const auto& future : jobs) run_until_complete(future);
  EXPECT_TRUE(shutdown());
}

TEST_F(DefaultExecutorTest, SetDefaultExecutorOfTwoLoops) {
  EventLoop other;
  const auto executor = std::make_shared<ThreadPoolExecutor>(1);
  set_default_executor(*loop_, executor);
  set_default_executor(other, executor);
  const auto id = [] { return std::this_thread::get_id(); };
  EXPECT_EQ(run_until_complete(run_in_executor(*loop_, id)),
            run_until_complete(run_in_executor(other, id)));
}

TEST_F(DefaultExecutorTest, SetDefaultExecutorInvalid) {
  EXPECT_THROW(set_default_executor(*loop_, nullptr), ValueError);
  loop_->close();
  EXPECT_THROW(
      set_default_executor(*loop_, std::make_shared<ThreadPoolExecutor>()),
      RuntimeError);
}

// Two jobs that wait for each other.
TEST_F(DefaultExecutorTest, HasMoreThanOneThread) {
  std::latch both{2};
  const auto meet = [&] { both.arrive_and_wait(); };
  const auto one = run_in_executor(*loop_, meet);
  run_until_complete(run_in_executor(*loop_, meet));
  run_until_complete(one);
}

TEST_F(DefaultExecutorTest, ShutdownOfNoThreads) {
  EXPECT_TRUE(shutdown_default_executor(*loop_, 0s).result());
  EXPECT_THROW(run_in_executor(*loop_, [] {}), RuntimeError);
  EXPECT_TRUE(shutdown());
}

TEST_F(DefaultExecutorTest, ShutdownWaitsForJobs) {
  std::latch go{1};
  const auto job = run_in_executor(*loop_, [&] { go.wait(); });
  const auto end = shutdown_default_executor(*loop_, kGenerous);
  EXPECT_FALSE(end.done());
  EXPECT_THROW(run_in_executor(*loop_, [] {}), RuntimeError);
  go.count_down();
  EXPECT_TRUE(run_until_complete(end));
  run_until_complete(job);
}

// A job may need the loop to get done.
TEST_F(DefaultExecutorTest, LoopRunsDuringShutdown) {
  std::promise<void> called;
  const auto job = run_in_executor(*loop_, [&] {
    loop_->call_soon_threadsafe([&] { called.set_value(); });
    called.get_future().wait();
  });
  EXPECT_TRUE(shutdown());
  run_until_complete(job);
}

TEST_F(DefaultExecutorTest, R116_ShutdownOfABlockedThreadIsBounded) {
  const auto go = std::make_shared<std::latch>(1);
  std::promise<void> begun;
  const auto job = run_in_executor(*loop_, [&begun, go, counted = Counted()] {
    begun.set_value();
    go->wait();
  });
  begun.get_future().wait();
  EXPECT_FALSE(shutdown(1ms));
  loop_->close();  // The thread goes on.
  EXPECT_FALSE(job.done());
  go->count_down();
  while (Counted::alive > 0) std::this_thread::yield();
}

TEST_F(DefaultExecutorTest, LoopClosedDuringShutdown) {
  const auto go = std::make_shared<std::latch>(1);
  run_in_executor(*loop_, [go, counted = Counted()] { go->wait(); });
  const auto end = shutdown_default_executor(*loop_, kGenerous);
  loop_->close();
  EXPECT_FALSE(end.done());
  go->count_down();
  while (Counted::alive > 0) std::this_thread::yield();
}

TEST_F(DefaultExecutorTest, ClosedLoop) {
  loop_->close();
  EXPECT_THROW(run_in_executor(*loop_, [] {}), RuntimeError);
  EXPECT_THROW(shutdown_default_executor(*loop_, 0s), RuntimeError);
}

}  // namespace
}  // namespace loop
