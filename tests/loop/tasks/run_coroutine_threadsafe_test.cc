// run_coroutine_threadsafe(): after CPython's test_tasks.py.

#include "loop/tasks/run_coroutine_threadsafe.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/errors.h"
#include "loop/futures/run_in_executor.h"
#include "loop/futures/wrap_future.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/timeout.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"

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
    EXPECT_EQ(future.result(), 3);
  });
  EXPECT_EQ(died_in, std::this_thread::get_id());
}

TEST_F(RunCoroutineThreadsafeTest, Exception) {
  const auto fail = []() -> Coroutine<> {
    throw Mistake("Fail!");
    co_return;
  };
  beside_loop([&] {
    EXPECT_THROW(run_coroutine_threadsafe(fail(), *loop_).result(), Mistake);
  });
}

TEST_F(RunCoroutineThreadsafeTest, MoveOnly) {
  const auto make = []() -> Coroutine<std::unique_ptr<int>> {
    co_return std::make_unique<int>(7);
  };
  beside_loop([&] {
    EXPECT_EQ(*run_coroutine_threadsafe(make(), *loop_).result(), 7);
  });
}

TEST_F(RunCoroutineThreadsafeTest, Timeout) {
  const auto limited = []() -> Coroutine<> {
    co_await timeout(1ms).run(wait_long(Counted()));
  };
  beside_loop([&] {
    EXPECT_THROW(run_coroutine_threadsafe(limited(), *loop_).result(),
                 TimeoutError);
  });
}

