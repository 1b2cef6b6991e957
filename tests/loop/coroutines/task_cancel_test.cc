// Cancelling a task: when the task notices, how it may react, and its outcome.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class TaskCancelTest : public CoroutineTest {
 protected:
  static Coroutine<int> wait_for(Future<int> future) {
    co_return co_await future;
  }
};

Coroutine<int> sleep_long() {
  co_await sleep(1h);
  co_return 1;
}

TEST_F(TaskCancelTest, CancelWhileItSleeps) {
  const auto task = start(sleep_long());
  f_.turn();
  EXPECT_TRUE(task.cancel("enough"));
  EXPECT_FALSE(task.done());
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
  EXPECT_FALSE(task.cancel());
  EXPECT_EQ(f_.ms(), 0);
}

// Its timer is gone, too.
TEST_F(TaskCancelTest, CancelledSleepLeavesNoTimer) {
  const auto task = start(sleep_long());
  f_.turn();
  task.cancel();
  f_.turn();
  EXPECT_THROW(f_.loop.run_once(), std::logic_error);  // Nothing to wait for.
}

TEST_F(TaskCancelTest, CancelWhileItYields) {
  const auto task = start([]() -> Coroutine<> {
    for (;;) co_await sleep(0s);
  }());
  f_.turn();
  task.cancel("enough");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
}

TEST_F(TaskCancelTest, CancelBeforeItBegins) {
  bool begun = false;
  const auto work = [&]() -> Coroutine<> {
    begun = true;
    co_return;
  };
  const auto task = start(work());
  EXPECT_TRUE(task.cancel("never mind"));
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(begun);
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "never mind");
}

// As in asyncio, where all waiters get one exception object.
TEST_F(TaskCancelTest, WaitersGetTheErrorThatTheCoroutineThrew) {
  struct Stopped : CancelledError {
    using CancelledError::CancelledError;
  };
  const auto work = []() -> Coroutine<> {
    co_await sleep(0s);
    throw Stopped("no more");
  };
  const auto task = start(work());
  f_.turn(2);
  EXPECT_TRUE(task.cancelled());
  EXPECT_THROW(task.result(), Stopped);
  EXPECT_THROW(task.exception(), Stopped);
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "no more");
}

TEST_F(TaskCancelTest, CancelReachesTheFuture) {
  const auto future = make<int>();
  const auto task = start(wait_for(future));
  f_.turn();
  EXPECT_TRUE(task.cancel("enough"));
  EXPECT_TRUE(future.cancelled());
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
}

TEST_F(TaskCancelTest, CancelReachesTheInnermostTask) {
  const auto inner = start(sleep_long());
  const auto outer = start(wait_for(inner));
  f_.turn();
  outer.cancel();
  EXPECT_EQ(inner.cancelling(), 1);
  f_.turn(2);
  EXPECT_TRUE(inner.cancelled());
  EXPECT_TRUE(outer.cancelled());
}

// Somebody else cancels what it waits for: that is not for its cancelling().
TEST_F(TaskCancelTest, CancelInnerFuture) {
  const auto future = make<int>();
  const auto task = start(wait_for(future));
  f_.turn();
  future.cancel();
  EXPECT_EQ(task.cancelling(), 0);
  f_.turn();
  EXPECT_TRUE(task.cancelled());
}

// The cancellation comes when the future is done, but the task has not heard of
// it: the CancelledError wins.
TEST_F(TaskCancelTest, R103_CancelOnceTheFutureIsDone) {
  const auto future = make<int>();
  const auto task = start(wait_for(future));
  f_.turn();
  future.set_result(1);
  EXPECT_TRUE(task.cancel("enough"));
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
}

TEST_F(TaskCancelTest, CancelOnceTheFutureHasFailed) {
  const auto future = make<int>();
  const auto task = start(wait_for(future));
  f_.turn();
  future.set_exception(Mistake("too late"));
  task.cancel("enough");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
  EXPECT_NE(future.exception(), nullptr);
}

