// timeout(): after CPython's test_timeouts.py.

#include "loop/tasks/timeout.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using TimeoutsTest = CoroutineTest;

Coroutine<std::string> greet() {
  const Counted counted;
  co_await sleep(10ms);
  co_return "hello";
}

Coroutine<> sleep_long() {
  const Counted counted;
  co_await sleep(10s);
}

TEST_F(TimeoutsTest, TimeoutBasic) {
  const auto main = [&]() -> Coroutine<> {
    Timeout limit(get_running_loop().time() + 10ms);
    EXPECT_THROW(co_await limit.run(sleep(10s)), TimeoutError);
    EXPECT_TRUE(limit.expired());
    EXPECT_EQ(f_.ms(), 10);
  };
  run(main());
}

TEST_F(TimeoutsTest, TimeoutAsOneExpression) {
  const auto main = [&]() -> Coroutine<> {
    EXPECT_EQ(co_await timeout(1s).run(greet()), "hello");
    EXPECT_THROW(co_await timeout(1ms).run(greet()), TimeoutError);
    EXPECT_EQ(f_.ms(), 11);
  };
  run(main());
}

TEST_F(TimeoutsTest, TimeoutAtBasic) {
  const auto main = [&]() -> Coroutine<> {
    const TimePoint deadline = f_.loop.time() + 10ms;
    auto limit = timeout_at(deadline);
    EXPECT_THROW(co_await limit.run(sleep_long()), TimeoutError);
    EXPECT_TRUE(limit.expired());
    EXPECT_EQ(limit.when(), deadline);
  };
  run(main());
}

TEST_F(TimeoutsTest, OfAFuture) {
  const auto future = make<std::unique_ptr<int>>();
  const auto main = [&]() -> Coroutine<> {
    EXPECT_EQ(*co_await timeout(1s).run(future), 7);
    const auto never = make<int>();
    EXPECT_THROW(co_await timeout(1s).run(never), TimeoutError);
    EXPECT_TRUE(never.cancelled());
  };
  f_.loop.call_later(10ms,
                     [&] { future.set_result(std::make_unique<int>(7)); });
  run(main());
}

TEST_F(TimeoutsTest, WaiterCancelled) {
  bool cancelled = false;
  const auto work = [&]() -> Coroutine<> {
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
      cancelled = true;
      throw;
    }
  };
  const auto main = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await timeout(10ms).run(work()), TimeoutError);
  };
  run(main());
  EXPECT_TRUE(cancelled);
}

TEST_F(TimeoutsTest, TimeoutNotCalled) {
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10s);
    co_await limit.run(sleep(10ms));
    EXPECT_FALSE(limit.expired());
    EXPECT_GT(limit.when(), f_.loop.time());
    co_await sleep(20s);
    EXPECT_FALSE(limit.expired());
  };
  run(main());
}

TEST_F(TimeoutsTest, TimeoutDisabled) {
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(std::nullopt);
    co_await limit.run(sleep_long());
    EXPECT_FALSE(limit.expired());
    EXPECT_EQ(limit.when(), std::nullopt);
    auto limit_at = timeout_at(std::nullopt);
    co_await limit_at.run(sleep_long());
    EXPECT_EQ(limit_at.when(), std::nullopt);
  };
  run(main());
}

// The time of both is up, and the time's turn comes first.
TEST_F(TimeoutsTest, TimeoutZeroSleepZero) {
  const auto main = [&]() -> Coroutine<> {
    auto none = timeout(0s);
    EXPECT_THROW(co_await none.run(sleep(0s)), TimeoutError);
    EXPECT_TRUE(none.expired());
    EXPECT_EQ(none.when(), f_.loop.time());
    auto past = timeout(-11s);
    EXPECT_THROW(co_await past.run(sleep(0s)), TimeoutError);
    EXPECT_LT(past.when(), f_.loop.time());
    EXPECT_THROW(co_await timeout(0s).run(sleep(10s)), TimeoutError);
  };
  run(main());
  EXPECT_EQ(f_.ms(), 0);
}

// A body that does not wait is not interrupted, and leaves no timer behind.
TEST_F(TimeoutsTest, TimeoutZeroOfWhatIsDone) {
  const auto nothing = []() -> Coroutine<int> { co_return 1; };
  const auto main = [&]() -> Coroutine<> {
    EXPECT_EQ(co_await timeout(0s).run(nothing()), 1);
    co_await sleep(1ms);
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_F(TimeoutsTest, ForeignExceptionPassed) {
  const auto fail = []() -> Coroutine<> {
    co_await sleep(0s);
    throw Mistake("no");
  };
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10ms);
    EXPECT_THROW(co_await limit.run(fail()), Mistake);
    EXPECT_FALSE(limit.expired());
  };
  run(main());
}

