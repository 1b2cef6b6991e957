// run_coroutine_threadsafe(): after CPython's test_tasks.py.

#include "loop/coroutines/run_coroutine_threadsafe.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/sleep.h"
#include "loop/coroutines/task.h"
#include "loop/coroutines/timeout.h"
#include "loop/futures/errors.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

// Says in which thread it dies.
class Traveller {
 public:
  explicit Traveller(std::thread::id& died_in) : died_in_(&died_in) {}
  Traveller(Traveller&& other) noexcept
      : died_in_(std::exchange(other.died_in_, nullptr)) {}
  ~Traveller() {
    if (died_in_ != nullptr) *died_in_ = std::this_thread::get_id();
  }

 private:
  std::thread::id* died_in_;
  Counted counted_;
};

Coroutine<int> add(int a, int b, Traveller) {
  co_await sleep(0s);
  co_return a + b;
}

Coroutine<> wait_long(Counted) { co_await sleep(1h); }

class RunCoroutineThreadsafeTest : public ::testing::Test {
 protected:
  RunCoroutineThreadsafeTest() {
    loop_->set_exception_handler([](auto&&...) {});
  }
  ~RunCoroutineThreadsafeTest() override {
    loop_.reset();
    EXPECT_EQ(Counted::alive, 0);
  }

  // Runs `function` in a thread, and the loop meanwhile in this one.
  template <class F>
  void beside_loop(F function) {
    std::thread thread([&] {
      function();
      loop_->call_soon_threadsafe([this] { loop_->stop(); });
    });
    loop_->run_forever();
    thread.join();
  }

  std::optional<EventLoop> loop_{std::in_place};
};

TEST_F(RunCoroutineThreadsafeTest, Result) {
  std::thread::id died_in;
  beside_loop([&] {
    auto future =
        run_coroutine_threadsafe(add(1, 2, Traveller(died_in)), *loop_);
    EXPECT_EQ(future.get(), 3);
  });
  EXPECT_EQ(died_in, std::this_thread::get_id());
}

TEST_F(RunCoroutineThreadsafeTest, Exception) {
  const auto fail = []() -> Coroutine<> {
    throw Mistake("Fail!");
    co_return;
  };
  beside_loop([&] {
    EXPECT_THROW(run_coroutine_threadsafe(fail(), *loop_).get(), Mistake);
  });
}

TEST_F(RunCoroutineThreadsafeTest, MoveOnly) {
  const auto make = []() -> Coroutine<std::unique_ptr<int>> {
    co_return std::make_unique<int>(7);
  };
  beside_loop(
      [&] { EXPECT_EQ(*run_coroutine_threadsafe(make(), *loop_).get(), 7); });
}

TEST_F(RunCoroutineThreadsafeTest, Timeout) {
  const auto limited = []() -> Coroutine<> {
    co_await timeout(1ms).run(wait_long(Counted()));
  };
  beside_loop([&] {
    EXPECT_THROW(run_coroutine_threadsafe(limited(), *loop_).get(),
                 TimeoutError);
  });
}

// The exception dies when both threads have ended: ThreadSanitizer does not see
// that those who share one count themselves.
TEST_F(RunCoroutineThreadsafeTest, TaskCancelled) {
  std::shared_future<void> future;
  beside_loop([&] {
    future = run_coroutine_threadsafe(wait_long(Counted()), *loop_).share();
    loop_->call_soon_threadsafe([&] {
      for (const AnyTask& task : all_tasks(*loop_)) task.cancel("enough");
    });
    EXPECT_EQ(cancelled_with([&] { future.get(); }), "enough");
  });
}

TEST_F(RunCoroutineThreadsafeTest, ClosedLoop) {
  const LoopReference reference = loop_->reference();
  loop_.reset();
  testing::internal::CaptureStderr();
  EXPECT_THROW(run_coroutine_threadsafe(wait_long(Counted()), reference),
               RuntimeError);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(RunCoroutineThreadsafeTest, ClosedBeforeItRan) {
  std::future<void> future;
  std::thread([&] {
    future = run_coroutine_threadsafe(wait_long(Counted()), *loop_);
  }).join();
  testing::internal::CaptureStderr();
  loop_->close();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(cancelled_with([&] { future.get(); }), "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, ClosedWhileItWaits) {
  std::future<void> future;
  std::thread([&] {
    future = run_coroutine_threadsafe(wait_long(Counted()), *loop_);
  }).join();
  loop_->run_once(0s);
  loop_->run_once(0s);
  EXPECT_EQ(all_tasks(*loop_).size(), 1u);
  loop_->close();
  EXPECT_EQ(cancelled_with([&] { future.get(); }), "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, ClosedWhileSomebodyKeepsTheTask) {
  std::optional<AnyTask> kept;
  const auto body = [&]() -> Coroutine<> {
    kept = current_task();
    co_await wait_long(Counted());
  };
  auto future = run_coroutine_threadsafe(body(), *loop_);
  loop_->run_once(0s);
  loop_->run_once(0s);
  loop_->close();
  ASSERT_EQ(future.wait_for(0s), std::future_status::ready);
  EXPECT_EQ(cancelled_with([&] { future.get(); }), "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, ClosedBeforeWhatWasAwaitedAlreadyRan) {
  Coroutine<> coroutine = wait_long(Counted());
  coroutine.release();
  auto future = run_coroutine_threadsafe(std::move(coroutine), *loop_);
  loop_->close();
  EXPECT_EQ(cancelled_with([&] { future.get(); }), "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, WhatWasAwaitedAlready) {
  Coroutine<> coroutine = wait_long(Counted());
  coroutine.release();
  auto future = run_coroutine_threadsafe(std::move(coroutine), *loop_);
  loop_->run_once(0s);
  EXPECT_THROW(future.get(), RuntimeError);
}

}  // namespace
}  // namespace loop
