// Guard (`async with lock`), and locks that are destroyed while they are held
// or waited for.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/locks/condition.h"
#include "loop/locks/event.h"
#include "loop/locks/guard.h"
#include "loop/locks/lock.h"
#include "loop/locks/semaphore.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using LockGuardTest = CoroutineTest;

template <class Lock>
Coroutine<> hold(Lock& lock, std::chrono::nanoseconds duration) {
  const Counted counted;
  const auto guard = co_await lock.scoped();
  co_await sleep(duration);
}

TEST_F(LockGuardTest, ContextManager) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> {
    {
      const auto guard = co_await lock.scoped();
      EXPECT_TRUE(lock.locked());
    }
    EXPECT_FALSE(lock.locked());
  };
  run(body());
}

TEST_F(LockGuardTest, ReleasesWhenThereIsAnException) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await lock.scoped();
    throw Mistake("too late");
  };
  EXPECT_THROW(run(body()), Mistake);
  EXPECT_FALSE(lock.locked());
}

TEST_F(LockGuardTest, ReleasesWhenItIsCancelled) {
  Lock lock;
  const auto task = start(hold(lock, 1h));
  f_.turn();
  EXPECT_TRUE(lock.locked());
  task.cancel();
  f_.turn();
  EXPECT_FALSE(lock.locked());
}

TEST_F(LockGuardTest, Waits) {
  Lock lock;
  const auto a = start(hold(lock, 10ms));
  const auto b = start(hold(lock, 10ms));
  run_until_complete(a);
  EXPECT_EQ(f_.ms(), 10);
  run_until_complete(b);
  EXPECT_EQ(f_.ms(), 20);
}

TEST_F(LockGuardTest, CanBeMoved) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> {
    std::optional<Guard<Lock>> outer;
    {
      auto guard = co_await lock.scoped();
      outer.emplace(std::move(guard));
    }
    EXPECT_TRUE(lock.locked());
    outer.reset();
    EXPECT_FALSE(lock.locked());
  };
  run(body());
}

TEST_F(LockGuardTest, ReleasedByHand) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await lock.scoped();
    lock.release();
  };
  run(body());
  EXPECT_FALSE(lock.locked());
}

TEST_F(LockGuardTest, OfASemaphore) {
  BoundedSemaphore semaphore(2);
  const auto a = start(hold(semaphore, 10ms));
  const auto b = start(hold(semaphore, 10ms));
  const auto c = start(hold(semaphore, 10ms));
  run_until_complete(b);
  EXPECT_EQ(f_.ms(), 10);
  run_until_complete(c);
  EXPECT_EQ(f_.ms(), 20);
  EXPECT_THROW(semaphore.release(), ValueError);
}

TEST_F(LockGuardTest, OfACondition) {
  Condition condition;
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await condition.scoped();
    EXPECT_TRUE(condition.locked());
  };
  run(body());
  EXPECT_FALSE(condition.locked());
}

// ---- The loop closes ----

TEST_F(LockGuardTest, TheLoopClosesWhileItIsHeldAndWaitedFor) {
  Lock lock;
  Semaphore semaphore;
  for (int i = 0; i < 3; ++i) {
    start(hold(lock, 1h));
    start(hold(semaphore, 1h));
  }
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 6u);
  EXPECT_EQ(Counted::alive, 0);
}

// The test's lock dies before the fixture's loop.
TEST_F(LockGuardTest, TheLockIsDestroyedBeforeTheLoop) {
  auto lock = std::make_unique<Lock>();
  for (int i = 0; i < 3; ++i) start(hold(*lock, 1h));
  f_.turn();
  lock.reset();
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 3u);
}

// The objects of the first task are destroyed first.
TEST_F(LockGuardTest, TheLockIsOneOfATaskThatIsDestroyed) {
  const auto main = [&]() -> Coroutine<> {
    Lock lock;
    Semaphore semaphore;
    Condition condition;
    Event event;
    const auto wait = [&]() -> Coroutine<> {
      const auto guard = co_await condition.scoped();
      co_await condition.wait();
    };
    for (int i = 0; i < 2; ++i) {
      create_task(hold(lock, 1h));
      create_task(hold(semaphore, 1h));
      create_task(wait());
      create_task(as_coroutine(event.wait()));
    }
    co_await sleep(1h);
  };
  start(main());
  f_.turn(3);
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 9u);
}

// ---- It is destroyed while the loop goes on ----

TEST_F(LockGuardTest, WhoWaitsWhenTheLockIsDestroyedGetsAnError) {
  auto lock = std::make_unique<Lock>();
  const auto holder = start(hold(*lock, 10ms));
  const auto waiter = start(hold(*lock, 10ms));
  const auto cancelled = start(hold(*lock, 10ms));
  f_.turn();
  cancelled.cancel();
  lock.reset();
  EXPECT_THROW(run_until_complete(waiter), RuntimeError);
  EXPECT_THROW(run_until_complete(cancelled), CancelledError);
  run_until_complete(holder);
}

TEST_F(LockGuardTest, WhoWasWokenWhenTheLockIsDestroyedGetsAnError) {
  auto lock = std::make_unique<Lock>();
  run(lock->acquire());
  const auto waiter = start(hold(*lock, 10ms));
  const auto other = start(hold(*lock, 10ms));
  f_.turn();
  lock->release();
  other.cancel();
  lock.reset();
  EXPECT_THROW(run_until_complete(waiter), RuntimeError);
  EXPECT_THROW(run_until_complete(other), CancelledError);
}

TEST_F(LockGuardTest, WhoWasWokenAndCancelledIsOnlyCancelled) {
  auto lock = std::make_unique<Lock>();
  run(lock->acquire());
  const auto waiter = start(hold(*lock, 10ms));
  f_.turn();
  lock->release();
  waiter.cancel();
  lock.reset();
  EXPECT_THROW(run_until_complete(waiter), CancelledError);
}

}  // namespace
}  // namespace loop
