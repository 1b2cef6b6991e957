// Semaphore: after CPython's test_locks.SemaphoreTests.

#include "loop/locks/semaphore.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using SemaphoreTest = CoroutineTest;

Coroutine<> take(Semaphore& semaphore, Journal& journal, std::string name) {
  co_await semaphore.acquire();
  journal.push_back(name);
}

TEST_F(SemaphoreTest, InitialValueZero) {
  const Semaphore semaphore(0);
  EXPECT_TRUE(semaphore.locked());
}

TEST_F(SemaphoreTest, Value) {
  EXPECT_THROW(Semaphore(-1), ValueError);
  EXPECT_THROW(BoundedSemaphore(-1), ValueError);
  EXPECT_FALSE(Semaphore().locked());
}

TEST_F(SemaphoreTest, Semaphore) {
  Semaphore semaphore;
  run(semaphore.acquire());
  EXPECT_TRUE(semaphore.locked());
  semaphore.release();
  EXPECT_FALSE(semaphore.locked());
}

TEST_F(SemaphoreTest, Acquire) {
  Semaphore semaphore(3);
  Journal journal;
  run(semaphore.acquire());
  run(semaphore.acquire());
  for (const char* const name : {"1", "2", "3", "4"}) {
    start(take(semaphore, journal, name));
  }
  f_.turn(2);
  EXPECT_EQ(journal, Journal{"1"});
  EXPECT_TRUE(semaphore.locked());
  semaphore.release();
  semaphore.release();
  f_.turn();
  EXPECT_EQ(journal, (Journal{"1", "2", "3"}));
  semaphore.release();
  f_.turn();
  EXPECT_EQ(journal, (Journal{"1", "2", "3", "4"}));
  EXPECT_TRUE(semaphore.locked());
}

TEST_F(SemaphoreTest, AcquireCancel) {
  Semaphore semaphore;
  run(semaphore.acquire());
  const auto task = start(semaphore.acquire());
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  semaphore.release();
  EXPECT_FALSE(semaphore.locked());
}

TEST_F(SemaphoreTest, AcquireCancelBeforeAwoken) {
  Semaphore semaphore(0);
  const auto t1 = start(semaphore.acquire());
  const auto t2 = start(semaphore.acquire());
  const auto t3 = start(semaphore.acquire());
  const auto t4 = start(semaphore.acquire());
  f_.turn();
  t1.cancel();
  t2.cancel();
  semaphore.release();
  f_.turn(2);
  EXPECT_TRUE(t1.cancelled() && t2.cancelled());
  EXPECT_TRUE(t3.done());
  EXPECT_FALSE(t4.done());
  t4.cancel();
  f_.turn();
}

TEST_F(SemaphoreTest, R104_WakeUpIsPassedOn) {
  Semaphore semaphore(0);
  const auto a = start(semaphore.acquire());
  const auto b = start(semaphore.acquire());
  f_.turn();
  semaphore.release();
  a.cancel("too late");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { a.result(); }), "too late");
  f_.turn();
  EXPECT_TRUE(b.done());
  EXPECT_TRUE(semaphore.locked());
}

TEST_F(SemaphoreTest, R104_NobodyIsThereToPassItOnTo) {
  Semaphore semaphore(0);
  const auto a = start(semaphore.acquire());
  f_.turn();
  semaphore.release();
  a.cancel();
  f_.turn();
  EXPECT_TRUE(a.cancelled());
  EXPECT_FALSE(semaphore.locked());
}

TEST_F(SemaphoreTest, AcquireHang) {
  Semaphore semaphore(0);
  const auto t1 = start(semaphore.acquire());
  const auto t2 = start(semaphore.acquire());
  f_.turn();
  semaphore.release();
  t1.cancel();
  f_.turn(2);
  EXPECT_TRUE(semaphore.locked());
  EXPECT_TRUE(t2.done());
}