TEST_F(TaskCancelTest, CancelInTheTurnOfItsTimer) {
  std::optional<Task<int>> task;
  f_.loop.call_later(1h, [&] { task->cancel("just in time"); });
  task = start(sleep_long());
  EXPECT_THROW(run_until_complete(*task), CancelledError);
}

TEST_F(TaskCancelTest, CancelTwiceBeforeItHears) {
  int caught = 0;
  const auto work = [&]() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      ++caught;
    }
    co_await sleep(1ms);
  };
  const auto task = start(work());
  f_.turn();
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(task.cancelling(), 2);
  run_until_complete(task);
  EXPECT_EQ(caught, 1);
}

TEST_F(TaskCancelTest, CatchingIt) {
  const auto work = []() -> Coroutine<int> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(1ms);  // As one that was never cancelled.
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  task.cancel();
  EXPECT_EQ(run_until_complete(task), 42);
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(task.cancelling(), 1);
}

TEST_F(TaskCancelTest, CancelWhileItCleansUp) {
  const auto work = []() -> Coroutine<int> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(1h);
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  task.cancel("first");
  f_.turn();
  EXPECT_FALSE(task.done());
  task.cancel("second");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "second");
}

TEST_F(TaskCancelTest, AnotherExceptionInstead) {
  const auto work = []() -> Coroutine<int> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      throw Mistake("while cleaning up");
    }
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  task.cancel();
  f_.turn();
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(text_of(task.exception()), "while cleaning up");
}

// A std::exception is what went wrong; this is not.
TEST_F(TaskCancelTest, WhoCatchesExceptionsDoesNotSwallowIt) {
  const auto work = []() -> Coroutine<int> {
    try {
      co_await sleep(1h);
    } catch (const std::exception&) {
      ADD_FAILURE();
    }
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  task.cancel();
  f_.turn();
  EXPECT_TRUE(task.cancelled());
}

// Of its own doing: it goes on until it waits for what is not there yet.
TEST_F(TaskCancelTest, CancelCurrentTask) {
  std::string reached;
  const auto work = [&]() -> Coroutine<> {
    current_task().cancel("myself");
    reached = "a";
    const auto ready = make<int>();
    ready.set_result(1);
    co_await ready;
    reached = "b";
    co_await sleep(1h);
    reached = "c";
  };
  const auto task = start(work());
  f_.turn(2);
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "myself");
  EXPECT_EQ(reached, "b");
}

TEST_F(TaskCancelTest, CancelCurrentTaskBeforeItWaitsForAFuture) {
  const auto future = make<int>();
  const auto work = [&]() -> Coroutine<> {
    current_task().cancel("myself");
    co_await future;
  };
  const auto task = start(work());
  f_.turn();
  EXPECT_TRUE(future.cancelled());
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "myself");
}

// ---- In the last step, which does not wait any more ----

class LastStepTest : public TaskCancelTest {
 protected:
  // It ends cancelled, with this message, and its result is lost.
  template <class T>
  void expect_cancelled(const Task<T>& task, const std::string& message) {
    f_.turn(3);
    ASSERT_TRUE(task.done());
    EXPECT_TRUE(task.cancelled());
    EXPECT_EQ(cancelled_with([&] { task.result(); }), message);
  }
};

