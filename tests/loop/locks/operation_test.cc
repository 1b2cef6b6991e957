// Operation: the results of acquire(), wait(), put() and get() are passed on
// before they are awaited.

#include "loop/locks/operation.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "loop/coroutines/coroutine.h"
#include "loop/futures/errors.h"
#include "loop/locks/condition.h"
#include "loop/locks/event.h"
#include "loop/locks/lock.h"
#include "loop/locks/semaphore.h"
#include "loop/queues/queue.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using OperationTest = CoroutineTest;

TEST_F(OperationTest, BeginsWhenItIsAwaited) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> {
    const auto acquire = lock.acquire();
    EXPECT_FALSE(lock.locked());
    co_await acquire;
    EXPECT_TRUE(lock.locked());
    lock.release();
    co_await acquire;
    EXPECT_TRUE(lock.locked());
  };
  run(body());
}

TEST_F(OperationTest, CopiesAreOperationsOfTheirOwn) {
  Event event;
  const auto wait = event.wait();
  const auto a = start(wait);
  const auto b = start(wait);
  f_.turn();
  event.set();
  f_.turn();
  EXPECT_TRUE(a.done() && b.done());
}

TEST_F(OperationTest, Gather) {
  Semaphore semaphore(2);
  Queue<std::unique_ptr<int>> queue;
  const auto body = [&]() -> Coroutine<int> {
    auto [first, second, item, put] =
        co_await gather(semaphore.acquire(), semaphore.acquire(), queue.get(),
                        queue.put(std::make_unique<int>(7)));
    co_return *item;
  };
  EXPECT_EQ(run(body()), 7);
  EXPECT_TRUE(semaphore.locked());
}

TEST_F(OperationTest, WaitForInTime) {
  Queue<std::unique_ptr<int>> queue;
  f_.loop.call_later(1s, [&] { queue.put_nowait(std::make_unique<int>(7)); });
  const auto body = [&]() -> Coroutine<int> {
    co_return *co_await wait_for(queue.get(), 2s);
  };
  EXPECT_EQ(run(body()), 7);
}

TEST_F(OperationTest, WaitForScoped) {
  Lock lock;
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await wait_for(lock.scoped(), 1s);
    EXPECT_TRUE(lock.locked());
  };
  run(body());
  EXPECT_FALSE(lock.locked());
}

// Nothing is left of those that did not get it in time.
TEST_F(OperationTest, WaitForTooLong) {
  Lock lock;
  Event event;
  Queue<int> queue;
  const auto body = [&]() -> Coroutine<> {
    co_await lock.acquire();
    EXPECT_THROW(co_await wait_for(lock.acquire(), 10ms), TimeoutError);
    EXPECT_THROW(co_await wait_for(event.wait(), 10ms), TimeoutError);
    EXPECT_THROW(co_await wait_for(queue.get(), 10ms), TimeoutError);
    lock.release();
    EXPECT_FALSE(lock.locked());
    queue.put_nowait(1);
    EXPECT_EQ(co_await queue.get(), 1);
  };
  run(body());
  EXPECT_EQ(f_.ms(), 30);
}

// As CPython's test_timeout_in_block.
TEST_F(OperationTest, WaitForACondition) {
  Condition condition;
  const auto body = [&]() -> Coroutine<> {
    const auto guard = co_await condition.scoped();
    EXPECT_THROW(co_await wait_for(condition.wait(), 10ms), TimeoutError);
    EXPECT_TRUE(condition.locked());
  };
  run(body());
  EXPECT_FALSE(condition.locked());
}

}  // namespace
}  // namespace loop