TEST_F(SemaphoreTest, AcquireNoHang) {
  Semaphore semaphore;
  const auto c1 = [&]() -> Coroutine<> {
    const auto guard = co_await semaphore.scoped();
    co_await sleep(0ms);
  };
  const auto c2 = [&](Task<void> victim) -> Coroutine<> {
    co_await semaphore.acquire();
    semaphore.release();
    victim.cancel();
    co_await semaphore.acquire();
    semaphore.release();
  };
  const auto t1 = start(c1());
  f_.turn();
  const auto t3 = start(c1());
  const auto t2 = start(c2(t3));
  run_until_complete(t2);
  EXPECT_TRUE(t1.done());
  EXPECT_TRUE(t3.done());
}

TEST_F(SemaphoreTest, ReleaseNotAcquired) {
  BoundedSemaphore semaphore;
  EXPECT_THROW(semaphore.release(), ValueError);
}

TEST_F(SemaphoreTest, ReleaseNoWaiters) {
  Semaphore semaphore;
  run(semaphore.acquire());
  semaphore.release();
  semaphore.release();
  run(semaphore.acquire());
  EXPECT_FALSE(semaphore.locked());
}

TEST_F(SemaphoreTest, AcquireFifoOrder) {
  Semaphore semaphore;
  Journal journal;
  const auto twice = [&](std::string tag) -> Coroutine<> {
    co_await semaphore.acquire();
    journal.push_back(tag + "1");
    co_await sleep(10ms);
    semaphore.release();
    co_await semaphore.acquire();
    journal.push_back(tag + "2");
    co_await sleep(10ms);
    semaphore.release();
  };
  start(twice("a"));
  start(twice("b"));
  run(twice("c"));
  EXPECT_EQ(journal, (Journal{"a1", "b1", "c1", "a2", "b2", "c2"}));
}

TEST_F(SemaphoreTest, AcquireFifoOrder2) {
  Semaphore semaphore;
  Journal journal;
  const auto c1 = [&]() -> Coroutine<> {
    co_await semaphore.acquire();
    journal.push_back("1");
  };
  const auto c2 = [&]() -> Coroutine<> {
    co_await semaphore.acquire();
    journal.push_back("2");
    semaphore.release();
    co_await semaphore.acquire();
    journal.push_back("4");
  };
  const auto c3 = [&]() -> Coroutine<> {
    co_await semaphore.acquire();
    journal.push_back("3");
  };
  const auto t1 = start(c1());
  const auto t2 = start(c2());
  const auto t3 = start(c3());
  f_.turn();
  semaphore.release();
  f_.turn();
  semaphore.release();
  f_.turn(3);
  semaphore.release();
  f_.turn(3);
  EXPECT_TRUE(t1.done() && t2.done() && t3.done());
  EXPECT_EQ(journal, (Journal{"1", "2", "3", "4"}));
}

// A newcomer waits even though there is one left, until those that were woken
// have run.
TEST_F(SemaphoreTest, AcquireFifoOrder3) {
  Semaphore semaphore(0);
  Journal journal;
  start(take(semaphore, journal, "waiter"));
  f_.turn();
  f_.loop.call_soon([&] {
    semaphore.release();
    semaphore.release();
    EXPECT_TRUE(semaphore.locked());
    create_task(take(semaphore, journal, "newcomer"), {.eager_start = true});
    EXPECT_EQ(journal, Journal());
  });
  f_.turn(3);
  EXPECT_EQ(journal, (Journal{"waiter", "newcomer"}));
}

TEST_F(SemaphoreTest, CanBeBound) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  Semaphore semaphore(0);
  const auto task = start(semaphore.acquire());
  f_.turn();
  const auto stranger = create_task(other.loop, semaphore.acquire());
  EXPECT_THROW(run_until_complete(stranger), RuntimeError);
  semaphore.release();
  run_until_complete(task);
}

}  // namespace
}  // namespace loop
