// wait_for(): one awaitable, with a time limit.

#include "loop/tasks/wait_for.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

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

using std::chrono::milliseconds;

class WaitForTest : public CoroutineTest {
 protected:
  Coroutine<std::string> foo(milliseconds delay = 200ms) {
    const Counted counted;
    has_started_ = true;
    try {
      co_await sleep(delay);
    } catch (const CancelledError&) {
      was_cancelled_ = true;
      throw;
    }
    co_return "done";
  }

  bool has_started_ = false;
  bool was_cancelled_ = false;
};

TEST_F(WaitForTest, WaitFor) {
  EXPECT_EQ(run(wait_for(foo(), 1s)), "done");
  EXPECT_EQ(f_.ms(), 200);
}

TEST_F(WaitForTest, BlockingTimeoutNone) {
  EXPECT_EQ(run(wait_for(foo(), std::nullopt)), "done");
}

TEST_F(WaitForTest, WithTimeout) {
  const auto body = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await wait_for(foo(), 100ms), TimeoutError);
    EXPECT_EQ(Counted::alive, 0) << "it was waited for";
  };
  run(body());
  EXPECT_TRUE(was_cancelled_);
  EXPECT_EQ(f_.ms(), 100);
}

TEST_F(WaitForTest, OfATask) {
  const auto task = start(foo());
  EXPECT_THROW(run(wait_for(task, 100ms)), TimeoutError);
  EXPECT_TRUE(task.cancelled());
}

TEST_F(WaitForTest, OfSleepAndMoveOnlyResults) {
  const auto body = []() -> Coroutine<> {
    EXPECT_THROW(co_await wait_for(sleep(1h), 1ms), TimeoutError);
    EXPECT_EQ(*co_await wait_for(sleep(1ms, std::make_unique<int>(2)), 1s), 2);
  };
  run(body());
}

TEST_F(WaitForTest, RunsInTheSameTask) {
  std::optional<AnyTask> outer, inner;
  const auto ask = [&]() -> Coroutine<> {
    inner = current_task();
    co_return;
  };
  const auto body = [&]() -> Coroutine<> {
    outer = current_task();
    co_await wait_for(ask(), 1s);
  };
  run(body());
  EXPECT_EQ(outer, inner);
}

TEST_F(WaitForTest, TimeoutLessThenZeroOrZeroReady) {
  for (const milliseconds limit : {0ms, -1ms}) {
    const auto future = make<std::string>();
    future.set_result("done");
    EXPECT_EQ(run(wait_for(future, limit)), "done");
  }
}

TEST_F(WaitForTest, TimeoutLessThenZeroOrZero) {
  for (const milliseconds limit : {0ms, -1ms}) {
    const auto task = start(foo());
    f_.turn();
    EXPECT_THROW(run(wait_for(task, limit)), TimeoutError);
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(f_.ms(), 0);
  }
}

TEST_F(WaitForTest, TimeoutOfZeroStartsNoCoroutine) {
  EXPECT_THROW(run(wait_for(foo(), 0ms)), TimeoutError);
  EXPECT_FALSE(has_started_);
}

TEST_F(WaitForTest, TimeoutOfZeroWaitsUntilItHasEnded) {
  const auto slow = [&]() -> Coroutine<std::string> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(10ms);
    co_return "after all";
  };
  const auto task = start(slow());
  f_.turn();
  EXPECT_EQ(run(wait_for(task, 0ms)), "after all");
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(WaitForTest, TimeoutOfZeroWaitsButCanBeCancelled) {
  const auto slow = [&]() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(10ms);
  };
  const auto task = start(slow());
  f_.turn();
  const auto waits = start(wait_for(task, 0ms));
  f_.turn(2);
  waits.cancel();
  EXPECT_THROW(run_until_complete(waits), CancelledError);
  EXPECT_FALSE(task.done());
  run_until_complete(task);
}

// The outcome of the cancelled awaitable counts.
TEST_F(WaitForTest, ResultAfterTheTimeout) {
  const auto refuse = [&]() -> Coroutine<std::string> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_return "after all";
  };
  EXPECT_EQ(run(wait_for(refuse(), 1ms)), "after all");
}

TEST_F(WaitForTest, WaitForWaitsForTaskCancellation) {
  const auto clean_up = [&]() -> Coroutine<> {
    bool cancelled = false;
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    co_await sleep(20ms);
    if (cancelled) throw CancelledError();
  };
  const auto task = start(clean_up());
  EXPECT_THROW(run(wait_for(task, 10ms)), TimeoutError);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(f_.ms(), 30);
}

TEST_F(WaitForTest, ExceptionDuringTimeout) {
  const auto fail = [&]() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      throw Mistake("while cleaning up");
    }
  };
  EXPECT_THROW(run(wait_for(fail(), 1ms)), Mistake);
}

// ---- Cancelling ----

TEST_F(WaitForTest, CancelWaitFor) {
  const auto waits = start(wait_for(foo(), 1s));
  f_.turn();
  waits.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(waits); }), "enough");
  EXPECT_TRUE(was_cancelled_);
}

TEST_F(WaitForTest, CancelBlockingWaitFor) {
  const auto waits = start(wait_for(foo(), std::nullopt));
  f_.turn();
  waits.cancel();
  EXPECT_THROW(run_until_complete(waits), CancelledError);
}

TEST_F(WaitForTest, R103_CancelledWhenTheFutureIsDone) {
  const auto future = make<int>();
  const auto waits = start(wait_for(future, 1s));
  f_.turn();
  future.set_result(1);
  waits.cancel();
  f_.turn(2);
  EXPECT_TRUE(waits.cancelled());
  EXPECT_EQ(future.result(), 1);
}

TEST_F(WaitForTest, R103_CancelledWhenTheTimeHasCome) {
  const auto body = [&]() -> Coroutine<> {
    const auto waits = create_task(wait_for(foo(), 10ms));
    f_.loop.call_later(10ms, [waits] { waits.cancel("outer"); });
    EXPECT_THROW(co_await waits, CancelledError);
    EXPECT_TRUE(waits.cancelled());
  };
  run(body());
}

// asyncio: test_wait_for_race_condition.
TEST_F(WaitForTest, WaitForRaceCondition) {
  const auto future = make<std::string>();
  const auto waits = start(wait_for(future, 200ms));
  f_.loop.call_soon([&] { future.set_result("ok"); });
  EXPECT_EQ(run_until_complete(waits), "ok");
}

TEST_F(WaitForTest, TheFutureIsCancelledByOthers) {
  const auto future = make<int>();
  f_.loop.call_later(10ms, [&] { future.cancel("theirs"); });
  const auto waits = start(wait_for(future, 20ms));
  EXPECT_EQ(cancelled_with([&] { run_until_complete(waits); }), "theirs");
}

TEST_F(WaitForTest, Nested) {
  const auto outer = [&]() -> Coroutine<> {
    co_await wait_for(wait_for(foo(), 20ms), 10ms);
  };
  EXPECT_THROW(run(outer()), TimeoutError);
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(WaitForTest, ClosedLoopWhilePending) {
  start(wait_for(foo(1h), 1s));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

}  // namespace
}  // namespace loop
