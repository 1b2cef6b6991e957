// Queue::get(): after CPython's test_queues.QueueGetTests.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/queues/queue.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using QueueGetTest = CoroutineTest;

TEST_F(QueueGetTest, BlockingGet) {
  Queue<int> queue;
  queue.put_nowait(1);
  EXPECT_EQ(run(queue.get()), 1);
}

TEST_F(QueueGetTest, GetWithPutters) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  const auto putter = start(queue.put(2));
  f_.turn();
  EXPECT_EQ(run(queue.get()), 1);
  EXPECT_TRUE(putter.done());
  EXPECT_EQ(run(queue.get()), 2);
}

TEST_F(QueueGetTest, BlockingGetWait) {
  Queue<int> queue;
  f_.loop.call_later(10ms, [&] { queue.put_nowait(1); });
  EXPECT_EQ(run(queue.get()), 1);
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(QueueGetTest, NonblockingGet) {
  Queue<int> queue;
  queue.put_nowait(1);
  EXPECT_EQ(queue.get_nowait(), 1);
  EXPECT_THROW(queue.get_nowait(), QueueEmpty);
}

TEST_F(QueueGetTest, Fifo) {
  Queue<int> queue;
  const auto a = start(queue.get());
  const auto b = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  queue.put_nowait(2);
  f_.turn();
  EXPECT_EQ(a.result(), 1);
  EXPECT_EQ(b.result(), 2);
}

// The item is there for who comes first; who was woken for it waits again.
TEST_F(QueueGetTest, SomebodyElseWasFaster) {
  Queue<int> queue;
  const auto waiter = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  EXPECT_EQ(queue.get_nowait(), 1);
  f_.turn(3);
  EXPECT_FALSE(waiter.done());
  queue.put_nowait(2);
  EXPECT_EQ(run_until_complete(waiter), 2);
}

TEST_F(QueueGetTest, SomebodyElseWasFasterAndItIsCancelled) {
  Queue<int> queue;
  const auto a = start(queue.get());
  const auto b = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  queue.get_nowait();
  a.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(a); }), "enough");
  queue.put_nowait(2);
  EXPECT_EQ(run_until_complete(b), 2);
}

TEST_F(QueueGetTest, SomebodyElseWasFasterAndTheCancelIsTakenBack) {
  Queue<int> queue;
  const auto waiter = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  queue.get_nowait();
  waiter.cancel();
  waiter.uncancel();
  f_.turn(2);
  EXPECT_FALSE(waiter.done());
  queue.put_nowait(2);
  EXPECT_EQ(run_until_complete(waiter), 2);
}

TEST_F(QueueGetTest, GetCancelled) {
  Queue<int> queue;
  const auto task = start(queue.get());
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  queue.put_nowait(1);
  EXPECT_EQ(run(queue.get()), 1);
}

TEST_F(QueueGetTest, GetCancelledRace) {
  Queue<std::string> queue;
  const auto a = start(queue.get());
  const auto b = start(queue.get());
  f_.turn();
  a.cancel();
  f_.turn();
  EXPECT_TRUE(a.cancelled());
  run(queue.put("a"));
  EXPECT_EQ(run_until_complete(b), "a");
}

TEST_F(QueueGetTest, R104_WakeUpIsPassedOn) {
  Queue<int> queue;
  const auto a = start(queue.get());
  const auto b = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  a.cancel("too late");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { a.result(); }), "too late");
  f_.turn();
  EXPECT_EQ(b.result(), 1);
}

TEST_F(QueueGetTest, R104_NothingIsLostIfNobodyWaits) {
  Queue<int> queue;
  const auto task = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  task.cancel();
  f_.turn(2);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(queue.get_nowait(), 1);
}

TEST_F(QueueGetTest, GetWithWaitingPutters) {
  Queue<int> queue(1);
  const auto a = start(queue.put(1));
  const auto b = start(queue.put(2));
  f_.turn();
  EXPECT_EQ(run(queue.get()), 1);
  EXPECT_EQ(run(queue.get()), 2);
  EXPECT_TRUE(a.done() && b.done());
}

TEST_F(QueueGetTest, WhyAreGettersWaiting) {
  Queue<int> queue(1);
  std::vector<int> got;
  const auto consume = [&](int count) -> Coroutine<> {
    for (int i = 0; i < count; ++i) got.push_back(co_await queue.get());
  };
  const auto produce = [&](int count) -> Coroutine<> {
    for (int i = 0; i < count; ++i) co_await queue.put(i);
  };
  const auto producer = start(produce(5));
  run(consume(5));
  EXPECT_TRUE(producer.done());
  EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace loop
