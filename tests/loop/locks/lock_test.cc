// Lock: after CPython's test_locks.LockTests.

#include "loop/locks/lock.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

class LockTest : public CoroutineTest {
 protected:
  // Acquires the lock, so that others wait.
  void hold() { run(lock_.acquire()); }
  // Starts a task that acquires the lock.
  Task<> start_acquiring() { return start(lock_.acquire()); }

  Lock lock_;
};

// Notes its name when it has the lock, and keeps that.
Coroutine<> take(Lock& lock, Journal& journal, std::string name) {
  co_await lock.acquire();
  journal.push_back(name);
}

TEST_F(LockTest, Lock) {
  const auto body = [&]() -> Coroutine<> {
    EXPECT_FALSE(lock_.locked());
    co_await lock_.acquire();
    EXPECT_TRUE(lock_.locked());
    lock_.release();
    EXPECT_FALSE(lock_.locked());
  };
  run(body());
}

TEST_F(LockTest, Acquire) {
  Journal journal;
  hold();
  start(take(lock_, journal, "1"));
  start(take(lock_, journal, "2"));
  start(take(lock_, journal, "3"));
  f_.turn(2);
  EXPECT_EQ(journal, Journal());
  for (const Journal& expected : {Journal{"1"}, {"1", "2"}, {"1", "2", "3"}}) {
    lock_.release();
    f_.turn();
    EXPECT_EQ(journal, expected);
    f_.turn(2);
    EXPECT_EQ(journal, expected);
  }
  EXPECT_TRUE(lock_.locked());
}

// A task that asks for a lock that is free, but promised to another task.
TEST_F(LockTest, NewcomersDoNotOvertake) {
  Journal journal;
  hold();
  start(take(lock_, journal, "waiter"));
  f_.turn();
  f_.loop.call_soon([&] {
    lock_.release();
    EXPECT_FALSE(lock_.locked());
    create_task(take(lock_, journal, "newcomer"), {.eager_start = true});
    EXPECT_EQ(journal, Journal());
  });
  f_.turn(2);
  EXPECT_EQ(journal, Journal{"waiter"});
  lock_.release();
  f_.turn();
  EXPECT_EQ(journal, (Journal{"waiter", "newcomer"}));
}

TEST_F(LockTest, AcquireCancel) {
  hold();
  const auto task = start_acquiring();
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  // Nothing is left of it.
  lock_.release();
  hold();
}

TEST_F(LockTest, CancelRace) {
  const auto lock_it = [&](Future<void> blocker) -> Coroutine<> {
    const auto guard = co_await lock_.scoped();
    co_await blocker;
  };
  const auto go = make<void>();
  const auto none = make<void>();
  none.set_result();
  const auto a = start(lock_it(go));
  const auto b = start(lock_it(none));
  const auto c = start(lock_it(none));
  f_.turn();
  go.set_result();
  b.cancel();
  f_.turn();
  EXPECT_FALSE(lock_.locked());
  EXPECT_TRUE(a.done());
  EXPECT_TRUE(b.cancelled());
  run_until_complete(c);
}

TEST_F(LockTest, CancelReleaseRace) {
  Journal journal;
  hold();
  const auto a = start(take(lock_, journal, "a"));
  const auto b = start(take(lock_, journal, "b"));
  const auto c = start(take(lock_, journal, "c"));
  f_.turn();
  a.cancel();
  lock_.release();
  f_.turn(3);
  EXPECT_TRUE(a.cancelled());
  EXPECT_TRUE(b.done());
  EXPECT_FALSE(c.done());
  EXPECT_EQ(journal, Journal{"b"});
  lock_.release();
  run_until_complete(c);
}

TEST_F(LockTest, FinishedWaiterCancelled) {
  hold();
  const auto a = start_acquiring();
  f_.turn();
  const auto b = start_acquiring();
  a.cancel();
  lock_.release();
  f_.turn();
  EXPECT_TRUE(lock_.locked());
  EXPECT_TRUE(a.cancelled());
  EXPECT_TRUE(b.done());
}

