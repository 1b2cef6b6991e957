// What another thread computes for a loop, and what becomes of it when nobody
// wants it any more.

#include "loop/futures/run_in_executor.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/thread_pool_executor.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class RunInExecutor : public ::testing::Test {
 protected:
  RunInExecutor() {
    loop_->set_exception_handler(
        [](EventLoop&, const ExceptionContext& context) {
          ADD_FAILURE() << context.message << text_of(context.exception);
        });
  }
  ~RunInExecutor() override {
    EXPECT_TRUE(executor_.shutdown(kGenerous));
    loop_.reset();
    EXPECT_EQ(Counted::alive, 0);
  }

  template <class F>
  auto run(F function) {
    return run_in_executor(*loop_, executor_, std::move(function));
  }

  // Keeps the one thread until go_.
  Future<void> block() {
    auto future = run([this] {
      begun_.set_value();
      go_.wait();
    });
    begun_.get_future().wait();
    return future;
  }

  std::optional<EventLoop> loop_{std::in_place};
  std::promise<void> begun_;
  std::latch go_{1};
  ThreadPoolExecutor executor_{1};
};

TEST_F(RunInExecutor, Result) {
  const auto future = run([] { return std::this_thread::get_id(); });
  EXPECT_FALSE(future.done());
  EXPECT_NE(run_until_complete(future), std::this_thread::get_id());
}

TEST_F(RunInExecutor, Exception) {
  const auto future = run([]() -> int { throw Mistake("the reason"); });
  EXPECT_THROW(run_until_complete(future), Mistake);
}

TEST_F(RunInExecutor, Void) {
  bool ran = false;
  run_until_complete(run([&] { ran = true; }));
  EXPECT_TRUE(ran);
  EXPECT_THROW(run_until_complete(run([] { throw Mistake(""); })), Mistake);
}

TEST_F(RunInExecutor, MoveOnly) {
  const auto future = run([given = std::make_unique<int>(7)]() mutable {
    return std::move(given);
  });
  EXPECT_EQ(*run_until_complete(future), 7);
}

TEST_F(RunInExecutor, Many) {
  ThreadPoolExecutor executor(4);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 1000; ++i) {
    futures.push_back(run_in_executor(*loop_, executor, [i] { return i; }));
  }
  int sum = 0;
  for (const auto& future : futures) sum += run_until_complete(future);
  EXPECT_EQ(sum, 999 * 1000 / 2);
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

TEST_F(RunInExecutor, SeveralLoops) {
  EventLoop other;
  const auto mine = run([] { return 1; });
  const auto others = run_in_executor(other, executor_, [] { return 2; });
  EXPECT_EQ(run_until_complete(others), 2);
  EXPECT_EQ(run_until_complete(mine), 1);
}

