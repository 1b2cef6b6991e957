// Condition: after CPython's test_locks.ConditionTests.

#include "loop/locks/condition.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/locks/lock.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class ConditionTest : public CoroutineTest {
 protected:
  // Acquires, waits, notes its name, releases.
  Coroutine<> waiter(std::string name) {
    const auto guard = co_await condition_.scoped();
    co_await condition_.wait();
    EXPECT_TRUE(condition_.locked());
    journal_.push_back(name);
  }

  void notify(int n) {
    run(condition_.acquire());
    condition_.notify(n);
    condition_.release();
  }

  Condition condition_;
  Journal journal_;
};

TEST_F(ConditionTest, Wait) {
  const auto keep = [&](std::string name) -> Coroutine<> {
    co_await condition_.acquire();
    co_await condition_.wait();
    journal_.push_back(name);
  };
  const auto a = start(keep("a"));
  const auto b = start(keep("b"));
  const auto c = start(keep("c"));
  f_.turn();
  EXPECT_FALSE(condition_.locked());
  run(condition_.acquire());
  condition_.notify(2);
  f_.turn(3);
  EXPECT_EQ(journal_, Journal());  // Nobody has released it.
  for (const Journal& expected : {Journal{"a"}, {"a", "b"}}) {
    condition_.release();
    f_.turn(2);
    EXPECT_EQ(journal_, expected);
    EXPECT_TRUE(condition_.locked());
  }
  condition_.notify();
  condition_.release();
  run_until_complete(c);
  EXPECT_TRUE(condition_.locked());
  EXPECT_TRUE(a.done() && b.done());
}

TEST_F(ConditionTest, WaitCancel) {
  const auto task = start(waiter("a"));
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_FALSE(condition_.locked());
}

// It has the lock again before it hears of it.
TEST_F(ConditionTest, WaitCancelContested) {
  const auto task = start(waiter("a"));
  f_.turn();
  run(condition_.acquire());
  task.cancel();
  f_.turn(3);
  EXPECT_FALSE(task.done());
  condition_.release();
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(condition_.locked());
}

TEST_F(ConditionTest, WaitCancelAfterNotify) {
  const auto task = start(waiter("a"));
  f_.turn();
  run(condition_.acquire());
  condition_.notify();
  task.cancel();
  condition_.release();
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(condition_.locked());
}

TEST_F(ConditionTest, WaitUnacquired) {
  EXPECT_THROW(run(condition_.wait()), RuntimeError);
}

TEST_F(ConditionTest, WaitFor) {
  int value = 0;
  const auto enough = [&] { return value >= 3 ? value : 0; };
  const auto body = [&]() -> Coroutine<int> {
    const auto guard = co_await condition_.scoped();
    co_return co_await condition_.wait_for(enough);
  };
  const auto task = start(body());
  for (value = 1; value < 3; ++value) {
    notify(1);
    f_.turn();
    EXPECT_FALSE(task.done());
  }
  notify(1);
  f_.turn();
  EXPECT_EQ(task.result(), 3);
}

TEST_F(ConditionTest, WaitForUnacquired) {
  const auto yes = [] { return true; };
  const auto no = [] { return false; };
  EXPECT_TRUE(run(condition_.wait_for(yes)));
  EXPECT_THROW(run(condition_.wait_for(no)), RuntimeError);
}

TEST_F(ConditionTest, Notify) {
  start(waiter("1"));
  start(waiter("2"));
  start(waiter("3"));
  f_.turn();
  notify(1);
  f_.turn(2);
  EXPECT_EQ(journal_, Journal{"1"});
  notify(1);
  notify(2048);
  f_.turn(3);
  EXPECT_EQ(journal_, (Journal{"1", "2", "3"}));
}

TEST_F(ConditionTest, NotifyAll) {
  start(waiter("1"));
  start(waiter("2"));
  f_.turn();
  run(condition_.acquire());
  condition_.notify_all();
  condition_.release();
  f_.turn(3);
  EXPECT_EQ(journal_, (Journal{"1", "2"}));
}

TEST_F(ConditionTest, NotifyUnacquired) {
  EXPECT_THROW(condition_.notify(), RuntimeError);
  EXPECT_THROW(condition_.notify_all(), RuntimeError);
}

TEST_F(ConditionTest, ExplicitLock) {
  Lock lock;
  Condition condition(lock);
  Condition other(lock);
  const auto body = [&]() -> Coroutine<> {
    co_await condition.acquire();
    EXPECT_TRUE(lock.locked());
    EXPECT_TRUE(other.locked());
    other.release();
    EXPECT_FALSE(condition.locked());
  };
  run(body());
}

TEST_F(ConditionTest, AmbiguousLoops) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const auto task = start(waiter("a"));
  f_.turn();
  const auto strange_waiter = [&]() -> Coroutine<> {
    const auto guard = co_await condition_.scoped();
    try {
      co_await condition_.wait();
    } catch (const RuntimeError&) {
      EXPECT_TRUE(condition_.locked());
      throw;
    }
  };
  const auto stranger = create_task(other.loop, strange_waiter());
  EXPECT_THROW(run_until_complete(stranger), RuntimeError);
  notify(1);
  run_until_complete(task);
}

