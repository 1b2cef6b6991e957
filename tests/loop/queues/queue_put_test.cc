// Queue::put(): after CPython's test_queues.QueuePutTests.

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

using QueuePutTest = CoroutineTest;

TEST_F(QueuePutTest, BlockingPut) {
  Queue<int> queue;
  run(queue.put(1));
  EXPECT_EQ(queue.get_nowait(), 1);
}

TEST_F(QueuePutTest, BlockingPutWait) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  f_.loop.call_later(10ms, [&] { queue.get_nowait(); });
  run(queue.put(2));
  EXPECT_EQ(f_.ms(), 10);
  EXPECT_EQ(queue.get_nowait(), 2);
}

TEST_F(QueuePutTest, NonblockingPut) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  EXPECT_THROW(queue.put_nowait(2), QueueFull);
  EXPECT_EQ(queue.get_nowait(), 1);
  EXPECT_TRUE(queue.empty());
}

TEST_F(QueuePutTest, GetCancelDropOnePendingReader) {
  Queue<int> queue;
  const auto reader = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  queue.put_nowait(2);
  reader.cancel();
  f_.turn();
  EXPECT_TRUE(reader.cancelled());
  EXPECT_EQ(queue.get_nowait(), 1);
  EXPECT_EQ(queue.get_nowait(), 2);
}

TEST_F(QueuePutTest, GetCancelDropManyPendingReaders) {
  Queue<int> queue;
  const auto a = start(queue.get());
  const auto b = start(queue.get());
  const auto c = start(queue.get());
  f_.turn();
  queue.put_nowait(1);
  queue.put_nowait(2);
  a.cancel();
  f_.turn(2);
  EXPECT_TRUE(a.cancelled());
  EXPECT_EQ(b.result() + c.result(), 3);
}

TEST_F(QueuePutTest, PutCancelDrop) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  const auto task = start(queue.put(2));
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_EQ(queue.get_nowait(), 1);
  EXPECT_TRUE(queue.empty());
}

TEST_F(QueuePutTest, PutCancelledRace) {
  Queue<int> queue(1);
  const auto a = start(queue.put(1));
  const auto b = start(queue.put(2));
  const auto c = start(queue.put(3));
  const auto d = start(queue.put(4));
  f_.turn();
  EXPECT_TRUE(a.done());
  EXPECT_FALSE(b.done());
  c.cancel();
  f_.turn();
  EXPECT_TRUE(c.cancelled());
  EXPECT_EQ(queue.get_nowait(), 1);
  f_.turn();
  EXPECT_EQ(queue.get_nowait(), 2);
  run_until_complete(d);
  EXPECT_EQ(queue.get_nowait(), 4);
  EXPECT_TRUE(b.done());
}

TEST_F(QueuePutTest, R104_WakeUpIsPassedOn) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  const auto a = start(queue.put(2));
  const auto b = start(queue.put(3));
  f_.turn();
  queue.get_nowait();
  a.cancel("too late");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { a.result(); }), "too late");
  f_.turn();
  EXPECT_TRUE(b.done());
  EXPECT_EQ(queue.get_nowait(), 3);
}

// The room is there for who comes first; who was woken for it waits again.
TEST_F(QueuePutTest, SomebodyElseWasFaster) {
  Queue<int> queue(1);
  queue.put_nowait(1);
  const auto waiter = start(queue.put(2));
  f_.turn();
  queue.get_nowait();
  queue.put_nowait(3);
  f_.turn(3);
  EXPECT_FALSE(waiter.done());
  EXPECT_EQ(queue.get_nowait(), 3);
  run_until_complete(waiter);
  EXPECT_EQ(queue.get_nowait(), 2);
}

TEST_F(QueuePutTest, WhyArePuttersWaiting) {
  Queue<int> queue(2);
  std::vector<Task<void>> putters;
  for (int i = 0; i < 4; ++i) putters.push_back(start(queue.put(i)));
  const auto drain = [&]() -> Coroutine<> {
    co_await sleep(0ms);
    const auto count = queue.qsize();
    for (std::size_t i = 0; i < count; ++i) queue.get_nowait();
  };
  run(drain());
  for (const auto& putter : putters) run_until_complete(putter);
  EXPECT_EQ(queue.qsize(), 2u);
}

}  // namespace
}  // namespace loop