// The exception dies when both threads have ended: ThreadSanitizer does not see
// that those who share one count themselves.
TEST_F(RunCoroutineThreadsafeTest, TaskCancelled) {
  ConcurrentFuture<void> future;
  beside_loop([&] {
    future = run_coroutine_threadsafe(wait_long(Counted()), *loop_);
    loop_->call_soon_threadsafe([&] {
      for (const AnyTask& task : all_tasks(*loop_)) task.cancel("enough");
    });
    EXPECT_EQ(cancelled_with([&] { future.result(); }), "enough");
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
  ConcurrentFuture<void> future;
  std::thread([&] {
    future = run_coroutine_threadsafe(wait_long(Counted()), *loop_);
  }).join();
  testing::internal::CaptureStderr();
  loop_->close();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(cancelled_with([&] { future.result(); }),
            "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, ClosedWhileItWaits) {
  ConcurrentFuture<void> future;
  std::thread([&] {
    future = run_coroutine_threadsafe(wait_long(Counted()), *loop_);
  }).join();
  loop_->run_once(0s);
  loop_->run_once(0s);
  EXPECT_EQ(all_tasks(*loop_).size(), 1u);
  loop_->close();
  EXPECT_EQ(cancelled_with([&] { future.result(); }),
            "the event loop was closed");
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
  ASSERT_TRUE(future.done());
  EXPECT_EQ(cancelled_with([&] { future.result(); }),
            "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, ClosedBeforeWhatWasAwaitedAlreadyRan) {
  Coroutine<> coroutine = wait_long(Counted());
  coroutine.release();
  auto future = run_coroutine_threadsafe(std::move(coroutine), *loop_);
  loop_->close();
  EXPECT_EQ(cancelled_with([&] { future.result(); }),
            "the event loop was closed");
}

TEST_F(RunCoroutineThreadsafeTest, WhatWasAwaitedAlready) {
  Coroutine<> coroutine = wait_long(Counted());
  coroutine.release();
  auto future = run_coroutine_threadsafe(std::move(coroutine), *loop_);
  loop_->run_once(0s);
  EXPECT_THROW(future.result(), RuntimeError);
}

// In Python's order, and in that of create_task().
TEST_F(RunCoroutineThreadsafeTest, LoopFirst) {
  std::thread::id died_in;
  beside_loop([&] {
    auto future =
        run_coroutine_threadsafe(*loop_, add(1, 2, Traveller(died_in)));
    EXPECT_EQ(future.result(), 3);
  });
}

// ---- Cancelling ----

// What has run, of a coroutine that another thread cancels.
struct Trace {
  std::latch begun{1};
  std::string ended;
};

Coroutine<int> traced(Trace& trace, Counted) {
  trace.begun.count_down();
  try {
    co_await sleep(1h);
  } catch (const CancelledError& error) {
    trace.ended = error.what();
    throw;
  }
  co_return 1;
}

TEST_F(RunCoroutineThreadsafeTest, Cancel) {
  Trace trace;
  std::latch told{1};
  beside_loop([&] {
    const auto future =
        run_coroutine_threadsafe(traced(trace, Counted()), *loop_);
    future.add_done_callback([&] { told.count_down(); });
    trace.begun.wait();
    EXPECT_TRUE(future.cancel("enough"));
    told.wait();
    EXPECT_TRUE(future.cancelled());
    EXPECT_EQ(cancelled_with([&] { future.result(); }), "enough");
    while (Counted::alive > 0) std::this_thread::yield();
  });
  EXPECT_EQ(trace.ended, "enough");
}

// gh-105836: no task is left that runs on.
TEST_F(RunCoroutineThreadsafeTest, CancelBeforeItBegan) {
  Trace trace;
  const auto future =
      run_coroutine_threadsafe(traced(trace, Counted()), *loop_);
  EXPECT_TRUE(future.cancel());
  for (int i = 0; i < 3; ++i) loop_->run_once(0s);
  EXPECT_TRUE(all_tasks(*loop_).empty());
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(trace.begun.try_wait());
}

TEST_F(RunCoroutineThreadsafeTest, CancelBeforeTheTaskBegan) {
  Trace trace;
  const auto future =
      run_coroutine_threadsafe(traced(trace, Counted()), *loop_);
  loop_->run_once(0s);
  EXPECT_EQ(all_tasks(*loop_).size(), 1u);
  EXPECT_TRUE(future.cancel());
  for (int i = 0; i < 4; ++i) loop_->run_once(0s);
  EXPECT_TRUE(all_tasks(*loop_).empty());
}

TEST_F(RunCoroutineThreadsafeTest, CancelWhenItIsDone) {
  std::thread::id died_in;
  beside_loop([&] {
    const auto future =
        run_coroutine_threadsafe(add(1, 2, Traveller(died_in)), *loop_);
    EXPECT_EQ(future.result(), 3);
    EXPECT_FALSE(future.cancel());
  });
}

// Dropping the future cancels nothing, as in Python.
TEST_F(RunCoroutineThreadsafeTest, Dropped) {
  std::thread::id died_in;
  run_coroutine_threadsafe(add(1, 2, Traveller(died_in)), *loop_);
  for (int i = 0; i < 4; ++i) loop_->run_once(0s);
  EXPECT_EQ(died_in, std::this_thread::get_id());
}

TEST_F(RunCoroutineThreadsafeTest, CancelledAndThenTheLoopIsClosed) {
  Trace trace;
  const auto future =
      run_coroutine_threadsafe(traced(trace, Counted()), *loop_);
  loop_->run_once(0s);
  loop_->run_once(0s);
  future.cancel("enough");
  loop_->close();
  EXPECT_EQ(cancelled_with([&] { future.result(); }), "enough");
}

// ---- Two loops ----

class TwoLoopsTest : public ::testing::Test {
 protected:
  ~TwoLoopsTest() override {
    there_.call_soon_threadsafe([this] { there_.stop(); });
    thread_.join();
  }

  EventLoop here_, there_;
  std::thread thread_{[this] { there_.run_forever(); }};
};

// Goes to and fro between the loops.
Coroutine<int> call(EventLoop* mine, EventLoop* other, int depth) {
  if (depth == 0) co_return 1;
  const int n =
      co_await run_coroutine_threadsafe(call(other, mine, depth - 1), *other);
  co_return n + 1;
}

TEST_F(TwoLoopsTest, CallOneAnotherInDepth) {
  const auto many = [](EventLoop* mine, EventLoop* other) -> Coroutine<int> {
    std::vector<Coroutine<int>> calls;
    for (int i = 0; i < 100; ++i) calls.push_back(call(mine, other, 10));
    int sum = 0;
    for (const int n : co_await gather(std::move(calls))) sum += n;
    co_return sum;
  };
  EXPECT_EQ(run_until_complete(create_task(here_, many(&here_, &there_))),
            1100);
}

// Cancelling goes through to the innermost.
TEST_F(TwoLoopsTest, CancelOneAnother) {
  Trace trace;
  const auto outer = [&](Counted) -> Coroutine<int> {
    co_return co_await run_coroutine_threadsafe(traced(trace, Counted()),
                                                there_);
  };
  const auto main = [&]() -> Coroutine<> {
    const auto task = create_task(outer(Counted()));
    const auto begun = [&] { trace.begun.wait(); };
    co_await run_in_executor(get_running_loop(), begun);
    task.cancel("enough");
    EXPECT_THROW(co_await task, CancelledError);
  };
  run_until_complete(create_task(here_, main()));
  while (Counted::alive > 0) std::this_thread::yield();
  const auto ended = [&]() -> Coroutine<std::string> { co_return trace.ended; };
  EXPECT_EQ(run_coroutine_threadsafe(ended(), there_).result(), "enough");
}

// As a std::future it takes a thread for each wait; there are enough.
TEST_F(TwoLoopsTest, ThroughStdFutures) {
  struct Caller {
    static Coroutine<int> call(EventLoop* mine, EventLoop* other, int depth) {
      if (depth == 0) co_return 1;
      std::future<int> answer =
          run_coroutine_threadsafe(call(other, mine, depth - 1), *other);
      co_return 1 + co_await wrap_future(*mine, std::move(answer));
    }
  };
  const auto many = [](EventLoop* mine, EventLoop* other) -> Coroutine<int> {
    std::vector<Coroutine<int>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(Caller::call(mine, other, 3));
    int sum = 0;
    for (const int n : co_await gather(std::move(calls))) sum += n;
    co_return sum;
  };
  EXPECT_EQ(run_until_complete(create_task(here_, many(&here_, &there_))), 40);
}

TEST_F(TwoLoopsTest, TogetherWithTheOthers) {
  const ConcurrentFuture<int> number;
  const ConcurrentFuture<std::unique_ptr<int>> movable;
  const auto main = [&]() -> Coroutine<int> {
    const auto limited = [&]() -> Coroutine<int> {
      co_return co_await wait_for(ConcurrentFuture<int>(number), 20s);
    };
    auto taken = movable;
    const auto [first, second] =
        co_await gather(limited(), ConcurrentFuture<int>(number));
    const auto pointer = co_await std::move(taken);
    co_return first + second + *pointer;
  };
  std::thread thread([&, number, movable] {
    number.set_result(1);
    movable.set_result(std::make_unique<int>(40));
  });
  EXPECT_EQ(run_until_complete(create_task(here_, main())), 42);
  thread.join();
}

// A library that calls back in a thread of its own, after the coroutine has
// been cancelled.
TEST_F(TwoLoopsTest, AResultThatComesTooLate) {
  const ConcurrentFuture<int> answer;
  const auto ask = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await wait_for(ConcurrentFuture<int>(answer), 0s),
                 TimeoutError);
  };
  run_until_complete(create_task(here_, ask()));
  here_.run_once(0s);
  std::thread thread([answer] { EXPECT_FALSE(answer.set_result(42)); });
  thread.join();
}

// The future of a call that failed is cancelled in a destructor, which must not
// throw.
TEST_F(RunCoroutineThreadsafeTest, RunsOutOfMemory) {
  int shortages = 0;
  for (tests::EachShortage shortage; shortage.next();) {
    const auto call = [&] {
      run_coroutine_threadsafe(wait_long(Counted()), *loop_);
    };
    if (!shortage.survives(call)) ++shortages;
  }
  EXPECT_GT(shortages, 1);
}

}  // namespace
}  // namespace loop