TEST_F(ConditionTest, CancelledErrorReAcquire) {
  const auto task = start(waiter("a"));
  f_.turn();
  run(condition_.acquire());
  condition_.notify();
  f_.turn();
  task.cancel("while it acquires");
  f_.turn(2);
  EXPECT_FALSE(task.done());
  task.cancel("once more");
  f_.turn(2);
  EXPECT_FALSE(task.done());
  condition_.release();
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "once more");
  EXPECT_FALSE(condition_.locked());
}

// ---- A task that was notified and is cancelled passes it on ----

TEST_F(ConditionTest, CancelledWakeup) {
  const auto a = start(waiter("a"));
  const auto b = start(waiter("b"));
  f_.turn();
  run(condition_.acquire());
  condition_.notify();
  a.cancel();
  condition_.release();
  run_until_complete(b);
  EXPECT_TRUE(a.cancelled());
  EXPECT_EQ(journal_, Journal{"b"});
}

TEST_F(ConditionTest, CancelledWakeupRelock) {
  const auto a = start(waiter("a"));
  const auto b = start(waiter("b"));
  f_.turn();
  run(condition_.acquire());
  condition_.notify();
  f_.turn();  // It waits for the lock now.
  a.cancel();
  condition_.release();
  run_until_complete(b);
  EXPECT_TRUE(a.cancelled());
  EXPECT_EQ(journal_, Journal{"b"});
}

// It is cancelled when the lock is its own already, but for its turn.
TEST_F(ConditionTest, R104_WakeUpIsPassedOn) {
  const auto a = start(waiter("a"));
  const auto b = start(waiter("b"));
  f_.turn();
  run(condition_.acquire());
  condition_.notify();
  f_.turn();
  condition_.release();
  a.cancel("too late");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(a); }), "too late");
  run_until_complete(b);
  EXPECT_EQ(journal_, Journal{"b"});
  EXPECT_FALSE(condition_.locked());
}

// ---- It is destroyed while tasks wait, but the lock is not ----

class DyingConditionTest : public CoroutineTest {
 protected:
  // Ends as the wait does, having noted whether it holds the lock then.
  Coroutine<> waiter() {
    const auto guard = co_await lock_.scoped();
    try {
      co_await condition_->wait();
    } catch (...) {
      EXPECT_TRUE(lock_.locked());
      journal_.push_back("has the lock");
      throw;
    }
  }

  static Coroutine<> acquire_and_wait(Lock& lock, Condition& condition) {
    const auto guard = co_await lock.scoped();
    co_await condition.wait();
  }

  Lock lock_;
  std::unique_ptr<Condition> condition_ = std::make_unique<Condition>(lock_);
  Journal journal_;
};

TEST_F(DyingConditionTest, WhoWaitsGetsTheLockAndAnError) {
  const auto task = start(waiter());
  f_.turn();
  condition_.reset();
  EXPECT_THROW(run_until_complete(task), RuntimeError);
  EXPECT_EQ(journal_, Journal{"has the lock"});
  EXPECT_FALSE(lock_.locked());
}

// Its guard does not release what another has acquired.
TEST_F(DyingConditionTest, WhoWaitsLeavesTheLockToWhoHasIt) {
  const auto task = start(waiter());
  f_.turn();
  run(lock_.acquire());
  condition_.reset();
  f_.turn(3);
  EXPECT_TRUE(lock_.locked());
  EXPECT_EQ(journal_, Journal());
  lock_.release();
  EXPECT_THROW(run_until_complete(task), RuntimeError);
  EXPECT_EQ(journal_, Journal{"has the lock"});
}

TEST_F(DyingConditionTest, WhoWasCancelledIsOnlyCancelled) {
  const auto task = start(waiter());
  f_.turn();
  task.cancel("enough");
  condition_.reset();
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_EQ(journal_, Journal{"has the lock"});
  EXPECT_FALSE(lock_.locked());
}

// It waits for the lock only, and then must not look at the condition.
TEST_F(DyingConditionTest, WhoWasNotifiedGetsAnError) {
  int looks = 0;
  const auto look = [&] { return ++looks > 1; };
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await lock_.scoped();
    co_await condition_->wait_for(look);
  };
  const auto task = start(body());
  f_.turn();
  run(lock_.acquire());
  condition_->notify();
  f_.turn(2);
  condition_.reset();
  lock_.release();
  EXPECT_THROW(run_until_complete(task), RuntimeError);
  EXPECT_EQ(looks, 1);
  EXPECT_FALSE(lock_.locked());
}

// It has been told so, and waits for the lock.
TEST_F(DyingConditionTest, TheLockIsDestroyedAfterTheCancellation) {
  auto lock = std::make_unique<Lock>();
  auto condition = std::make_unique<Condition>(*lock);
  const auto task = start(acquire_and_wait(*lock, *condition));
  f_.turn();
  run(lock->acquire());
  task.cancel("enough");
  f_.turn(2);
  condition.reset();
  lock.reset();
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
}

TEST_F(DyingConditionTest, TheLockIsDestroyedToo) {
  auto lock = std::make_unique<Lock>();
  auto condition = std::make_unique<Condition>(*lock);
  const auto waiting = start(acquire_and_wait(*lock, *condition));
  const auto cancelled = start(acquire_and_wait(*lock, *condition));
  f_.turn(2);
  cancelled.cancel();
  condition.reset();
  lock.reset();
  EXPECT_THROW(run_until_complete(waiting), RuntimeError);
  EXPECT_THROW(run_until_complete(cancelled), CancelledError);
}

}  // namespace
}  // namespace loop
