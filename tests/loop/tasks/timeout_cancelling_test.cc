// timeout() among other timeouts and cancellations: after CPython's
// test_timeouts.py.

#include <gtest/gtest.h>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/timeout.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using TimeoutsCancellingTest = CoroutineTest;

// Only the outermost throws a TimeoutError.
TEST_F(TimeoutsCancellingTest, NestedTimeouts) {
  bool cancelled = false;
  const auto main = [&]() -> Coroutine<> {
    const auto deadline = f_.loop.time() + 10ms;
    auto outer = timeout_at(deadline);
    auto inner = timeout_at(deadline);
    const auto body = [&]() -> Coroutine<> {
      try {
        co_await inner.run(sleep(10s));
      } catch (const CancelledError&) {
        cancelled = true;
        throw;
      }
    };
    EXPECT_THROW(co_await outer.run(body()), TimeoutError);
    EXPECT_TRUE(outer.expired());
    EXPECT_TRUE(inner.expired());
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
  EXPECT_TRUE(cancelled);
}

TEST_F(TimeoutsCancellingTest, ForeignCancelDoesntTimeoutIfNotExpired) {
  const auto main = [&]() -> Coroutine<> {
    auto limit = timeout(10s);
    const auto body = []() -> Coroutine<> {
      current_task().cancel();
      co_await sleep(10s);
    };
    EXPECT_THROW(co_await limit.run(body()), CancelledError);
    EXPECT_FALSE(limit.expired());
    EXPECT_EQ(current_task().uncancel(), 0);
  };
  run(main());
}

TEST_F(TimeoutsCancellingTest, ForeignCancelInTheSameTurn) {
  Timeout* limit = nullptr;
  const auto main = [&]() -> Coroutine<> {
    auto mine = timeout(10ms);
    limit = &mine;
    co_await mine.run(sleep(10s));
  };
  const auto task = start(main());
  f_.turn();
  f_.loop.call_later(10ms, [&] { task.cancel("by others"); });
  // The message is that of who was first, the timeout.
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "");
  EXPECT_EQ(task.cancelling(), 1);
}

TEST_F(TimeoutsCancellingTest, OuterTaskIsNotCancelled) {
  const auto outer = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await timeout(1ms).run(sleep(10s)), TimeoutError);
  };
  const auto task = start(outer());
  run_until_complete(task);
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(task.cancelling(), 0);
}

TEST_F(TimeoutsCancellingTest, NestedTimeoutsConcurrent) {
  const auto busy = [&]() -> Coroutine<> {
    f_.time.advance(10ms);  // Crunches numbers.
    co_await sleep(1s);
  };
  const auto body = [&]() -> Coroutine<> {
    auto inner = timeout(100ms);
    EXPECT_THROW(co_await inner.run(busy()), CancelledError);
    EXPECT_FALSE(inner.expired());
    throw CancelledError();
  };
  const auto main = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await timeout(2ms).run(body()), TimeoutError);
    EXPECT_EQ(f_.ms(), 10);
  };
  run(main());
}

TEST_F(TimeoutsCancellingTest, NestedTimeoutsLoopBusy) {
  const auto busy = [&]() -> Coroutine<> {
    f_.time.advance(20ms);
    co_await sleep(1s);
  };
  const auto body = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await timeout(10ms).run(busy()), TimeoutError);
    co_await sleep(10s);  // Interrupted by the outer one.
  };
  const auto main = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await timeout(100ms).run(body()), TimeoutError);
    EXPECT_EQ(f_.ms(), 100);
  };
  run(main());
}

TEST_F(TimeoutsCancellingTest, NestedTimeoutWhileCleaningUp) {
  const auto body = [&]() -> Coroutine<> {
    bool cancelled = false;
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    EXPECT_TRUE(cancelled);
    EXPECT_THROW(co_await timeout(10ms).run(sleep(10s)), TimeoutError);
    throw CancelledError();
  };
  const auto main = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await timeout(10ms).run(body()), TimeoutError);
    EXPECT_EQ(f_.ms(), 20);
  };
  run(main());
}

Coroutine<> be_cancelled() {
  current_task().cancel();
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
  }
}

// cancelling() is not 0 when it is entered.
TEST_F(TimeoutsCancellingTest, TimeoutAfterCancellation) {
  const auto main = [&]() -> Coroutine<> {
    co_await be_cancelled();
    EXPECT_THROW(co_await timeout(0s).run(sleep(1s)), TimeoutError);
    EXPECT_EQ(current_task().cancelling(), 1);
  };
  run(main());
}

TEST_F(TimeoutsCancellingTest, CancelInTimeoutAfterCancellation) {
  const auto body = []() -> Coroutine<> {
    current_task().cancel();
    co_await sleep(2s);
  };
  const auto main = [&]() -> Coroutine<> {
    co_await be_cancelled();
    EXPECT_THROW(co_await timeout(1s).run(body()), CancelledError);
  };
  run(main());
}

}  // namespace
}  // namespace loop