// python/asyncio #270: one holds it, two wait; the first of these is woken, and
// cancelled before its turn.
TEST_F(LockTest, R104_WakeUpIsPassedOn) {
  hold();
  const auto a = start_acquiring();
  const auto b = start_acquiring();
  f_.turn();
  lock_.release();
  a.cancel("too late");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { a.result(); }), "too late");
  EXPECT_FALSE(b.done());
  f_.turn();
  EXPECT_TRUE(b.done());
  EXPECT_TRUE(lock_.locked());
}

// The one that the wake-up is passed on to is cancelled, too.
TEST_F(LockTest, R104_AllAreCancelled) {
  hold();
  const auto a = start_acquiring();
  const auto b = start_acquiring();
  f_.turn();
  lock_.release();
  a.cancel();
  f_.turn();
  b.cancel();
  f_.turn();
  EXPECT_TRUE(a.cancelled() && b.cancelled());
  EXPECT_FALSE(lock_.locked());
  hold();
}

// As asyncio's future is cancelled then, and stays so.
TEST_F(LockTest, CancelTakenBackWhileItWaits) {
  hold();
  const auto task = start_acquiring();
  f_.turn();
  task.cancel();
  EXPECT_EQ(task.uncancel(), 0);
  f_.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(LockTest, CancelTakenBackAfterItWasWoken) {
  hold();
  const auto task = start_acquiring();
  f_.turn();
  lock_.release();
  task.cancel();
  EXPECT_EQ(task.uncancel(), 0);
  f_.turn();
  EXPECT_FALSE(task.cancelled());
  EXPECT_TRUE(lock_.locked());
}

TEST_F(LockTest, CancelledTwice) {
  hold();
  const auto a = start_acquiring();
  const auto b = start_acquiring();
  f_.turn();
  a.cancel();
  a.cancel();
  b.cancel();
  lock_.release();
  b.cancel();
  f_.turn();
  EXPECT_TRUE(a.cancelled() && b.cancelled());
  hold();
}

// It finds out when it has to wait, as in Python.
TEST_F(LockTest, CancelledBeforeItWaits) {
  Journal journal;
  const auto body = [&]() -> Coroutine<> {
    current_task().cancel("mine");
    co_await lock_.acquire();
    journal.push_back("acquired");
    co_await lock_.acquire();
  };
  EXPECT_EQ(cancelled_with([&] { run(body()); }), "mine");
  EXPECT_EQ(journal, Journal{"acquired"});
  lock_.release();
  hold();
}

TEST_F(LockTest, ReleaseNotAcquired) {
  EXPECT_THROW(lock_.release(), RuntimeError);
}

TEST_F(LockTest, ReleaseNoWaiters) {
  hold();
  lock_.release();
  EXPECT_FALSE(lock_.locked());
}

TEST_F(LockTest, CanBeBound) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  hold();
  const auto task = start_acquiring();
  f_.turn();
  EXPECT_THROW(run_until_complete(create_task(other.loop, lock_.acquire())),
               RuntimeError);
  lock_.release();
  run_until_complete(task);
}

TEST_F(LockTest, OfAnotherLoopIfNobodyHasToWait) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  hold();
  lock_.release();
  run_until_complete(create_task(other.loop, lock_.acquire()));
}

TEST_F(LockTest, WaitingAllocatesNothing) {
  std::size_t before = 0, after = 0;
  const auto child = [&]() -> Coroutine<> {
    for (int i = 0; i < 10; ++i) {
      co_await lock_.acquire();
      co_await sleep(0ms);
      lock_.release();
    }
  };
  const auto warm = start(child());
  const auto other = start(child());
  f_.turn(10);
  before = tests::allocations();
  f_.turn(10);
  after = tests::allocations();
  EXPECT_FALSE(warm.done());
  EXPECT_EQ(after - before, 0u);
  run_until_complete(warm);
  run_until_complete(other);
}

}  // namespace
}  // namespace loop