// What the function held is gone when its result is there.
TEST_F(RunInExecutor, FunctionDiesBefore) {
  run_until_complete(run([counted = Counted()] {}));
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(RunInExecutor, ResultDiesWithTheFuture) {
  {
    const auto future = run([] { return Counted(); });
    run_until_complete(future);
    // The thread has let go of it: moved from hand to hand, not kept there.
    EXPECT_TRUE(executor_.shutdown(kGenerous));
    EXPECT_EQ(Counted::alive, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(RunInExecutor, ExceptionThatNobodyWaitsFor) {
  std::string text;
  loop_->set_exception_handler(
      [&](EventLoop& loop, const ExceptionContext& context) {
        text = context.message + " " + context.where.repr();
        loop.stop();
      });
  const unsigned line = __LINE__ + 1;
  run_in_executor(*loop_, executor_, [] { throw Mistake("the reason"); });
  loop_->run_forever();
  EXPECT_EQ(text, "Future exception was never retrieved " + place(line));
}

// ---- Cancelling ----

TEST_F(RunInExecutor, CancelledBeforeItBegan) {
  bool ran = false;
  const auto blocked = block();
  const auto future = run([&, counted = Counted()] { ran = true; });
  EXPECT_TRUE(future.cancel("why"));
  loop_->run_once(0s);
  go_.count_down();
  run_until_complete(blocked);
  EXPECT_TRUE(executor_.shutdown(kGenerous));
  EXPECT_FALSE(ran);
  EXPECT_EQ(cancelled_with([&] { future.result(); }), "why");
}

TEST_F(RunInExecutor, CancelledWhileItRuns) {
  const auto future = block();
  EXPECT_TRUE(future.cancel("why"));
  loop_->run_once(0s);
  go_.count_down();
  EXPECT_TRUE(executor_.shutdown(kGenerous));
  loop_->run_once(0s);
  EXPECT_EQ(cancelled_with([&] { future.result(); }), "why");
}

TEST_F(RunInExecutor, GivenAResultByAnotherBefore) {
  const auto blocked = block();
  const auto future = run([] { return 1; });
  future.set_result(2);
  go_.count_down();
  run_until_complete(blocked);
  EXPECT_TRUE(executor_.shutdown(kGenerous));
  loop_->run_once(0s);
  EXPECT_EQ(future.result(), 2);
}

// ---- An executor that was shut down ----

TEST_F(RunInExecutor, ShutdownCancelsTheFuture) {
  const auto blocked = block();
  const auto future = run([counted = Counted()] {});
  EXPECT_FALSE(executor_.shutdown(0s, true));
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(future.done());  // The loop is told, as by another thread.
  EXPECT_THROW(run_until_complete(future), CancelledError);
  go_.count_down();
  run_until_complete(blocked);
}

TEST_F(RunInExecutor, AfterShutdown) {
  executor_.shutdown(0s);
  EXPECT_THROW(run([counted = Counted()] {}), RuntimeError);
  EXPECT_EQ(Counted::alive, 0);
  loop_->run_once(0s);
}

// ---- A loop that is no more ----

TEST_F(RunInExecutor, ClosedLoop) {
  loop_->close();
  EXPECT_THROW(run([] {}), RuntimeError);
}

TEST_F(RunInExecutor, R82_ClosedWhileItRuns) {
  const auto future = block();
  bool called = false;
  future.add_done_callback([&] { called = true; });
  auto dropped = std::make_optional(run([] { return Counted(); }));
  dropped->add_done_callback([counted = Counted()] {});
  dropped.reset();
  EXPECT_EQ(Counted::alive, 1);
  loop_->close();
  EXPECT_EQ(Counted::alive, 0);  // The loop's side is gone.
  go_.count_down();
  EXPECT_TRUE(executor_.shutdown(kGenerous));
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(called);
}

TEST_F(RunInExecutor, R82_DestroyedWhileItRuns) {
  const auto future = block();
  loop_.reset();
  go_.count_down();
  EXPECT_TRUE(executor_.shutdown(kGenerous));
  EXPECT_FALSE(future.done());
}

// It had come back, but not been looked at.
TEST_F(RunInExecutor, R82_ClosedWhenItIsPosted) {
  const auto future = run([] { return Counted(); });
  EXPECT_TRUE(executor_.shutdown(kGenerous));
  EXPECT_EQ(Counted::alive, 1);
  loop_->close();
  EXPECT_FALSE(future.done());
}

TEST_F(RunInExecutor, R82_DestroyedWhileThreadsPost) {
  ThreadPoolExecutor executor(4);
  for (int i = 0; i < 50; ++i) {
    EventLoop loop;
    std::vector<Future<Counted>> futures;
    for (int job = 0; job < 20; ++job) {
      futures.push_back(
          run_in_executor(loop, executor, [] { return Counted(); }));
    }
    run_until_complete(futures[static_cast<std::size_t>(i % 20)]);
  }
  EXPECT_TRUE(executor.shutdown(kGenerous));
}

// ---- Another thread ----

TEST_F(RunInExecutor, R109_WrongThreadInDebugMode) {
  loop_->set_debug(true);
  loop_->call_soon([&] {
    std::thread([&] { EXPECT_THROW(run([] {}), RuntimeError); }).join();
  });
  loop_->run_once(0s);
}

}  // namespace
}  // namespace loop
