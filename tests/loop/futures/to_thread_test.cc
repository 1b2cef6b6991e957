// to_thread(): after CPython's test_threads.py.

#include "loop/futures/to_thread.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/runners/runner.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

TEST(ThreadsTest, ToThread) {
  const auto main = []() -> Coroutine<int> {
    const auto here = std::this_thread::get_id();
    EXPECT_NE(co_await to_thread(std::this_thread::get_id), here);
    const auto sum = [] { return 40 + 2; };
    co_return co_await to_thread(sum);
  };
  EXPECT_EQ(run(main()), 42);
}

TEST(ThreadsTest, ToThreadException) {
  const auto main = []() -> Coroutine<> {
    const auto fail = [] { throw Mistake("test"); };
    co_await to_thread(fail);
  };
  EXPECT_THROW(run(main()), Mistake);
}

TEST(ThreadsTest, ToThreadOnce) {
  int calls = 0;
  const auto main = [&]() -> Coroutine<> {
    const auto count = [&] { ++calls; };
    co_await to_thread(count);
  };
  run(main());
  EXPECT_EQ(calls, 1);
}

// Neither would end without the other.
TEST(ThreadsTest, ToThreadConcurrent) {
  std::latch both{2};
  const auto main = [&]() -> Coroutine<> {
    const auto meet = [&] { both.arrive_and_wait(); };
    const auto one = to_thread(meet);
    co_await to_thread(meet);
    co_await one;
  };
  run(main());
}

TEST(ThreadsTest, MoveOnly) {
  const auto main = []() -> Coroutine<int> {
    auto give = [given = std::make_unique<int>(7)]() mutable {
      return std::move(given);
    };
    co_return *co_await to_thread(std::move(give));
  };
  EXPECT_EQ(run(main()), 7);
}

// What has begun runs to its end, and run() waits for that.
TEST(ThreadsTest, Cancelled) {
  std::latch begun{1};
  std::latch go{1};
  bool finished = false;
  const auto work = [&]() -> Coroutine<> {
    const auto wait = [&] {
      begun.count_down();
      go.wait();
      finished = true;
    };
    co_await to_thread(wait);
  };
  const auto main = [&]() -> Coroutine<> {
    const auto task = create_task(work());
    const auto until_it_has_begun = [&] { begun.wait(); };
    co_await to_thread(until_it_has_begun);
    task.cancel();
    EXPECT_THROW(co_await task, CancelledError);
    go.count_down();
  };
  run(main());
  EXPECT_TRUE(finished);
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThreadsTest, NeedsALoop) {
  EXPECT_THROW(to_thread([] {}), RuntimeError);
}

}  // namespace
}  // namespace loop
