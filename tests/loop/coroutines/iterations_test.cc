// In which iteration a task goes on, where that is not asyncio's or easily
// might not be.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/locks/lock.h"
#include "loop/locks/semaphore.h"
#include "loop/queues/queue.h"
#include "loop/tasks/as_completed.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/wait.h"
#include "loop/tasks/wait_for.h"
#include "selectors/errors.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class IterationsTest : public CoroutineTest {
 protected:
  // How many iterations pass until the task is done.
  template <class T>
  int turns_until_done(const Task<T>& task) {
    int turns = 0;
    for (; !task.done() && turns < 10; ++turns) f_.turn();
    return turns;
  }

  Journal journal_;
};

// Differs from Python: "timer", "task".
TEST_F(IterationsTest, SleepGoesOnInItsTimer) {
  const auto body = [&]() -> Coroutine<> {
    co_await sleep(1ms);
    journal_.push_back("task");
  };
  start(body());
  f_.turn();
  f_.loop.call_later(1ms, [&] { journal_.push_back("timer"); });
  f_.run_for(2ms);
  EXPECT_EQ(journal_, (Journal{"task", "timer"}));
}

Coroutine<> wait_for_all(std::vector<Future<void>> futures) {
  co_await wait(std::move(futures));
}

// Differs from Python: 2.
TEST_F(IterationsTest, Wait) {
  const auto future = make<void>();
  const auto task = start(wait_for_all({future}));
  f_.turn();
  future.set_result();
  EXPECT_EQ(turns_until_done(task), 1);
}

// Differs from Python: 3.
TEST_F(IterationsTest, WaitForOneThatIsDone) {
  const auto future = make<void>();
  future.set_result();
  EXPECT_EQ(turns_until_done(start(wait_for_all({future}))), 1);
}

// Differs from Python: 2.
TEST_F(IterationsTest, AsCompleted) {
  const auto future = make<void>();
  const auto body = [&]() -> Coroutine<> {
    for (auto next : as_completed(std::vector{future})) {
      co_await std::move(next);
    }
  };
  const auto task = start(body());
  f_.turn();
  future.set_result();
  EXPECT_EQ(turns_until_done(task), 1);
}

class WaitForZeroTest : public IterationsTest {
 protected:
  template <class T>
  int turns_of_wait_for(Future<T> future) {
    const auto body = [](Future<T> awaited) -> Coroutine<> {
      co_await wait_for(awaited, 0s);
    };
    const auto task = start(body(std::move(future)));
    const int turns = turns_until_done(task);
    EXPECT_THROW(task.result(), TimeoutError);
    return turns - 1;  // The first one began it.
  }
};

// Differs from Python: 2.
TEST_F(WaitForZeroTest, AFuture) {
  EXPECT_EQ(turns_of_wait_for(make<void>()), 0);
}

// Differs from Python: 3.
TEST_F(WaitForZeroTest, ATask) {
  const auto body = []() -> Coroutine<> { co_await sleep(1h); };
  EXPECT_EQ(turns_of_wait_for<void>(start(body())), 2);
}

// Differs from Python: 2, as the cancelled waiter hands it on.
TEST_F(IterationsTest, LockPastACancelledWaiter) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> { co_await lock.acquire(); };
  run(body());
  const auto cancelled = start(body());
  const auto next = start(body());
  f_.turn();
  cancelled.cancel();
  lock.release();
  EXPECT_EQ(turns_until_done(next), 1);
  EXPECT_TRUE(cancelled.cancelled());
}

// Differs from Python: ValueError.
TEST_F(IterationsTest, GuardOfAnOverReleasedSemaphore) {
  BoundedSemaphore semaphore;
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await semaphore.scoped();
    semaphore.release();
  };
  EXPECT_NO_THROW(run(body()));
  EXPECT_THROW(semaphore.release(), selectors::ValueError);
}

// As in asyncio: the item that it was woken for has gone, but it ends all the
// same in the iteration in which it would have had it.
TEST_F(IterationsTest, QueueWaiterThatIsRobbedAndCancelled) {
  Queue<int> queue;
  const auto body = [&]() -> Coroutine<int> { co_return co_await queue.get(); };
  const auto task = start(body());
  f_.turn();
  queue.put_nowait(1);
  EXPECT_EQ(queue.get_nowait(), 1);
  task.cancel("robbed");
  EXPECT_EQ(turns_until_done(task), 1);
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "robbed");
  queue.put_nowait(2);
  EXPECT_EQ(queue.qsize(), 1u);
}

// As in Python 3.15.
TEST_F(IterationsTest, MemberThatStartsAtOnceAndFails) {
  const auto fail = []() -> Coroutine<> {
    throw Mistake("at once");
    co_return;
  };
  const auto idle = []() -> Coroutine<> { co_await sleep(1h); };
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(fail(), {.eager_start = true});
    group.create_task(idle());
    journal_.push_back("still there");
    co_await sleep(0s);
    co_await sleep(0s);
    journal_.push_back("not any more");
  };
  TaskGroup group;
  EXPECT_ANY_THROW(run(group.run(body(group))));
  EXPECT_EQ(journal_, Journal{"still there"});
}

}  // namespace
}  // namespace loop