TEST_F(LastStepTest, ByItself) {
  const auto work = []() -> Coroutine<std::shared_ptr<Counted>> {
    current_task().cancel("myself");
    co_return std::make_shared<Counted>();
  };
  const auto task = start(work());
  expect_cancelled(task, "myself");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(LastStepTest, ByACoroutineThatItCalls) {
  const auto callee = []() -> Coroutine<> {
    current_task().cancel("callee");
    co_return;
  };
  const auto work = [&]() -> Coroutine<int> {
    co_await sleep(0s);
    co_await callee();
    co_return 42;
  };
  expect_cancelled(start(work()), "callee");
}

TEST_F(LastStepTest, ByAChildThatStartsAtOnce) {
  const auto child = [](AnyTask parent) -> Coroutine<> {
    parent.cancel("child");
    co_return;
  };
  const auto work = [&]() -> Coroutine<int> {
    create_task(child(current_task()), {.eager_start = true});
    co_return 42;
  };
  expect_cancelled(start(work()), "child");
}

TEST_F(LastStepTest, WhileItCleansUp) {
  const auto work = []() -> Coroutine<int> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      current_task().cancel("again");
    }
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  task.cancel("first");
  expect_cancelled(task, "again");
}

// An exception tells more.
TEST_F(LastStepTest, AndFails) {
  const auto work = []() -> Coroutine<int> {
    current_task().cancel();
    throw Mistake("by hand");
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(text_of(task.exception()), "by hand");
}

// As of CPython 3.13.
TEST_F(LastStepTest, AndTakesItBack) {
  const auto work = []() -> Coroutine<int> {
    current_task().cancel();
    current_task().uncancel();
    co_return 42;
  };
  EXPECT_EQ(run(work()), 42);
}

TEST_F(TaskCancelTest, CancelledErrorOfItsOwn) {
  const auto work = []() -> Coroutine<> {
    throw CancelledError("by hand");
    co_return;
  };
  const auto task = start(work());
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "by hand");
}

// Two tasks wait for one another, and one of them for a future besides, which
// has an end of its own: the task is woken once all the same.
TEST_F(TaskCancelTest, CancelACycleThatEndsTwice) {
  std::vector<Task<int>> tasks;
  const auto other = make<int>();
  const auto first = [&]() -> Coroutine<int> {
    co_await gather(other, tasks[1]);
    co_return 1;
  };
  const auto second = [&]() -> Coroutine<int> { co_return co_await tasks[0]; };
  tasks.push_back(start(first()));
  tasks.push_back(start(second()));
  f_.turn();
  tasks[0].cancel();
  f_.turn(5);
  EXPECT_TRUE(tasks[0].cancelled());
  EXPECT_TRUE(tasks[1].cancelled());
}

// ---- uncancel() ----

TEST_F(TaskCancelTest, Uncancel) {
  const auto work = []() -> Coroutine<int> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      EXPECT_EQ(current_task().uncancel(), 0);
    }
    co_return 42;
  };
  const auto task = start(work());
  f_.turn();
  EXPECT_EQ(task.cancelling(), 0);
  task.cancel();
  EXPECT_EQ(task.cancelling(), 1);
  EXPECT_EQ(run_until_complete(task), 42);
  EXPECT_EQ(task.cancelling(), 0);
  EXPECT_EQ(task.uncancel(), 0);
}

// The wait has been cancelled already, so that it ends as it would.
TEST_F(TaskCancelTest, UncancelDoesNotSaveTheWait) {
  const auto task = start(sleep_long());
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(task.uncancel(), 0);
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
}

TEST_F(TaskCancelTest, OfSeveralMessagesTheFirst) {
  const auto future = make<int>();
  for (const auto& task : {start(sleep_long()), start(wait_for(future))}) {
    f_.turn();
    task.cancel("first");
    task.cancel("second");
    f_.turn();
    EXPECT_EQ(cancelled_with([&] { task.result(); }), "first");
  }
}

// As of CPython 3.13: taking back a request that has not been thrown yet stops
// it.
TEST_F(TaskCancelTest, UncancelResetsMustCancel) {
  const auto work = []() -> Coroutine<int> {
    current_task().cancel();
    EXPECT_EQ(current_task().uncancel(), 0);
    co_await sleep(1ms);
    co_return 42;
  };
  EXPECT_EQ(run(work()), 42);
}

}  // namespace
}  // namespace loop