TEST_F(TimeoutsTest, ForeignExceptionOnTimeout) {
  const auto fail = []() -> Coroutine<> {
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
      throw Mistake("in the middle of it");
    }
  };
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10ms);
    EXPECT_THROW(co_await limit.run(fail()), Mistake);
    EXPECT_TRUE(limit.expired());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_F(TimeoutsTest, BodyThatGoesOn) {
  const auto stubborn = []() -> Coroutine<int> {
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
    }
    co_await sleep(1ms);
    co_return 1;
  };
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10ms);
    EXPECT_EQ(co_await limit.run(stubborn()), 1);
    EXPECT_TRUE(limit.expired());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_F(TimeoutsTest, Reschedule) {
  const auto limit_of = make<Timeout*>();
  const TimePoint deadline = f_.loop.time() + 10s;
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout_at(deadline);
    limit_of.set_result(&limit);
    EXPECT_THROW(co_await limit.run(sleep(50s)), TimeoutError);
    EXPECT_EQ(f_.ms(), 30'000);
  };
  const auto task = start(main());
  Timeout& limit = *run_until_complete(limit_of);
  EXPECT_EQ(limit.when(), deadline);
  limit.reschedule(std::nullopt);
  EXPECT_EQ(limit.when(), std::nullopt);
  limit.reschedule(deadline + 20s);
  EXPECT_EQ(limit.when(), deadline + 20s);
  run_until_complete(task);
}

TEST_F(TimeoutsTest, RescheduleIntoThePast) {
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10s);
    const auto body = [&]() -> Coroutine<> {
      limit.reschedule(f_.loop.time());
      co_await sleep(0s);
    };
    EXPECT_THROW(co_await limit.run(body()), TimeoutError);
  };
  run(main());
}

TEST_F(TimeoutsTest, RescheduleInAWrongState) {
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10ms);
    EXPECT_THROW(limit.reschedule(std::nullopt), RuntimeError);
    const auto body = [&]() -> Coroutine<> {
      try {
        co_await sleep(10s);
      } catch (const CancelledError&) {
        EXPECT_TRUE(limit.expired());
        EXPECT_THROW(limit.reschedule(std::nullopt), RuntimeError);
        throw;
      }
    };
    EXPECT_THROW(co_await limit.run(body()), TimeoutError);
    EXPECT_THROW(limit.reschedule(std::nullopt), RuntimeError);
    auto unused = timeout(10ms);
    co_await unused.run(sleep(0s));
    EXPECT_THROW(unused.reschedule(std::nullopt), RuntimeError);
  };
  run(main());
}

TEST_F(TimeoutsTest, TimeoutAlreadyEntered) {
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10ms);
    const auto body = [&]() -> Coroutine<> {
      EXPECT_THROW(co_await limit.run(sleep(0s)), RuntimeError);
    };
    co_await limit.run(body());
    EXPECT_THROW(co_await limit.run(sleep(0s)), RuntimeError);
  };
  run(main());
}

TEST_F(TimeoutsTest, NeedsALoop) {
  EXPECT_THROW(static_cast<void>(timeout(1s)), RuntimeError);
}

// It stands in the frame of a task that is destroyed first.
TEST_F(TimeoutsTest, LoopClosedAfterItWasDestroyed) {
  const auto use = [&](Timeout& limit) -> Coroutine<> {
    co_await limit.run(sleep_long());
  };
  Timeout* limit = nullptr;
  const auto own = [&]() -> Coroutine<> {
    auto owned = std::make_unique<Timeout>(std::nullopt);
    limit = owned.get();
    co_await sleep(1h);
  };
  const auto wait_and_use = [&]() -> Coroutine<> {
    co_await sleep(0s);
    co_await use(*limit);
  };
  {
    EventLoop event_loop;
    event_loop.set_exception_handler([](auto&&...) {});
    create_task(event_loop, wait_and_use());
    create_task(event_loop, own());
    for (int i = 0; i < 3; ++i) event_loop.run_once(0s);
    EXPECT_EQ(Counted::alive, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

// The timer goes with the frames.
TEST_F(TimeoutsTest, LoopClosedMeanwhile) {
  const auto main = [&]() -> Coroutine<> {
    co_await timeout(10s).run(sleep_long());
  };
  {
    EventLoop event_loop;
    event_loop.set_exception_handler([](auto&&...) {});
    create_task(event_loop, main());
    event_loop.run_once(0s);
    EXPECT_EQ(Counted::alive, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

}  // namespace
}  // namespace loop
